"""What is told of an incident at one moment: to whom, whether at all, and only once. Feeds ``machine`` and ``ticking``.

A state before and a state after come in; what is between them is told, or kept for later where the incident is muted.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reports.alerts.flapping import flapping_fact
from reports.alerts.incident import AlertState, Condition, Transition
from reports.alerts.listening import Listener
from reports.alerts.news import LAST_BAD, with_news
from reports.alerts.waiting import reminder_due
from reports.notice import SEVERITIES, AlertEvent

INHIBITED = "inhibited by "
"""Begins why an incident is muted that waits for another; the suite and endpoint at its root follow."""
COMES_AND_GOES = "comes and goes"
STEADY = "steadily now"
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
    reached: Mapping[tuple[str, str], AlertState] = field(default_factory=dict)
    """By key and notifier: the incident of which this notifier had been told before."""
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
    muted = (
        moment.muted(after.key, after.kind, after.severity)
        or _told_already(before, after, moment)
        or (before.muted if waits_for_a_run(before) and not moment.run_id else "")
    )
    after = replace(after, muted=muted)
    if muted:
        # what is new meanwhile stays news: it is told by the first bad run after that
        known = before.live and not before.untold
        return (replace(after, severity=before.severity, subjects=before.subjects) if known else after), ()
    event = _event(before, after, listener, moment)
    if event is not None:
        after = _noted(after, event, moment.now, condition)
    return after, () if event is None else _told(before, after, event, listener, moment)


def waits_for_a_run(state: AlertState) -> bool:
    """True where an incident waits on though what it depends on is well again: its evidence is from before that, and
    its next run says whether it is over, too. Missing data needs no run to be seen."""
    return state.muted.startswith(INHIBITED) and state.kind != "no-data"


def _told_already(before: AlertState, after: AlertState, moment: Moment) -> str:
    """Why a notifier is not told what it hears of already, because another incident of the same, no calmer, was
    escalated to it. How loud both are is compared once both are counted: one that has just opened waits for that."""
    other = moment.reached.get((after.key, after.notifier)) if after.untold else None
    if other is None or (before.live and SEVERITIES.index(other.severity) < SEVERITIES.index(before.severity)):
        return ""
    return f"told as incident {other.incident_id}, which was escalated"


def _event(before: AlertState, after: AlertState, listener: Listener, moment: Moment) -> AlertEvent | None:
    if after.untold:
        return AlertEvent.FLAPPING if after.flapping else AlertEvent.OPENED
    if after.flapping:
        return AlertEvent.FLAPPING if after.unsaid else None
    if before.flapping or after.severity != before.severity or set(after.subjects) - set(before.subjects):
        return AlertEvent.UPDATED
    due = reminder_due(after, listener)
    reminded = due is not None and due <= moment.now and after.incident_id not in moment.acknowledged
    return AlertEvent.REMINDER if reminded else None


def _noted(after: AlertState, event: AlertEvent, now: datetime, condition: Condition | None) -> AlertState:
    """The state once this is told."""
    reminders = after.reminders + (event is AlertEvent.REMINDER)
    after = replace(after, last_notice_at=now, reminders=reminders, unsaid=False)
    if condition is not None and condition.facts:
        after = replace(after, facts=condition.facts, faults=condition.faults or after.faults)
    if not after.untold:
        return after
    after = replace(after, untold=False, told_at=now)
    if condition is not None and condition.bad and event is AlertEvent.OPENED:
        # what earlier runs were about has not been told, so it may yet be news
        after = replace(after, subjects=tuple(sorted(condition.about)))
    return after


def _told(
    before: AlertState, after: AlertState, event: AlertEvent, listener: Listener, moment: Moment
) -> tuple[Transition, ...]:
    steady = before.flapping and not after.flapping
    reason = COMES_AND_GOES if after.flapping else STEADY if steady else ""
    told = told_to_all(after, event, moment.now, summary=after.summary, reason=reason)
    if event is AlertEvent.UPDATED:
        return tuple(with_news(one, before, after) for one in told)
    if listener.flap is None or event is not AlertEvent.FLAPPING:
        return told
    well = not after.bad and not after.unsure
    facts = [f"{LAST_BAD}{fact}" for fact in after.facts] if well else after.facts
    return tuple(replace(one, facts=(flapping_fact(after, listener.flap), *facts), well=well) for one in told)


def _ended(before: AlertState, after: AlertState, moment: Moment) -> Told:
    if not before.live:
        return after, ()
    # it may open again, and what was told under the old id is over
    after = replace(
        after,
        incident_id=moment.new_incident_id() if after.state == "pending" else "",
        opened_at=None,
        last_notice_at=None,
        untold=False,
        told_at=None,
        reminders=0,
        escalated_to=(),
    )
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
        opened_at=min(state.opened_at or now, now),
        facts=state.facts,
        faults=state.faults,
        summary=summary,
        reason=reason,
        run_id=state.run_id,
        bad_since=state.bad_since,
    )


def in_turn(told: Iterable[Told]) -> tuple[Transition, ...]:
    """All that is told at one moment: good news first, then what follows."""
    return tuple(
        sorted((one for _, news in told for one in news), key=lambda one: one.event is not AlertEvent.RESOLVED)
    )
