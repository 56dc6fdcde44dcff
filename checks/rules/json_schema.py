"""The check ``json_schema``: the answer is JSON, nothing else, and fits a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, JsonValue, TypeAdapter, WithJsonSchema, model_validator

from checks.check import PASSED, CheckContext, failed
from checks.code_part import Placed
from checks.finding import Outcome
from checks.json_in_answer import FoundJson, judged_json
from probes.fault import Fault
from probes.sample import Sample

_INVOICE: dict[str, Any] = {"type": "object", "required": ["total", "due_date"]}


class SchemaArgument(Placed):
    """The schema, alone or under ``schema`` beside where the JSON may stand."""

    main: ClassVar[str] = "schema"
    short_schema: ClassVar[dict[str, Any] | None] = {"type": "object", "not": {"required": ["schema"]}}
    examples: ClassVar[tuple[Any, ...]] = (_INVOICE, {"schema": _INVOICE, "anywhere": True})

    schema_: Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object"})] = Field(alias="schema")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        # no keyword of JSON Schema is called schema, so a mapping that has it is not one itself
        return value if isinstance(value, Mapping) and "schema" in value else {"schema": value}


class JsonSchema:
    """The answer is strictly JSON and valid under the schema (JSON Schema, draft 2020-12, ``format`` not asserted)."""

    name: ClassVar[str] = "json_schema"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(SchemaArgument)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: SchemaArgument) -> None:
        from checks.schema_fit import SchemaFit

        self._placed = argument
        self._fit = SchemaFit(argument.schema_)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return judged_json(sample.answer or "", self._placed, self._judged)

    def _judged(self, found: FoundJson) -> Outcome:
        misfit = self._fit.misfit(found.value)
        return PASSED if misfit is None else failed(misfit.told, found.span_of(misfit.path))
