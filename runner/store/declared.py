"""Which changes people declared before a run, and how many runs ago: what a drift may come from. Feeds the engine and
stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.summary import Began, Declared
from runner.store.base import BaselineAct

_DECLARING = frozenset({"mark", "accept"})
_MOST = 20
"""Newest declarations that are looked at."""


def declaring(acts: Sequence[BaselineAct]) -> tuple[BaselineAct, ...]:
    """The acts that declare a change, the newest last; those before the first run say nothing of any."""
    return tuple(act for act in acts if act.kind in _DECLARING and act.after_run is not None)[-_MOST:]


def declared(acts: Sequence[BaselineAct], began: Mapping[str, Began]) -> tuple[Declared, ...]:
    """The declarations before a run, oldest first.

    Args:
        acts: All acts of its suite and endpoint.
        began: By id the runs up to this one, with how many runs ago they were (0: this run).
    """
    known = ((act, began.get(act.after_run or "")) for act in declaring(acts))
    return tuple(
        Declared(kind=act.kind, at=act.at, author=act.author, reason=act.reason, runs_ago=last.runs_ago - 1)
        for act, last in known
        if last is not None and last.runs_ago > 0
    )
