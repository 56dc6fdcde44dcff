"""What time alone brings to incidents between two runs: openings, reminders, escalations, ended mutes. Pure.

Feeds the daemon's alert clock. ``due_at`` says when a look is worth its while.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from probes.duration import format_duration
from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner
from reports.alerts.flapping import steady_at, with_changes
from reports.alerts.incident import AlertState, Transition
from reports.alerts.listening import Listener, Listeners, listeners
from reports.alerts.telling import (
    Moment,
    Muting,
    Told,
    escalation_due,
    never_muted,
    reminder_due,
    tell,
    told_to_all,
)
from reports.notice import AlertEvent

LATE = timedelta(minutes=5)
"""Looked at later than this, openings, reminders and escalations wait for the next run: what is known is too old."""
NOT_LISTENING = "no alert rule sends this kind here any more"


def tick(
    states: Sequence[AlertState],
    rules: Sequence[AlertRule],
    *,
    now: datetime,
    new_incident_id: Callable[[], str],
    muted: Muting = never_muted,
    acknowledged: Container[str] = (),
    owners: Mapping[Fault, ClassOwner] | None = None,
) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
    """Look at the clock between two runs: the arguments and the answer are those of ``step``, without conditions.

    Returns:
        All states, in their order (equal to those given where nothing changed), and the transitions to tell.
    """
    heard = listeners(rules, owners)
    moment = Moment(
        now=now, new_incident_id=new_incident_id, muted=muted, acknowledged=acknowledged, open_at=open_places(states)
    )
    told = [_ticked(state, heard, moment) for state in states]
    return tuple(state for state, _ in told), tuple(transition for _, news in told for transition in news)


def open_places(states: Sequence[AlertState]) -> frozenset[tuple[str, str]]:
    """Keys and notifiers with an open incident that was told."""
    return frozenset((state.key, state.notifier) for state in states if state.state == "open" and not state.untold)


def _ticked(state: AlertState, heard: Listeners, moment: Moment) -> Told:
    listener = heard.get(state.notifier, state.kind)
    if listener is None:
        return unheard(state, moment.now)
    after = with_changes(state, _aged(state, listener, moment.now), listener.flap, moment.now)
    after, told = tell(state, after, listener, moment)
    return with_due(after, listener), told


def _aged(state: AlertState, listener: Listener, now: datetime) -> AlertState:
    opening = _opening_due(state, listener)
    due = (opening, reminder_due(state, listener), escalation_due(state, listener))
    if any(at is not None and now - at > LATE for at in due):
        return replace(state, unsure=True)
    if opening is None or opening > now:
        return state
    return replace(state, state="open", opened_at=now, untold=True)


def _opening_due(state: AlertState, listener: Listener) -> datetime | None:
    if state.state != "pending" or listener.after_s is None or state.bad_since is None or not state.bad:
        return None
    return state.bad_since + timedelta(seconds=listener.after_s)


def with_due(state: AlertState, listener: Listener) -> AlertState:
    """The state with what it waits for, and when time alone may change it. A muted one always may: nobody knows when
    its mute ends."""
    times = [
        state.opened_at if state.live and state.muted else None,
        _opening_due(state, listener),
        reminder_due(state, listener),
        escalation_due(state, listener),
        steady_at(state, listener.flap),
    ]
    due_at = min((at for at in times if at is not None), default=None)
    return replace(state, awaits=_awaits(state, listener), due_at=due_at)


def _awaits(state: AlertState, listener: Listener) -> str:
    """What a pending incident has of what opens it, in words; empty of others."""
    if state.state != "pending" or state.flapping:
        return ""
    if listener.after_s is not None:
        return f"opens once it has been bad for {format_duration(listener.after_s)}"
    among = f" among the last {listener.n}" if listener.n > listener.k else ""
    return f"{sum(state.outcomes[-listener.n :])} of {listener.k} bad runs{among}"


def unheard(state: AlertState, now: datetime) -> Told:
    """A state whose rule is gone: closed with a reason, so that no channel stays red."""
    if not state.live and state.state == "quiet":
        return state, ()
    quiet = AlertState(key=state.key, notifier=state.notifier, kind=state.kind, state="quiet", severity=state.severity)
    if not state.live or state.untold:
        return quiet, ()
    return quiet, told_to_all(state, AlertEvent.RESOLVED, now, reason=NOT_LISTENING)
