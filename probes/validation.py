"""What pydantic found wrong, in plain words and at the right place of the file. Feeds suites and settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from probes.environment import has_reference
from probes.nearest import did_you_mean, nearest
from probes.positions import Fault, YamlPath, value_at
from probes.schema_paths import Schema, holds_secrets, keys_at

_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping of keys and values",
    "mapping": "a mapping of keys and values",
    "model": "a mapping of keys and values",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_MISSING_HINTS = {
    "version": "begin the file with version: 1",
    "suite": "give the suite a name, like suite: support-bot",
    "id": "give the probe a short name, like id: refund-window",
    "base_url": "like base_url: https://gateway.example.com/v1",
    "endpoints": "name at least one place to ask",
    "probes": "write at least one question",
}
_NAME_HINT = "letters, digits, dots, dashes and underscores, at most 100, a letter or digit first"


def faults_of(
    error: ValidationError,
    model: type[BaseModel],
    values: object,
    written: object,
    origin: Callable[[YamlPath], YamlPath] = lambda path: path,
) -> list[Fault]:
    """One fault for each thing pydantic found.

    Args:
        error: What it found.
        model: The model that was asked for; its schema knows the keys.
        values: What was validated.
        written: What stands in the file, before environment and inheritance: only this is ever quoted.
        origin: From a path in ``values`` to the path in ``written`` it came from.
    """
    schema = model.model_json_schema(by_alias=True)
    faults = []
    for entry in error.errors(include_url=False):
        path, rest = _place(entry["loc"], values)
        if entry["type"] == "too_short" and value_at(values, path):
            continue  # not empty as written: its entries are wrong, and each says so itself
        faults.append(_Complaint(dict(entry), schema, path, rest, written, origin(path)).fault())
    return list(dict.fromkeys(faults))


def _place(loc: tuple[int | str, ...], values: object) -> tuple[YamlPath, tuple[int | str, ...]]:
    """The part of pydantic's location that is in the file, and the rest: a missing key, or a name of its own."""
    path: YamlPath = ()
    rest: tuple[int | str, ...] = ()
    for part in loc:
        try:
            value_at(values, (*path, part))
        except (LookupError, TypeError):
            rest = (*rest, part)
        else:
            path = (*path, part)
    return path, rest


