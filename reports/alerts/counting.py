"""One run counted for one possible incident and notifier: k of n, resolve threshold, which incident leads. Pure.

Feeds the alert state machine, which then says who is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reports.alerts.incident import AlertState, Condition, Covered, Phase
from reports.alerts.listening import Listener
from reports.alerts.news import ALSO
from reports.alerts.telling import Muting

LEADERS = ("availability", "policy", "contract")
"""Kinds that hold back drift of the same suite and endpoint, likeliest cause first."""
_ALSO_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Where an incident stands once a run is counted, before anybody is told."""

    state: AlertState
    condition: Condition
    listener: Listener
    outcomes: tuple[bool, ...]
    """As in ``AlertState``, this run included."""
    phase: Phase
    """What the state becomes."""
    bad_since: datetime | None
    """As in ``AlertState``, this run included."""
    covered: Covered = ()
    """As in ``AlertState``, this run included."""

    @property
    def place(self) -> tuple[str, str]:
        """The notifier, and ``suite/endpoint``."""
        return self.state.notifier, self.condition.key.rpartition("/")[0]

    @property
    def leads(self) -> bool:
        """True where drift is to wait. A pending incident leads only while it is getting worse: a contract that
        breaks now and then, never often enough to open, must not hide the drift that says so."""
        rising = self.phase == "pending" and self.condition.bad is True
        return self.condition.kind in LEADERS and (self.phase == "open" or rising)


# ------------------------------------------------------------------------------------------------ counting
def count_run(
    known: Mapping[tuple[str, str], AlertState],
    condition: Condition,
    notifier: str,
    listener: Listener,
    now: datetime,
) -> Count:
    """Count one run for one notifier. ``known``: the states before the run, by key and notifier."""
    state = known.get((condition.key, notifier)) or quiet_state(condition, notifier)
    bad = condition.bad
    if bad is False and set(state.subjects) & set(condition.unseen):
        bad = None  # nobody looked at the very thing that was broken
    if bad is not True:
        condition = replace(condition, bad=bad, facts=(), subjects=(), summary="", faults=())
    since = None if bad is False else state.bad_since or (now if bad else None)
    bad_s = (now - since).total_seconds() if since else 0.0
    outcomes, phase = _next(state, condition, listener, bad_s)
    return Count(state=state, condition=condition, listener=listener, outcomes=outcomes, phase=phase, bad_since=since)


def quiet_state(condition: Condition, notifier: str) -> AlertState:
    """The state of an incident that is not there."""
    return AlertState(
        key=condition.key, notifier=notifier, kind=condition.kind, state="quiet", severity=condition.severity
    )


def _next(state: AlertState, condition: Condition, listener: Listener, bad_s: float) -> tuple[tuple[bool, ...], Phase]:
    if condition.bad is None:
        return state.outcomes, state.state
    outcomes = (*state.outcomes, condition.bad)[-max(listener.n, listener.resolve_after) :]
    if state.state == "open":
        needed = 1 if condition.certain else listener.resolve_after
        good = outcomes[-needed:]
        over = len(good) == needed and not any(good)
        # an incident uses up its evidence: the next one has to bring its own
        return ((), "quiet") if over else (outcomes, "open")
    recent = outcomes[-listener.n :]
    enough = sum(recent) >= listener.k if listener.after_s is None else bad_s >= listener.after_s
    if condition.bad and (condition.immediate or enough):
        return outcomes, "open"
    return outcomes, "pending" if any(recent) else "quiet"


# ------------------------------------------------------------------------------------------------ one incident a cause
def hold_drift(counts: Sequence[Count], muted: Muting) -> list[Count]:
    """Tell drift inside the incident that leads at the same place and notifier, instead of a second message.

    Drift that was open before goes its own way: it has its message already. So does drift whose leader is muted and
    which is not muted itself: nobody would be told.
    """
    held = list(counts)
    for at, count in enumerate(counts):
        if count.condition.kind != "drift" or count.state.state == "open" or not count.condition.bad:
            continue
        leaders = [i for i, other in enumerate(counts) if other.leads and _speaks_for(other, count, muted)]
        if leaders:
            first = min(leaders, key=lambda i: LEADERS.index(counts[i].condition.kind))
            held[first] = _also(held[first], count.condition)
            unknown = replace(count.condition, bad=None, facts=(), subjects=(), summary="")
            held[at] = replace(
                count,
                condition=unknown,
                outcomes=count.state.outcomes,
                phase=count.state.state,
                bad_since=count.state.bad_since,
            )
    return held


def _speaks_for(leader: Count, drift: Count, muted: Muting) -> bool:
    return leader.place == drift.place and (not _muted(leader, muted) or _muted(drift, muted))


def _muted(count: Count, muted: Muting) -> bool:
    return bool(muted(count.condition.key, count.condition.kind, count.condition.severity))


def _also(leader: Count, drift: Condition) -> Count:
    own = leader.condition.facts or tuple(fact for fact in leader.state.facts if not fact.startswith(ALSO))
    more = len(drift.facts) - _ALSO_SHOWN
    moved = [ALSO + fact for fact in drift.facts[:_ALSO_SHOWN]] + ([f"{ALSO}and {more} more"] if more > 0 else [])
    about = (*leader.condition.about, *(ALSO + name for name in drift.about))
    return replace(leader, condition=replace(leader.condition, facts=(*own, *moved), subjects=about))
