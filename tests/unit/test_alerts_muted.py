"""Muted incidents: they open and end, nobody is told meanwhile, and nothing is lost by it. Only JSON survives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reports.alerts.inhibition import INHIBITED, held_back, inhibition, with_dependents
from reports.alerts.machine import AlertState, views
from tests.fakes.alerting import START, Machine, a_condition, a_rule


def for_all(reason: str) -> Callable[[str, str, str], str]:
    return lambda _key, _kind, _severity: reason


def muted_machine(**rule: object) -> Machine:
    return Machine([a_rule(**rule)], muted=for_all("deploy"))


# ------------------------------------------------------------------------------------------------ muting
def test_a_muted_incident_opens_and_nobody_is_told_until_the_mute_ends() -> None:
    machine = muted_machine()
    assert machine.runs("xx") == ["-", "-"]
    assert [(s.state, s.shown, s.muted) for s in machine.states] == [("open", "muted", "deploy")]
    machine.muted = for_all("")
    assert machine.look(7) == ["opened contract"]
    assert (machine.told[0].opened_at, machine.told[0].at) == (START, machine.now)
    assert machine.told[0].facts == ("contract thing: moved",)
    assert machine.look(7) == []


def test_a_mute_that_ended_is_noticed_by_a_run_as_well() -> None:
    machine = muted_machine()
    machine.runs("x")
    machine.muted = for_all("")
    assert machine.runs("x") == ["opened contract"]


def test_what_opens_and_ends_muted_is_never_told() -> None:
    machine = muted_machine(resolve_after=1)
    assert machine.runs("xxo") == ["-"] * 3
    machine.muted = for_all("")
    assert [machine.look(5), machine.runs("o")] == [[], ["-"]]
    assert machine.told == []


def test_the_end_of_what_was_told_before_the_mute_is_told_in_it() -> None:
    machine = Machine([a_rule(resolve_after=1)])
    machine.runs("x")
    machine.muted = for_all("silenced")
    assert machine.runs("xo") == ["-", "resolved contract"]


def test_reminders_and_escalation_stand_still_while_muted() -> None:
    machine = Machine([a_rule(remind_every="20m", escalate={"after": "20m", "notify": "pager"})])
    machine.runs("x")
    machine.muted = for_all("silenced")
    assert [machine.look(60), *machine.runs("xx")] == [[], "-", "-"]


def test_what_is_new_while_muted_is_told_after_it() -> None:
    machine = Machine([a_rule()])
    machine.run(a_condition(facts=("a: broken",)))
    machine.muted = for_all("silenced")
    worse = a_condition(facts=("a: broken", "b: broken"))
    assert machine.run(worse) == []
    machine.muted = for_all("")
    assert machine.run(worse) == ["updated contract"]


def test_a_muted_state_is_always_due_for_nobody_knows_when_its_mute_ends() -> None:
    machine = muted_machine()
    machine.runs("x")
    (state,) = machine.states
    assert state.due_at == START
    assert machine.look(5) == []
    assert machine.states == (state,)


def test_views_show_muted_and_let_an_open_one_of_another_notifier_go_before() -> None:
    machine = muted_machine()
    machine.runs("x")
    (state,) = machine.states
    assert [view.state for view in views([state])] == ["muted"]
    assert [view.state for view in views([state, replace(state, notifier="pager", muted="")])] == ["open"]


# ------------------------------------------------------------------------------------------------ inhibition
def incident(place: str, kind: str = "availability", **fields: object) -> AlertState:
    state = AlertState(key=f"{place}/{kind}", notifier="slack", kind=kind, state="open", severity="page")
    return replace(state, **fields)  # type: ignore[arg-type]


def reason(*upstream: AlertState, depends: str = "gateway", own: str = "bot/prod", kind: str = "contract") -> str:
    suite, endpoint = own.split("/")
    known = {"gateway": {"prod", "eu"}, "provider": {"api"}}
    muted = inhibition((suite, endpoint), [depends], upstream, lambda name: known.get(name, set()))
    return muted(f"{own}/{kind}", kind, "page")


def test_an_incident_waits_for_the_endpoint_of_its_own_name() -> None:
    assert reason(incident("gateway/prod")) == INHIBITED + "gateway/prod"
    assert reason(incident("gateway/eu")) == ""


def test_where_there_is_none_of_that_name_any_endpoint_counts() -> None:
    assert reason(incident("provider/api"), depends="provider") == INHIBITED + "provider/api"


def test_an_endpoint_that_is_named_is_the_only_one_that_counts() -> None:
    assert reason(incident("gateway/eu"), depends="gateway/eu") == INHIBITED + "gateway/eu"
    assert reason(incident("gateway/prod"), depends="gateway/eu") == ""


def test_only_availability_and_paged_contracts_explain_others() -> None:
    assert reason(incident("gateway/prod", "contract")) == INHIBITED + "gateway/prod"
    assert reason(incident("gateway/prod", "contract", severity="ticket")) == ""
    assert reason(incident("gateway/prod", "drift")) == ""
    assert reason(incident("gateway/prod", state="pending")) == ""
    assert reason(incident("other/prod")) == ""


def test_a_spending_cap_waits_for_nobody() -> None:
    assert reason(incident("gateway/prod"), kind="spend") == ""


def test_who_waits_for_one_that_waits_itself_waits_for_the_root() -> None:
    waiting = incident("gateway/prod", muted=INHIBITED + "provider/api")
    assert reason(waiting) == INHIBITED + "provider/api"


def test_two_that_depend_on_each_other_never_hold_each_other_back() -> None:
    waits_for_us = incident("gateway/prod", muted=INHIBITED + "bot/prod")
    assert reason(waits_for_us) == ""


def test_the_upstream_tells_once_how_many_it_holds_back() -> None:
    waiting = [incident(f"bot-{n}/prod", muted=INHIBITED + "gateway/prod", kind=kind) for n in "ab" for kind in "xy"]
    names = held_back(waiting)
    assert names == ("bot-a at prod", "bot-b at prod")
    machine = Machine([a_rule()])
    down = a_condition("availability", facts=("3 of 3 samples failed",), subjects=("server",))
    drift = a_condition("drift", bad=False)
    assert machine.run(down, drift) == ["opened availability"]
    assert machine.run(*with_dependents([down, drift], names)) == ["updated availability"]
    assert machine.told[-1].facts[-1] == ("holds back the alerts of 2 that depend on it: bot-a at prod, bot-b at prod")
    assert machine.run(*with_dependents([down, drift], names[:1])) == []


def test_where_nothing_is_broken_nobody_is_said_to_be_held_back() -> None:
    fine = a_condition("availability", bad=False)
    assert with_dependents([fine], ("bot at prod",)) == (fine,)
