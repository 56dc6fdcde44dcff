"""Where two JSON values differ first, numbers allowed to be off and lists to be in any order. Feeds ``json_equal``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from checks.allowance import Allowed
from checks.json_answer import json_text
from checks.matching import perfect_matching
from checks.quote import quoted, shortened

UNORDERED_ENTRIES = 200
"""Longest expected list that is compared in any order: it costs the square of its length, and more with a tolerance."""
UNORDERED_PARTS = 1_000
"""Values that an expected value may be made of to be compared in any order."""
Path = tuple[str | int, ...]
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+", re.ASCII)


class _Anything:
    """Stands in both values where a path is ignored."""

    def __str__(self) -> str:
        return "(ignored)"


ANYTHING: Final = _Anything()
"""An entry of a list that equals whatever stands in its place."""
_NOTHING: Final = _Anything()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place where two values differ. Put into words only when asked: values may be large."""

    path: Path
    """Keys and indices from the root."""
    expected: Any
    came: Any
    words: str = "{expected} at {at}, got {came}"

    def told(self) -> str:
        """What was expected and what came, in one line."""
        texts = {
            "expected": _value_text(self.expected),
            "came": _value_text(self.came),
            "at": shortened(_written(self.path), 80),
        }
        return f"expected {self.words.format(**texts)}"


def _value_text(value: Any) -> str:
    return "nothing" if value is _NOTHING else quoted(json_text(value), 100)


def close(value: Any, expected: Any, tolerance: Allowed) -> bool:
    """True where a number lies within the tolerance around the expected one."""
    return tolerance.reaches(Decimal(repr(value)), Decimal(repr(expected)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two JSON values are compared."""

    tolerance: Allowed
    ordered: bool = True

    def difference(self, value: Any, expected: Any, at: Path = ()) -> Difference | None:
        """The first place where they differ; None where they do not.

        Both must come from ``read_json`` or be no deeper than what it reads.
        """
        if value is ANYTHING or expected is ANYTHING:
            return None
        if isinstance(expected, dict) and isinstance(value, dict):
            return self._of_objects(value, expected, at)
        if isinstance(expected, list) and isinstance(value, list):
            return self._of_lists(value, expected, at)
        if self._same(value, expected):
            return None
        within = f" within {self.tolerance}" if self.tolerance.amount and _is_number(expected) else ""
        return Difference(path=at, expected=expected, came=value, words=f"{{expected}}{within} at {{at}}, got {{came}}")

    def _of_objects(self, value: dict[str, Any], expected: dict[str, Any], at: Path) -> Difference | None:
        for key, wanted in expected.items():
            inner = (*at, key)
            if key not in value:
                return Difference(path=inner, expected=wanted, came=_NOTHING)
            found = self.difference(value[key], wanted, inner)
            if found:
                return found
        extra = next((key for key in value if key not in expected), None)
        if extra is None:
            return None
        return Difference(path=(*at, extra), expected=_NOTHING, came=value[extra])

    def _of_lists(self, value: list[Any], expected: list[Any], at: Path) -> Difference | None:
        if len(value) != len(expected):
            words = f"{len(expected)} entries at {{at}}, got {len(value)}: {{came}}"
            return Difference(path=at, expected=expected, came=value, words=words)
        if not self.ordered:
            return self._of_bags(value, expected, at)
        for index, (one, wanted) in enumerate(zip(value, expected, strict=True)):
            found = self.difference(one, wanted, (*at, index))
            if found:
                return found
        return None

    def _of_bags(self, value: list[Any], expected: list[Any], at: Path) -> Difference | None:
        # within a tolerance, "the same" is not transitive: only a matching tells whether all find a partner
        fits = [[self.difference(one, wanted) is None for one in value] for wanted in expected]
        alone = perfect_matching(fits)
        if alone is None:
            return None
        return Difference(
            path=at, expected=expected[alone], came=value, words="an entry {expected} at {at}, got {came}"
        )

    def _same(self, value: Any, expected: Any) -> bool:
        if _is_number(expected) and _is_number(value):
            return bool(value == expected) or close(value, expected, self.tolerance)
        return type(value) is type(expected) and bool(value == expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def parts(value: Any) -> int:
    """How many values a JSON value is made of, itself included."""
    waiting = [value]
    for inner in waiting:
        waiting += list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else []
    return len(waiting)


def longest_list(value: Any) -> int:
    """The number of entries of the longest list in a JSON value; 0 where it holds none."""
    inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return max([len(value) if isinstance(value, list) else 0, *map(longest_list, inside)])


def _written(path: Path) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else _step(step) for step in path)


def _step(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"['{shortened(key, 40)}']"
