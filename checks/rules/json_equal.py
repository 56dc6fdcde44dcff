"""The check ``json_equal``: the answer is JSON of an expected value, numbers, order and named places aside."""

from __future__ import annotations

from copy import deepcopy
from typing import Annotated, Any, ClassVar, Literal

from pydantic import JsonValue, TypeAdapter, WithJsonSchema, model_validator

from checks.allowance import Allowance, Allowed
from checks.argument import Texts
from checks.check import PASSED, CheckContext, failed
from checks.code_part import Placed
from checks.finding import Outcome
from checks.json_answer import NotJson, read_json
from checks.json_difference import UNORDERED_ENTRIES, UNORDERED_PARTS, Comparison, longest_list, parts
from checks.json_in_answer import FoundJson, judged_json
from checks.json_place import JsonPlace
from probes.fault import Fault
from probes.sample import Sample


class ExpectedJson(Placed):
    """The value (a text is read as JSON), how far numbers may be off, what is ignored, and where the JSON may stand."""

    main: ClassVar[str] = "value"
    short_schema: ClassVar[dict[str, Any] | None] = {"type": ["string", "array", "number", "boolean"]}
    examples: ClassVar[tuple[Any, ...]] = (
        {"value": {"total": 1240.5, "items": ["keyboard", "mouse"]}, "tolerance": 0.01, "order": "ignore"},
        {"value": {"id": 1, "total": 1240.5}, "ignore": ["$.id", "$..created"]},
        ["a", "b"],
        '{"ok": true}',
    )

    value: Annotated[JsonValue, WithJsonSchema({})]
    tolerance: Allowance = Allowed()
    ignore: Texts | None = None
    order: Literal["keep", "ignore"] = "keep"

    @model_validator(mode="after")
    def _can_be_compared(self) -> ExpectedJson:
        if self.ignore and any(path.strip() == "$" for path in self.ignore):
            raise ValueError("ignoring $ would ignore the whole answer; use json_valid")
        return self


class JsonEqual:
    """No difference is left between the JSON of the answer and the expected value; the reason names the first."""

    name: ClassVar[str] = "json_equal"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ExpectedJson)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: ExpectedJson) -> None:
        self._placed = argument
        self._ignored = tuple(map(JsonPlace, argument.ignore or ()))
        self._comparison = Comparison(tolerance=argument.tolerance, ordered=argument.order == "keep")
        expected = _read(argument.value) if isinstance(argument.value, str) else deepcopy(argument.value)
        if argument.order == "ignore":
            _refuse_costly(expected)
        self._expected = self._blanked(expected)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return judged_json(sample.answer or "", self._placed, self._judged)

    def _judged(self, found: FoundJson) -> Outcome:
        difference = self._comparison.difference(self._blanked(found.value), self._expected)
        return PASSED if difference is None else failed(difference.told(), found.span_of(difference.path))

    def _blanked(self, value: Any) -> Any:
        for place in self._ignored:
            place.blank(value)
        return value


def _read(text: str) -> Any:
    try:
        return read_json(text)
    except NotJson as error:
        raise ValueError(f"{text!r} is not JSON; a JSON string is written '\"like this\"'") from error


def _refuse_costly(expected: Any) -> None:
    if parts(expected) > UNORDERED_PARTS or longest_list(expected) > UNORDERED_ENTRIES:
        raise ValueError(
            f"order: ignore compares lists of at most {UNORDERED_ENTRIES} entries, in a value of at most "
            f"{UNORDERED_PARTS} parts"
        )
