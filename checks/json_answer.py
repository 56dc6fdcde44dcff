"""Strict reading of answers that must be JSON, and equality as JSON knows it. Feeds json_schema, json_path, equals.

RFC 8259, narrower where Python is wider (no NaN or Infinity, no number that overflows) and bounded in depth.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

from checks.quote import quoted

MAX_DEPTH = 80
"""Levels of nesting an answer may have; deeper ones are refused, not followed."""
_NUMBER_CHARS = 300
"""Longer integers do not fit a float, and comparing them with one would overflow."""


class NotJson(ValueError):
    """The text is not JSON and nothing else; the message says why in one line, ``span`` where, if that is known."""

    def __init__(self, message: str, span: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.span = span


def read_json(text: str, *, unique_keys: bool = False) -> Any:
    """The value of a text that is one JSON value, blanks around it allowed.

    Raises:
        NotJson: prose, a code fence, broken JSON, nesting past ``MAX_DEPTH``, or with ``unique_keys`` an object in
            which a key stands twice.
    """
    try:
        value = _loads(text, _once if unique_keys else None)
    except json.JSONDecodeError as error:
        raise NotJson(_why(text, error), _where(text, error)) from None
    except RecursionError:
        raise NotJson(f"the JSON is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise NotJson(f"the answer is not JSON: {error}") from None
    if _deeper_than(value, MAX_DEPTH):
        raise NotJson(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    return value


def same_json(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1240.5 equals 1240.50, 1 equals 1.0, but true is not 1; key order does not count."""
    return fingerprint(left) == fingerprint(right)


def fingerprint(value: Any) -> Hashable:
    """A hashable stand-in that is equal for equal JSON values, so that repeats are found without comparing pairs."""
    if isinstance(value, dict):
        return "object", frozenset((key, fingerprint(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return "array", tuple(map(fingerprint, value))
    return isinstance(value, bool), value


def json_text(value: Any) -> str:
    """A value as JSON text, for reasons."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _loads(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None) -> Any:
    return json.loads(
        text, parse_constant=_no_constant, parse_float=_finite, parse_int=_bounded, object_pairs_hook=pairs
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        count = Counter(key for key, _ in pairs)
        raise ValueError(
            f"the key {quoted(next(key for key in count if count[key] > 1), 60)} stands twice in an object"
        )
    return read


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {quoted(digits, 30)} is too large")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > _NUMBER_CHARS:
        raise ValueError(f"the number {quoted(digits, 30)} is too large")
    return int(digits)


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [child for parent in layer for child in _children(parent)]
        if not layer:
            return False
    return any(isinstance(entry, (dict, list)) for entry in layer)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _where(text: str, error: json.JSONDecodeError) -> tuple[int, int] | None:
    """What does not belong there: all that follows a value or stands before one, else the character read last."""
    body = text.strip()
    if not body:
        return None
    if error.msg == "Extra data":
        return error.pos, len(text)
    if not body.startswith("```") and _begins_later(body):
        return text.index(body[0]), min(at for bracket in "{[" if (at := text.find(bracket)) > 0)
    return min(error.pos, len(text) - 1), min(error.pos + 1, len(text))


def _why(text: str, error: json.JSONDecodeError) -> str:
    body = text.strip()
    if not body:
        return "the answer is empty, expected JSON"
    if body.startswith("```"):
        return f"the JSON is wrapped in a ``` fence, expected JSON and nothing else: {quoted(body)}"
    if error.msg == "Extra data":
        return f"text follows the JSON, expected JSON and nothing else: {quoted(text[error.pos :])}"
    if _begins_later(body):
        return f"text stands before the JSON, expected JSON and nothing else: {quoted(body)}"
    return f"the answer is not JSON ({error.msg}, line {error.lineno} column {error.colno}): {quoted(body)}"


def _begins_later(body: str) -> bool:
    start = min((at for bracket in "{[" if (at := body.find(bracket)) > 0), default=0)
    if not start:
        return False
    try:
        json.JSONDecoder().raw_decode(body, start)
    except (ValueError, RecursionError):
        return False
    return True
