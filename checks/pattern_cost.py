"""How long a regular expression may take on the worst text, judged by its structure. Feeds ``pattern``.

Backtracking costs about length^degree: every repetition that can stretch over the same character multiplies the
ways to split a text among them, and so does trying every start. Read from the parse tree of Python's own ``re``;
an estimate, not a proof: alternatives that overlap, like ``(a|a)*``, are not seen.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # the public sre_* modules are deprecated
from typing import Any

_BACKTRACKING = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_GROUPS = (*_BACKTRACKING, _constants.SUBPATTERN, _constants.BRANCH)
_ATOMS = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN)
_AS_GOOD_AS_ENDLESS = 100


def is_exponential(compiled: re.Pattern[str]) -> bool:
    """True where a repetition repeats what may be a single repetition: ``(a+)+``, but not ``(a+,)+``."""
    return _repeats_a_repetition(_tree(compiled))


def degree(compiled: re.Pattern[str]) -> int:
    """The exponent of the cost: repetitions that can share one character, plus one where any start is tried."""
    tree = _tree(compiled)
    anchored = bool(tree) and tree[0] in _anchors(compiled)
    samples = set(string.printable + "é") | set(compiled.pattern)
    shared = max(_sharing(tree, compiled.flags, samples).values(), default=0)
    return max(1, shared + (not anchored))


def _tree(compiled: re.Pattern[str]) -> Any:
    return _parser.parse(compiled.pattern, compiled.flags & ~re.UNICODE)


def _anchors(compiled: re.Pattern[str]) -> list[tuple[Any, Any]]:
    always = (_constants.AT, _constants.AT_BEGINNING_STRING)
    return [always] if compiled.flags & re.MULTILINE else [always, (_constants.AT, _constants.AT_BEGINNING)]


# ------------------------------------------------------------------------------------------------ exponential
def _repeats_a_repetition(tree: Any) -> bool:
    return any(
        (_endless(item) and _may_be_one_repetition(item[1][2])) or any(map(_repeats_a_repetition, _parts(item[1])))
        for item in tree
    )


def _may_be_one_repetition(body: Any) -> bool:
    """True where a repetition is all the body needs: ``(a+)``, ``( *a+)``, ``(a+|b)``; not ``(a+,)``."""
    positions = range(len(body))
    return any(
        _holds_repetition(body[i]) and all(_dispensable(body, j) for j in positions if j != i) for i in positions
    )


def _holds_repetition(item: tuple[Any, Any]) -> bool:
    return _endless(item) or (item[0] in _GROUPS and any(map(_may_be_one_repetition, _parts(item[1]))))


def _endless(item: tuple[Any, Any]) -> bool:
    op, value = item
    return op in _BACKTRACKING and bool(value[1] >= _AS_GOOD_AS_ENDLESS)


def _dispensable(body: Any, index: int) -> bool:
    return bool(body[index : index + 1].getwidth()[0] == 0)


# ------------------------------------------------------------------------------------------------ polynomial
def _sharing(tree: Any, flags: int, samples: set[str]) -> Counter[str]:
    """For each character: how many repetitions of this part can stretch over it, the dearest branch counting."""
    total: Counter[str] = Counter()
    for item in tree:
        op, value = item
        inner = [_sharing(part, flags, samples) for part in _parts(value)]
        for counted in inner[1:]:
            inner[0] |= counted
        if inner and op is not _constants.ATOMIC_GROUP:
            total += inner[0]
        if _endless(item):
            total.update(_characters(value[2], flags, samples))
    return total


def _characters(body: Any, flags: int, samples: set[str]) -> set[str]:
    """The sample characters that some single-character part of the body matches."""
    found: set[str] = set()
    for item in body:
        if item[0] in _ATOMS:
            atom = _compiler.compile(_parser.SubPattern(body.state, [item]), flags)
            found |= {character for character in samples if atom.fullmatch(character)}
        for part in _parts(item[1]):
            found |= _characters(part, flags, samples)
    return found


def _parts(value: Any) -> Iterator[Any]:
    """The sub-patterns inside one item, whatever the item's shape."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, (tuple, list)):
        yield from _all_parts(value)


def _all_parts(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        yield from _parts(value)
