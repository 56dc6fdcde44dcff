"""The check ``length``: limits on the characters, words, sentences and lines of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import TypeAdapter, model_validator

from checks.amounts import Amount
from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.quote import quoted
from checks.sentences import line_count, sentence_count, word_count
from probes.fault import Fault
from probes.sample import Sample

_COUNTED: dict[str, Callable[[str], int]] = {
    "characters": len,
    "words": word_count,
    "lines": line_count,
    "sentences": sentence_count,
}


class LengthLimits(Argument):
    """Limits on what can be counted of an answer; a number is the most, and a number alone counts characters."""

    main: ClassVar[str] = "characters"
    examples: ClassVar[tuple[Any, ...]] = (
        {"words": {"min": 20, "max": 120}},
        400,
        {"sentences": 1, "lines": 1},
    )
    short_schema: ClassVar[dict[str, Any] | None] = {"type": "integer", "minimum": 0}

    characters: Amount | None = None
    words: Amount | None = None
    sentences: Amount | None = None
    lines: Amount | None = None

    @model_validator(mode="after")
    def _says_something(self) -> LengthLimits:
        for unit in _COUNTED:
            amount: Amount | None = getattr(self, unit)
            if amount is not None and amount.open:
                raise ValueError(f"no limit given for {unit}; write min: or max:")
        if all(getattr(self, unit) is None for unit in _COUNTED):
            raise ValueError(f"nothing to count; give one of {', '.join(_COUNTED)}")
        return self


class Length:
    """Every count lies within its limits; white space around the answer is not counted."""

    name: ClassVar[str] = "length"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(LengthLimits)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: LengthLimits) -> None:
        asked = ((unit, getattr(argument, unit)) for unit in _COUNTED)
        self._limits: dict[str, Amount] = {unit: amount for unit, amount in asked if amount is not None}

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = (sample.answer or "").strip()
        for unit, amount in self._limits.items():
            count = _COUNTED[unit](answer)
            if not amount.holds(count):
                what = unit.removesuffix("s") if amount.words.endswith(" 1") else unit
                told = f"expected {amount.words} {what}, got {count}: {quoted(answer, 60)}"
                return failed(told, _excess(sample.answer or "", unit, amount))
        return PASSED


def _excess(text: str, unit: str, amount: Amount) -> tuple[int, int] | None:
    """The characters beyond the most allowed; of other units nobody could say which are too many."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if unit != "characters" or amount.max is None or start + amount.max >= end:
        return None
    return int(start + amount.max), end
