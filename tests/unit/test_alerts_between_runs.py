"""What time brings to incidents between runs: openings after a time, reminders, escalation. Only JSON survives."""

from __future__ import annotations

from typing import Any

import pytest

from probes.fault import Fault
from probes.suite import ClassOwner
from reports.alerts.machine import AlertState
from reports.notice import AlertEvent
from tests.fakes.alerting import START, Machine, a_condition, a_rule


def the_state(machine: Machine) -> AlertState:
    (state,) = machine.states
    return state


# ------------------------------------------------------------------------------------------------ after a time
def test_opens_once_it_has_been_bad_for_the_time_without_waiting_for_a_run() -> None:
    machine = Machine([a_rule(after="20m")])
    assert machine.runs("x") == ["-"]
    assert the_state(machine).due_at is not None
    assert machine.look(4) == []
    assert machine.look(1) == ["opened contract"]
    assert machine.told[0].at == START.replace(minute=20)
    assert machine.told[0].facts == ("contract thing: moved",)
    assert machine.told[0].run_id == "run-1"
    assert machine.look(1) == []


def test_a_run_opens_it_as_well_once_the_time_is_over() -> None:
    assert Machine([a_rule(after="30m")]).runs("xxxx") == ["-", "-", "opened contract", "-"]


def test_a_good_run_begins_the_time_anew() -> None:
    machine = Machine([a_rule(after="20m")])
    assert machine.runs("xox") == ["-", "-", "-"]
    assert machine.look(4) == []
    assert machine.look(1) == ["opened contract"]


def test_while_nobody_knows_time_opens_nothing_and_is_not_lost_either() -> None:
    machine = Machine([a_rule(after="20m")])
    assert machine.runs("x?") == ["-", "-"]
    assert machine.look(1) == []
    assert machine.runs("x") == ["opened contract"]


def test_what_is_looked_at_much_too_late_waits_for_the_next_run() -> None:
    machine = Machine([a_rule(after="20m", remind_every="1h")])
    machine.runs("x")
    assert machine.look(600) == []
    assert the_state(machine).due_at is None
    assert machine.runs("x") == ["opened contract"]
    assert machine.look(600) == []
    assert machine.runs("x") == ["reminder contract"]


def test_drift_and_policy_do_not_wait_for_a_time() -> None:
    rule = a_rule(after="3h", on=["drift", "policy"])
    assert Machine([rule]).runs("x", kind="drift") == ["opened drift"]
    assert Machine([rule]).runs("x", kind="policy") == ["opened policy"]


# ------------------------------------------------------------------------------------------------ reminders
def test_reminds_between_runs_and_only_while_the_newest_word_is_bad() -> None:
    machine = Machine([a_rule(remind_every="20m")])
    machine.runs("x")
    assert [machine.look(4), machine.look(1), machine.look(1)] == [[], ["reminder contract"], []]
    machine.runs("o")
    assert machine.look(10) == []


def test_reminds_no_more_often_than_remind_max_and_anew_for_the_next_incident() -> None:
    machine = Machine([a_rule(remind_every="15m", remind_max=2, resolve_after=1)])
    assert machine.runs("xxxxx") == ["opened contract", "reminder contract", "reminder contract", "-", "-"]
    assert [machine.look(15), machine.look(15)] == [[], []]
    assert machine.runs("oxx") == ["resolved contract", "opened contract", "reminder contract"]


def test_an_acknowledged_incident_is_neither_reminded_of_nor_escalated_and_its_end_is_told() -> None:
    machine = Machine([a_rule(remind_every="15m", escalate={"after": "30m", "notify": "pager"})])
    machine.runs("x")
    machine.acknowledged = {"inc-1"}
    assert machine.runs("xxxx") == ["-"] * 4
    assert machine.look(30) == []
    assert machine.runs("oo") == ["-", "resolved contract"]
    assert {t.notifier for t in machine.told} == {"slack"}


# ------------------------------------------------------------------------------------------------ escalation
def told_to(machine: Machine, notifier: str) -> list[AlertEvent]:
    return [t.event for t in machine.told if t.notifier == notifier]


def test_an_incident_nobody_acknowledges_is_told_to_others_too_until_it_is_over() -> None:
    machine = Machine([a_rule(escalate={"after": "30m", "notify": "pager"}, remind_every="1h")])
    machine.runs("x")
    assert machine.look(14) == []
    assert machine.look(1) == ["escalated contract"]
    assert machine.look(1) == []
    machine.run(a_condition(subjects=("something else",)))
    machine.look(45)
    machine.runs("oo")
    assert told_to(machine, "slack") == ["opened", "updated", "reminder", "resolved"]
    assert told_to(machine, "pager") == ["escalated", "updated", "reminder", "resolved"]
    assert {t.incident_id for t in machine.told} == {"inc-1"}


