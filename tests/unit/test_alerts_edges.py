"""Where two rules of the alert machine meet: flapping with time, escalation with rules, mutes with leaders, and clocks
that are set back. Only JSON survives between any two steps."""

from __future__ import annotations

from datetime import timedelta

from reports.alerts.inhibition import with_dependents
from reports.alerts.machine import AlertState, Transition
from reports.notice import AlertEvent
from tests.fakes.alerting import Machine, a_condition, a_rule

FLAP = {"transitions": 3, "in": "2h"}
PAGER = {"notify": "pager"}


def to_whom(told: list[Transition]) -> list[str]:
    """Who was told what, like ``slack opened``."""
    return [f"{one.notifier} {one.event}" for one in told]


def of(machine: Machine, notifier: str) -> AlertState:
    """The one state of a notifier."""
    (state,) = [state for state in machine.states if state.notifier == notifier]
    return state


# ------------------------------------------------------------------------------------------------ flapping
def test_one_that_flaps_and_opens_again_by_time_is_not_told_as_new() -> None:
    machine = Machine([a_rule(after="10m", resolve_after=1, flap=FLAP)])
    machine.runs("x")
    machine.look(0)
    machine.runs("o")
    machine.runs("x")
    machine.look(0)
    assert [str(one.event) for one in machine.told] == ["opened", "resolved", "flapping"]
    machine.runs("ox")
    assert machine.look(0) == []
    (state,) = machine.states
    assert (state.state, state.flapping, state.untold) == ("open", True, False)
    assert machine.look(120) == ["updated contract"]


def test_what_comes_back_after_flapping_is_a_new_incident_with_reminders_and_escalations_of_its_own() -> None:
    rule = a_rule(
        after="2 of 2",
        resolve_after=1,
        flap={"transitions": 3, "in": "1h"},
        remind_every="20m",
        remind_max=1,
        escalate={"after": "10m", "notify": "pager"},
    )
    machine = Machine([rule])
    machine.runs("xxoxx")
    machine.look(0)
    assert of(machine, "slack").escalated_to == ("pager",)
    machine.runs("ox")
    machine.look(31)
    (state,) = machine.states
    assert (state.state, state.escalated_to, state.reminders, state.told_at) == ("pending", (), 0, None)
    before = len(machine.told)
    machine.runs("x")
    assert to_whom(machine.told[before:]) == ["slack opened"]


def test_what_opens_after_flapping_that_ended_between_two_runs_is_no_old_incident() -> None:
    machine = Machine([a_rule(resolve_after=1, flap={"transitions": 3, "in": "1h"})])
    machine.runs("xoxo")
    assert machine.look(61) == ["resolved contract"]
    assert machine.runs("x") == ["opened contract"]
    assert machine.told[-1].incident_id != machine.told[-2].incident_id


def test_that_it_began_to_flap_while_muted_is_told_once_the_mute_ends() -> None:
    machine = Machine([a_rule(resolve_after=1, flap=FLAP)])
    machine.runs("xo")
    machine.muted = lambda *_: "silenced"
    machine.runs("x")
    machine.muted = lambda *_: ""
    assert machine.look() == ["flapping contract"]
    again = Machine([a_rule(resolve_after=1, flap={"transitions": 4, "in": "3h"})])
    again.runs("xox")
    again.muted = lambda *_: "silenced"
    assert again.runs("o") == ["-"]
    again.muted = lambda *_: ""
    assert [again.look(), again.look(1), *again.runs("x")] == [["flapping contract"], [], "-"]


# ------------------------------------------------------------------------------------------------ escalation
def test_who_opens_by_a_rule_of_its_own_in_the_same_run_is_not_escalated_to_as_well() -> None:
    machine = Machine([a_rule(escalate={"after": "15m", "notify": "pager"}), a_rule(**PAGER, after="2 of 2")])
    machine.runs("xx")
    assert to_whom(machine.told) == ["slack opened", "pager opened"]


