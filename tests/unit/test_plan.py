"""A plan's forecasts are what the judge itself does, and its figures are the stated formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.reference import Reference
from checks.drift.score import streams_of
from checks.plan.alarms import EVENT_YEARS, MEASURED_IN, WHOLE_RUNS, Measured, continuous, false_alarms
from checks.plan.events import EventTrial
from checks.plan.forecast import WATCHED, Outlook, Shape, forecast, horizons
from checks.plan.levels import Kind, LevelTrial, looked_at, run_values
from checks.plan.normal import ASSUMED_LATENCY_SD, Events, Normal, assumed, normal_calls
from checks.plan.past import Past
from checks.plan.recorded import LEAST_RUNS, recorded
from checks.plan.search import Horizon, Trial, delay, smallest_found
from tests.unit.drift_world import Weather, key, plan_for, settled

RUNS_A_YEAR = 35_040
PLAN = JudgePlan(runs_per_year=RUNS_A_YEAR, streams=74)
SHAPE = Shape(samples=30, probe_samples=3, checked=True)
DAY = horizons(RUNS_A_YEAR, ("day",))
AS_SETTLED = Past(formed=5, seen=100)
"""Baselines that formed themselves as soon as they could, as those of the imaginary endpoint do."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def outlook(stream: str, shape: Shape = SHAPE, normal: Normal | None = None, plan: JudgePlan = PLAN) -> Outlook:
    """One stream's forecast for a day, from sixteen trials."""
    (told,) = forecast(
        np.random.default_rng(4),
        normal or assumed(),
        shape,
        plan,
        DAY,
        repeats=16,
        watched=[row for row in WATCHED if row.stream == stream],
    )
    return told


def size(told: Outlook, wanted: float = 0.5) -> float:
    """The smallest change found within the day; infinite where there is none."""
    return next((f.size or math.inf for f in told.found if f.wanted == wanted), math.inf)


# ------------------------------------------------------------------------------------------------ the judge itself
@pytest.mark.parametrize("kind", ["latency", "spread"])
def test_values_of_many_runs_at_once_are_those_the_judge_takes_one_by_one(kind: Kind) -> None:
    logs = np.random.default_rng(2).standard_t(3, (40, 7)) * 0.4
    reference = Reference.of({"any": np.exp(logs[:20]).ravel().tolist()}, offset=0.0)
    told = reference.spread if kind == "spread" else reference.level
    one_by_one = [told({"any": run}) for run in np.exp(logs).tolist()]
    assert run_values(kind, reference, logs) == pytest.approx(one_by_one, abs=1e-12)


@pytest.mark.slow
def test_a_slowdown_is_forecast_to_take_as_many_runs_as_the_whole_judge_takes() -> None:
    direct = directly("latency.total", Weather(slower=1.3))
    trials = [
        LevelTrial.drawn(
            np.random.default_rng([9, number]),
            "latency",
            normal_calls(0.35),
            plan_for(),
            past=AS_SETTLED,
            later=40,
            n=32,
        )
        for number in range(31)
    ]
    forecast_runs = median(delay(trial, 1.3, 40) for trial in trials)
    assert abs(forecast_runs - median(direct)) <= 2


@pytest.mark.slow
def test_refusals_are_forecast_to_take_as_many_runs_as_the_whole_judge_takes() -> None:
    direct = directly("refusals", Weather(refusing=0.1))
    normal = Events(share=0.0, correlation=0.0, recorded=False)
    trials = [
        EventTrial.drawn(np.random.default_rng([9, number]), normal, plan_for(), past=AS_SETTLED, later=40, n=32)
        for number in range(31)
    ]
    forecast_runs = median(delay(trial, 0.1, 40) for trial in trials)
    assert abs(forecast_runs - median(direct)) <= 2


def directly(stream: str, weather: Weather) -> list[float]:
    """Runs until the alarm in whole runs of four probes and eight samples, judged by all streams, eleven times."""
    delays = []
    for number in range(11):
        world = deepcopy(settled(100))
        world.rng = np.random.default_rng([7, number])
        delays.append(float(world.until_alarm(key(stream), weather, most=40) or math.inf))
    return delays


def test_evidence_that_is_asked_for_at_some_runs_only_is_late_by_a_tenth_at_most() -> None:
    asked = [run for run in range(1, 701) if looked_at(run)]
    assert asked[:12] == list(range(1, 13))
    assert all(later - earlier <= max(1, later / 9) for earlier, later in pairwise(asked))


