"""Functions of the user's own as checks: how they are called, and what their answer means. Feeds ``python``.

Nothing is imported here: which functions there are is handed in where suites are prepared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from checks.check import PASSED, CheckContext, Rule, failed, unmeasured
from checks.finding import Outcome
from checks.quote import quoted
from probes.sample import Sample

Judgement = Callable[[str, Sample, CheckContext], object]
"""A function ready to be called with the answer's text, the whole sample, and what is known beside it."""
Functions = Callable[[str], Judgement]
"""Gives the function of a name, ``package.module:function``; raises ValueError where it may not or cannot."""


@runtime_checkable
class Calling(Protocol):
    """A rule that calls a function; binding fetches that and hands it over."""

    function: str
    """``package.module:function``."""

    def calling(self, judgement: Judgement) -> Rule:
        """The same rule, ready to look at samples."""
        ...


def no_functions(_name: str) -> Judgement:
    """The default: no local code at all."""
    raise ValueError("functions of local code cannot be called here")


def outcome_of(said: Any, name: str, answer: str) -> Outcome:
    """What the function's answer means; nothing but ``True`` and a passing outcome is a pass."""
    reason = ""
    if isinstance(said, tuple) and len(said) == 2 and isinstance(said[1], str):
        said, reason = said
    if isinstance(said, Outcome):
        return said
    if said is True:
        return PASSED
    if said is False:
        return failed(reason or f"expected {name} to say True, it says False of {quoted(answer)}")
    kind = type(said).__name__
    return unmeasured(f"expected True, False, (False, reason) or an Outcome from {name}, got {quoted(kind, 60)}")
