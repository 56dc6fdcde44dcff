"""Whom else an incident is told because nobody acknowledged it, and that nobody is told twice of the same. Pure.

Feeds ``machine`` and ``ticking`` once all incidents of a place are counted, because one notifier may hear of the same
by a rule of its own and by several escalations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reports.alerts.incident import AlertState, Transition
from reports.alerts.listening import Listener, Listeners
from reports.alerts.telling import Moment, Told, transition
from reports.alerts.waiting import escalation_due, with_due
from reports.notice import AlertEvent

UNANSWERED = "not acknowledged"
Reached = Mapping[tuple[str, str], AlertState]
"""By key and notifier: the incident of which this notifier has been told."""


def reached_by(states: Iterable[AlertState]) -> dict[tuple[str, str], AlertState]:
    """Who has been told of what, by rules of their own and by escalations."""
    told = [state for state in states if state.live and not state.untold]
    by_others = {(state.key, name): state for state in told for name in state.escalated_to}
    return by_others | {(state.key, state.notifier): state for state in told}


def unreached(state: AlertState, listener: Listener, reached: Reached) -> tuple[str, ...]:
    """Whom an incident may be escalated to: the owner of a class may be among those whom the rule would tell then."""
    others = listener.escalate.notify if listener.escalate else ()
    return tuple(name for name in others if name != state.notifier and (state.key, name) not in reached)


def escalated(settled: Sequence[Told], heard: Listeners, moment: Moment, beside: Sequence[Told] = ()) -> list[Told]:
    """The same states with whom they are escalated to now and when they are due, and what is told by that, too.

    ``beside``: what was not looked at and stays as it is.
    """
    reached = reached_by(state for state, _ in (*settled, *beside))
    done: list[Told] = []
    for state, news in settled:
        listener = heard.get(state.notifier, state.kind)
        if listener is not None:
            names = unreached(state, listener, reached)
            told = _escalation(state, listener, names, moment)
            state = replace(state, escalated_to=(*state.escalated_to, *(one.notifier for one in told)))
            reached |= {(state.key, name): state for name in state.escalated_to if state.live}
            state, news = with_due(state, listener, names), (*news, *told)
        done.append((state, news))
    return done


def _escalation(state: AlertState, listener: Listener, names: Sequence[str], moment: Moment) -> tuple[Transition, ...]:
    due = escalation_due(state, listener, names)
    if due is None or due > moment.now or state.muted or state.incident_id in moment.acknowledged:
        return ()
    return tuple(
        transition(state, AlertEvent.ESCALATED, moment.now, to=name, summary=state.summary, reason=UNANSWERED)
        for name in names
    )
