"""How far a stream moved, as a plain English sentence. Feeds notes in alerts and reports.

Category names come from endpoints: they are quoted and shortened here, and escaped where they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.drift.result import Effect

_LONGEST_NAME = 80
STICKY = (
    "the gateway answers whole runs from one model, so each run is one draw from its mix: a longer baseline helps, or "
    "requests that are not sticky (another conversation id, user or session in each)"
)
"""Said of a route stream whose runs are wholly one thing or the other."""


def percent(share: float) -> str:
    """A share as people read it: 0.314 -> ``31 %``, 0.0042 -> ``0.4 %``."""
    value = 100 * share
    return f"{value:.1f} %" if 0 < abs(value) < 9.95 else f"{value:.0f} %"


def named(name: str) -> str:
    """A name that came from outside, on one line and not endless."""
    line = " ".join(name.split()) or "(empty)"
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"


def times(ratio: float) -> str:
    """A ratio as ``x1.31``, with fewer digits for large ones."""
    return f"x{ratio:.2f}" if ratio < 100 else f"x{ratio:.3g}"


def runs_words(runs: int) -> str:
    """``the last run`` or ``the last 7 runs``."""
    return "the last run" if runs == 1 else f"the last {runs} runs"


def ratio_words(what: str, effect: Effect) -> str:
    """``median latency x1.31, between x1.22 and x1.40``. ``what``: ``median latency``, ``spread of latency``."""
    low, high = effect.low or 0.0, effect.high or 0.0
    return f"{what} {times(effect.value)}, between {times(low)} and {times(high)}"


def share_words(what: str, now: float, before: float, runs: int) -> str:
    """``refusals: 31 % of the last 4 runs, 0.2 % before``."""
    return f"{what}: {percent(now)} of {runs_words(runs)}, {percent(before)} before"


def far_words(distance: float) -> str:
    """How far answers lie from those of the baseline, in distances that 95 % of its own kept."""
    if distance < 1:
        return "some answers are unlike the baseline's, the typical one is not"
    return f"answers lie {distance:.3g} times as far from the baseline's as 95 % of its own did"


def left_out_words(changed: Sequence[str], new: Sequence[str], rechecked: Sequence[str] = ()) -> str:
    """Which probes a pooled stream leaves out, and why; empty where none."""
    parts = []
    if changed:
        parts.append(f"{', '.join(changed)} (request changed since the baseline)")
    if rechecked:
        parts.append(f"{', '.join(rechecked)} (checks changed since the baseline)")
    if new:
        parts.append(f"{', '.join(new)} (not in the baseline)")
    return f"left out: {'; '.join(parts)}" if parts else ""