# ------------------------------------------------------------------------------------------------ forecasts
@pytest.mark.parametrize("stream", ["latency.total", "tokens.output", "checks", "refusals", "route", "answers"])
def test_more_samples_find_no_larger_change_than_fewer(stream: str) -> None:
    few, many = (Shape(samples=n, probe_samples=n, checked=True) for n in (4, 32))
    assert size(outlook(stream, many)) <= size(outlook(stream, few))


def test_runs_learned_one_by_one_are_worth_less_than_a_capture_of_all() -> None:
    grown = replace(assumed(), formed_runs=5)
    captured = replace(assumed(), formed_runs=100)
    assert size(outlook("refusals", normal=captured), 0.9) <= size(outlook("refusals", normal=grown), 0.9)


def test_more_false_alarms_accepted_find_no_larger_change() -> None:
    lax = replace(PLAN, false_alarms_per_year=50.0)
    assert size(outlook("refusals", plan=lax)) <= size(outlook("refusals"))


def test_a_sure_find_is_no_smaller_than_one_at_even_odds() -> None:
    for stream in ("latency.total", "checks"):
        told = outlook(stream)
        assert size(told, 0.9) >= size(told, 0.5)


def test_the_same_seed_gives_the_same_forecast() -> None:
    assert outlook("answers") == outlook("answers")


def test_one_sample_a_run_has_neither_spread_nor_tail() -> None:
    single = Shape(samples=1, probe_samples=1, checked=True)
    for stream in ("latency.total.spread", "latency.total.tail"):
        assert outlook(stream, single).blind == "needs 3 samples a run"


def test_a_suite_without_checks_finds_no_failed_checks() -> None:
    assert outlook("checks", replace(SHAPE, checked=False)).blind == "no check looks at the answers"


def test_a_gateway_that_answers_whole_runs_from_one_route_hides_a_new_one_longer() -> None:
    mixed = assumed()
    sticky = replace(mixed, route=replace(mixed.route, shares=(0.7, 0.3), correlation=1.0))
    loose = replace(mixed, route=replace(mixed.route, shares=(0.7, 0.3)))
    assert size(outlook("route", normal=sticky)) > size(outlook("route", normal=loose))


def test_a_wandering_load_hides_a_slowdown() -> None:
    path, rng = [0.0], np.random.default_rng(3)
    for step in rng.normal(0, 0.1, 199).tolist():
        path.append(0.8 * path[-1] + step)
    calm = assumed()
    wandering = replace(calm, latency=replace(calm.latency, shared=np.array(path)))
    assert size(outlook("latency.total", normal=wandering)) > size(outlook("latency.total", normal=calm))


def test_a_week_of_a_run_a_minute_is_simulated_in_part_and_says_so() -> None:
    hour, day, week = horizons(525_600)
    assert (hour.runs, hour.simulated) == (60, 60)
    assert (day.runs, day.simulated) == (1440, 700)
    assert (week.runs, week.simulated) == (10_080, 700)


def test_a_daily_suite_has_no_run_in_an_hour_and_seven_in_a_week() -> None:
    assert [wait.runs for wait in horizons(365)] == [0, 1, 7]


# ------------------------------------------------------------------------------------------------ the search
@dataclass(frozen=True)
class Fixed:
    """A history in which the alarm comes after a number of runs that depends on the size alone."""

    after: dict[float, int]

    def alarms(self, size: float) -> Iterator[bool]:
        number = 0
        while True:
            number += 1
            yield number >= self.after[size]


def test_the_smallest_size_is_told_so_that_all_larger_ones_are_found_too() -> None:
    trials: list[Trial] = [Fixed({4.0: 1, 3.0: 9, 2.0: 2, 1.5: 90}) for _ in range(10)]
    hour, day = Horizon(name="hour", runs=4, simulated=4), Horizon(name="day", runs=96, simulated=96)
    told = {(f.horizon, f.wanted): f for f in smallest_found(trials, (4.0, 3.0, 2.0, 1.5), (hour, day))}
    assert told["hour", 0.5].size == 4.0  # 2.0 is found as soon, but 3.0 is not
    assert told["day", 0.9].size == 1.5
    assert (told["day", 0.9].runs, told["day", 0.9].chance) == (90, 1.0)
    assert 0.6 < (told["day", 0.9].chance_low or 0) < 1.0


