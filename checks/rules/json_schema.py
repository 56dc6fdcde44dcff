"""The check ``json_schema``: the answer is JSON, nothing else, and fits a schema."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import JsonValue, TypeAdapter, WithJsonSchema

from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.json_answer import NotJson, read_json
from probes.sample import Sample

_EXAMPLES: list[Any] = [{"type": "object", "required": ["total", "due_date"]}]


class JsonSchema:
    """The answer is strictly JSON and valid under the schema (JSON Schema, draft 2020-12, ``format`` not asserted)."""

    name: ClassVar[str] = "json_schema"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(
        Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object", "examples": _EXAMPLES})]
    )
    policy: ClassVar[bool] = False

    def __init__(self, argument: dict[str, Any]) -> None:
        from checks.schema_fit import SchemaFit

        self._fit = SchemaFit(argument)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        try:
            value = read_json(sample.answer or "")
        except NotJson as error:
            return failed(str(error))
        misfit = self._fit.misfit(value)
        return PASSED if misfit is None else failed(misfit)
