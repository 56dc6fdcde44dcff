"""What time alone brings to incidents between two runs: openings, reminders, escalations, ended mutes. Pure.

Feeds the daemon's alert clock.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner
from reports.alerts.escalating import escalated, reached_by, unreached
from reports.alerts.flapping import with_changes
from reports.alerts.incident import AlertState, Transition
from reports.alerts.listening import Listener, Listeners, listeners
from reports.alerts.telling import Moment, Muting, Told, in_turn, never_muted, tell, told_to_all
from reports.alerts.waiting import escalation_due, in_time, opening_due, reminder_due
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
        now=now, new_incident_id=new_incident_id, muted=muted, acknowledged=acknowledged, reached=reached_by(states)
    )
    told = escalated([_ticked(in_time(state, now), heard, moment) for state in states], heard, moment)
    return tuple(state for state, _ in told), in_turn(told)


def _ticked(state: AlertState, heard: Listeners, moment: Moment) -> Told:
    listener = heard.get(state.notifier, state.kind)
    if listener is None:
        return unheard(state, moment.now)
    after = with_changes(state, _aged(state, listener, moment), listener.flap, moment.now)
    return tell(state, after, listener, moment)


def _aged(state: AlertState, listener: Listener, moment: Moment) -> AlertState:
    now, opening = moment.now, opening_due(state, listener)
    escalation = escalation_due(state, listener, unreached(state, listener, moment.reached))
    due = (opening, reminder_due(state, listener), escalation)
    if any(at is not None and now - at > LATE for at in due):
        return replace(state, unsure=True)
    if opening is None or opening > now:
        return state
    if state.live:  # it flaps, and its notifier knows it
        return replace(state, state="open")
    return replace(state, state="open", opened_at=now, untold=True)


def unheard(state: AlertState, now: datetime) -> Told:
    """A state whose rule is gone: closed with a reason, so that no channel stays red."""
    if not state.live and state.state == "quiet":
        return state, ()
    quiet = AlertState(key=state.key, notifier=state.notifier, kind=state.kind, state="quiet", severity=state.severity)
    if not state.live or state.untold:
        return quiet, ()
    return quiet, told_to_all(state, AlertEvent.RESOLVED, now, reason=NOT_LISTENING)
