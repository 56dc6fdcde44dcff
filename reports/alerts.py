"""The alert state machine: run results in, incident states and transitions out. Pure; ``now`` is an argument.

``incidents`` makes the conditions, ``message`` tells the transitions, the store keeps the states. Each notifier has a
state of its own for each incident, because each rule has its own k of n; whatever decides the future is in
``AlertState``, so a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner
from reports.counting import Count, count_run, hold_drift, quiet_state
from reports.incident import SEVERITIES, AlertState, Condition, Transition
from reports.listening import Listeners, listeners
from reports.notice import AlertEvent
from reports.summary import AlertView

__all__ = ["NOT_LISTENING", "SEVERITIES", "AlertState", "Condition", "Transition", "step", "views"]

NOT_LISTENING = "no alert rule sends this kind here any more"


def step(
    states: Sequence[AlertState],
    conditions: Sequence[Condition],
    rules: Sequence[AlertRule],
    *,
    now: datetime,
    new_incident_id: Callable[[], str],
    owners: Mapping[Fault, ClassOwner] | None = None,
) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
    """Count one run for every possible incident and notifier, and say what is to be told.

    Args:
        states: What is remembered of the suite at the endpoint, in any order.
        conditions: What the run says, one a kind. Kinds left out stay as they are.
        rules: The suite's alert rules as they are now; none at all means shown to people who look, sent to nobody.
        now: Aware UTC instant of the run.
        new_incident_id: Gives an id never given before.
        owners: The suite's owners of classes: their notifiers are told, too.

    Returns:
        All states after the run, and the transitions in the order to tell them.
    """
    known = {(state.key, state.notifier): state for state in states}
    heard = listeners(rules, owners)
    counts = [
        count_run(known, c, name, listener)
        for c in conditions
        for name, listener in heard.of(c.kind)
        if c.notifier in (None, name)
    ]
    settled = [_settle(count, now, new_incident_id) for count in hold_drift(counts)]
    seen = {(state.key, state.notifier) for state, _ in settled}
    settled += [_unheard(state, heard, now) for state in states if (state.key, state.notifier) not in seen]
    told = [transition for _, transition in settled if transition is not None]
    told.sort(key=lambda transition: transition.event is not AlertEvent.RESOLVED)  # good news first, then what follows
    return tuple(state for state, _ in settled), tuple(told)


# ------------------------------------------------------------------------------------------------ settling
def _settle(count: Count, now: datetime, new_incident_id: Callable[[], str]) -> tuple[AlertState, Transition | None]:
    state, condition = count.state, count.condition
    if count.phase == "quiet":
        quiet = replace(quiet_state(condition, state.notifier), outcomes=count.outcomes)
        return quiet, _transition(state, AlertEvent.RESOLVED, now) if state.state == "open" else None
    after = replace(
        state,
        state=count.phase,
        outcomes=count.outcomes,
        incident_id=state.incident_id or new_incident_id(),
        severity=_severity(state, condition),
        subjects=tuple(sorted({*state.subjects, *condition.about})),
    )
    event = _event(count, after, now)
    if event is None:
        return after, None
    after = replace(
        after,
        facts=condition.facts or state.facts,
        faults=condition.faults or state.faults,
        last_notice_at=now,
    )
    if event is AlertEvent.OPENED:  # what earlier pending runs were about has not been told, so it may yet be news
        after = replace(after, opened_at=now, subjects=tuple(sorted(condition.about)))
    return after, _transition(after, event, now, summary=condition.summary)


def _severity(state: AlertState, condition: Condition) -> str:
    if state.state != "open":
        return condition.severity if condition.bad else state.severity
    rivals = (state.severity, condition.severity) if condition.bad else (state.severity,)
    return max(rivals, key=SEVERITIES.index)


def _event(count: Count, after: AlertState, now: datetime) -> AlertEvent | None:
    before, remind = count.state, count.listener.remind_every_s
    if count.phase != "open":
        return None
    if before.state != "open":
        return AlertEvent.OPENED
    if after.severity != before.severity or set(after.subjects) - set(before.subjects):
        return AlertEvent.UPDATED
    last = before.last_notice_at or before.opened_at
    due = remind is not None and last is not None and (now - last).total_seconds() >= remind
    return AlertEvent.REMINDER if due and count.condition.bad else None


def _unheard(state: AlertState, heard: Listeners, now: datetime) -> tuple[AlertState, Transition | None]:
    """A state no condition spoke of: left alone, or closed where its rule is gone, so that no channel stays red."""
    if state.state == "quiet" or heard.get(state.notifier, state.kind):
        return state, None
    quiet = AlertState(key=state.key, notifier=state.notifier, kind=state.kind, state="quiet", severity=state.severity)
    if state.state == "pending":
        return quiet, None
    return quiet, _transition(state, AlertEvent.RESOLVED, now, reason=NOT_LISTENING)


def _transition(
    state: AlertState, event: AlertEvent, now: datetime, *, summary: str = "", reason: str = ""
) -> Transition:
    return Transition(
        event=event,
        notifier=state.notifier,
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
    )


# ------------------------------------------------------------------------------------------------ for people
_URGENCY = ("resolved", "pending", "open")


def views(states: Sequence[AlertState], transitions: Sequence[Transition] = ()) -> tuple[AlertView, ...]:
    """The incidents a run left pending or open, and those it resolved; one a key, whatever the notifiers' number.

    Args:
        states: All states after the run.
        transitions: What the same run changed: where resolved incidents are known from.
    """
    left = [AlertView(key=s.key, kind=s.kind, severity=s.severity, state=s.state) for s in states if s.state != "quiet"]
    over = [
        AlertView(key=t.key, kind=t.kind, severity=t.severity, state="resolved")
        for t in transitions
        if t.event is AlertEvent.RESOLVED
    ]
    calm_first = sorted(left + over, key=lambda v: (_URGENCY.index(v.state), SEVERITIES.index(v.severity)))
    merged = {view.key: view for view in calm_first}
    return tuple(merged[key] for key in sorted(merged))
