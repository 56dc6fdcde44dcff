"""A control question takes the way to the model off the latency of all others, and tells of the way itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from checks.drift.observation import ProbeObservation, RunObservation
from checks.drift.reference import without_way
from checks.drift.result import CONTROL, StreamState
from checks.drift.score import streams_of
from reports.attribution.causes import causes
from reports.verdict_words import verdict_reason
from tests.fakes.records import a_run, a_stream
from tests.unit.drift_world import PROBES, Weather, World, key, plan_for

WAY = Weather(probes=("greeting",), slower=0.05)


class Controlled(World):
    """A world whose suite has a control question; ``way_s`` is added to every call and is all that one takes."""

    way_s = 0.0

    def observe(self, weather: Weather) -> RunObservation:
        run = super().observe(weather)
        asked = tuple(replace(probe, samples=tuple(map(self._later, probe.samples))) for probe in run.probes)
        control = asked[0].samples
        times = 0.05 * self.rng.lognormal(0, 0.1, len(control)) + self.way_s
        samples = tuple(
            replace(s, first_token_s=float(t), total_s=float(t), route=None)
            for s, t in zip(control, times, strict=True)
        )
        return replace(
            run, probes=(*asked, ProbeObservation(probe="way", request_hash="h", samples=samples, control=True))
        )

    def _later(self, facts):  # type: ignore[no-untyped-def]
        first = None if facts.first_token_s is None else facts.first_token_s + self.way_s
        return replace(facts, first_token_s=first, total_s=(facts.total_s or 0.0) + self.way_s)


def controlled(runs: int = 100, *, samples: int = 5) -> Controlled:
    world = Controlled(seed=3, samples=samples)
    world.settle(runs)
    return world


def test_a_network_that_gets_slower_moves_the_control_and_not_the_latency_of_the_model() -> None:
    world = controlled()
    world.way_s = 1.0
    results = world.settle(12)
    assert results[key(CONTROL)].state is StreamState.ALARM
    assert results[key("latency.total")].state is StreamState.QUIET
    assert results[key("latency.first_token")].state is StreamState.QUIET


def test_without_a_control_question_the_same_network_is_drift() -> None:
    world = controlled()
    bare = World(seed=3, samples=5)
    for _ in range(100):
        run = world.observe(Weather())
        bare.judged(replace(run, probes=run.probes[:-1]))
    world.way_s = 1.0
    results = {}
    for _ in range(12):
        run = world.observe(Weather())
        results = {r.key: r for r in bare.judged(replace(run, probes=run.probes[:-1])).results}
    assert results[key("latency.total")].state is StreamState.ALARM


def test_a_slower_model_is_found_beside_a_quiet_control() -> None:
    world = controlled()
    assert world.until_alarm(key("latency.total"), Weather(slower=1.5), most=6) is not None
    assert world.settle(1, Weather(slower=1.5))[key(CONTROL)].state is StreamState.QUIET


def test_a_run_whose_control_question_failed_is_no_evidence_of_latency() -> None:
    world = controlled(40)
    before = world.states[key("latency.total")]
    run = world.observe(Weather(slower=3.0))
    lost = tuple(replace(s, failed=True, total_s=None, first_token_s=None) for s in run.probes[-1].samples)
    results = {
        r.key: r
        for r in world.judged(replace(run, probes=(*run.probes[:-1], replace(run.probes[-1], samples=lost)))).results
    }
    assert "too little data" in results[key("latency.total")].note
    assert world.states[key("latency.total")] == before


def test_a_control_question_that_comes_or_goes_starts_latency_anew() -> None:
    world = World(seed=3, samples=5)
    world.settle(30)
    later = Controlled(seed=4, samples=5, states=world.states, number=world.number)
    results = later.settle(1)
    assert results[key("latency.total")].state is StreamState.COLLECTING
    assert results[key("tokens.output")].state is StreamState.QUIET


def test_the_control_question_is_in_no_other_pooled_stream_and_has_its_own() -> None:
    world = controlled(30)
    hashes = {
        stream.dimension: set(state["hashes"]) for stream, state in world.states.items() if stream.scope == "suite"
    }
    assert hashes.pop(CONTROL) == {"way"}
    assert all(names == set(PROBES) for names in hashes.values())
    plain, with_it = streams_of(PROBES, streaming=True), streams_of(PROBES, streaming=True, control=True)
    assert {*with_it} - {*plain} == {key(CONTROL)}


def test_states_with_a_control_survive_json() -> None:
    world, other = controlled(30), controlled(30)
    other.states = {stream: json.loads(json.dumps(state)) for stream, state in other.states.items()}
    assert world.settle(2, Weather(slower=1.2)) == other.settle(2, Weather(slower=1.2))
    assert plan_for().streams


@pytest.mark.parametrize(("value", "gained", "left"), [(1.5, 0.5, 1.0), (1.5, -0.05, 1.55), (0.3, 5.0, 0.03)])
def test_the_way_is_taken_off_in_seconds_and_leaves_a_tenth_at_least(value: float, gained: float, left: float) -> None:
    assert without_way({"a": [value]}, gained)["a"] == [pytest.approx(left)]


def test_a_control_that_moves_is_told_as_the_way_for_all() -> None:
    run = a_run(drift=[a_stream(CONTROL, StreamState.ALARM, 100.0)])
    assert [cause.name for cause in causes(run)] == [CONTROL]
    assert "the network or gateway slowed down for all" in verdict_reason(run)
