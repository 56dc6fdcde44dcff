"""Incidents that come and go: told once as such, silent meanwhile, and how they stand once they are steady."""

from __future__ import annotations

from reports.alerts.machine import views
from reports.notice import AlertEvent
from tests.fakes.alerting import START, Machine, a_condition, a_rule

FLAP = {"transitions": 3, "in": "2h"}


def flapping_machine(**rule: object) -> Machine:
    machine = Machine([a_rule(resolve_after=1, flap=FLAP, **rule)])
    assert machine.runs("xox") == ["opened contract", "resolved contract", "flapping contract"]
    return machine


def test_the_opening_or_end_that_makes_it_too_many_is_told_as_flapping_and_nothing_after_it() -> None:
    machine = flapping_machine()
    assert (machine.told[-1].facts, machine.told[-1].reason) == (
        (
            "opened and ended 3 times within 2h: nothing more is told until it has stayed as it is for 2h",
            "contract thing: moved",
        ),
        "comes and goes",
    )
    assert machine.runs("oxoxxoo") == ["-"] * 7
    assert [t.incident_id for t in machine.told] == ["inc-1", "inc-1", "inc-2"]


def test_an_end_may_be_the_one_too_many_and_the_incident_goes_on_under_its_id() -> None:
    machine = Machine([a_rule(resolve_after=1, flap={"transitions": 4, "in": "2h"})])
    assert machine.runs("xoxo")[2:] == ["opened contract", "flapping contract"]
    assert {t.incident_id for t in machine.told[2:]} == {"inc-2"}
    assert [view.state for view in views(machine.states)] == ["open"]


def test_one_that_is_well_at_this_moment_is_told_so_with_the_facts_as_those_of_the_last_bad_run() -> None:
    machine = Machine([a_rule(resolve_after=1, flap={"transitions": 4, "in": "2h"})])
    machine.runs("xoxo")
    assert machine.told[-1].well
    assert machine.told[-1].facts[1:] == ("in the last bad run: contract thing: moved",)
    assert [state.facts for state in machine.states] == [("contract thing: moved",)]
    assert not flapping_machine().told[-1].well


def test_once_it_has_been_well_for_as_long_its_end_is_told() -> None:
    machine = flapping_machine()
    machine.runs("o")
    assert machine.look(104) == []
    assert machine.look(1) == ["resolved contract"]
    assert machine.told[-1].incident_id == "inc-2"
    assert machine.runs("ox") == ["-", "opened contract"]
    assert machine.told[-1].incident_id == "inc-3"


def test_once_it_has_been_bad_for_as_long_that_is_told_and_it_goes_on_as_an_incident() -> None:
    machine = flapping_machine()
    assert machine.runs("xxxxxxxx") == ["-"] * 7 + ["updated contract"]
    assert (machine.told[-1].reason, machine.told[-1].facts) == ("steadily now", ("contract thing: moved",))
    assert machine.runs("xo") == ["-", "resolved contract"]
    assert {t.incident_id for t in machine.told[2:]} == {"inc-2"}


def test_steadiness_is_noticed_between_runs() -> None:
    machine = flapping_machine()
    (state,) = machine.states
    assert state.due_at == START.replace(hour=11, minute=30)
    machine.now = START.replace(hour=11, minute=29)
    assert machine.look() == []
    assert machine.look(1) == ["updated contract"]


def test_changes_too_far_apart_do_not_flap() -> None:
    machine = Machine([a_rule(resolve_after=1, flap={"transitions": 4, "in": "30m"})])
    assert machine.runs("xoxoxo") == ["opened contract", "resolved contract"] * 3


def test_without_flap_every_change_is_told() -> None:
    assert Machine([a_rule(resolve_after=1)]).runs("xoxoxo") == ["opened contract", "resolved contract"] * 3


def test_flapping_that_is_muted_is_told_when_the_mute_ends() -> None:
    machine = Machine([a_rule(resolve_after=1, flap=FLAP)], muted=lambda *_: "silenced")
    assert machine.runs("xoxo") == ["-"] * 4
    machine.muted = lambda *_: ""
    assert machine.look() == ["flapping contract"]


def test_what_comes_back_while_it_waits_for_a_second_bad_run_gets_an_id_of_its_own() -> None:
    machine = Machine([a_rule(after="2 of 2", resolve_after=1, flap={"transitions": 3, "in": "1h"})])
    assert machine.runs("xxoxxo")[-2:] == ["flapping contract", "-"]
    assert machine.runs("x") == ["-"]
    assert machine.look(31) == ["resolved contract"]
    machine.now = START.replace(hour=12)
    assert machine.runs("x") == ["opened contract"]
    assert machine.told[-1].incident_id != machine.told[-2].incident_id


def test_a_rule_that_no_longer_looks_for_flapping_tells_how_it_stands() -> None:
    well, bad = flapping_machine(), flapping_machine()
    well.runs("o")
    well.rules = bad.rules = [a_rule(resolve_after=1)]
    assert [well.look(), bad.look()] == [["resolved contract"], ["updated contract"]]


def test_drift_flaps_like_every_kind_and_each_kind_for_itself() -> None:
    machine = Machine([a_rule(resolve_after=1, flap=FLAP)])
    for bad in (True, False):
        machine.run(a_condition(bad=bad), a_condition("policy", bad=bad))
    machine.run(a_condition("policy"))
    assert [t.kind for t in machine.told if t.event is AlertEvent.FLAPPING] == ["policy"]
