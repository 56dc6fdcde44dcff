"""What ``holdfast baseline list`` says: every suite and endpoint of a store with its baseline, a line or two each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checks.drift.result import StreamState
from probes.errors import UsageError
from reports.escaping import one_line
from reports.wording import count
from runner.normal.baselines import latest_drift
from runner.normal.golden import golden_streams
from runner.store.base import BaselineAct, Store

SCHEMA = "holdfast.baselines/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One suite at one endpoint."""

    suite: str
    endpoint: str
    runs: int
    """Runs that are the baseline."""
    since: BaselineAct | None
    """Who last said what is normal; None where it was learned unasked."""
    states: Counter[StreamState]
    golden: BaselineAct | None
    """The freeze that stands."""


def list_text(store: Store, format_: str) -> str:
    """All baselines of a store as text or JSON.

    Raises:
        UsageError: another format is asked for.
    """
    if format_ not in ("text", "json"):
        raise UsageError(f"--format {format_!r} is unknown; it is one of text, json")
    lines = [_line(store, entry.suite, entry.endpoint) for entry in store.installed()]
    if format_ == "json":
        told = {"schema": SCHEMA, "baselines": [_object(line) for line in lines]}
        return json.dumps(told, indent=2, ensure_ascii=False)
    return "\n".join(text for line in lines for text in _words(line)) or "nothing is stored yet"


def _line(store: Store, suite: str, endpoint: str) -> Line:
    view, acts = store.baseline(suite, endpoint), store.acts(suite, endpoint)
    said = [act for act in acts if act.kind != "freeze"]
    return Line(
        suite=suite,
        endpoint=endpoint,
        runs=view.runs if view else 0,
        since=said[-1] if said else None,
        states=Counter(result.state for result in latest_drift(store, suite, endpoint)),
        golden=standing_freeze(acts),
    )


def standing_freeze(acts: Sequence[BaselineAct]) -> BaselineAct | None:
    """The freeze behind the golden baseline; None where there is none."""
    return next(act for act in reversed(acts) if act.kind == "freeze") if golden_streams(acts) else None


def _object(line: Line) -> dict[str, Any]:
    return {
        "suite": line.suite,
        "endpoint": line.endpoint,
        "runs": line.runs,
        "act": act_object(line.since) if line.since else None,
        "streams": {state.value: line.states[state] for state in StreamState},
        "golden": act_object(line.golden) if line.golden else None,
    }


def act_object(act: BaselineAct) -> dict[str, str]:
    """An act as JSON has it."""
    return {"kind": act.kind, "at": act.at.isoformat(), "author": act.author, "reason": act.reason}


def act_words(act: BaselineAct) -> str:
    """``2026-03-14 09:15Z  accept by someone: the new model is wanted``."""
    return f"{act.at:%Y-%m-%d %H:%M}Z  {act.kind} by {one_line(act.author)}: {one_line(act.reason)}"


def _words(line: Line) -> list[str]:
    states = ", ".join(f"{line.states[state]} {state.value}" for state in StreamState if line.states[state])
    told = [f"{line.suite} at {line.endpoint}: {count(line.runs, 'run')}; streams: {states or 'none judged yet'}"]
    told.append(f"  {act_words(line.since)}" if line.since else "  learned from the first runs")
    if line.golden:
        told.append(f"  golden: {act_words(line.golden)}")
    return told
