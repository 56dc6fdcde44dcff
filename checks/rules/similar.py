"""The check ``similar``: the answer reads like an expected text, or like the answers of the baseline."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter, model_validator

from checks.argument import Argument, Texts
from checks.check import PASSED, CheckContext, failed, skipped
from checks.finding import Outcome
from checks.quote import quoted
from checks.similarity import PARTIAL_CHARS, Measure, best_match
from probes.sample import Sample
from probes.suite import Share

BASELINE = "baseline"


class Likeness(Argument):
    """One or several texts, or the word ``baseline``; how alike (0 to 1, or in percent); by which measure."""

    main: ClassVar[str] = "to"
    examples: ClassVar[tuple[Any, ...]] = (
        "You can return it within 30 days.",
        {"to": "baseline", "at_least": 0.7, "by": "token_set"},
    )

    to: Texts
    at_least: Annotated[Share, Field(gt=0)] = 0.8
    by: Measure = "ratio"

    @property
    def to_baseline(self) -> bool:
        """True where the baseline's own answers are meant."""
        return self.to == (BASELINE,)

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

    def __init__(self, argument: Likeness) -> None:
        self._texts = None if argument.to_baseline else argument.to
        self._at_least = argument.at_least
        self._by: Measure = argument.by

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        texts = context.baseline_answers if self._texts is None else self._texts
        if not texts:
            return skipped("there is no baseline answer to compare with yet")
        score, nearest = best_match(sample.answer or "", texts, self._by)
        if score >= self._at_least:
            return PASSED
        return failed(
            f"similarity {score:.2f}, expected at least {self._at_least:.2f} to {quoted(nearest)}, "
            f"got {quoted(sample.answer or '')}"
        )
