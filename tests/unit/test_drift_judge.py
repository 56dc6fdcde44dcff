"""The judge as a whole: quiet endpoints stay quiet, changes are found, states survive JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.drift.dimensions import POOLED
from checks.drift.evidence import Gathered
from checks.drift.observation import RunObservation
from checks.drift.result import SUITE_SCOPE, StreamKey, StreamState
from checks.drift.score import Judgement, States, accept, establish, judge, reset, streams_of
from tests.unit.drift_world import PROBES, Weather, World, key, plan_for, settled


def through_json(states: States) -> States:
    """The states as a store would give them back; strict JSON, no infinities."""
    text = {f"{key.scope}|{key.dimension}": json.dumps(state, allow_nan=False) for key, state in states.items()}
    parts = {name: name.split("|") for name in text}
    return {
        StreamKey(scope=parts[name][0], dimension=parts[name][1]): json.loads(value) for name, value in text.items()
    }


def test_streams_of_counts_every_stream_a_suite_may_have() -> None:
    streaming = streams_of(["a", "b"], streaming=True)
    assert len(streaming) == len(set(streaming)) == 14 + 2 * 6
    assert key("latency.first_token") not in streams_of(["a", "b"], streaming=False)
    assert {stream.scope for stream in streaming} == {SUITE_SCOPE, "a", "b"}


def test_a_few_hundred_quiet_runs_raise_no_alarm_in_any_stream() -> None:
    world = World(seed=1, samples=3)
    seen = set()
    for results in world.run(250):
        seen |= set(results)
        assert not [str(stream) for stream, result in results.items() if result.state is StreamState.ALARM]
    expected = set(streams_of(PROBES, streaming=True))
    assert expected - seen <= {key("tokens.output", "greeting")}  # too short to be watched


@pytest.mark.parametrize(
    ("wanted", "weather", "before", "within"),
    [
        (key("latency.total"), Weather(slower=1.5), 100, 5),
        (key("latency.first_token"), Weather(slower=1.5), 100, 5),
        (key("tokens.output"), Weather(wordier=1.25), 100, 6),
        (key("route"), Weather(route="gw / fp_b"), 100, 3),
        (key("refusals"), Weather(refusing=0.3), 60, 4),
        (key("checks", "invoice"), Weather(broken=("invoice",)), 60, 4),
        (key("failures"), Weather(failing=1.0), 60, 3),
        (key("answers"), Weather(wordings=("Nobody knows {}.", "Ask again about {}.")), 60, 4),
    ],
    ids=lambda value: str(value) if isinstance(value, StreamKey) else "",
)
def test_a_change_raises_its_alarm_within_a_few_runs(
    wanted: StreamKey, weather: Weather, before: int, within: int
) -> None:
    world = settled(before)
    taken = world.until_alarm(wanted, weather, most=within)
    assert taken is not None


def test_an_alarm_tells_since_when_how_far_and_in_words() -> None:
    world = settled(100)
    opened = next(r[key("latency.total")] for r in world.run(8, Weather(slower=1.5)) if r[key("latency.total")].opened)
    assert opened.since == "run-101"
    assert opened.effect is not None
    assert opened.effect.kind == "ratio"
    assert opened.effect.low is not None and opened.effect.high is not None
    assert 1.1 < opened.effect.low < opened.effect.value < opened.effect.high < 2
    assert opened.note.startswith(f"median latency x{opened.effect.value:.2f}, between x")
    assert (opened.state, opened.score, opened.supported) == (StreamState.ALARM, 100.0, True)


def test_an_unseen_route_is_named_in_the_note() -> None:
    world = settled(60)
    opened = next(r[key("route")] for r in world.run(4, Weather(route="gw / fp_b")) if r[key("route")].opened)
    assert "unseen route gw / fp_b: 100 % of the last" in opened.note
    assert opened.effect is not None
    assert opened.effect.value == 1.0


def test_one_whole_failing_run_shows_and_does_not_alarm() -> None:
    world = settled(60)
    shown = world.settle(1, Weather(failing=1.0))[key("failures")]
    assert shown.score is not None
    assert 25 < shown.score < 50
    quiet = [results[key("failures")].state for results in world.run(30)]
    assert StreamState.ALARM not in quiet


@pytest.mark.parametrize("slower", [1.0, 1.6])
def test_the_same_samples_give_the_same_states_to_the_last_digit(slower: float) -> None:
    worlds = [World(seed=9, samples=2), World(seed=9, samples=2)]
    for world in worlds:
        world.settle(25)
        world.settle(8, Weather(slower=slower))
    assert json.dumps(list(worlds[0].states.values())) == json.dumps(list(worlds[1].states.values()))


@cache
def never_stopped(later: Weather) -> tuple[list[RunObservation], list[Judgement]]:
    """Forty runs, from the 31st on in another weather, judged without a break."""
    world = World(seed=4, samples=2)
    runs = [world.observe(Weather() if number < 30 else later) for number in range(40)]
    judgements: list[Judgement] = []
    for run in runs:
        judgements.append(judge(judgements[-1].states if judgements else {}, run, world.plan))
    return runs, judgements


@settings(max_examples=6, deadline=None)
@example(set(range(40)), Weather(slower=2.0, failing=0.6))
@given(st.sets(st.integers(0, 39), max_size=6), st.sampled_from([Weather(), Weather(slower=2.0, failing=0.6)]))
def test_resuming_from_json_at_any_run_is_like_never_having_stopped(stops: set[int], later: Weather) -> None:
    runs, expected = never_stopped(later)
    states: States = {}
    for number, run in enumerate(runs):
        judgement = judge(states, run, plan_for())
        assert judgement.results == expected[number].results
        states = through_json(judgement.states) if number in stops else judgement.states
    assert through_json(states) == through_json(expected[-1].states)


def test_results_come_pooled_first_then_probe_by_probe() -> None:
    world = World()
    world.settle(2)
    keys = [result.key for result in world.fire().results]
    assert keys == [stream for stream in streams_of(PROBES, streaming=True) if stream in keys]


def test_a_stream_without_a_baseline_says_what_is_missing() -> None:
    world = World(samples=3)
    results = world.settle(3)
    assert results[key("latency.total")].note == "3 of 20 runs"
    assert results[key("refusals", "refund")].note == "3 of 5 runs, 9 of 30 samples"
    assert results[key("latency.total")].score is None
    assert results[key("latency.total")].state is StreamState.COLLECTING


def test_while_a_baseline_is_captured_streams_only_collect_and_establish_ends_it() -> None:
    world = World(samples=3, plan=plan_for(capturing=True))
    results = world.settle(30)
    assert {result.state for result in results.values()} == {StreamState.COLLECTING}
    world.states = establish(world.states, world.plan)
    world.plan = plan_for()
    result = world.settle(1)[key("latency.total")]
    assert (result.state, result.baseline_size) == (StreamState.QUIET, 31)


def test_establish_leaves_streams_with_too_little_data_collecting() -> None:
    world = World(samples=1, plan=plan_for(capturing=True))
    world.settle(6)
    world.states = establish(world.states, world.plan)
    phases = {stream: state["phase"] for stream, state in world.states.items()}
    assert phases[key("latency.total")] == "collecting"
    assert phases[key("failures")] == "collecting"  # 24 samples of 30


def test_a_latency_stream_stops_at_warn_until_fifty_runs_were_seen() -> None:
    world = settled(20)
    shown = [results[key("latency.total")] for results in world.run(20, Weather(slower=2.5))]
    assert max(result.score or 0 for result in shown) == 99.0
    assert {StreamState.WARN} == {result.state for result in shown[-10:]}
    assert "until 50 runs" in shown[-1].note


def test_times_that_lie_further_apart_move_the_spread_and_not_the_level() -> None:
    world = settled(60)
    wanted = key("latency.total.spread")
    assert world.until_alarm(wanted, Weather(uneven=2.0), most=20) is not None
    results = world.settle(5, Weather(uneven=2.0))
    assert results[wanted].note.startswith("spread of latency x")
    assert results[key("latency.total")].state is StreamState.QUIET


def test_a_few_calls_that_drag_move_the_tail_and_not_the_level() -> None:
    world = settled(60)
    wanted = key("latency.total.tail")
    assert world.until_alarm(wanted, Weather(dragging=0.08), most=25) is not None
    results = world.settle(3, Weather(dragging=0.08))
    assert "three times their usual time" in results[wanted].note
    effect = results[wanted].effect
    assert effect is not None
    assert effect.kind == "difference"
    assert (effect.low or 0) > 0
    assert results[key("latency.total")].state is not StreamState.ALARM


def test_one_sample_a_run_has_neither_spread_nor_tail() -> None:
    world = World(samples=1)
    results = world.settle(25, Weather(probes=("greeting",)))
    assert key("latency.total") in results
    assert key("latency.total.spread") not in results
    assert key("latency.total.tail") not in results


def test_a_changed_request_is_left_out_of_the_pool_and_starts_its_own_streams_anew() -> None:
    world = settled(25)
    results = world.settle(1, Weather(rewritten=("refund",)))
    assert results[key("latency.total")].note == "left out: refund (request changed since the baseline)"
    assert results[key("failures", "refund")].state is StreamState.COLLECTING
    assert results[key("failures", "refund")].baseline_size == 1
    assert results[key("failures", "invoice")].state is StreamState.QUIET


def test_a_new_probe_collects_on_its_own_and_a_removed_one_is_forgotten() -> None:
    world = settled(25)
    results = world.settle(1, Weather(probes=("greeting", "invoice", "refund")))
    assert key("failures", "summary") not in results
    assert key("failures", "summary") not in world.states
    back = world.settle(1)
    assert back[key("failures", "summary")].state is StreamState.COLLECTING
    assert back[key("failures")].note == ""


def test_when_every_request_has_changed_the_pooled_streams_start_anew() -> None:
    world = settled(25)
    results = world.settle(1, Weather(rewritten=PROBES))
    assert {result.state for result in results.values()} == {StreamState.COLLECTING}


def test_a_request_changed_while_collecting_takes_its_earlier_runs_away() -> None:
    world = World(samples=3)
    world.settle(4)
    results = world.settle(1, Weather(rewritten=("refund",)))
    assert results[key("failures", "refund")].baseline_size == 1
    assert results[key("failures")].baseline_size == 5


def test_streams_without_data_do_not_exist_and_streams_that_lose_it_say_so() -> None:
    world = World(samples=8)
    bare = world.settle(2, Weather(usage=False, streamed=False, checked=False))
    assert not {"tokens.output", "latency.first_token", "checks"} & {stream.dimension for stream in bare}
    world.settle(25)
    lost = world.settle(1, Weather(usage=False))
    assert lost[key("tokens.output")].note == "too little data in this run: not judged"
    assert lost[key("tokens.output")].state is StreamState.QUIET


def test_an_outage_is_a_failures_alarm_and_no_latency_evidence() -> None:
    world = settled(60)
    latency = world.states[key("latency.total")]
    outage = list(world.run(6, Weather(failing=1.0)))
    assert any(results[key("failures")].opened for results in outage)
    assert world.states[key("latency.total")] == latency
    assert outage[-1][key("answers")].note.startswith("too little data")


def test_an_outage_that_ends_is_resolved_after_a_day_of_calm() -> None:
    world = settled(60)
    during = [results[key("failures")] for results in world.run(40, Weather(failing=1.0))]
    assert sum(result.opened for result in during) == 1
    assert all(result.supported for result in during[3:])
    assert "sustained" in during[-1].note
    after = [results[key("failures")] for results in world.run(60)]
    states = [result.state for result in after]
    calm = states.index(StreamState.QUIET)
    assert 21 <= calm + 1 <= 40  # a run or two of the last cycle may already have been calm
    assert StreamState.ALARM not in states[calm:]
    assert after[calm].note == "the alarm is over"


def test_a_slowdown_that_ends_is_resolved_and_one_that_lasts_is_not() -> None:
    world = settled(60)
    during = [results[key("latency.total")] for results in world.run(30, Weather(slower=1.8))]
    opened = next(number for number, result in enumerate(during) if result.opened)
    assert all(result.state is StreamState.ALARM and result.supported for result in during[opened:])
    assert "sustained" in during[-1].note
    states = [results[key("latency.total")].state for results in world.run(50)]
    assert states[0] is StreamState.ALARM
    assert states[-1] is StreamState.QUIET


def test_a_hiccup_of_a_few_runs_is_called_transient() -> None:
    world = settled(60)
    assert world.until_alarm(key("failures"), Weather(failing=1.0), most=5) == 3
    after = [results[key("failures")] for results in world.run(5)]
    assert "tell whether it lasts" in after[1].note
    assert "transient" in after[2].note
    assert [result.supported for result in after] == [True, True, True, False, False]
    assert {result.state for result in after} == {StreamState.ALARM}


def wandering_load(hours: int, slower_from: int) -> list[Gathered]:
    """One run an hour: load that wanders by 15 % for hours at a time, and a daily cycle of 15 %."""
    rng, load, runs = np.random.default_rng(2), 0.0, []
    for hour in range(hours):
        load = 0.8 * load + float(rng.normal(0, 0.15 * 0.6))
        shared = load + 0.15 * np.sin(2 * np.pi * hour / 24) + (np.log(1.3) if hour >= slower_from else 0.0)
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        values = np.exp(shared + rng.normal(0, 0.35, 20)).tolist()
        runs.append(Gathered(run_id=f"run-{hour}", day=at.date().isoformat(), told={"refund": values}))
    return runs


def test_the_day_channel_finds_under_wandering_load_what_single_runs_do_not() -> None:
    machine, plan = POOLED["latency.total"], plan_for(runs_per_year=8760)
    runs = wandering_load(24 * 40, slower_from=24 * 28)
    formed = machine.form(runs[:20], plan)
    assert formed is not None
    detector = formed.detector
    for run in runs[20:]:
        stepped = machine.step(formed.baseline, detector, run, plan, alarmed=False)
        assert stepped is not None
        detector, said = stepped
        if said.score >= 100:
            break
    assert (said.channel, said.since) == ("day", f"run-{24 * 28}")
    assert said.score == 100
    fresh = machine.restart(formed.baseline, detector, plan, said)["days"]
    assert len(fresh["values"]) == 28  # the whole days before the change are its baseline still


def test_accepting_the_runs_since_a_change_makes_them_the_new_normal() -> None:
    world = settled(60)
    slower = [world.observe(Weather(slower=1.8)) for _ in range(24)]
    for run in slower:
        world.states = judge(world.states, run, world.plan).states
    wanted = key("latency.total")
    before = dict(world.states)
    world.states = accept(slower, world.states, [wanted], world.plan)
    assert {stream: state for stream, state in world.states.items() if stream != wanted} == {
        stream: state for stream, state in before.items() if stream != wanted
    }
    result = world.settle(3, Weather(slower=1.8))[wanted]
    assert (result.state, result.baseline_size) == (StreamState.QUIET, 27)


def test_accepting_too_few_runs_goes_on_collecting() -> None:
    world = settled(25)
    runs = [world.observe(Weather()) for _ in range(4)]
    wanted = key("latency.total")
    world.states = accept(runs, world.states, [wanted], world.plan)
    assert world.settle(1)[wanted].note == "5 of 20 runs"


def test_a_reset_stream_is_forgotten() -> None:
    world = World(samples=3)
    world.settle(3)
    states = reset(world.states, [key("route")])
    assert set(world.states) - set(states) == {key("route")}


def test_a_constant_endpoint_is_quiet_and_its_smallest_real_change_is_found() -> None:
    constant = Weather(constant=True, wordings=("It is {}.",))
    world = World(seed=1, samples=3)
    for results in world.run(60, constant):
        assert all(result.state in (StreamState.COLLECTING, StreamState.QUIET) for result in results.values())
    changed = Weather(constant=True, wordings=("It is {}.",), slower=1.3)
    assert world.until_alarm(key("latency.total"), changed, most=5) is not None


@pytest.mark.slow
def test_three_thousand_quiet_runs_raise_no_alarm_and_leave_small_states() -> None:
    world = World(seed=11, samples=2)
    quiet = Weather(probes=("refund",))
    sizes = []
    for number, results in enumerate(world.run(3000, quiet), start=1):
        assert not [str(stream) for stream, result in results.items() if result.state is StreamState.ALARM]
        if number % 1000 == 0:
            sizes.append(max(len(json.dumps(state)) for state in world.states.values()))
    assert sizes[-1] < 20_000
    assert sizes[-1] < 1.5 * sizes[0]


@pytest.mark.parametrize("factor", [1.3, 1.6, 2.5])
def test_the_effect_tells_how_far_latency_really_moved(factor: float) -> None:
    world = settled(60)
    for results in world.run(6, Weather(slower=factor)):
        if results[key("latency.total")].opened:
            break
    effect = results[key("latency.total")].effect
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    assert effect.value == pytest.approx(factor, rel=0.15)
    assert effect.low < factor < effect.high