class _Complaint:
    """One entry of a validation error on its way to a fault."""

    def __init__(
        self,
        entry: Mapping[str, Any],
        schema: Schema,
        path: YamlPath,
        rest: tuple[int | str, ...],
        written: object,
        origin: YamlPath,
    ) -> None:
        self.kind: str = entry["type"]
        self.context: Mapping[str, Any] = entry.get("ctx", {})
        self.said = str(entry["msg"])
        self.schema, self.path, self.rest, self.origin = schema, path, rest, origin
        self.name = _name(path)
        self.value, self.as_written = self._written(written, entry["input"])

    def _written(self, written: object, given: object) -> tuple[object, bool]:
        """What stands in the file, and whether exactly that was validated."""
        try:
            value = value_at(written, self.origin)
        except LookupError:
            return None, False
        return value, not _differs(value, given)

    def fault(self) -> Fault:
        if self.kind == "missing":
            return self._missing()
        if self.kind == "extra_forbidden":
            return self._unknown()
        if self.rest[-1:] == ("[key]",):
            if self.kind in ("literal_error", "enum"):
                return self._key_not_among()
            return Fault(path=self.origin, message=f"{self.name!r} cannot be a name", hint=_NAME_HINT, at_key=True)
        if self.kind in ("value_error", "assertion_error"):
            return self._own_words()
        message, hint = self._wrong_value()
        return Fault(path=self.origin, message=message, hint=hint)

    def _key_not_among(self) -> Fault:
        choices = re.findall(r"'([^']*)'", str(self.context.get("expected", "")))
        hint = did_you_mean(self.name, choices, otherwise="known here:")
        return Fault(path=self.origin, message=f"unknown key {self.name!r}", hint=hint, at_key=True)

    def _missing(self) -> Fault:
        key = str(self.rest[-1]) if self.rest else self.name
        where = f" in {self.name}" if self.path else ""
        return Fault(path=self.origin, message=f"missing key {key!r}{where}", hint=_MISSING_HINTS.get(key, ""))

    def _unknown(self) -> Fault:
        known = keys_at(self.schema, self.path[:-1])
        hint = did_you_mean(self.name, known, otherwise="known here:")
        return Fault(path=self.origin, message=f"unknown key {self.name!r}", hint=hint, at_key=True)

    def _own_words(self) -> Fault:
        """The model's own sentence, unless it may quote what came from the environment."""
        message = self.said.removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if isinstance(self.value, (str, int, float)) and not self.as_written:
            example = message.rpartition("; ")[2] if "; " in message else ""
            return Fault(path=self.origin, message=f"{self._shown()} does not hold a usable {self.name}", hint=example)
        message, _, hint = message.rpartition("; ") if "; " in message else (message, "", "")
        return Fault(path=self.origin, message=message, hint=hint)

    def _wrong_value(self) -> tuple[str, str]:
        shown = self._shown()
        if self.kind in _BOUNDS:
            words, key = _BOUNDS[self.kind]
            return f"{self.name} must be {words} {self.context[key]:g}, not {shown}", ""
        if self.kind in ("literal_error", "enum"):
            return self._not_among(shown)
        if self.kind == "string_pattern_mismatch" and self.name == "base_url":
            return f"{shown} is not an address", "it begins with http:// or https://"
        if self.kind in ("string_pattern_mismatch", "string_too_long"):
            return f"{shown} cannot be a name", _NAME_HINT
        if self.kind == "too_short":
            return f"{self.name} is empty", f"it needs at least {self.context.get('min_length', 1)}"
        expected = _KINDS.get(self.kind.partition("_")[0])
        if expected is None:
            return f"{shown} cannot be used as {self.name}", self.said
        return f"{self.name} must be {expected}, not {shown}", self._type_hint(expected)

    def _not_among(self, shown: str) -> tuple[str, str]:
        expected = str(self.context.get("expected", "")).replace(" or ", ", ").replace("'", "")
        choices = [choice.strip() for choice in expected.split(",")]
        near = nearest(str(self.value), choices) if shown != _HIDDEN else None
        also = f"did you mean {near!r}? " if near else ""
        return f"{shown} is none of: {expected}", f"{also}choose one of them".removesuffix(" choose one of them")

    def _type_hint(self, expected: str) -> str:
        if self.value is None:
            return "nothing stands behind the key: write a value, or remove the key"
        if expected == "text" and isinstance(self.value, (bool, int, float)) and not self._hidden():
            return f'write it in quotes: "{_plain(self.value)}"'
        if expected == "true or false":
            return "YAML 1.2 knows no yes, no, on, off"
        if has_reference(self.value):
            return "the environment gives text only: write the value here"
        return "each item begins with a dash, or write [a, b]" if expected == "a list" else ""

    def _hidden(self) -> bool:
        return holds_secrets(self.schema, self.path)

    def _shown(self) -> str:
        if self._hidden():
            return _HIDDEN
        return describe(self.value)


_HIDDEN = "the value given"


def _name(path: YamlPath) -> str:
    """What to call the thing at a path: its key, or which entry of which list it is."""
    if path and isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of {_name(path[:-1])}"
    return str(path[-1]) if path else "the file"


def describe(value: object) -> str:
    """A value of the file as a reader would name it, shortened."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else repr(value[:57]) + "..."
    return f"the number {value}" if not isinstance(value, bool) else _plain(value)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _differs(written: object, given: object) -> bool:
    """True where the environment stepped in. Lists and mappings reach validators whole and are never quoted."""
    return isinstance(written, str) and isinstance(given, str) and written != given
