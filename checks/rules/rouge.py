"""The check ``rouge``: the answer has words, pairs of words or their order in common with an expected text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import TypeAdapter, model_validator

from checks.check import PASSED, CheckContext, failed, skipped
from checks.finding import Outcome
from checks.goldens import NO_BASELINE, Goldens, Least
from checks.ngrams import words_of
from checks.quote import quoted
from checks.rouge_measure import RougeText, RougeVariant, rouge
from probes.fault import Fault
from probes.sample import Sample


class RougeLimit(Goldens):
    """Texts to compare with, the least F-measure, and what is counted."""

    examples: ClassVar[tuple[Any, ...]] = (
        "You can return it within 30 days of delivery.",
        {"to": ["Returns are free for 30 days."], "at_least": "60%", "by": "rouge_2"},
        {"to": "baseline", "at_least": 0.5, "by": "rouge_l"},
    )

    at_least: Least = 0.75
    by: RougeVariant = "rouge_1"

    @model_validator(mode="after")
    def _long_enough(self) -> RougeLimit:
        needed = 2 if self.by == "rouge_2" else 1
        short = next((text for text in self.to if len(words_of(text)) < needed), None)
        if short is not None and not self.to_baseline:
            raise ValueError(f"{quoted(short, 60)} holds fewer than {needed} words, so {self.by} has nothing to count")
        return self


class Rouge:
    """The best F-measure among the texts reaches ``at_least``; skipped while there is no baseline to compare with."""

    name: ClassVar[str] = "rouge"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(RougeLimit)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: RougeLimit) -> None:
        self._goldens = argument
        self._by: RougeVariant = argument.by
        self._prepared = () if argument.to_baseline else self._ready(argument.to)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        wanted = self._prepared or self._ready(self._goldens.texts(context))
        if not wanted:
            return skipped(NO_BASELINE)
        answer, least = self._goldens.answer(sample, context), self._goldens.at_least
        said = RougeText.of(answer, self._by)
        score, nearest = max((rouge(said, text, self._by), text.text) for text in wanted)
        if score >= least:
            return PASSED
        return failed(
            f"{self._by} {score:.2f}, expected at least {least:.2f} against {quoted(nearest)}, got {quoted(answer)}"
        )

    def _ready(self, texts: Iterable[str]) -> tuple[RougeText, ...]:
        return tuple(RougeText.of(text, self._by) for text in dict.fromkeys(texts))
