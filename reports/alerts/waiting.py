"""What an incident waits for, and when time alone may change it: openings, reminders, escalations. Pure.

Feeds ``ticking``, ``telling`` and ``escalating``; ``due_at`` tells the daemon's alert clock when a look is worth its
while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from probes.duration import format_duration
from reports.alerts.flapping import steady_at
from reports.alerts.incident import AlertState
from reports.alerts.listening import Listener


def opening_due(state: AlertState, listener: Listener) -> datetime | None:
    """When a pending incident has been bad for long enough; None where its rule counts runs, or it is not bad."""
    if state.state != "pending" or listener.after_s is None or state.bad_since is None or not state.bad:
        return None
    return state.bad_since + timedelta(seconds=listener.after_s)


def reminder_due(state: AlertState, listener: Listener) -> datetime | None:
    """When the next reminder of an incident is due; None: none is."""
    last = state.last_notice_at or state.opened_at
    spent = listener.remind_max is not None and state.reminders >= listener.remind_max
    if listener.remind_every_s is None or last is None or spent or not state.bad or state.untold or state.flapping:
        return None
    return last + timedelta(seconds=listener.remind_every_s)


def escalation_due(state: AlertState, listener: Listener, names: Sequence[str]) -> datetime | None:
    """When somebody else is to be told unless the incident is acknowledged; None: nobody is.

    ``names``: whom it may be escalated to that have not been told of the same.
    """
    if listener.escalate is None or state.told_at is None or not names:
        return None
    if state.escalated_to or state.state != "open" or not state.bad:
        return None
    return state.told_at + timedelta(seconds=listener.escalate.after_s)


def with_due(state: AlertState, listener: Listener, names: Sequence[str]) -> AlertState:
    """The state with what it waits for, and when time alone may change it. A muted one always may: nobody knows when
    its mute ends. ``names``: as in ``escalation_due``."""
    times = [
        state.opened_at if state.live and state.muted else None,
        opening_due(state, listener),
        reminder_due(state, listener),
        escalation_due(state, listener, names),
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


def in_time(state: AlertState, now: datetime) -> AlertState:
    """The state with no time later than now. A clock that was set back must not make anybody wait for the old one; nor
    does a run end an incident before it opened, because a look at the clock came between its start and its end."""
    times = {
        "opened_at": state.opened_at,
        "last_notice_at": state.last_notice_at,
        "told_at": state.told_at,
        "bad_since": state.bad_since,
    }
    late = {name: now for name, at in times.items() if at is not None and at > now}
    if not late and all(at <= now for at in state.changes):
        return state
    return replace(state, **late, changes=tuple(min(at, now) for at in state.changes))  # type: ignore[arg-type]