def test_who_was_escalated_to_is_not_told_again_by_a_rule_of_its_own_while_that_goes_on() -> None:
    machine = Machine([a_rule(escalate={"after": "5m", "notify": "pager"}), a_rule(**PAGER, after="20m")])
    machine.runs("x")
    machine.look(0)
    machine.runs("xx")
    assert to_whom(machine.told) == ["slack opened", "pager escalated"]
    assert of(machine, "pager").shown == "muted" and "escalated" in of(machine, "pager").muted
    machine.runs("oo")
    assert to_whom(machine.told)[2:] == ["slack resolved", "pager resolved"]


def test_what_is_louder_by_a_rule_of_its_own_is_told_although_the_calm_one_was_escalated() -> None:
    calm = a_rule(severity={"contract": "ticket"}, escalate={"after": "5m", "notify": "pager"})
    machine = Machine([calm, a_rule(**PAGER, after="20m")])
    for _ in range(3):
        told = [a_condition(severity="ticket", notifier="slack"), a_condition(severity="page", notifier="pager")]
        machine.run(*told)
        machine.look(0)
    assert to_whom(machine.told) == ["slack opened", "pager escalated", "pager opened"]


def test_what_is_open_by_a_rule_of_its_own_is_told_once_the_escalated_one_is_gone() -> None:
    machine = Machine([a_rule(escalate={"after": "5m", "notify": "pager"}), a_rule(**PAGER, after="20m")])
    machine.runs("x")
    machine.look(0)
    machine.runs("xx")
    machine.rules = machine.rules[1:]
    machine.look(1)
    machine.look(1)
    assert to_whom(machine.told)[2:] == ["slack resolved", "pager resolved", "pager opened"]


def test_one_that_flaps_and_is_well_at_the_moment_is_told_already_and_not_escalated_to() -> None:
    own = a_rule(**PAGER, resolve_after=1, flap={"transitions": 3, "in": "3h"})
    machine = Machine([own, a_rule(resolve_after=9, escalate={"after": "46m", "notify": "pager"})])
    machine.runs("xoxo")
    assert of(machine, "pager").flapping and of(machine, "pager").state == "quiet"
    before = len(machine.told)
    machine.run(a_condition(), a_condition("policy", None))
    assert to_whom(machine.told[before:]) == []


def test_an_escalation_that_finds_everybody_told_keeps_no_reminder_waiting() -> None:
    rule = a_rule(remind_every="1h", escalate={"after": "5m", "notify": "pager"})
    machine = Machine([rule, a_rule(**PAGER)])
    machine.runs("x")
    for _ in range(3):
        machine.look(5)
    assert not of(machine, "slack").unsure
    assert machine.look(30) == ["reminder contract"]


def test_who_is_escalated_to_by_the_incidents_of_two_notifiers_hears_all_of_it_once() -> None:
    rule = a_rule(notify=["slack", "own"], remind_every="5m", escalate={"after": "90s", "notify": "boss"})
    machine = Machine([rule])
    machine.runs("x")
    machine.look(-13)
    machine.look(4)
    machine.runs("oo")
    to_boss = [(one.event, one.incident_id) for one in machine.told if one.notifier == "boss"]
    assert to_boss == [("escalated", "inc-1"), ("reminder", "inc-1"), ("resolved", "inc-1")]


# ------------------------------------------------------------------------------------------------ what is said
def test_an_update_in_a_run_that_was_well_marks_headline_and_facts_as_those_of_the_last_bad_run() -> None:
    machine = Machine([a_rule(resolve_after=3)])
    machine.run(a_condition(facts=("a: broken",), summary="a (0 of 3 pass)"))
    drift = a_condition("drift", facts=("route: new",))
    assert machine.run(a_condition(bad=False), drift) == ["updated contract"]
    assert machine.told[-1].summary == "in the last bad run: a (0 of 3 pass)"
    assert machine.told[-1].facts[1:] == ("in the last bad run: a: broken", "also moved: route: new")
    machine.run(a_condition(facts=("a: broken", "b: broken"), summary="a and 1 more"), drift)
    assert machine.told[-1].summary == "a and 1 more"
    assert machine.told[-1].facts == ("now also: b", "a: broken", "b: broken", "also moved: route: new")


