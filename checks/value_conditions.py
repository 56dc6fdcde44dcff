"""Conditions on one JSON value, with the words to say them. Feeds ``json_path``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checks.json_answer import json_text, same_json
from checks.pattern import SafePattern
from checks.quote import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of a value. ``words`` follow "expected it to be"."""

    words: str
    holds: Callable[[Any], bool]


def equal_to(expected: Any) -> Condition:
    """The same JSON value; 1240.5 equals 1240.50, the text "1" is not the number 1."""
    return Condition(words=quoted(json_text(expected)), holds=lambda value: same_json(value, expected))


def matching(pattern: SafePattern) -> Condition:
    """A text in which the pattern matches somewhere."""
    return Condition(
        words=f"a text matching {quoted(pattern.compiled.pattern, 80)}",
        holds=lambda value: isinstance(value, str) and pattern.find(value) is not None,
    )


def at_least(limit: float) -> Condition:
    """A number of at least ``limit``; a text of digits is no number."""
    return Condition(words=f"a number of at least {limit:g}", holds=lambda value: _number(value) and value >= limit)


def at_most(limit: float) -> Condition:
    """A number of at most ``limit``; a text of digits is no number."""
    return Condition(words=f"a number of at most {limit:g}", holds=lambda value: _number(value) and value <= limit)


def as_long_as(length: int) -> Condition:
    """A text of so many characters, or a list or object of so many entries."""
    return Condition(
        words=f"of length {length}",
        holds=lambda value: isinstance(value, (str, list, dict)) and len(value) == length,
    )


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
