"""Where in the text of a JSON document a value stands, given its path. Feeds the checks of JSON.

Parsers forget places. Only one failing value is ever looked for, so the text is walked again for that one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_BLANKS = re.compile(r"[ \t\n\r]*+")
_DECODER = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)
"""Finds where a value ends; numbers are not read."""


def span_at(text: str, path: Sequence[str | int]) -> tuple[int, int] | None:
    """The value at a path, as offsets [start, end).

    Args:
        text: JSON (RFC 8259) and nothing else, blanks around it allowed.
        path: Keys and indices from the root. Of a key that stands twice the last counts, as in reading.

    Returns None where there is no such place, or the text is not as it should be.
    """
    try:
        at = _after_blanks(text, 0)
        for step in path:
            found = _entry(text, at, step)
            if found is None:
                return None
            at = found
        return at, _DECODER.raw_decode(text, at)[1]
    except (ValueError, IndexError, RecursionError):
        return None


def _entry(text: str, at: int, step: str | int) -> int | None:
    """Where the entry of the object or list at this offset begins."""
    if text[at] == "{" and isinstance(step, str):
        return _member(text, at, step)
    return _item(text, at, step) if text[at] == "[" and isinstance(step, int) else None


def _member(text: str, at: int, key: str) -> int | None:
    found, at = None, _after_blanks(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _after_blanks(text, _after_blanks(text, at) + 1)  # past the colon
        if name == key:
            found = at
        at = _next(text, at)
    return found


def _item(text: str, at: int, index: int) -> int | None:
    at = _after_blanks(text, at + 1)
    while text[at] != "]":
        if not index:
            return at
        index -= 1
        at = _next(text, at)
    return None


def _next(text: str, at: int) -> int:
    """Past the value at this offset, and past a comma behind it."""
    at = _after_blanks(text, _DECODER.raw_decode(text, at)[1])
    return _after_blanks(text, at + 1) if text[at] == "," else at


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()