def test_every_update_of_an_incident_begins_with_what_is_new() -> None:
    machine = Machine([a_rule()])
    names = [f"p{number}" for number in range(8)]
    for seen in (1, 2, 3, 8):
        machine.run(a_condition(facts=tuple(f"{name}: broken" for name in names[:seen])))
    machine.run(a_condition(severity="ticket"))
    assert [one.facts[0] for one in machine.told] == [
        "p0: broken",
        "now also: p1",
        "now also: p2",
        "now also: p3; p4; p5; p6; and 1 more",
        "now also: contract thing",
    ]


def test_an_update_because_it_is_louder_says_how_loud_it_was() -> None:
    machine = Machine([a_rule()])
    machine.run(a_condition("drift", severity="ticket"))
    assert machine.run(a_condition("drift", severity="page")) == ["updated drift"]
    assert machine.told[-1].facts == ("now page, was ticket", "drift thing: moved")


def test_a_reminder_says_who_is_held_back_now_and_a_higher_number_alone_is_no_news() -> None:
    machine = Machine([a_rule(remind_every="1h")])
    told = [
        machine.run(*with_dependents([a_condition("availability")], waiting))
        for waiting in ((), ("bot at prod",), ("bot at prod", "faq at prod"), ("faq at prod",))
    ]
    assert told == [["opened availability"], ["updated availability"], [], []]
    assert machine.told[-1].facts[0] == "now also: suites held back"
    assert machine.look(16) == ["reminder availability"]
    assert machine.told[-1].facts[-1] == "holds back the alerts of 1 that depend on it: faq at prod"


# ------------------------------------------------------------------------------------------------ mutes
def test_a_muted_leader_does_not_hide_drift_that_is_not_muted() -> None:
    machine = Machine([a_rule()], muted=lambda _key, kind, _severity: "known" if kind == "contract" else "")
    assert machine.run(a_condition(), a_condition("drift")) == ["opened drift"]


def test_drift_that_is_muted_like_its_leader_waits_inside_it() -> None:
    machine = Machine([a_rule()], muted=lambda *_: "deploy")
    assert machine.run(a_condition(), a_condition("drift")) == []
    machine.muted = lambda *_: ""
    assert machine.look() == ["opened contract"]
    assert machine.told[-1].facts == ("contract thing: moved", "also moved: drift thing: moved")


# ------------------------------------------------------------------------------------------------ clocks
def test_after_a_clock_was_set_back_times_count_from_the_next_run_and_do_not_wait_for_the_old_clock() -> None:
    rule = a_rule(remind_every="30m", escalate={"after": "30m", "notify": "pager"})
    machine, waiting = Machine([rule]), Machine([a_rule(after="10m")])
    for each in (machine, waiting):
        each.runs("x")
        each.now -= timedelta(days=2)
        each.runs("x")
    assert waiting.look(0) == ["opened contract"]
    assert machine.runs("x")[0] == "-"
    assert set(machine.look(0)) == {"reminder contract", "escalated contract"}


def test_a_run_that_began_before_the_last_look_closes_nothing_before_it_opened() -> None:
    machine = Machine([a_rule(after="10m", resolve_after=1)])
    machine.runs("x")
    machine.look(0)
    machine.now -= timedelta(minutes=5)
    assert machine.runs("o") == ["resolved contract"]
    (resolved,) = [one for one in machine.told if one.event is AlertEvent.RESOLVED]
    assert resolved.opened_at <= resolved.at


# ------------------------------------------------------------------------------------------------ order
def test_states_keep_their_order_whatever_that_of_the_rules_so_that_nothing_new_is_equal() -> None:
    names = ("zulip", "slack", "pager")
    machine = Machine([a_rule(notify=name, resolve_after=1) for name in names])
    machine.runs("xx")
    before = tuple(sorted(machine.states, key=lambda state: state.notifier))
    machine.keep(before)
    machine.runs("x")
    assert [state.notifier for state in machine.states] == [state.notifier for state in before]
