"""The arguments of tool calls: valid JSON, expected values, a schema. Feeds ``tool_calls``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import Any

from checks.json_answer import NotJson, json_text, read_json, same_json
from checks.quote import quoted
from probes.sample import ToolCall

PLACE_CHARS = 300
"""Longest dotted place that is held against a pattern; what lies deeper always counts."""


class BadArguments(ValueError):
    """The arguments of a call are no JSON object; the message says so in one line."""


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call; no text at all is a call without arguments.

    Raises:
        BadArguments: they are not JSON, or JSON but no object.
    """
    try:
        value = read_json(call.arguments) if call.arguments.strip() else {}
    except NotJson as error:
        told = str(error).replace("the answer is", "they are", 1)
        raise BadArguments(f"expected the arguments of {quoted(call.name, 60)} to be JSON: {told}") from None
    if not isinstance(value, dict):
        raise BadArguments(f"expected the arguments of {quoted(call.name, 60)} to be an object, got {_shown(value)}")
    return value


class Expected:
    """Arguments as a suite expects them: by value, with places that do not count.

    Args:
        values: What must be equal. Objects may hold more than is listed, unless ``exact``; lists are compared whole.
        exact: True where nothing else may be there.
        ignored: Patterns of places that do not count, dotted: ``request_id``, ``trace.*``, ``items.*.id``.
        defaults: Values that count as given where a call leaves them out.
    """

    def __init__(
        self, values: dict[str, Any], *, exact: bool, ignored: Sequence[str], defaults: dict[str, Any]
    ) -> None:
        self._exact = exact
        self._ignored = re.compile("|".join(map(translate, ignored))) if ignored else None
        self._defaults = defaults
        self._values = self._relevant({**defaults, **values} if exact else values, "")

    def fits(self, arguments: dict[str, Any]) -> bool:
        """True where these arguments are as expected."""
        return self._same(self._values, self._relevant({**self._defaults, **arguments}, ""))

    @property
    def words(self) -> str:
        """The expected values, quoted."""
        return _shown(self._values)

    def _relevant(self, value: Any, place: str) -> Any:
        """The value without the places that do not count."""
        if self._ignored is None or len(place) > PLACE_CHARS:
            return value
        if isinstance(value, dict):
            kept = {key: inner for key, inner in value.items() if not self._ignored.match(f"{place}{key}")}
            return {key: self._relevant(inner, f"{place}{key}.") for key, inner in kept.items()}
        if isinstance(value, list):
            return [self._relevant(inner, f"{place}{number}.") for number, inner in enumerate(value)]
        return value

    def _same(self, wanted: Any, came: Any) -> bool:
        if isinstance(wanted, dict) and isinstance(came, dict):
            missing = not wanted.keys() <= came.keys() or (self._exact and len(came) > len(wanted))
            return not missing and all(self._same(inner, came[key]) for key, inner in wanted.items())
        if isinstance(wanted, list) and isinstance(came, list):
            return len(wanted) == len(came) and all(map(self._same, wanted, came))
        return same_json(wanted, came)


def _shown(value: Any) -> str:
    return quoted(json_text(value))
