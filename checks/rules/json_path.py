"""The check ``json_path``: values at a place of an answer that is JSON and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, JsonValue, TypeAdapter, WithJsonSchema, model_validator

from checks.argument import Argument, Text
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.json_answer import NotJson, json_text, read_json
from checks.pattern import compile_pattern
from checks.quote import quoted
from checks.value_conditions import Condition, as_long_as, at_least, at_most, equal_to, matching
from probes.sample import Sample


class PathArgument(Argument):
    """A path (RFC 9535) and what must hold of every value it finds; the path alone asks that there is one."""

    main: ClassVar[str] = "path"
    examples: ClassVar[tuple[Any, ...]] = (
        "$.total",
        {"path": "$.total", "equals": 1240.5},
        {"path": "$.items[*].price", "min": 0},
    )

    path: Text
    exists: bool | None = None
    equals: Annotated[JsonValue, WithJsonSchema({})] = None
    matches: Text | None = None
    min: float | None = Field(default=None, allow_inf_nan=False, strict=True)
    max: float | None = Field(default=None, allow_inf_nan=False, strict=True)
    length: int | None = Field(default=None, ge=0, strict=True)

    @model_validator(mode="after")
    def _can_hold(self) -> PathArgument:
        if self.exists is False and self.model_fields_set - {"path", "exists"}:
            raise ValueError("exists: false says that there is no value, so nothing else can be asked of it")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no number is at least {self.min:g} and at most {self.max:g}")
        return self


class JsonPath:
    """Every value at the path satisfies every condition, and there is at least one (``exists: false``: none)."""

    name: ClassVar[str] = "json_path"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(PathArgument)
    policy: ClassVar[bool] = False

    def __init__(self, argument: PathArgument) -> None:
        from jsonpath import JSONPathEnvironment, JSONPathError  # slow to import, and few suites need it

        paths = JSONPathEnvironment(strict=True)  # strict: RFC 9535 and none of the library's extensions
        try:
            self._path = paths.compile(argument.path)
        except JSONPathError as error:
            told = str(error).splitlines()[0]
            raise ValueError(f"{argument.path!r} is not a JSONPath: {told}; write it like $.items[*].price") from error
        self._written = argument.path
        self._absent = argument.exists is False
        self._conditions = tuple(_conditions(argument))

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        try:
            values = self._path.findall(read_json(sample.answer or ""))
        except NotJson as error:
            return failed(str(error))
        if self._absent or not values:
            return self._presence(values, sample.answer or "")
        for condition in self._conditions:
            for value in values:
                if not condition.holds(value):
                    return failed(f"expected {self._written} to be {condition.words}, got {quoted(json_text(value))}")
        return PASSED

    def _presence(self, values: list[Any], answer: str) -> Outcome:
        if self._absent == (not values):
            return PASSED
        if values:
            return failed(f"expected nothing at {self._written}, got {quoted(json_text(values[0]))}")
        return failed(f"expected a value at {self._written}, found none in {quoted(answer)}")


def _conditions(argument: PathArgument) -> list[Condition]:
    conditions: list[Condition] = []
    if "equals" in argument.model_fields_set:
        conditions.append(equal_to(argument.equals))
    if argument.matches is not None:
        conditions.append(matching(compile_pattern(argument.matches)))
    if argument.min is not None:
        conditions.append(at_least(argument.min))
    if argument.max is not None:
        conditions.append(at_most(argument.max))
    if argument.length is not None:
        conditions.append(as_long_as(argument.length))
    return conditions
