"""What is told of an incident at one moment: to whom, whether at all, and only once. Feeds ``machine`` and ``ticking``.

A state before and a state after come in; what is between them is told, or kept for later where the incident is muted.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reports.alerts.flapping import flapping_fact
from reports.alerts.incident import AlertState, Condition, Transition
from reports.alerts.listening import Listener
from reports.notice import AlertEvent

COMES_AND_GOES = "comes and goes"
STEADY = "steadily now"
LAST_BAD = "in the last bad run: "
"""Stands before facts that are not so at this moment."""
UNANSWERED = "not acknowledged"
Muting = Callable[[str, str, str], str]
"""Why an incident (key, kind, severity) is not to be told now; empty where it is."""
Told = tuple[AlertState, tuple[Transition, ...]]


def never_muted(_key: str, _kind: str, _severity: str) -> str:
    """Of an installation in which nothing is muted."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is the same for all incidents of one run, or of one look at the clock."""

    now: datetime
    new_incident_id: Callable[[], str]
    muted: Muting = never_muted
    acknowledged: Container[str] = ()
    """Ids of incidents that somebody has acknowledged: neither escalated nor reminded of."""
    open_at: Container[tuple[str, str]] = ()
    """Keys and notifiers with an open incident of their own before."""
    run_id: str = ""
    """The run that is counted; empty between runs."""


def tell(
    before: AlertState, after: AlertState, listener: Listener, moment: Moment, condition: Condition | None = None
) -> Told:
    """The state with what is told noted in it, and what is told.

    Args:
        before: The state that people know.
        after: The same incident counted, nothing of it told yet.
        listener: How often its notifier is reminded, and who else is told.
        moment: When this is.
        condition: What a run said; None between runs.
    """
    if not after.live:
        return _ended(before, replace(after, muted=""), moment)
    muted = moment.muted(after.key, after.kind, after.severity)
    after = replace(after, muted=muted)
    if muted:
        # what is new meanwhile stays news: it is told by the first bad run after that
        known = before.live and not before.untold
        return (replace(after, severity=before.severity, subjects=before.subjects) if known else after), ()
    event = _event(before, after, listener, moment)
    if event is not None:
        after = _noted(after, event, moment.now, condition)
    told = () if event is None else _told(before, after, event, listener, moment, condition)
    escalated = _escalation(after, listener, moment)
    after = replace(after, escalated_to=(*after.escalated_to, *(t.notifier for t in escalated)))
    return after, (*told, *escalated)


def _event(before: AlertState, after: AlertState, listener: Listener, moment: Moment) -> AlertEvent | None:
    if after.untold:
        return AlertEvent.FLAPPING if after.flapping else AlertEvent.OPENED
    if after.flapping:
        return None if before.flapping else AlertEvent.FLAPPING
    if before.flapping or after.severity != before.severity or set(after.subjects) - set(before.subjects):
        return AlertEvent.UPDATED
    due = reminder_due(after, listener)
    reminded = due is not None and due <= moment.now and after.incident_id not in moment.acknowledged
    return AlertEvent.REMINDER if reminded else None


def reminder_due(state: AlertState, listener: Listener) -> datetime | None:
    """When the next reminder of an incident is due; None: none is."""
    last = state.last_notice_at or state.opened_at
    spent = listener.remind_max is not None and state.reminders >= listener.remind_max
    if listener.remind_every_s is None or last is None or spent or not state.bad or state.untold or state.flapping:
        return None
    return last + timedelta(seconds=listener.remind_every_s)


def _noted(after: AlertState, event: AlertEvent, now: datetime, condition: Condition | None) -> AlertState:
    """The state once this is told."""
    after = replace(after, last_notice_at=now, reminders=after.reminders + (event is AlertEvent.REMINDER))
    if condition is not None and condition.facts:
        after = replace(
            after, facts=condition.facts, faults=condition.faults or after.faults, summary=condition.summary
        )
    if not after.untold:
        return after
    after = replace(after, untold=False, told_at=now)
    if condition is not None and condition.bad and event is AlertEvent.OPENED:
        # what earlier runs were about has not been told, so it may yet be news
        after = replace(after, subjects=tuple(sorted(condition.about)))
    return after


def _told(
    before: AlertState,
    after: AlertState,
    event: AlertEvent,
    listener: Listener,
    moment: Moment,
    condition: Condition | None,
) -> tuple[Transition, ...]:
    steady = before.flapping and not after.flapping
    reason = COMES_AND_GOES if after.flapping else STEADY if steady else ""
    told = told_to_all(after, event, moment.now, summary=_summary(after, condition), reason=reason)
    if listener.flap is None or event is not AlertEvent.FLAPPING:
        return told
    well = not after.bad and not after.unsure
    facts = [f"{LAST_BAD}{fact}" for fact in after.facts] if well else after.facts
    return tuple(replace(one, facts=(flapping_fact(after, listener.flap), *facts), well=well) for one in told)


def _summary(after: AlertState, condition: Condition | None) -> str:
    return condition.summary if condition is not None and condition.facts else after.summary


def _escalation(after: AlertState, listener: Listener, moment: Moment) -> tuple[Transition, ...]:
    due = escalation_due(after, listener)
    if due is None or due > moment.now or after.incident_id in moment.acknowledged:
        return ()
    names = [name for name in _others(after, listener) if (after.key, name) not in moment.open_at]
    return tuple(
        transition(after, AlertEvent.ESCALATED, moment.now, to=name, summary=after.summary, reason=UNANSWERED)
        for name in names
    )


def escalation_due(state: AlertState, listener: Listener) -> datetime | None:
    """When somebody else is to be told unless the incident is acknowledged; None: nobody is."""
    if listener.escalate is None or state.told_at is None or not _others(state, listener):
        return None
    if state.escalated_to or state.state != "open" or not state.bad:
        return None
    return state.told_at + timedelta(seconds=listener.escalate.after_s)


def _others(state: AlertState, listener: Listener) -> tuple[str, ...]:
    """Whom an incident may be escalated to: the owner of a class may be among those whom the rule would tell then."""
    return tuple(name for name in listener.escalate.notify if name != state.notifier) if listener.escalate else ()


def _ended(before: AlertState, after: AlertState, moment: Moment) -> Told:
    if not before.live:
        return after, ()
    if after.state == "pending":  # it may open again, and what was told under the old id is over
        after = replace(after, incident_id=moment.new_incident_id())
    return after, () if before.untold else told_to_all(before, AlertEvent.RESOLVED, moment.now)


def told_to_all(
    state: AlertState, event: AlertEvent, now: datetime, *, summary: str = "", reason: str = ""
) -> tuple[Transition, ...]:
    """One event for the notifier of an incident and for those it was escalated to."""
    names = (state.notifier, *state.escalated_to)
    return tuple(transition(state, event, now, to=name, summary=summary, reason=reason) for name in names)


def transition(
    state: AlertState, event: AlertEvent, now: datetime, *, to: str, summary: str = "", reason: str = ""
) -> Transition:
    """What one notifier is told of an incident."""
    return Transition(
        event=event,
        notifier=to,
        key=state.key,
        kind=state.kind,
        severity=state.severity,
        incident_id=state.incident_id,
        at=now,
        opened_at=state.opened_at or now,
        facts=state.facts,
        faults=state.faults,
        summary=summary,
        reason=reason,
        run_id=state.run_id,
        bad_since=state.bad_since,
    )
