"""Conditions on one JSON value, with the words to say them. Feeds ``json_path``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checks.allowance import Allowed
from checks.exact_amounts import ExactAmount
from checks.json_answer import json_text, same_json
from checks.json_difference import close
from checks.pattern import SafePattern
from checks.quote import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of a value. ``words`` follow "expected it to be"."""

    words: str
    holds: Callable[[Any], bool]


def equal_to(expected: Any, tolerance: Allowed | None = None) -> Condition:
    """The same JSON value; 1240.5 equals 1240.50, the text "1" is not the number 1. A number may be off by so much."""
    if tolerance is None:
        return Condition(words=quoted(json_text(expected)), holds=lambda value: same_json(value, expected))
    return Condition(
        words=f"{quoted(json_text(expected))} within {tolerance}",
        holds=lambda value: is_number(value) and close(value, expected, tolerance),
    )


def matching(pattern: SafePattern) -> Condition:
    """A text in which the pattern matches somewhere."""
    return Condition(
        words=f"a text matching {quoted(pattern.compiled.pattern, 80)}",
        holds=lambda value: isinstance(value, str) and pattern.find(value) is not None,
    )


def at_least(limit: float) -> Condition:
    """A number of at least ``limit``; a text of digits is no number."""
    return Condition(words=f"a number of at least {limit:g}", holds=lambda value: is_number(value) and value >= limit)


def at_most(limit: float) -> Condition:
    """A number of at most ``limit``; a text of digits is no number."""
    return Condition(words=f"a number of at most {limit:g}", holds=lambda value: is_number(value) and value <= limit)


def above(limit: float) -> Condition:
    """A number larger than ``limit``; a text of digits is no number."""
    return Condition(words=f"a number above {limit:g}", holds=lambda value: is_number(value) and value > limit)


def below(limit: float) -> Condition:
    """A number smaller than ``limit``; a text of digits is no number."""
    return Condition(words=f"a number below {limit:g}", holds=lambda value: is_number(value) and value < limit)


def as_long_as(length: ExactAmount) -> Condition:
    """A text of so many characters, or a list or object of so many entries."""
    words = f"of length {length.min}" if length.min == length.max else f"of a length of {length.words}"
    return Condition(
        words=words,
        holds=lambda value: isinstance(value, (str, list, dict)) and length.holds(len(value)),
    )


def is_number(value: Any) -> bool:
    """True for a JSON number; in Python, true and false are integers too."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
