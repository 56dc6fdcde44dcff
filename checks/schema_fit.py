"""Whether a JSON value fits a schema, by jsonschema, with nothing fetched and nothing endless. Feeds ``json_schema``.

Apart from the rule, because the library takes a tenth of the program's start: it is imported when a suite needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import isfinite
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, Schema, SchemaResource
from referencing.jsonschema import SchemaRegistry as Registries

from checks.json_answer import fingerprint
from checks.pattern import compile_pattern
from checks.quote import quoted, shortened

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LOCAL: Registries = Registry()
"""Holds nothing and fetches nothing: a ``$ref`` finds what is in the schema itself, or the suite is refused."""
_ERRORS_COMPARED = 100


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


def _decimal_multiple(validator: Any, step: float, value: object, schema: Schema) -> Iterator[ValidationError]:
    # jsonschema divides binary fractions, by which 19.99 is no multiple of 0.01
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if not isfinite(value) or (Fraction(repr(value)) / Fraction(repr(step))).denominator != 1:
        yield ValidationError(f"{value!r} is not a multiple of {step!r}")


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _bounded_pattern, "uniqueItems": _unique_items, "multipleOf": _decimal_multiple},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One way in which a value does not fit a schema."""

    told: str
    """Where and why, in a line."""
    path: tuple[str | int, ...]
    """Keys and indices from the root to the value that does not fit."""


class SchemaFit:
    """One schema, ready to hold values against.

    Raises:
        ValueError: it is no schema of draft 2020-12, leads out of itself, or would not end.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        _refuse_bad_schema(schema)
        self._validator = _Validator(schema, registry=_LOCAL)

    def misfit(self, value: Any) -> Misfit | None:
        """Where and why a value does not fit; None where it does."""
        error: ValidationError | None = best_match(islice(self._validator.iter_errors(value), _ERRORS_COMPARED))
        if error is None:
            return None
        told = f"the JSON does not fit the schema at {shortened(error.json_path, 80)}: {shortened(error.message, 200)}"
        return Misfit(told=told, path=tuple(error.absolute_path))


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
