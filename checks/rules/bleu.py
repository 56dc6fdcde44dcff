"""The check ``bleu``: the answer is put in the runs of words of the expected texts, as translations are judged."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter, model_validator

from checks.bleu_measure import BLEUS, BleuVariant
from checks.check import PASSED, CheckContext, failed, skipped
from checks.finding import Outcome
from checks.goldens import NO_BASELINE, Goldens, Least
from checks.ngrams import counted, words_and_marks_of
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample


class BleuLimit(Goldens):
    """Texts to compare with, the least score, and which score."""

    examples: ClassVar[tuple[Any, ...]] = (
        "Sie können die Ware innerhalb von 30 Tagen zurückgeben.",
        {"to": ["Das Wetter ist gut.", "Es ist schönes Wetter."], "at_least": "40%"},
        {"to": "baseline", "at_least": 0.3, "by": "gleu"},
    )

    at_least: Least = 0.5
    by: BleuVariant = "bleu"

    @model_validator(mode="after")
    def _something_to_count(self) -> BleuLimit:
        blank = next((text for text in self.to if not words_and_marks_of(text)), None)
        if blank is not None:
            raise ValueError(f"{quoted(blank, 60)} holds no word")
        return self


class Bleu:
    """The score against the texts reaches ``at_least``; skipped while there is no baseline to compare with."""

    name: ClassVar[str] = "bleu"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(BleuLimit)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: BleuLimit) -> None:
        self._goldens = argument
        self._by: BleuVariant = argument.by
        self._score = BLEUS[argument.by]
        self._prepared = () if argument.to_baseline else tuple(map(counted, dict.fromkeys(argument.to)))

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        wanted = self._prepared or tuple(map(counted, self._goldens.texts(context)))
        if not wanted:
            return skipped(NO_BASELINE)
        answer, least = self._goldens.answer(sample, context), self._goldens.at_least
        said = counted(answer)
        score = self._score(said, wanted)
        if score >= least:
            return PASSED
        nearest = max(wanted, key=lambda text: self._score(said, (text,))).text
        return failed(
            f"{self._by} {score:.2f}, expected at least {least:.2f} against {quoted(nearest)}, got {quoted(answer)}"
        )
