"""The check ``json_path``: values at a place of an answer that is JSON."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue, TypeAdapter, WithJsonSchema, model_validator

from checks.allowance import Allowance
from checks.argument import Text
from checks.check import PASSED, CheckContext, failed
from checks.code_part import Placed
from checks.exact_amounts import ExactAmount
from checks.finding import Outcome
from checks.json_answer import NotJson, json_text
from checks.json_in_answer import FoundJson, judged_json
from checks.json_place import JsonPlace, Match
from checks.pattern import compile_pattern
from checks.quote import quoted
from checks.value_conditions import (
    Condition,
    above,
    as_long_as,
    at_least,
    at_most,
    below,
    equal_to,
    is_number,
    matching,
)
from probes.fault import Fault
from probes.sample import Sample

_Limit = Annotated[float | None, Field(allow_inf_nan=False, strict=True)]


class PathArgument(Placed):
    """A path (RFC 9535) and what must hold of the values it finds; the path alone asks that there is one."""

    main: ClassVar[str] = "path"
    examples: ClassVar[tuple[Any, ...]] = (
        "$.total",
        {"path": "$.total", "equals": 1240.5, "tolerance": "1%"},
        {"path": "$.items[*].price", "min": 0, "count": {"min": 1}},
        {"path": "$.error", "exists": False, "anywhere": True},
    )

    path: Text
    exists: bool | None = None
    equals: Annotated[JsonValue, WithJsonSchema({})] = None
    tolerance: Allowance | None = None
    matches: Text | None = None
    min: _Limit = None
    max: _Limit = None
    above: _Limit = None
    below: _Limit = None
    length: ExactAmount | None = None
    count: ExactAmount | None = None
    values: Literal["all", "any"] = "all"

    @model_validator(mode="after")
    def _can_hold(self) -> PathArgument:
        if self.exists is False and self.model_fields_set - {"path", "exists", *Placed.model_fields}:
            raise ValueError("exists: false says that there is no value, so nothing else can be asked of it")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no number is at least {self.min:g} and at most {self.max:g}")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"no number is above {self.above:g} and below {self.below:g}")
        if self.tolerance is not None and not is_number(self.equals):
            raise ValueError("tolerance goes with equals: and a number")
        return self


class JsonPath:
    """Every value at the path satisfies every condition (``values: any``: one does), and there is at least one.

    ``exists: false``: there is none. ``count``: there are so many.
    """

    name: ClassVar[str] = "json_path"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(PathArgument)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: PathArgument) -> None:
        self._placed = argument
        self._place = JsonPlace(argument.path)
        self._absent = argument.exists is False
        self._count = argument.count
        self._any = argument.values == "any"
        self._conditions = tuple(_conditions(argument))

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return judged_json(sample.answer or "", self._placed, self._judged, every=self._absent)

    def _judged(self, found: FoundJson) -> Outcome:
        try:
            matches = self._place.matches(found.value)
        except NotJson as error:
            return failed(str(error))
        told = self._miscounted(matches, found.value)
        if told:
            return failed(told, found.span_of(matches[0].path) if self._absent else None)
        unfit = self._unfit(matches)
        return PASSED if unfit is None else failed(unfit[0], found.span_of(unfit[1].path))

    def _miscounted(self, matches: list[Match], value: Any) -> str:
        place = self._place.written
        if self._absent:
            return f"expected nothing at {place}, got {quoted(json_text(matches[0].value))}" if matches else ""
        if self._count is not None:
            told = f"expected {self._count.words} values at {place}, got {len(matches)} in {quoted(json_text(value))}"
            return "" if self._count.holds(len(matches)) else told
        return "" if matches else f"expected a value at {place}, found none in {quoted(json_text(value))}"

    def _unfit(self, matches: list[Match]) -> tuple[str, Match] | None:
        """The first value that breaks a condition, and why; with ``values: any`` None as soon as one breaks none."""
        first: tuple[str, Match] | None = None
        for match in matches:
            wrong = next((condition for condition in self._conditions if not condition.holds(match.value)), None)
            if wrong is None and self._any:
                return None
            if wrong is not None and first is None:
                told = f"expected {self._place.written} to be {wrong.words}, got {quoted(json_text(match.value))}"
                first = told, match
        return first


def _conditions(argument: PathArgument) -> list[Condition]:
    conditions: list[Condition] = []
    if "equals" in argument.model_fields_set:
        conditions.append(equal_to(argument.equals, argument.tolerance))
    if argument.matches is not None:
        conditions.append(matching(compile_pattern(argument.matches)))
    limits = (
        (argument.min, at_least),
        (argument.max, at_most),
        (argument.above, above),
        (argument.below, below),
    )
    conditions += [made(limit) for limit, made in limits if limit is not None]
    if argument.length is not None:
        conditions.append(as_long_as(argument.length))
    return conditions
