"""Scenarios over the alert state machine. Between any two runs only JSON survives, as after a restart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.alerts.machine import NOT_LISTENING, AlertState, step, views
from reports.notice import AlertEvent
from tests.fakes.alerting import START, Machine, a_condition, a_rule


# ------------------------------------------------------------------------------------------------ k of n
def test_opens_at_k_bad_among_the_last_n_and_resolves_after_good_runs_in_a_row() -> None:
    machine = Machine([a_rule(after="2 of 3", resolve_after=2)])
    told = machine.runs("xoxoxoo")
    assert told == ["-", "-", "opened contract", "-", "-", "-", "resolved contract"]


def test_bad_runs_too_far_apart_never_open() -> None:
    machine = Machine([a_rule(after="2 of 3")])
    assert machine.runs("xooxoox") == ["-"] * 7
    assert machine.states[0].state == "pending"


def test_a_pending_incident_that_does_not_come_back_is_forgotten() -> None:
    machine = Machine([a_rule(after="2 of 3")])
    machine.runs("x")
    assert (machine.states[0].state, machine.states[0].incident_id) == ("pending", "inc-1")
    machine.runs("ooo")
    assert (machine.states[0].state, machine.states[0].incident_id) == ("quiet", "")


def test_flapping_is_one_incident() -> None:
    machine = Machine([a_rule(resolve_after=2)])
    assert machine.runs("xo" * 10) == ["opened contract"] + ["-"] * 19
    assert machine.runs("o") == ["resolved contract"]


def test_the_next_incident_needs_evidence_and_an_id_of_its_own() -> None:
    machine = Machine([a_rule(after="2 of 3", resolve_after=1)])
    assert machine.runs("xxox") == ["-", "opened contract", "resolved contract", "-"]
    machine.runs("x")
    assert [t.incident_id for t in machine.told] == ["inc-1", "inc-1", "inc-2"]


def test_policy_and_drift_open_at_once_whatever_the_rule_says() -> None:
    rule = a_rule(after="3 of 3", on=["policy", "drift"])
    assert Machine([rule]).runs("x", kind="policy") == ["opened policy"]
    assert Machine([rule]).runs("x", kind="drift") == ["opened drift"]


# ------------------------------------------------------------------------------------------------ unknown
def test_unknown_neither_opens_nor_resolves_nor_counts() -> None:
    machine = Machine([a_rule(after="2 of 2", resolve_after=2)])
    assert machine.runs("x??x") == ["-", "-", "-", "opened contract"]
    assert machine.runs("o???o") == ["-"] * 4 + ["resolved contract"]


def test_an_outage_holds_the_contract_incident_and_opens_its_own() -> None:
    machine = Machine([a_rule()])
    machine.run(a_condition("contract"), a_condition("availability", bad=False))
    for told in (["opened availability"], [], []):
        assert machine.run(a_condition("contract", None), a_condition("availability")) == told
    assert [(s.kind, s.state) for s in machine.states] == [("contract", "open"), ("availability", "open")]


def test_an_incident_does_not_resolve_while_nobody_looks_at_what_was_broken() -> None:
    machine = Machine([a_rule(resolve_after=1)])
    machine.run(a_condition(subjects=("a contains",)))
    blind = a_condition(bad=False, unseen=("a contains",))
    assert [machine.run(blind), machine.run(blind)] == [[], []]
    assert machine.run(a_condition(bad=False, unseen=("b contains",))) == ["resolved contract"]


# ------------------------------------------------------------------------------------------------ updates, reminders
def test_a_new_member_is_an_update_and_a_new_number_is_not() -> None:
    machine = Machine([a_rule()])
    told = [
        machine.run(a_condition(facts=facts))
        for facts in (("a: 1 of 3",), ("a: 0 of 3",), ("a: 0 of 3", "b: 2 of 3"), ("b: 1 of 3",), ("a: 3 of 9",))
    ]
    assert told == [["opened contract"], [], ["updated contract"], [], []]
    assert machine.told[-1].facts == ("now also: b", "a: 0 of 3", "b: 2 of 3")


def test_rising_severity_is_an_update_and_falling_is_not() -> None:
    machine = Machine([a_rule()])
    told = [machine.run(a_condition("drift", severity=s)) for s in ("info", "ticket", "info", "page", "ticket")]
    assert told == [["opened drift"], ["updated drift"], [], ["updated drift"], []]
    assert [t.severity for t in machine.told] == ["info", "ticket", "page"]


def test_reminds_while_it_is_bad_and_only_when_due() -> None:
    machine = Machine([a_rule(remind_every="30m")])
    assert machine.runs("xxxxx") == ["opened contract", "-", "reminder contract", "-", "reminder contract"]
    assert machine.runs("?ox") == ["-", "-", "reminder contract"]
    assert {t.opened_at for t in machine.told} == {START}


def test_without_remind_every_nothing_is_repeated() -> None:
    assert Machine([a_rule()]).runs("x" * 50) == ["opened contract"] + ["-"] * 49


# ------------------------------------------------------------------------------------------------ rules
def test_each_notifier_has_its_own_k_of_n() -> None:
    machine = Machine([a_rule(notify="slack"), a_rule(notify="pager", after="2 of 2")])
    machine.runs("x")
    assert [(t.notifier, t.event) for t in machine.told] == [("slack", "opened")]
    machine.runs("x")
    assert [(t.notifier, t.event) for t in machine.told[1:]] == [("pager", "opened")]


def test_of_two_rules_for_one_notifier_and_kind_the_first_counts() -> None:
    machine = Machine([a_rule(after="2 of 2"), a_rule(after="1 of 1")])
    assert machine.runs("xx") == ["-", "opened contract"]


def test_without_rules_incidents_are_shown_and_nobody_is_told() -> None:
    machine = Machine([])
    assert machine.runs("xoo") == ["opened contract", "-", "resolved contract"]
    assert {t.notifier for t in machine.told} == {""}


@pytest.mark.parametrize(
    "rules",
    [[], [a_rule(notify="pager")], [a_rule(on=["drift"])]],
    ids=["no rules left", "another notifier", "other kinds"],
)
def test_a_rule_that_is_gone_closes_its_incident_with_a_reason(rules: list[object]) -> None:
    machine = Machine([a_rule()])
    machine.runs("x")
    machine.rules = rules  # type: ignore[assignment]
    machine.run(a_condition(bad=None))
    (closed,) = [t for t in machine.told if t.notifier == "slack" and t.event is AlertEvent.RESOLVED]
    assert (closed.incident_id, closed.reason, closed.facts) == ("inc-1", NOT_LISTENING, ("contract thing: moved",))
    assert machine.run(a_condition(bad=None)) == []


def test_an_edited_rule_keeps_the_open_incident() -> None:
    machine = Machine([a_rule(after="1 of 1")])
    machine.runs("x")
    machine.rules = [a_rule(after="3 of 5", resolve_after=3, remind_every="1d")]
    assert machine.runs("xooo") == ["-", "-", "-", "resolved contract"]


def test_kinds_a_run_says_nothing_of_stay_as_they_are() -> None:
    machine = Machine([a_rule(on=["contract", "no-data"])])
    machine.run(a_condition("no-data"))
    assert machine.run(a_condition(bad=False)) == []
    assert {(s.kind, s.state) for s in machine.states} == {("contract", "quiet"), ("no-data", "open")}


# ------------------------------------------------------------------------------------------------ drift waits
def test_drift_inside_a_contract_incident_is_told_in_it_and_not_twice() -> None:
    machine = Machine([a_rule()])
    contract, drift = a_condition(facts=("a: broken",)), a_condition("drift", facts=("latency.total: x2", "route: new"))
    assert machine.run(contract, drift) == ["opened contract"]
    assert machine.told[0].facts == ("a: broken", "also moved: latency.total: x2", "also moved: route: new")
    assert [machine.run(contract, drift) for _ in range(5)] == [[]] * 5


def test_drift_that_begins_later_updates_the_leading_incident() -> None:
    machine = Machine([a_rule(resolve_after=2)])
    machine.run(a_condition(facts=("a: broken",)), a_condition("drift", bad=False))
    assert machine.run(a_condition(bad=False), a_condition("drift", facts=("route: new",))) == ["updated contract"]
    assert machine.told[-1].facts == (
        "now also: route moved",
        "in the last bad run: a: broken",
        "also moved: route: new",
    )


def test_drift_still_standing_opens_when_the_leading_incident_resolves() -> None:
    machine = Machine([a_rule(resolve_after=2)])
    machine.run(a_condition(), a_condition("drift"))
    assert machine.run(a_condition(bad=False), a_condition("drift")) == []
    assert machine.run(a_condition(bad=False), a_condition("drift")) == ["resolved contract", "opened drift"]


def test_drift_gone_by_then_never_opens() -> None:
    machine = Machine([a_rule(resolve_after=2)])
    machine.run(a_condition(), a_condition("drift"))
    machine.run(a_condition(bad=False), a_condition("drift"))
    assert machine.run(a_condition(bad=False), a_condition("drift", bad=False)) == ["resolved contract"]


@pytest.mark.parametrize("kind", ["contract", "availability"])
def test_a_pending_incident_that_is_getting_worse_holds_drift_too(kind: str) -> None:
    machine = Machine([a_rule(after="2 of 3")])
    assert machine.run(a_condition(kind), a_condition("drift")) == []
    assert machine.run(a_condition(kind), a_condition("drift")) == [f"opened {kind}"]
    assert any(fact.startswith("also moved: ") for fact in machine.told[0].facts)


def test_a_contract_that_never_breaks_often_enough_does_not_hide_drift() -> None:
    machine = Machine([a_rule(after="2 of 3")])
    assert machine.run(a_condition(), a_condition("drift")) == []
    assert machine.run(a_condition(bad=False), a_condition("drift")) == ["opened drift"]


def test_drift_that_was_open_before_goes_its_own_way() -> None:
    machine = Machine([a_rule()])
    machine.run(a_condition("drift"))
    assert machine.run(a_condition(), a_condition("drift")) == ["opened contract"]
    assert machine.told[-1].facts == ("contract thing: moved",)
    machine.run(a_condition(), a_condition("drift", bad=False))
    assert machine.run(a_condition(), a_condition("drift", bad=False)) == ["resolved drift"]


def test_a_notifier_that_hears_only_of_drift_is_told_though_a_contract_is_broken() -> None:
    machine = Machine([a_rule(notify="slack", on=["contract"]), a_rule(notify="data-team", on=["drift"])])
    machine.run(a_condition(), a_condition("drift"))
    assert {(t.notifier, t.kind) for t in machine.told} == {("slack", "contract"), ("data-team", "drift")}


# ------------------------------------------------------------------------------------------------ laws
@given(
    st.text("xo?", max_size=40),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(1, 4),
)
def test_open_and_resolved_alternate_and_each_is_earned(verdicts: str, k: int, more: int, resolve_after: int) -> None:
    n = k + more
    machine = Machine([a_rule(after=f"{k} of {n}", resolve_after=resolve_after)])
    told = machine.runs(verdicts)
    changes = [(i, word.split()[0]) for i, word in enumerate(told) if word != "-"]
    assert [word for _, word in changes] == ["opened", "resolved"] * (len(changes) // 2) + ["opened"] * (
        len(changes) % 2
    )
    for at, word in changes:
        known = [verdict == "x" for verdict in verdicts[: at + 1] if verdict != "?"]
        if word == "opened":
            assert sum(known[-n:]) >= k and known[-1]
        else:
            assert not any(known[-resolve_after:]) and len(known) >= resolve_after
    assert all(len(state.outcomes) <= max(n, resolve_after) for state in machine.states)


@given(st.lists(st.tuples(*[st.sampled_from([True, False, None])] * 3), max_size=25))
def test_drift_never_opens_beside_an_open_contract(runs: list[tuple[bool | None, ...]]) -> None:
    machine = Machine([a_rule(after="2 of 3")])
    for contract, drift, availability in runs:
        before = {state.kind for state in machine.states if state.state == "open"}
        told = machine.run(
            a_condition(bad=contract), a_condition("drift", drift), a_condition("availability", availability)
        )
        still = {kind for kind in ("contract", "availability") if kind in before and f"resolved {kind}" not in told}
        assert not (still and "opened drift" in told)


# ------------------------------------------------------------------------------------------------ views
def test_views_merge_notifiers_and_show_what_this_run_resolved() -> None:
    machine = Machine([a_rule(notify="slack", resolve_after=1), a_rule(notify="pager", after="3 of 3")])
    machine.runs("x")
    (open_beats_pending,) = views(machine.states)
    assert (open_beats_pending.state, open_beats_pending.severity) == ("open", "page")
    states, transitions = step(
        machine.states, [a_condition(bad=False)], [a_rule(resolve_after=1)], now=machine.now, new_incident_id=str
    )
    assert [view.state for view in views(states, transitions)] == ["resolved"]
    assert views(states) == ()


def test_quiet_states_are_not_shown() -> None:
    quiet = AlertState(key="bot/prod/drift", notifier="", kind="drift", state="quiet", severity="page")
    assert views([quiet]) == ()


def test_times_of_an_incident_are_those_of_its_runs() -> None:
    machine = Machine([a_rule(after="2 of 2", resolve_after=1)])
    machine.runs("xxo")
    opened, resolved = machine.told
    assert (opened.opened_at, opened.at) == (START + timedelta(minutes=15),) * 2
    assert (resolved.opened_at, resolved.at) == (START + timedelta(minutes=15), START + timedelta(minutes=30))


def test_an_incident_that_was_open_before_an_upgrade_goes_on_and_is_not_told_again() -> None:
    machine = Machine([a_rule(resolve_after=1)])
    machine.stored = (
        '[{"key":"bot/prod/contract","notifier":"slack","kind":"contract","state":"open","severity":"page",'
        '"outcomes":[true],"incident_id":"inc-0","opened_at":"2026-03-14T08:00:00Z",'
        '"last_notice_at":"2026-03-14T08:00:00Z","facts":["a: broken"],"subjects":["contract thing"],"faults":[]}]'
    )
    assert machine.look() == []
    assert machine.runs("xo") == ["-", "resolved contract"]
    assert machine.told[-1].incident_id == "inc-0"
