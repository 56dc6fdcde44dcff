"""The check ``similar``: the answer reads like an expected text, or like the answers of the baseline."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter, model_validator

from checks.check import PASSED, CheckContext, failed, skipped
from checks.finding import Outcome
from checks.goldens import NO_BASELINE, Goldens, Least
from checks.quote import quoted
from checks.similarity import PARTIAL_CHARS, Measure, best_match
from probes.fault import Fault
from probes.sample import Sample


class Likeness(Goldens):
    """One or several texts, or the word ``baseline``; how alike (0 to 1, or in percent); by which measure."""

    examples: ClassVar[tuple[Any, ...]] = (
        "You can return it within 30 days.",
        {"to": "baseline", "at_least": 0.7, "by": "token_set"},
    )

    at_least: Least = 0.8
    by: Measure = "ratio"

    @model_validator(mode="after")
    def _partial_is_for_short_texts(self) -> Likeness:
        if self.by == "partial" and self.to_baseline:
            raise ValueError("by: partial looks for a short text inside a longer answer; use ratio with the baseline")
        if self.by == "partial" and any(len(text) > PARTIAL_CHARS for text in self.to):
            raise ValueError(f"by: partial takes texts of at most {PARTIAL_CHARS} characters")
        return self


class Similar:
    """The best match among the texts reaches ``at_least``; skipped while there is no baseline to be similar to."""

    name: ClassVar[str] = "similar"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Likeness)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Likeness) -> None:
        self._goldens = argument
        self._at_least = argument.at_least
        self._by: Measure = argument.by

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        texts = self._goldens.texts(context)
        if not texts:
            return skipped(NO_BASELINE)
        answer = self._goldens.answer(sample, context)
        score, nearest = best_match(answer, texts, self._by)
        if score >= self._at_least:
            return PASSED
        return failed(
            f"similarity {score:.2f}, expected at least {self._at_least:.2f} to {quoted(nearest)}, got {quoted(answer)}"
        )
