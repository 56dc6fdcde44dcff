"""Places in JSON by their path (RFC 9535), compiled when the suite is read. Feeds ``json_path`` and ``json_equal``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checks.json_answer import NotJson
from checks.json_difference import ANYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One value that a path leads to."""

    value: Any
    path: tuple[str | int, ...]
    """Keys and indices from the root."""


class JsonPlace:
    """One path, ready to look into values.

    Raises:
        ValueError: it is no JSONPath of RFC 9535.
    """

    def __init__(self, path: str) -> None:
        from jsonpath import JSONPathEnvironment, JSONPathError  # slow to import, and few suites need it

        paths = JSONPathEnvironment(strict=True)  # strict: RFC 9535 and none of the library's extensions
        try:
            self._path = paths.compile(path)
        except JSONPathError as error:
            told = str(error).splitlines()[0]
            raise ValueError(f"{path!r} is not a JSONPath: {told}; write it like $.items[*].price") from error
        self.written = path
        self._refused = JSONPathError

    def values(self, value: Any) -> list[Any]:
        """All values at the path, in document order.

        Raises:
            NotJson: the value is too deep to be searched.
        """
        return [match.value for match in self.matches(value)]

    def matches(self, value: Any) -> list[Match]:
        """All values at the path with where they stand, in document order.

        Raises:
            NotJson: the value is too deep to be searched.
        """
        if not isinstance(value, (dict, list)):
            return [Match(value=value, path=())] if self.written.strip() == "$" else []
        return [Match(value=match.obj, path=tuple(match.parts)) for match in self._matches(value)]

    def blank(self, value: Any) -> None:
        """Take what stands at the path out of a value: keys with their values, entries of lists for ``ANYTHING``."""
        for match in self._matches(value):
            if match.parts:
                _blank(value, match.parts)

    def _matches(self, value: Any) -> list[Any]:
        if not isinstance(value, (dict, list)):  # the library would read a text as a JSON document
            return []
        try:
            return list(self._path.finditer(value))
        except self._refused as error:
            raise NotJson(f"the JSON cannot be searched by {self.written}: {error}") from None


def _blank(value: Any, parts: tuple[str | int, ...]) -> None:
    for part in parts[:-1]:
        value = _entry(value, part)
    if isinstance(value, dict):
        value.pop(parts[-1], None)
    elif isinstance(value, list):
        value[int(parts[-1])] = ANYTHING


def _entry(value: Any, part: str | int) -> Any:
    """What stands there; None where an earlier match has taken it out already."""
    if isinstance(value, dict):
        return value.get(part)
    return value[int(part)] if isinstance(value, list) else None
