"""What holds for every course of events: runs, looks at the clock, mutes, acknowledgements, restarts, edited rules.

Between any two events only JSON survives, so that each event is also a restart.
"""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.alerts.machine import AlertState, Transition
from reports.notice import AlertEvent
from tests.fakes.alerting import Machine, a_condition, a_rule

BEGIN = (AlertEvent.OPENED, AlertEvent.FLAPPING)
KINDS = ("contract", "availability", "drift")

a_time = st.sampled_from(["10m", "40m"])
rules = st.fixed_dictionaries(
    {"resolve_after": st.integers(1, 2), "after": st.sampled_from(["1 of 1", "2 of 3", "10m", "40m"])},
    optional={
        "remind_every": a_time,
        "escalate": st.fixed_dictionaries({"after": a_time, "notify": st.just("pager")}),
        "flap": st.fixed_dictionaries({"transitions": st.integers(3, 4), "in": st.sampled_from(["30m", "2h"])}),
    },
)
a_run = st.tuples(*[st.sampled_from([True, False, None])] * len(KINDS))
a_look = st.sampled_from([1.0, 11.0, 45.0, 500.0])
events = st.lists(
    st.one_of(a_run, a_run, a_run, a_look, st.sampled_from(["mute", "unmute", "acknowledge", "edit"])), max_size=20
)


def lived(rule: dict[str, object], other: dict[str, object], course: list[object]) -> Machine:
    machine = Machine([a_rule(**rule)])
    for event in course:
        if isinstance(event, tuple):
            machine.run(*(a_condition(kind, bad) for kind, bad in zip(KINDS, event, strict=True)))
        elif isinstance(event, float):
            machine.look(event)
        elif event in ("mute", "unmute"):
            reason = "silenced" if event == "mute" else ""
            machine.muted = lambda _key, _kind, _severity, reason=reason: reason  # type: ignore[misc]
        elif event == "acknowledge":
            machine.acknowledged |= {state.incident_id for state in machine.states}
        else:
            machine.rules = [a_rule(**other)]
    return machine


def stories(machine: Machine) -> dict[tuple[str, str], list[Transition]]:
    """What each notifier was told of each incident, in order."""
    found: dict[tuple[str, str], list[Transition]] = defaultdict(list)
    for transition in machine.told:
        found[transition.notifier, transition.incident_id].append(transition)
    return found


@settings(max_examples=100, deadline=None)
@given(rules, rules, events)
def test_nothing_is_opened_twice_resolved_unopened_or_told_after_its_end(
    rule: dict[str, object], other: dict[str, object], course: list[object]
) -> None:
    for (notifier, _), told in stories(lived(rule, other, course)).items():
        words = [transition.event for transition in told]
        assert words[0] in ((AlertEvent.ESCALATED,) if notifier == "pager" else BEGIN)
        assert words.count(AlertEvent.OPENED) + (notifier == "pager") <= 1
        assert words.count(AlertEvent.ESCALATED) <= 1
        assert AlertEvent.RESOLVED not in words[:-1]
        assert len({transition.key for transition in told}) == 1


@settings(max_examples=100, deadline=None)
@given(rules, rules, events)
def test_none_is_lost_what_is_told_as_going_on_is_what_is_live_once_no_mute_is_left(
    rule: dict[str, object], other: dict[str, object], course: list[object]
) -> None:
    machine = lived(rule, other, [*course, "unmute", 1.0])
    live = {state.incident_id for state in machine.states if state.live}
    going_on = {
        incident
        for (notifier, incident), told in stories(machine).items()
        if notifier == "slack" and told[-1].event is not AlertEvent.RESOLVED
    }
    assert live == going_on


@settings(max_examples=50, deadline=None)
@given(rules, rules, events)
def test_while_muted_nothing_is_told_but_the_end_of_what_was_told(
    rule: dict[str, object], other: dict[str, object], course: list[object]
) -> None:
    machine = lived(rule, other, [*course, "mute"])
    before = len(machine.told)
    for event in (True, False, 45.0, True, False, False):
        machine.look(event) if isinstance(event, float) else machine.run(a_condition(bad=event))
    assert {transition.event for transition in machine.told[before:]} <= {AlertEvent.RESOLVED}


@settings(max_examples=50, deadline=None)
@given(rules, rules, events)
def test_a_second_look_at_the_same_instant_changes_and_tells_nothing(
    rule: dict[str, object], other: dict[str, object], course: list[object]
) -> None:
    machine = lived(rule, other, course)
    machine.look()
    before: tuple[AlertState, ...] = machine.states
    assert machine.look() == []
    assert machine.states == before


@settings(max_examples=50, deadline=None)
@given(rules, rules, events)
def test_before_the_earliest_due_time_a_look_changes_nothing(
    rule: dict[str, object], other: dict[str, object], course: list[object]
) -> None:
    machine = lived(rule, other, course)
    machine.look()
    due = [state.due_at for state in machine.states if state.due_at is not None]
    if due and min(due) <= machine.now:
        return  # muted or acknowledged: looked at every time, because people may change that at any time
    before = machine.states
    soon = (min(due) - machine.now).total_seconds() / 60 - 0.01 if due else 10_000.0
    assert machine.look(max(soon, 0.0)) == []
    assert machine.states == before
