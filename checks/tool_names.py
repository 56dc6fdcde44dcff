"""Which tools were called and in what order. Feeds ``tool_calls``.

Names are patterns with ``*`` and ``?``, case included. Functions here tell what is wrong in a line, or "" where all is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

from checks.quote import listed

Order = Literal["any", "subset", "exact"]


def matches_any(name: str, globs: Sequence[str]) -> bool:
    """True where one of the patterns fits the whole name."""
    return any(fnmatchcase(name, glob) for glob in globs)


def wrong_names(called: Sequence[str], wanted: Sequence[str], order: Order) -> str:
    """``any``: each was called as often as it is listed. ``subset``: in this order, others may stand between.

    ``exact``: these calls in this order and no other.
    """
    if order == "any":
        return _missing(called, wanted)
    if order == "subset":
        return _out_of_order(called, wanted)
    same = len(called) == len(wanted) and all(map(fnmatchcase, called, wanted))
    return "" if same else f"expected exactly the calls {listed(tuple(wanted))} in this order, got {_told(called)}"


def wrong_overlap(called: Sequence[str], wanted: Sequence[str], at_least: float) -> str:
    """Holds the F1 of the sets of names against a limit: the harmonic mean of precision (called tools that were
    wanted) and recall (wanted tools that were called). van Rijsbergen, Information Retrieval, 2nd ed. 1979, ch. 7."""
    names, globs = tuple(dict.fromkeys(called)), tuple(dict.fromkeys(wanted))
    precision = sum(matches_any(name, globs) for name in names) / len(names) if names else 0.0
    recall = sum(any(fnmatchcase(name, glob) for name in names) for glob in globs) / len(globs)
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    if f1 >= at_least:
        return ""
    return f"expected the tools {listed(globs)} with an F1 of at least {at_least:.2f}, got {f1:.2f} with {_told(names)}"


def forbidden_call(called: Sequence[str], forbidden: Sequence[str]) -> str:
    """The first call of a tool that must not be called."""
    found = next((name for name in called if matches_any(name, forbidden)), None)
    return "" if found is None else f"expected no call of {listed(tuple(forbidden))}, got {listed((found,))}"


def other_call(called: Sequence[str], only: Sequence[str]) -> str:
    """The first call of a tool that is none of those allowed."""
    found = next((name for name in called if not matches_any(name, only)), None)
    return "" if found is None else f"expected calls of {listed(tuple(only))} only, got {listed((found,))}"


def _missing(called: Sequence[str], wanted: Sequence[str]) -> str:
    for glob, often in Counter(wanted).items():
        came = sum(fnmatchcase(name, glob) for name in called)
        if came < often:
            times = f"{often} calls" if often > 1 else "a call"
            return f"expected {times} of {listed((glob,))}, got {_told(called)}"
    return ""


def _out_of_order(called: Sequence[str], wanted: Sequence[str]) -> str:
    rest = iter(called)
    for number, glob in enumerate(wanted):
        if not any(fnmatchcase(name, glob) for name in rest):
            where = f" after {listed((wanted[number - 1],))}" if number else ""
            return f"expected a call of {listed((glob,))}{where}, got {_told(called)}"
    return ""


def _told(called: Sequence[str]) -> str:
    return listed(tuple(called)) if called else "no tool call"
