"""The check ``json_schema``: the answer is JSON, nothing else, and fits a schema."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, ClassVar

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import extend
from pydantic import JsonValue, TypeAdapter, WithJsonSchema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, Schema, SchemaResource
from referencing.jsonschema import SchemaRegistry as Registries

from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.json_answer import NotJson, fingerprint, read_json
from checks.pattern import compile_pattern
from checks.quote import quoted, shortened
from probes.sample import Sample

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LOCAL: Registries = Registry()
"""Holds nothing and fetches nothing: a ``$ref`` finds what is in the schema itself, or the suite is refused."""
_ERRORS_COMPARED = 100
_EXAMPLES: list[Any] = [{"type": "object", "required": ["total", "due_date"]}]


def _bounded_pattern(validator: Any, pattern: str, text: object, schema: Schema) -> Iterator[ValidationError]:
    if not isinstance(text, str):
        return
    safe = compile_pattern(pattern)
    if len(text) > safe.chars:
        yield ValidationError(f"a text of {len(text)} characters is too long to be held against {quoted(pattern, 60)}")
    elif safe.find(text) is None:
        yield ValidationError(f"{quoted(text)} does not match {quoted(pattern, 60)}")


def _unique_items(validator: Any, wanted: bool, items: object, schema: Schema) -> Iterator[ValidationError]:
    # jsonschema compares every pair of objects: minutes for an answer of 100 kB
    if wanted and isinstance(items, list) and len(set(map(fingerprint, items))) < len(items):
        yield ValidationError("the list holds the same value twice")


_Validator: Any = extend(Draft202012Validator, {"pattern": _bounded_pattern, "uniqueItems": _unique_items})  # type: ignore[no-untyped-call]


class JsonSchema:
    """The answer is strictly JSON and valid under the schema (JSON Schema, draft 2020-12, ``format`` not asserted)."""

    name: ClassVar[str] = "json_schema"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(
        Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object", "examples": _EXAMPLES})]
    )
    policy: ClassVar[bool] = False

    def __init__(self, argument: dict[str, Any]) -> None:
        _refuse_bad_schema(argument)
        self._validator = _Validator(argument, registry=_LOCAL)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        try:
            value = read_json(sample.answer or "")
        except NotJson as error:
            return failed(str(error))
        misfit: ValidationError | None = best_match(islice(self._validator.iter_errors(value), _ERRORS_COMPARED))
        if misfit is None:
            return PASSED
        return failed(
            f"the JSON does not fit the schema at {shortened(misfit.json_path, 80)}: {shortened(misfit.message, 200)}"
        )


def _refuse_bad_schema(schema: dict[str, Any]) -> None:
    """Raises ValueError for what would break, hang or reach out when an answer is examined."""
    if schema.get("$schema", _DRAFT).rstrip("#") != _DRAFT:
        raise ValueError(f"schemas are read as draft 2020-12, this one says {schema['$schema']}; drop $schema")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"not a JSON Schema at {error.json_path}: {shortened(error.message, 200)}") from error
    root: SchemaResource = DRAFT202012.create_resource(schema)
    _refuse_unsafe_parts(root, _LOCAL.resolver_with_root(root))
    try:
        _Validator(schema, registry=_LOCAL).is_valid(None)
    except RecursionError:
        raise ValueError("this schema refers to itself without end") from None


def _refuse_unsafe_parts(part: SchemaResource, resolver: Any) -> None:
    contents = part.contents
    if isinstance(contents, dict):
        for pattern in (contents.get("pattern"), *contents.get("patternProperties", ())):
            if pattern is not None:
                compile_pattern(pattern)
        for keyword in ("$ref", "$dynamicRef"):
            _refuse_unresolvable(contents.get(keyword), resolver)
    for inner in part.subresources():
        _refuse_unsafe_parts(inner, resolver.in_subresource(inner))


def _refuse_unresolvable(reference: str | None, resolver: Any) -> None:
    try:
        if reference is not None:
            resolver.lookup(reference)
    except Unresolvable as error:
        raise ValueError(f"the $ref {reference!r} leads out of this schema; nothing is ever fetched") from error