def test_a_change_that_is_never_found_has_no_size() -> None:
    trials: list[Trial] = [Fixed({4.0: 50}) for _ in range(10)]
    told = smallest_found(trials, (4.0,), (Horizon(name="hour", runs=4, simulated=4),))
    assert [(f.size, f.chance, f.runs) for f in told] == [(None, None, None)] * 2


def test_the_middle_of_the_trials_is_open_upwards_where_many_found_nothing() -> None:
    trials: list[Trial] = [Fixed({2.0: 5 if number < 6 else 99}) for number in range(10)]
    found, _ = smallest_found(trials, (2.0,), (Horizon(name="day", runs=20, simulated=20),))
    assert (found.size, found.runs, found.runs_low, found.runs_high) == (2.0, 5, 5, None)


# ------------------------------------------------------------------------------------------------ recorded noise
def facts(seconds: float, **more: object) -> SampleFacts:
    known: dict[str, object] = {
        "output_tokens": 80,
        "check_failed": False,
        "route": "gw / a",
        "finish": "stop",
        "answer": "It is 147.",
    }
    return SampleFacts(failed=False, total_s=seconds, **{**known, **more})  # type: ignore[arg-type]


def recorded_runs(count: int, shared_sd: float, **more: object) -> list[RunObservation]:
    rng = np.random.default_rng(8)
    return [
        RunObservation(
            run_id=f"run-{number}",
            started_at=EPOCH + timedelta(minutes=15 * number),
            probes=(
                ProbeObservation(
                    probe="one",
                    request_hash="as-ever",
                    samples=tuple(facts(float(2 * np.exp(load + 0.3 * noise)), **more) for noise in rng.normal(size=6)),
                ),
            ),
        )
        for number, load in enumerate(rng.normal(0, shared_sd, count).tolist())
    ]


@pytest.mark.parametrize("shared_sd", [0.0, 0.25])
def test_what_calls_of_a_run_share_is_told_apart_from_what_each_has_alone(shared_sd: float) -> None:
    normal = recorded(recorded_runs(200, shared_sd), formed=20)
    assert normal is not None
    assert normal.latency.recorded
    assert float(normal.latency.alone.std()) == pytest.approx(0.3, rel=0.1)
    assert float(normal.latency.shared.std()) == pytest.approx(shared_sd, abs=0.06)


def test_one_call_a_run_is_taken_as_independent() -> None:
    runs = [
        replace(run, probes=(replace(run.probes[0], samples=run.probes[0].samples[:1]),))
        for run in recorded_runs(30, 0.0)
    ]
    normal = recorded(runs, formed=20)
    assert normal is not None
    assert normal.latency.shared.tolist() == [0.0]
    assert len(normal.latency.alone) == 30


def test_too_few_recorded_runs_are_no_noise() -> None:
    assert recorded(recorded_runs(LEAST_RUNS - 1, 0.1), formed=20) is None


def test_what_the_runs_do_not_tell_stays_assumed_and_says_so() -> None:
    normal = recorded(recorded_runs(30, 0.1, output_tokens=None, answer=None), formed=20)
    assert normal is not None
    assert (normal.tokens.recorded, normal.answers.recorded) == (False, False)
    assert (normal.latency.recorded, normal.route.recorded, normal.checks.recorded) == (True, True, True)
    assert normal.baseline_runs == 30


def test_routes_that_change_from_run_to_run_are_recorded_as_sticky() -> None:
    runs = recorded_runs(40, 0.1)
    other = recorded_runs(40, 0.1, route="gw / b")
    normal = recorded([run if number % 2 else other[number] for number, run in enumerate(runs)], formed=20)
    assert normal is not None
    assert normal.route.correlation > 0.9
    assert normal.route.shares == pytest.approx((0.5, 0.5))


def test_assumed_calls_have_the_stated_spread() -> None:
    draws = assumed().latency.draw(np.random.default_rng(1), 500, 20)
    assert float(draws.std()) == pytest.approx(ASSUMED_LATENCY_SD, rel=0.03)


def test_recorded_runs_are_drawn_in_blocks_of_neighbours() -> None:
    calls = replace(normal_calls(1e-9), shared=np.arange(100.0))
    path = calls.draw(np.random.default_rng(1), 48, 1)[:, 0]
    steps = np.diff(path)
    together = np.isclose(steps, 1.0) | np.isclose(steps, -99.0)
    assert int(together.sum()) >= 44


