"""What a JSON Schema allows at a path: the keys there, and whether it is a secret. Feeds ``validation``.

The schema of the pydantic models is the one place that knows every key by its YAML name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probes.positions import YamlPath

Schema = Mapping[str, Any]


def keys_at(schema: Schema, path: YamlPath) -> tuple[str, ...]:
    """Names of the keys a mapping at ``path`` may have; empty where any or none are allowed."""
    return tuple(dict.fromkeys(key for part in _at(schema, path) for key in part.get("properties", {})))


def is_secret(schema: Schema, path: YamlPath) -> bool:
    """True where the value at ``path``, or one of its parents, must never be shown."""
    lengths = range(len(path), 0, -1)
    return any(part.get("format") == "password" for length in lengths for part in _at(schema, path[:length]))


def holds_secrets(schema: Schema, path: YamlPath) -> bool:
    """True where the value at ``path`` is a secret or a mapping of secrets."""
    inside = [child for part in _at(schema, path) for child in _children(part, "\0any")]
    return is_secret(schema, path) or any(
        variant.get("format") == "password" for child in inside for variant in _variants(schema, child)
    )


def _at(root: Schema, path: YamlPath) -> list[Schema]:
    parts = list(_variants(root, root))
    for step in path:
        below = [child for part in parts for child in _children(part, step)]
        parts = [variant for child in below for variant in _variants(root, child)]
    return parts


def _children(schema: Schema, step: str | int) -> Iterator[Schema]:
    named = schema.get("properties", {}).get(step) if isinstance(step, str) else None
    other = schema.get("items") if isinstance(step, int) else schema.get("additionalProperties")
    if isinstance(named, Mapping):
        yield named
    elif isinstance(other, Mapping):
        yield other
    else:  # keys with a pattern: pydantic's way of writing a mapping from names
        yield from schema.get("patternProperties", {}).values() if isinstance(step, str) else ()


def _variants(root: Schema, schema: Schema) -> Iterator[Schema]:
    """The schema itself with its references followed and its alternatives laid side by side."""
    if "$ref" in schema:
        yield from _variants(root, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
    yield schema
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _variants(root, part)
