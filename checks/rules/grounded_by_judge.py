"""The check ``grounded_by_judge``: a judge finds every claim of the answer in the documents that were retrieved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter
from rapidfuzz import fuzz

from checks.argument import Text
from checks.check import PASSED, CheckContext, failed, skipped, unmeasured
from checks.finding import Outcome
from checks.judging.claims import BrokenList, Claim, claims_of
from checks.judging.judged import Judged, JudgedArgument, Task, answer_of, shown
from checks.judging.prompts import GROUNDED, GROUNDED_VERSION, VERSION
from checks.quote import quoted
from probes.fault import Fault
from probes.forms import Share
from probes.sample import Sample

QUOTE_MATCH = 90.0
"""How alike (0 to 100, rapidfuzz's partial ratio) a quote must be to a stretch of the context: judges mend spelling."""
NO_CLAIMS = "the judge finds no claim in the answer"
_ROUNDING = 1e-9


class Claims(JudgedArgument):
    """What the claims are held against, and how many of them must be found there."""

    main: ClassVar[str] = "context"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        "Orders can be returned within 30 days of delivery. The receipt is needed.",
        {"at_least": "90%", "no_claims": "fail", "votes": 3},
        None,
    )

    context: Text | None = None
    """The text that must show the claims; left out, the documents that were retrieved."""
    at_least: Annotated[Share, Field(gt=0)] = 1.0
    """Share of the claims that must be shown. Default all."""
    no_claims: Literal["skip", "pass", "fail"] = "skip"
    """What an answer without any claim comes to, a refusal for example. Default skip."""


class GroundedByJudge(Judged):
    """A judge finds the claims of the answer in the context, with a quote for each."""

    name: ClassVar[str] = "grounded_by_judge"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Claims)
    fault: ClassVar[Fault] = Fault.UNGROUNDED
    version: ClassVar[int] = VERSION + GROUNDED_VERSION - 1  # grows with either

    def __init__(self, argument: Claims) -> None:
        super().__init__(argument)
        self._context = argument.context
        self._at_least = argument.at_least
        self._no_claims = argument.no_claims

    def tasks(self, sample: Sample, context: CheckContext) -> Sequence[Task] | Outcome:
        answer = answer_of(sample)
        if isinstance(answer, Outcome):
            return answer
        sources = self._sources(sample)
        if isinstance(sources, Outcome):
            return sources
        return [Task(instructions=GROUNDED, parts=shown(context.question, context=sources, answer=answer))]

    def _sources(self, sample: Sample) -> str | Outcome:
        if self._context is not None:
            return self._context
        if sample.documents is None:
            return unmeasured("the reply does not tell which documents were retrieved, and no context is given")
        if any(document.text is None for document in sample.documents):
            return unmeasured("some of the retrieved documents came without their text")
        return "\n\n".join(document.text or "" for document in sample.documents)

    def read(self, tasks: Sequence[Task], replies: Sequence[str]) -> Outcome:
        try:
            claims = claims_of(replies[0])
        except BrokenList as error:
            return unmeasured(f"the judge's list of claims cannot be read: {error}")
        invented = [claim for claim in claims if not _quoted_rightly(claim, tasks[0].parts["context"])]
        if invented:
            first = invented[0]
            return unmeasured(
                f"the judge quotes what is not in the context, for {quoted(first.claim, 80)}: {quoted(first.quote, 80)}"
            )
        return self._counted(claims)

    def _counted(self, claims: Sequence[Claim]) -> Outcome:
        if not claims:
            return {"skip": skipped(NO_CLAIMS), "pass": PASSED, "fail": failed(NO_CLAIMS)}[self._no_claims]
        missing = [claim for claim in claims if claim.standing != "SUPPORTED"]
        if len(claims) - len(missing) >= self._at_least * len(claims) - _ROUNDING:
            return PASSED
        first = next((claim for claim in missing if claim.standing == "CONTRADICTED"), missing[0])
        against = f", against {quoted(first.quote, 80)}" if first.standing == "CONTRADICTED" and first.quote else ""
        return failed(
            f"the judge finds {len(claims) - len(missing)} of {len(claims)} claims in the context, expected "
            f"{100 * self._at_least:g}%; {first.standing.lower()}: {quoted(first.claim, 100)}{against}"
        )


def _quoted_rightly(claim: Claim, context: str) -> bool:
    """A claim that is said to be shown has words of the context to show it; other quotes prove nothing."""
    if claim.standing != "SUPPORTED":
        return True
    quote, source = _plain(claim.quote), _plain(context)
    return bool(quote) and (
        quote in source or (len(quote) <= len(source) and fuzz.partial_ratio(quote, source) >= QUOTE_MATCH)
    )


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