def test_a_dimension_with_a_new_normal_is_told_by_its_newest_runs_alone() -> None:
    runs = recorded_runs(60, 0.1, route="gw / old")[:35] + recorded_runs(60, 0.1, route="gw / new")[35:]
    whole, since = recorded(runs, formed=20), recorded(runs, formed=20, newest={"route": 25})
    assert whole is not None
    assert since is not None
    assert (len(whole.route.shares), len(since.route.shares)) == (2, 1)
    few = recorded(runs, formed=20, newest={"route": 19, "latency.total": 0})
    assert few is not None
    assert (few.route.recorded, few.latency.recorded, few.tokens.recorded) == (False, False, True)


# ------------------------------------------------------------------------------------------------ false alarms
def test_the_exact_part_of_a_lone_suite_is_the_whole_budget() -> None:
    streams = streams_of(["a", "b", "c"], streaming=True)
    plan = JudgePlan(runs_per_year=RUNS_A_YEAR, streams=len(streams), false_alarms_per_year=2.0)
    assert false_alarms(plan, streams, 100).exact_per_year == pytest.approx(2.0)


def test_the_exact_part_shrinks_with_what_other_suites_take_of_the_budget() -> None:
    streams = streams_of(["a"], streaming=True)
    plan = JudgePlan(runs_per_year=RUNS_A_YEAR, streams=4 * len(streams))
    assert false_alarms(plan, streams, 100).exact_per_year == pytest.approx(0.25)


def test_the_measured_part_is_that_of_the_documentation_for_the_size_of_the_baseline() -> None:
    streams = streams_of(["a"], streaming=True)
    levels, plan = sum(map(continuous, streams)), JudgePlan(runs_per_year=RUNS_A_YEAR, streams=len(streams))
    told = {runs: false_alarms(plan, streams, runs).measured_new_baseline for runs in (10, 20, 50, 336)}
    assert told == {10: None, 20: pytest.approx(0.01 * levels), 50: 0.0, 336: 0.0}


def test_the_limits_are_the_exact_ones_of_what_was_measured_and_above_what_was_seen() -> None:
    none_seen = {among: 1 - 0.05 ** (1 / among) for among in (162, 200, 400)}
    for among, limit in none_seen.items():
        assert Measured(alarmed=0, among=among).most == pytest.approx(limit, rel=0.01)
    for seen in (Measured(alarmed=2, among=200), WHOLE_RUNS, EVENT_YEARS):
        tail = sum(
            math.comb(seen.among, x) * seen.most**x * (1 - seen.most) ** (seen.among - x)
            for x in range(seen.alarmed + 1)
        )
        assert tail == pytest.approx(0.05, rel=0.06)
        assert seen.most > seen.share


def test_no_baseline_is_told_without_a_limit_above_what_was_measured() -> None:
    streams = streams_of(["a", "b"], streaming=True)
    plan = JudgePlan(runs_per_year=RUNS_A_YEAR, streams=len(streams))
    for runs in (20, 49, 50, 100):
        told = false_alarms(plan, streams, runs)
        assert told.measured_new_baseline is not None
        assert told.measured_new_baseline_most is not None
        assert told.measured_new_baseline_most > told.measured_new_baseline
        assert told.measured_none is (runs >= 50)


def test_the_readme_says_what_a_new_baseline_of_ten_probes_adds() -> None:
    streams = streams_of([f"probe-{number}" for number in range(10)], streaming=True)
    plan = JudgePlan(runs_per_year=RUNS_A_YEAR, streams=len(streams))
    early, later = (false_alarms(plan, streams, runs) for runs in (20, 50))
    page = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    assert f"adds at most {early.exact_new_baseline:.2f} by construction for events" in page
    seen, most, later_most = (
        early.measured_new_baseline,
        early.measured_new_baseline_most,
        later.measured_new_baseline_most,
    )
    assert f"{seen:.2f} after 20 runs (at most {most:.2f}) or none seen after 50 (at most {later_most:.2f})" in page


def test_the_measured_figures_stand_in_the_page_that_is_named_for_them() -> None:
    page = " ".join((Path(__file__).parents[2] / MEASURED_IN).read_text(encoding="utf-8").split())
    assert "of 200 streams whose runs fail whole at a rate of .05, 4 alarmed in their first 2,000 runs" in page
    assert "6 stream-years each of rates" in page
    assert "30 stream-years each of whole runs at .05 and .25" in page
    assert "| the same, baseline 50; 100; 336 | 0 / 0 each |" in page
