"""The alert state machine: run results in, incident states and transitions out. Pure; ``now`` is an argument.

``incidents`` makes the conditions, ``message`` tells the transitions, the store keeps the states. Each notifier has a
state of its own for each incident, because each rule has its own k of n; whatever decides the future is in
``AlertState``, so a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner
from reports.alerts.counting import Count, count_run, hold_drift, quiet_state
from reports.alerts.covering import with_cover
from reports.alerts.escalating import escalated, reached_by
from reports.alerts.flapping import with_changes
from reports.alerts.incident import AlertState, Condition, Transition
from reports.alerts.listening import Listeners, listeners
from reports.alerts.telling import Moment, Muting, Told, in_turn, never_muted, tell
from reports.alerts.ticking import NOT_LISTENING, tick, unheard
from reports.alerts.waiting import in_time
from reports.notice import SEVERITIES, AlertEvent
from reports.summary import AlertView

__all__ = ["NOT_LISTENING", "SEVERITIES", "AlertState", "Condition", "Transition", "step", "tick", "views"]


def step(
    states: Sequence[AlertState],
    conditions: Sequence[Condition],
    rules: Sequence[AlertRule],
    *,
    now: datetime,
    new_incident_id: Callable[[], str],
    owners: Mapping[Fault, ClassOwner] | None = None,
    muted: Muting = never_muted,
    acknowledged: Container[str] = (),
    run_id: str = "",
) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
    """Count one run for every possible incident and notifier, and say what is to be told.

    Args:
        states: What is remembered of the suite at the endpoint, in any order.
        conditions: What the run says, one a kind. Kinds left out stay as they are.
        rules: The suite's alert rules as they are now; none at all means shown to people who look, sent to nobody.
        now: Aware UTC instant of the run.
        new_incident_id: Gives an id never given before.
        owners: The suite's owners of classes: their notifiers are told, too.
        muted: Why an incident is not to be told now; it opens and ends all the same, and is told when the mute ends.
        acknowledged: Ids of incidents that somebody has acknowledged.
        run_id: The run's id.

    Returns:
        All states after the run, those given in their order and new ones behind them; and the transitions in the order
        to tell them.
    """
    states = [in_time(state, now) for state in states]
    known = {(state.key, state.notifier): state for state in states}
    heard = listeners(rules, owners)
    moment = Moment(
        now=now,
        new_incident_id=new_incident_id,
        muted=muted,
        acknowledged=acknowledged,
        reached=reached_by(states),
        run_id=run_id,
    )
    counts = [
        count_run(known, c, name, listener, now)
        for c in conditions
        for name, listener in heard.of(c.kind)
        if c.notifier in (None, name)
    ]
    settled = [_settle(count, moment) for count in hold_drift(with_cover(counts), muted)]
    seen = {(state.key, state.notifier) for state, _ in settled}
    unspoken = [_unspoken(state, heard, now) for state in states if (state.key, state.notifier) not in seen]
    settled = [*escalated(settled, heard, moment, beside=unspoken), *unspoken]
    return _in_order([state for state, _ in settled], list(known)), in_turn(settled)


def _in_order(after: Sequence[AlertState], places: Sequence[tuple[str, str]]) -> tuple[AlertState, ...]:
    """In the order of before, so that where nothing is new both are equal."""
    at = {place: position for position, place in enumerate(places)}
    return tuple(sorted(after, key=lambda state: at.get((state.key, state.notifier), len(at))))


# ------------------------------------------------------------------------------------------------ settling
def _settle(count: Count, moment: Moment) -> Told:
    counted = _quiet(count) if count.phase == "quiet" else _counted(count, moment)
    after = with_changes(count.state, counted, count.listener.flap, moment.now)
    return tell(count.state, after, count.listener, moment, count.condition)


def _quiet(count: Count) -> AlertState:
    quiet = quiet_state(count.condition, count.state.notifier)
    return replace(quiet, outcomes=count.outcomes, unsure=count.condition.bad is None, covered=count.covered)


def _counted(count: Count, moment: Moment) -> AlertState:
    state, condition = count.state, count.condition
    after = replace(
        state,
        state=count.phase,
        outcomes=count.outcomes,
        incident_id=state.incident_id or moment.new_incident_id(),
        severity=_severity(state, condition),
        subjects=tuple(sorted({*state.subjects, *condition.about})),
        bad_since=count.bad_since,
        unsure=condition.bad is None,
        run_id=moment.run_id if condition.bad else state.run_id,
        covered=count.covered,
    )
    if count.phase == "open" and not state.live:
        after = replace(after, opened_at=moment.now, untold=True)
    if condition.bad:  # what is told next, also between runs, is about the newest run that found it bad
        after = replace(after, facts=condition.facts, faults=condition.faults, summary=condition.summary)
    return after


def _severity(state: AlertState, condition: Condition) -> str:
    if not state.live:
        return condition.severity if condition.bad else state.severity
    rivals = (state.severity, condition.severity) if condition.bad else (state.severity,)
    return max(rivals, key=SEVERITIES.index)


def _unspoken(state: AlertState, heard: Listeners, now: datetime) -> Told:
    """A state no condition spoke of: left alone, or closed where its rule is gone."""
    return (state, ()) if heard.get(state.notifier, state.kind) else unheard(state, now)


# ------------------------------------------------------------------------------------------------ for people
_URGENCY = ("resolved", "pending", "muted", "open")


def views(states: Sequence[AlertState], transitions: Sequence[Transition] = ()) -> tuple[AlertView, ...]:
    """The incidents a run left pending or open, and those it resolved; one a key, whatever the notifiers' number.

    Args:
        states: All states after the run.
        transitions: What the same run changed: where resolved incidents are known from.
    """
    left = [
        AlertView(key=s.key, kind=s.kind, severity=s.severity, state=s.shown, muted=s.muted)
        for s in states
        if s.shown != "quiet"
    ]
    over = [
        AlertView(key=t.key, kind=t.kind, severity=t.severity, state="resolved")
        for t in transitions
        if t.event is AlertEvent.RESOLVED
    ]
    calm_first = sorted(left + over, key=lambda v: (_URGENCY.index(v.state), SEVERITIES.index(v.severity)))
    merged = {view.key: view for view in calm_first}
    return tuple(merged[key] for key in sorted(merged))
