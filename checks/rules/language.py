"""The check ``language``: in which language the answer is written."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.argument import Argument, Texts
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from checks.languages import FEWEST_LETTERS, languages_of, long_enough, members_of, prose_of
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample

SURE = 0.5
"""Share of the belief that decides."""
RULED_OUT = 0.1
"""Share of the belief above which a language is not yet ruled out."""


class ExpectedLanguage(Argument):
    """One or several codes of ISO 639, of which one must be the answer's language."""

    main: ClassVar[str] = "any"
    examples: ClassVar[tuple[Any, ...]] = ("de", ["de", "fr", "it"], {"any": ["en"]})

    any: Texts


class Language:
    """One of the languages has most of the belief. Where none is sure the answer is not judged, never guessed."""

    name: ClassVar[str] = "language"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ExpectedLanguage)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: ExpectedLanguage) -> None:
        self._labels = members_of(argument.any)
        self._words = " or ".join(argument.any)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        prose = prose_of(answer)
        if not long_enough(prose):
            return unmeasured(f"fewer than {FEWEST_LETTERS} letters of prose, too few to tell: {quoted(answer, 60)}")
        shares = languages_of(prose)
        expected = sum(share for label, share in shares if label in self._labels)
        if expected >= SURE:
            return PASSED
        likeliest, share = shares[0]
        if likeliest != "zxx" and share >= SURE and expected <= RULED_OUT:
            return failed(f"expected {self._words}, got {likeliest} ({share:.0%} sure): {quoted(answer)}")
        told = ", ".join(f"{label} {share:.0%}" for label, share in shares[:3])
        return unmeasured(f"the language is not clear ({told}), expected {self._words}: {quoted(answer, 60)}")
