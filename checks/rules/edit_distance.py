"""The check ``edit_distance``: how many characters may differ from an expected text."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter
from rapidfuzz.distance import Levenshtein

from checks.argument import Argument, Texts
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.quote import quoted
from checks.similarity import COMPARED_CHARS
from probes.fault import Fault
from probes.sample import Sample


class MostEdits(Argument):
    """Texts of which one must be near, and the most characters to insert, delete or replace."""

    main: ClassVar[str] = "to"
    examples: ClassVar[tuple[Any, ...]] = (
        "You have 30 days.",
        {"to": ["Canberra", "Canberra, Australia"], "max": 2, "ignore_case": True},
    )

    to: Texts
    max: int = Field(default=5, ge=0, le=1_000, strict=True)
    ignore_case: bool = False
    trim: bool = True


class EditDistance:
    """The Levenshtein distance to the nearest text is small enough; white space around may be free."""

    name: ClassVar[str] = "edit_distance"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(MostEdits)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: MostEdits) -> None:
        self._ignore_case = argument.ignore_case
        self._trim = argument.trim
        self._max = argument.max
        self._texts = {text: self._plain(text) for text in argument.to}

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = self._plain(sample.answer or "")
        # the cutoff keeps the cost at length x max instead of length x length
        if any(
            Levenshtein.distance(answer, text, score_cutoff=self._max) <= self._max for text in self._texts.values()
        ):
            return PASSED
        count, nearest = min((self._distance(answer, plain), text) for text, plain in self._texts.items())
        least = "at least " if max(len(answer), len(nearest)) > COMPARED_CHARS else ""
        edits = "edit" if self._max == 1 else "edits"
        return failed(
            f"expected at most {self._max} {edits} from {quoted(nearest)}, got {least}{count}: {quoted(answer)}"
        )

    def _plain(self, text: str) -> str:
        text = text.strip() if self._trim else text
        return text.casefold() if self._ignore_case else text

    def _distance(self, answer: str, text: str) -> int:
        """The distance for the reason; of very long texts only what their lengths alone ask for."""
        if max(len(answer), len(text)) > COMPARED_CHARS:
            return max(self._max + 1, abs(len(answer) - len(text)))
        return Levenshtein.distance(answer, text)
