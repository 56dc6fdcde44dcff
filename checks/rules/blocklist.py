"""The check ``blocklist``: words that no answer may hold."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter, model_validator

from checks.argument import Argument, Texts
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from checks.misspellings import WORDS_COMPARED, Misspellings
from checks.quote import quoted
from checks.word_search import Phrase
from probes.fault import Fault
from probes.sample import Sample

MOST_WORDS = 1_000
_AROUND = 40


class Blocked(Argument):
    """Words and phrases, found as whole words in any case; ``fuzzy`` also finds misspellings of so many edits."""

    main: ClassVar[str] = "words"
    examples: ClassVar[tuple[Any, ...]] = (
        ["guaranteed profit", "TODO"],
        {"words": ["acmecorp"], "fuzzy": 1},
        {"words": ["IT"], "ignore_case": False, "whole_words": True},
    )

    words: Texts
    ignore_case: bool = True
    whole_words: bool = True
    fuzzy: int = Field(default=0, ge=0, le=2, strict=True)

    @model_validator(mode="after")
    def _fits(self) -> Blocked:
        if len(self.words) > MOST_WORDS:
            raise ValueError(f"{len(self.words)} words are too many; the most is {MOST_WORDS}")
        if self.fuzzy and not (self.ignore_case and self.whole_words):
            raise ValueError("fuzzy compares whole words in any case; leave out ignore_case and whole_words")
        return self


class Blocklist:
    """None of the words occurs; ``span`` is the first hit of the first word found."""

    name: ClassVar[str] = "blocklist"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Blocked)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.SAFETY

    def __init__(self, argument: Blocked) -> None:
        self._phrases = tuple(
            Phrase(word, ignore_case=argument.ignore_case, whole_words=argument.whole_words) for word in argument.words
        )
        self._misspelt = Misspellings(argument.words, argument.fuzzy) if argument.fuzzy else None

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        for phrase in self._phrases:
            if span := phrase.find(answer):
                return failed(f"expected not to say {quoted(phrase.text, 60)}, got {_around(answer, span)}", span)
        return self._fuzzily(answer) if self._misspelt else PASSED

    def _fuzzily(self, answer: str) -> Outcome:
        misspelt = self._misspelt
        if misspelt is None:
            return PASSED
        if near := misspelt.find(answer):
            word, span = near
            return failed(f"expected nothing like {quoted(word, 60)}, got {_around(answer, span)}", span)
        if not misspelt.all_compared(answer):
            return unmeasured(f"the answer has over {WORDS_COMPARED} different words; the others were not compared")
        return PASSED


def _around(answer: str, span: tuple[int, int]) -> str:
    return quoted(answer[max(0, span[0] - _AROUND) : span[1] + _AROUND])
