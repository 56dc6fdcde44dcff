"""Golden baselines: slow drift that learning streams take for normal is found, and nothing but freezing moves them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from checks.drift.golden import RENEWED_DAYS, TOLERANCE_AMOUNTS, TOLERANCE_RATES, golden_plan
from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey, StreamResult, StreamState
from checks.drift.score import States, accept, freeze, judge, reset, streams_of
from tests.unit.drift_world import Weather, World, key

LATENCY, REFUSALS = "latency.total", "refusals"
PLAN = JudgePlan(runs_per_year=4 * 365, streams=30)
SIX_HOURS = timedelta(hours=6)
WEEK_RUNS = 28


def frozen_world(runs: int = 30) -> World:
    world = World(seed=3, samples=6, every=timedelta(hours=1))
    observed = [world.observe(Weather()) for _ in range(runs)]
    for run in observed:
        world.states = judge(world.states, run, world.plan).states
    world.states = freeze(observed, world.states, world.plan)
    return world


def year_of(rates: Iterator[tuple[float, float]], seed: int = 2) -> Iterator[RunObservation]:
    """Runs every six hours of one probe, from what is drawn: the factor on latency, the share of refusals."""
    rng = np.random.default_rng(seed)
    for at, (slower, refusing) in enumerate(rates, start=1):
        times = slower * np.exp(rng.normal(0, 0.3, 12))
        facts = tuple(
            SampleFacts(failed=False, total_s=float(time), refused=bool(rng.random() < refusing)) for time in times
        )
        probe = ProbeObservation(probe="one", request_hash="as-ever", samples=facts)
        start = datetime(2026, 1, 5, tzinfo=UTC) + at * SIX_HOURS
        yield RunObservation(run_id=str(at), started_at=start, probes=(probe,))


def alarms(states: States, runs: Iterator[RunObservation], *, marked_weekly: bool = False) -> list[StreamResult]:
    """All alarms that are raised; with a deploy marker every week all usual streams start anew."""
    opened: list[StreamResult] = []
    for number, run in enumerate(runs):
        if marked_weekly and number % WEEK_RUNS == 0:
            states = reset(states, [stream for stream in states if not stream.golden])
        judgement = judge(states, run, PLAN)
        states = judgement.states
        opened += [result for result in judgement.results if result.opened]
    return opened


def frozen_at(runs: list[RunObservation]) -> States:
    states: States = {}
    for run in runs:
        states = judge(states, run, PLAN).states
    return freeze(runs, states, PLAN)


def test_a_ramp_of_5_percent_a_week_with_a_deploy_marker_a_week_is_found_by_golden_alone() -> None:
    quiet, ramp = [(1.0, 0.01)] * (8 * WEEK_RUNS), [(1.05 ** (at / WEEK_RUNS), 0.01) for at in range(20 * WEEK_RUNS)]
    runs = list(year_of(iter(quiet + ramp)))
    states = frozen_at(runs[: len(quiet)])
    found = alarms(states, iter(runs[len(quiet) :]), marked_weekly=True)
    assert {str(result.key) for result in found} == {"golden.latency.total"}
    assert found[0].effect is not None and found[0].effect.value > 1 + TOLERANCE_AMOUNTS


def test_a_refusal_rate_that_creeps_up_under_weekly_deploy_markers_is_found_by_golden_alone() -> None:
    quiet = [(1.0, 0.02)] * (8 * WEEK_RUNS)
    creeping = [(1.0, 0.02 * 1.05 ** (at / WEEK_RUNS)) for at in range(24 * WEEK_RUNS)]
    runs = list(year_of(iter(quiet + creeping)))
    found = alarms(frozen_at(runs[: len(quiet)]), iter(runs[len(quiet) :]), marked_weekly=True)
    assert {str(result.key) for result in found} == {"golden.refusals"}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_quiet_quarter_raises_no_golden_alarm(seed: int) -> None:
    runs = list(year_of(iter([(1.0, 0.02)] * (21 * WEEK_RUNS)), seed=seed))
    assert alarms(frozen_at(runs[: 8 * WEEK_RUNS]), iter(runs[8 * WEEK_RUNS :])) == []


def test_a_change_within_the_golden_tolerance_is_none_however_long_it_lasts() -> None:
    quiet, slower = [(1.0, 0.02)] * (8 * WEEK_RUNS), [(1.1, 0.02)] * (16 * WEEK_RUNS)
    runs = list(year_of(iter(quiet + slower)))
    found = alarms(frozen_at(runs[: len(quiet)]), iter(runs[len(quiet) :]))
    assert not [result for result in found if result.key.golden]


def test_tolerances_of_golden_streams_are_15_percent_and_odds_of_1_5_or_the_suites_wider_ones() -> None:
    plan = golden_plan(JudgePlan(runs_per_year=8760, streams=10, tolerance_tokens=0.3, capturing=True))
    assert (plan.tolerance_latency, plan.tolerance_tokens, plan.tolerance_rates) == (0.15, 0.3, TOLERANCE_RATES)
    assert not plan.capturing


def test_freezing_adds_ten_streams_that_go_on_beside_the_usual_ones() -> None:
    world = frozen_world()
    golden = {stream for stream in world.states if stream.golden}
    assert len(golden) == 10 and {stream.scope for stream in golden} == {"suite"}
    results = world.settle(2)
    assert golden <= set(results)
    assert {results[stream].state for stream in golden} == {StreamState.QUIET}
    assert {results[stream].baseline_size for stream in golden} == {30}, "the runs that were frozen"


def test_what_golden_streams_learned_from_stays_as_it_is_whatever_comes() -> None:
    world = frozen_world()
    before = {stream: json.dumps(state["baseline"]) for stream, state in world.states.items() if stream.golden}
    world.settle(60, Weather(wordier=1.02))
    world.settle(5, Weather(rewritten=("refund",)))
    after = {stream: json.dumps(state["baseline"]) for stream, state in world.states.items() if stream.golden}
    assert after == before
    pool = world.states[key("golden.refusals")]["detector"]["inner"]["rate"]["pool"]
    assert pool == world.states[key("golden.refusals")]["baseline"]["fresh"]["rate"]["pool"]


def test_where_every_request_has_changed_a_golden_stream_waits_and_is_not_learned_anew() -> None:
    world = frozen_world()
    stream = StreamKey(scope="suite", dimension="golden.tokens.output")
    before = world.states[stream]
    results = world.settle(3, Weather(rewritten=("greeting", "invoice", "refund", "summary")))
    assert results[stream].state is StreamState.COLLECTING
    assert "since it was frozen" in results[stream].note
    assert world.states[stream] == before
    assert world.settle(1)[stream].state is StreamState.QUIET


def test_accepting_other_streams_leaves_golden_ones_alone_and_freezing_again_replaces_them() -> None:
    world = frozen_world()
    golden = {stream: state for stream, state in world.states.items() if stream.golden}
    runs = [world.observe(Weather(slower=1.5)) for _ in range(25)]
    accepted = accept(runs, world.states, streams_of(["greeting"], streaming=True), world.plan)
    assert {stream: state for stream, state in accepted.items() if stream.golden} == golden
    again = freeze(runs, world.states, world.plan)
    latency = key("golden.latency.total")
    assert again[latency]["baseline"] != golden[latency]["baseline"]
    assert {stream for stream in again if stream.golden} == set(golden)


def test_the_evidence_of_levels_begins_anew_after_a_quiet_week() -> None:
    world = frozen_world()
    latency = key("golden.latency.total")
    world.settle(24)
    began = world.states[latency]["detector"]["began"]
    world.settle(24 * RENEWED_DAYS)
    assert world.states[latency]["detector"]["began"] > began


def test_golden_states_survive_json() -> None:
    world, other = frozen_world(), frozen_world()
    other.states = {stream: json.loads(json.dumps(state, allow_nan=False)) for stream, state in other.states.items()}
    assert world.settle(10) == other.settle(10)
    assert world.states == other.states
