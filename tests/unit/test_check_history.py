"""A changed check starts a new line of history: the pass rate of its probe is learned anew, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest

from checks.binding import Binding
from checks.drift.identity import relearned_words
from checks.drift.observation import RunObservation
from checks.drift.result import StreamKey, StreamState
from checks.fingerprint import fingerprint
from checks.rules import CHECKS
from checks.rules.contains import Contains
from checks.rules.not_contains import NotContains
from runner.normal.judging import judge_run
from runner.store.observation_rows import observation_json, stored_observation
from tests.fakes.rules import spec
from tests.unit.drift_world import Weather, World, key

ENTRY: dict[str, Any] = {"contains": {"all": ["30 days"], "ignore_case": True}}


def hashed(*entries: Any, rules: dict[str, Any] | None = None) -> str:
    bound, problems = Binding(rules={**CHECKS, **(rules or {})}).entries([spec(entry) for entry in entries])
    assert not problems
    return fingerprint(bound)


@pytest.mark.parametrize(
    "same",
    [
        [ENTRY, "no_refusal"],
        ["no_refusal", ENTRY],
        [{"contains": {"ignore_case": True, "all": ["30 days"]}}, "no_refusal"],
        [{**ENTRY, "severity": "info"}, "no_refusal"],
        [{**ENTRY, "mode": "contract", "require": "all"}, "no_refusal"],
    ],
)
def test_order_and_severity_make_no_other_fingerprint(same: list[Any]) -> None:
    assert hashed(*same) == hashed(ENTRY, "no_refusal")


@pytest.mark.parametrize(
    "other",
    [
        [],
        [ENTRY],
        [ENTRY, "no_refusal", "no_pii"],
        [ENTRY, "no_refusal", "no_refusal"],
        [{"contains": {"all": ["31 days"], "ignore_case": True}}, "no_refusal"],
        [{"contains": {"all": ["30 days", "days"], "ignore_case": True}}, "no_refusal"],
        [{**ENTRY, "mode": "tracked"}, "no_refusal"],
        [{**ENTRY, "require": "2 of 3"}, "no_refusal"],
        [{**ENTRY, "when": {"endpoint": "production"}}, "no_refusal"],
    ],
)
def test_whatever_makes_a_check_judge_otherwise_makes_another_fingerprint(other: list[Any]) -> None:
    assert hashed(*other) != hashed(ENTRY, "no_refusal")


def test_a_new_version_of_a_rule_makes_another_fingerprint_also_inside_another_check() -> None:
    class Stricter(Contains):
        version: ClassVar[int] = 2

    class AsEver(NotContains):
        version: ClassVar[int] = 1

    inside: dict[str, Any] = {"all_of": ["no_refusal", {"not": ENTRY}]}
    for entry in (ENTRY, inside):
        assert hashed(entry, rules={"contains": Stricter}) != hashed(entry)
    assert hashed({"not_contains": "x"}, rules={"not_contains": AsEver}) == hashed({"not_contains": "x"})


def test_a_fingerprint_is_of_any_text() -> None:
    assert hashed({"contains": "\ud800"}) != hashed({"contains": "?"})
    assert len(hashed({"contains": "für 👩‍👩‍👧"})) == 16


# ------------------------------------------------------------------------------------------------ the judge
@dataclass(kw_only=True)
class Checked(World):
    """A world that also tells which checks looked."""

    hashes: dict[str, str] = field(default_factory=dict)

    def observe(self, weather: Weather) -> RunObservation:
        run = super().observe(weather)
        probes = tuple(replace(probe, checks_hash=self.hashes.get(probe.probe, "first")) for probe in run.probes)
        return replace(run, probes=probes)


def settled_twins() -> tuple[Checked, Checked]:
    twins = Checked(seed=11, samples=8), Checked(seed=11, samples=8)
    for world in twins:
        world.settle(12)
    return twins


def test_an_edited_check_is_collected_anew_and_leaves_every_other_stream_as_it_was() -> None:
    edited, as_ever = settled_twins()
    edited.hashes["refund"] = "second"
    for number in range(6):
        now, then = edited.settle(1), as_ever.settle(1)
        own = key("checks", "refund")
        assert now[own].state is (StreamState.COLLECTING if number < 5 else StreamState.QUIET)
        assert then[own].state is StreamState.QUIET
        untouched = {k for k in then if k.dimension != "checks"} | {key("checks", "invoice"), key("checks", "greeting")}
        assert {k: now[k] for k in untouched} == {k: then[k] for k in untouched}
        assert now[key("checks")].state is StreamState.QUIET
        assert "refund (checks changed since the baseline)" in now[key("checks")].note


def test_a_check_that_fails_more_since_it_was_edited_raises_no_alarm() -> None:
    edited, unedited = settled_twins()
    edited.hashes["refund"] = "second"
    failing = Weather(broken=("refund",))
    for results in edited.run(40, failing):
        assert not [k for k, result in results.items() if result.state in (StreamState.ALARM, StreamState.WARN)]
    assert unedited.until_alarm(key("checks", "refund"), failing, most=40) is not None


def test_where_every_check_has_changed_the_pooled_stream_starts_anew() -> None:
    world, _ = settled_twins()
    world.hashes = dict.fromkeys(("greeting", "invoice", "refund", "summary"), "second")
    now = world.settle(1, Weather(broken=("refund", "invoice")))
    assert now[key("checks")].state is StreamState.COLLECTING
    assert now[key("failures")].state is StreamState.QUIET


def test_an_edit_while_collecting_drops_what_was_collected_of_that_probe() -> None:
    world = Checked(seed=3, samples=8)
    world.settle(3)
    world.hashes["refund"] = "second"
    assert world.settle(1)[key("checks", "refund")].baseline_size == 1
    assert world.states[key("checks", "invoice")]["runs"][0][0] == "run-1"


def test_an_alarm_about_old_checks_ends_with_them() -> None:
    world, _ = settled_twins()
    failing = Weather(broken=("refund",))
    assert world.until_alarm(key("checks", "refund"), failing, most=40) is not None
    world.hashes["refund"] = "second"
    assert world.settle(1)[key("checks", "refund")].state is StreamState.COLLECTING


def test_runs_stored_without_fingerprints_are_judged_as_they_were() -> None:
    plain, hashless = World(seed=7, samples=8), Checked(seed=7, samples=8)
    hashless.hashes = dict.fromkeys(("greeting", "invoice", "refund", "summary"), "")
    assert plain.settle(8) == hashless.settle(8)
    assert plain.states == hashless.states


def test_a_state_from_before_fingerprints_goes_on_and_notices_the_next_change() -> None:
    world = Checked(seed=7, samples=8, hashes=dict.fromkeys(("greeting", "invoice", "refund", "summary"), ""))
    world.settle(8)
    world.hashes = {}
    judged = judge_run(world.states, world.observe(Weather()), world.plan, whole=True)
    assert judged.note == ""
    world.states = judged.states
    assert world.settle(1)[key("checks", "refund")].state is StreamState.QUIET
    world.hashes = {"refund": "second"}
    assert world.settle(1)[key("checks", "refund")].state is StreamState.COLLECTING


# ------------------------------------------------------------------------------------------------ what is said
def test_the_run_says_once_whose_pass_rate_is_learned_anew() -> None:
    world, _ = settled_twins()
    world.hashes["refund"] = "second"
    states: Any = world.states
    notes = []
    for _ in range(2):
        judged = judge_run(states, world.observe(Weather()), world.plan, whole=True)
        states = {k: json.loads(json.dumps(state)) for k, state in judged.states.items()}
        notes.append(judged.note)
    assert notes == ["checks of refund changed: its pass rate is learned anew", ""]


def test_a_run_of_one_probe_says_so_too_and_leaves_the_pooled_stream_alone() -> None:
    world, _ = settled_twins()
    world.hashes["refund"] = "second"
    run = world.observe(Weather(probes=("refund",)))
    judged = judge_run(world.states, run, world.plan, whole=False)
    assert judged.note.endswith("; checks of refund changed: its pass rate is learned anew")
    assert judged.states[key("checks")] == world.states[key("checks")]


def test_a_changed_request_is_not_told_as_a_changed_check() -> None:
    world, _ = settled_twins()
    world.hashes["refund"] = "second"
    judged = judge_run(world.states, world.observe(Weather(rewritten=("refund",))), world.plan, whole=True)
    assert "checks of" not in judged.note
    (pooled,) = [result for result in judged.results if result.key == StreamKey(scope="suite", dimension="checks")]
    assert "refund (request changed since the baseline)" in pooled.note


@pytest.mark.parametrize(
    ("probes", "words"),
    [
        ((), ""),
        (("a", "b"), "checks of a, b changed: their pass rates are learned anew"),
        (tuple("abcdefgh"), "checks of a, b, c, d, e, f and 2 more changed: their pass rates are learned anew"),
    ],
)
def test_many_names_are_shortened(probes: tuple[str, ...], words: str) -> None:
    assert relearned_words(probes) == words


def test_the_fingerprint_is_stored_with_the_run_and_comes_back() -> None:
    world = Checked(seed=1, samples=2, hashes={"refund": "second", "invoice": ""})
    run = world.observe(Weather())
    answers = {(p.probe, place): facts.answer for p in run.probes for place, facts in enumerate(p.samples)}
    row = {"observation": observation_json(run), "plan": "{}", "in_baseline": 0, "texts_expired": 0}
    assert stored_observation(row, answers).observation == run
