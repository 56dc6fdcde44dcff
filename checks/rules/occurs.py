"""The check ``occurs``: how often a text or a pattern may stand in the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import TypeAdapter, model_validator

from checks.amounts import Amount
from checks.argument import Text
from checks.case_folding import case_folded, case_folding_of
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from checks.pattern import compile_pattern
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample


class Occurrences(Amount):
    """A text or a pattern and how often it occurs; without ``min`` and ``max`` at least once."""

    main: ClassVar[str] = "text"
    examples: ClassVar[tuple[Any, ...]] = (
        {"text": "30 days", "max": 2, "min": 1},
        "30 days",
        {"pattern": r"\[\d+\]", "min": 2},
        {"text": "sorry", "max": 1, "ignore_case": True, "whole_words": True},
    )

    text: Text | None = None
    pattern: Text | None = None
    ignore_case: bool = False
    whole_words: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Occurrences:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("give either text: or pattern:")
        if self.pattern is not None and self.whole_words:
            raise ValueError(r"whole_words goes with text: only; in a pattern write \b")
        return self


class Occurs:
    """The count of places that do not overlap lies within the limits; ``span`` is the first one too many."""

    name: ClassVar[str] = "occurs"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Occurrences)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Occurrences) -> None:
        self._amount = Amount(min=1) if argument.open else Amount(min=argument.min, max=argument.max)
        self._pattern, self._chars = _sought(argument)
        self._folds = argument.ignore_case and argument.text is not None
        self._what = quoted(argument.text or argument.pattern or "", 60)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        chars = len(answer) if self._chars is None else self._chars
        count, extra = self._count(answer, chars)
        if self._amount.max is not None and count > self._amount.max:
            return failed(self._told(count, answer), extra)
        if len(answer) > chars and (self._amount.max is not None or not self._amount.holds(count)):
            # what was not looked at may hold more of them: neither a pass nor a fail
            return unmeasured(
                f"found {count} of {self._what} in the first {chars} characters; the rest was not searched"
            )
        return PASSED if self._amount.holds(count) else failed(self._told(count, answer))

    def _count(self, answer: str, chars: int) -> tuple[int, tuple[int, int] | None]:
        """How often it occurs, and where the first one too many stands."""
        count, extra = 0, None
        for span in self._places(answer, chars):
            if span[1] == chars < len(answer):
                continue  # it may owe itself to the cut
            count += 1
            if count == (self._amount.max or 0) + 1:
                extra = span
        return count, extra

    def _places(self, answer: str, chars: int) -> Iterator[tuple[int, int]]:
        if self._folds:
            return case_folding_of(answer).occurrences(self._pattern)
        return (match.span() for match in self._pattern.finditer(answer, 0, chars))

    def _told(self, count: int, answer: str) -> str:
        return f"expected {self._amount.words} of {self._what}, found {count} in {quoted(answer)}"


def _sought(argument: Occurrences) -> tuple[re.Pattern[str], int | None]:
    """The pattern, and how many characters it may be let loose on; a plain text may be on all of them."""
    if argument.pattern is not None:
        safe = compile_pattern(argument.pattern, ignore_case=argument.ignore_case)
        return safe.compiled, safe.chars
    text = argument.text or ""
    words = re.escape(case_folded(text) if argument.ignore_case else text)
    bounded = rf"(?<!\w){words}(?!\w)" if argument.whole_words else words
    return re.compile(bounded), None
