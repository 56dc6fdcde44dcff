"""The check ``number``: a number in the prose of the answer, held against what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Strict, TypeAdapter, model_validator

from checks.allowance import Allowance, Allowed
from checks.argument import Argument
from checks.check import CheckContext, failed, unmeasured
from checks.finding import Outcome, Status
from checks.numbers_in_text import DecimalMark, Number, numbers_in
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample

EXAMINED_CHARS = 100_000
"""Characters in which numbers are looked for: the first ones, or for ``which: last`` the last ones."""
_AROUND = 30
_Numeric = Annotated[int, Strict()] | Annotated[float, Strict(), Field(allow_inf_nan=False)]


class ExpectedNumber(Argument):
    """What the number must be, and which of the answer's numbers is meant."""

    main: ClassVar[str] = "equals"
    short_schema: ClassVar[dict[str, Any] | None] = {"type": "number"}
    examples: ClassVar[tuple[Any, ...]] = (
        147,
        {"equals": 1240.5, "tolerance": "1%", "decimal": ","},
        {"min": 0, "max": 100, "which": "only"},
        {"equals": 30, "which": "any"},
    )

    equals: _Numeric | None = None
    min: _Numeric | None = None
    max: _Numeric | None = None
    tolerance: Allowance | None = None
    which: Literal["first", "last", "only", "any"] = "last"
    decimal: DecimalMark = "."

    @model_validator(mode="after")
    def _can_hold(self) -> ExpectedNumber:
        if self.equals is None and self.min is None and self.max is None:
            raise ValueError("nothing is asked of the number; give equals:, min: or max:")
        if self.equals is not None and (self.min is not None or self.max is not None):
            raise ValueError("equals: needs no min: or max:; for a distance around it write tolerance:")
        if self.tolerance is not None and self.equals is None:
            raise ValueError("tolerance: goes with equals: only")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no number is at least {self.min} and at most {self.max}")
        return self


class NumberCheck:
    """The number meant (or with ``any`` one of them) is the expected one; ``span`` is where it stands."""

    name: ClassVar[str] = "number"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ExpectedNumber)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: ExpectedNumber) -> None:
        self._equals = _exactly(argument.equals)
        self._min, self._max = _exactly(argument.min), _exactly(argument.max)
        self._allowed = argument.tolerance or Allowed()
        self._which = argument.which
        self._mark: DecimalMark = argument.decimal
        self._words = _words(argument)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        start = max(0, len(answer) - EXAMINED_CHARS) if self._which == "last" else 0
        found = tuple(numbers_in(answer, self._mark, start=start, end=start + EXAMINED_CHARS))
        if self._which == "only" and len(found) > 1:
            return failed(f"expected one number {self._words}, found {_spelled(answer, found)}", found[1].span)
        meant = found if self._which == "any" else found[-1:] if self._which == "last" else found[:1]
        hit = next((number for number in meant if self._holds(number.value)), None)
        if len(answer) > EXAMINED_CHARS and self._open(meant, hit):
            return unmeasured(f"only {EXAMINED_CHARS} characters were searched for a number {self._words}")
        return Outcome(status=Status.PASS, span=hit.span) if hit else self._miss(answer, found, meant)

    def _open(self, meant: Sequence[Number], hit: Number | None) -> bool:
        """True where the part that was not searched could still decide."""
        return not meant or self._which == "only" or (self._which == "any" and hit is None)

    def _holds(self, value: Decimal) -> bool:
        if self._equals is not None:
            return self._allowed.reaches(value, self._equals)
        return (self._min is None or value >= self._min) and (self._max is None or value <= self._max)

    def _miss(self, answer: str, found: Sequence[Number], meant: Sequence[Number]) -> Outcome:
        if not found:
            return failed(f"expected a number {self._words}, found none in {quoted(answer)}")
        if self._which == "any":
            return failed(f"expected a number {self._words}, found {_spelled(answer, found)}")
        start, end = span = meant[0].span
        around = quoted(answer[max(0, start - _AROUND) : end + _AROUND])
        came = f"{quoted(answer[start:end], 30)} in {around}"
        return failed(f"expected the {self._which} number to be {self._words}, got {came}", span)


def _exactly(value: float | None) -> Decimal | None:
    """The number as it was written: 0.1 is a tenth, not the nearest binary fraction."""
    return None if value is None else Decimal(repr(value))


def _words(argument: ExpectedNumber) -> str:
    if argument.equals is not None:
        return f"{argument.equals}{f' ± {argument.tolerance}' if argument.tolerance else ''}"
    limits = ((f"at least {argument.min}", argument.min), (f"at most {argument.max}", argument.max))
    return " and ".join(words for words, limit in limits if limit is not None)


def _spelled(answer: str, found: Sequence[Number]) -> str:
    shown = ", ".join(quoted(answer[slice(*number.span)], 30) for number in found[:5])
    return shown if len(found) <= 5 else f"{shown} and {len(found) - 5} more"