def test_an_incident_that_ends_in_time_is_never_escalated() -> None:
    machine = Machine([a_rule(escalate={"after": "2h", "notify": "pager"}, resolve_after=1)])
    machine.runs("xxo")
    assert machine.look(500) == []
    assert told_to(machine, "pager") == []


def test_after_a_time_in_which_nobody_looked_an_escalation_waits_for_the_next_run() -> None:
    rule = a_rule(escalate={"after": "30m", "notify": "pager"}, resolve_after=1)
    well, bad = Machine([rule]), Machine([rule])
    for machine in (well, bad):
        machine.runs("x")
        assert machine.look(120) == []
    assert well.runs("o") == ["resolved contract"]
    assert bad.runs("x") == ["escalated contract"]


def test_while_the_newest_word_is_not_bad_nothing_is_escalated() -> None:
    machine = Machine([a_rule(escalate={"after": "30m", "notify": "pager"})])
    machine.runs("xo")
    assert machine.look(2) == []
    assert machine.runs("?x") == ["-", "escalated contract"]


def test_nothing_is_escalated_to_a_notifier_that_was_told_by_a_rule_of_its_own() -> None:
    machine = Machine([a_rule(escalate={"after": "30m", "notify": "pager"}), a_rule(notify="pager")])
    machine.runs("x")
    assert machine.look(60) == []
    assert told_to(machine, "pager") == ["opened"]


def test_an_owner_of_a_class_whom_the_rule_would_tell_then_is_not_told_twice() -> None:
    owner = ClassOwner.model_validate({"team": "search", "notify": "pager"})
    machine = Machine([a_rule(escalate={"after": "15m", "notify": "pager"})], owners={Fault.RETRIEVAL_MISS: owner})
    machine.run(a_condition(faults=(Fault.RETRIEVAL_MISS,), notifier="pager"))
    assert machine.look(60) == []
    assert told_to(machine, "pager") == ["opened"]


def test_an_acknowledgement_after_the_escalation_changes_nothing_of_who_is_told_the_end() -> None:
    machine = Machine([a_rule(escalate={"after": "15m", "notify": "pager"}, resolve_after=1)])
    machine.runs("x")
    machine.look()
    machine.acknowledged = {"inc-1"}
    machine.runs("o")
    assert told_to(machine, "pager") == ["escalated", "resolved"]


def test_a_rule_that_is_gone_is_told_to_the_escalated_too_and_at_once() -> None:
    machine = Machine([a_rule(escalate={"after": "15m", "notify": "pager"})])
    machine.runs("x")
    machine.look()
    machine.rules = [a_rule(notify="somebody-else")]
    assert machine.look() == ["resolved contract"] * 2
    assert told_to(machine, "pager") == ["escalated", "resolved"]


# ------------------------------------------------------------------------------------------------ when to look
@pytest.mark.parametrize(
    ("rule", "minutes"),
    [({"after": "40m"}, 40), ({"remind_every": "50m"}, 50), ({"escalate": {"after": "30m", "notify": "pager"}}, 30)],
    ids=["opening", "reminder", "escalation"],
)
def test_due_at_says_when_a_look_is_worth_its_while(rule: dict[str, object], minutes: int) -> None:
    machine = Machine([a_rule(**rule)])
    machine.runs("x")
    assert the_state(machine).due_at == START.replace(minute=minutes)
    machine.now = START
    assert machine.look(minutes - 1) == []
    assert len(machine.look(1)) == 1


def test_where_nothing_can_happen_by_time_no_look_is_due() -> None:
    machine = Machine([a_rule(after="2 of 3")])
    machine.runs("xx")
    assert the_state(machine).due_at is None
    before = machine.states
    assert machine.look(10_000) == []
    assert machine.states == before


@pytest.mark.parametrize(
    ("rule", "runs", "awaits"),
    [
        ({"after": "2 of 2"}, "x", "1 of 2 bad runs"),
        ({"after": "3 of 5"}, "xox", "2 of 3 bad runs among the last 5"),
        ({"after": "3 of 5"}, "xo?", "1 of 3 bad runs among the last 5"),
        ({"after": "10m"}, "x", "opens once it has been bad for 10m"),
        ({"after": "2 of 3"}, "xx", ""),
        ({"after": "2 of 3"}, "o", ""),
        ({"after": "2 of 3", "resolve_after": 1}, "xxo", ""),
    ],
)
def test_a_pending_incident_knows_what_is_there_of_what_opens_it(rule: dict[str, Any], runs: str, awaits: str) -> None:
    machine = Machine([a_rule(**rule)])
    machine.runs(runs)
    assert [state.awaits for state in machine.states] == [awaits]
