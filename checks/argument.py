"""How the argument of a check is written: options as a mapping, the main one also alone. Feeds the rules' arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from probes.suite import SuiteModel


class Argument(SuiteModel):
    """Base of check arguments. ``contains: 30 days`` is short for ``contains: {all: 30 days}``."""

    model_config = ConfigDict(populate_by_name=False)

    main: ClassVar[str] = ""
    """The option (as written in YAML) that a value without a mapping stands for; empty where there is none."""
    short_schema: ClassVar[JsonSchemaValue | None] = None
    """JSON Schema of the short form, where it takes less than the main option does."""
    examples: ClassVar[tuple[Any, ...]] = ()
    """Arguments as YAML would hold them, the most usual one first."""
    optional: ClassVar[bool] = False
    """True where the check may be named without an argument."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if value is None and cls.optional:
            return {}
        if value is None or isinstance(value, Mapping) or not cls.main:
            return value
        return {cls.main: value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        options = handler.resolve_ref_schema(handler(core_schema))
        forms = [options]
        if cls.main:
            forms.insert(0, cls.short_schema or _without_null(options["properties"][cls.main]))
        if cls.optional:
            forms.append({"type": "null"})
        return {"anyOf": forms, "examples": list(cls.examples)} if len(forms) > 1 else options


def _without_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of an option as that of a value standing alone: an option may be left out, a short form may not."""
    bare = {key: value for key, value in schema.items() if key not in ("default", "title")}
    if "anyOf" in bare:
        bare["anyOf"] = [form for form in bare["anyOf"] if form != {"type": "null"}]
    return bare


def one_or_many(value: object) -> object:
    """A lone value as a list of one."""
    return value if isinstance(value, (list, tuple)) else [value]


def _quote_numbers(value: object) -> object:
    # 007 and 1240.50 have lost a part of their spelling by the time YAML hands them over as numbers
    if isinstance(value, (bool, int, float)):
        raise ValueError(f"{value!r} is not a text; put it in quotes so that it is compared as written")
    return value


Text = Annotated[str, BeforeValidator(_quote_numbers), Field(min_length=1)]
"""A text of at least one character: looking for nothing would always succeed."""
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]
"""One text or a list of them, never empty."""
