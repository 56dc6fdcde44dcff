"""Suites that run less than four times a day: one run may alarm, three wait, and days are judged with the runs."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey, StreamResult, StreamState
from tests.unit.drift_world import Weather, World, key, plan_for

DAILY = plan_for(runs_per_year=365)
UNLIKE = ("Nobody knows {}.", "Ask again about {}.")


def daily(seed: int = 1, runs: int = 30, *, samples: int = 10) -> World:
    """A daily suite with its history."""
    world = World(seed=seed, samples=samples, every=timedelta(days=1), plan=DAILY)
    world.settle(runs)
    return world


@pytest.mark.parametrize(("runs_per_year", "rare"), [(365, True), (3 * 365, True), (4 * 365, False), (35_040, False)])
def test_a_suite_is_rare_below_four_runs_a_day(runs_per_year: float, rare: bool) -> None:
    plan = JudgePlan(runs_per_year=runs_per_year, streams=40)
    assert (plan.rare, plan.gap, plan.min_runs(3)) == ((True, 3, 1) if rare else (False, 24, 3))


def test_confirmation_runs_do_not_turn_a_rare_suite_into_a_frequent_one() -> None:
    plan = JudgePlan(runs_per_year=3 * 365, streams=40, confirmations_per_year=2 * 3 * 365)
    assert (plan.rare, plan.gap) == (True, 3)


def test_its_thresholds_are_those_of_its_own_looks() -> None:
    assert pytest.approx(math.log(365 * DAILY.streams)) == DAILY.ln_c_discrete
    assert pytest.approx(math.log(365 * 2 * DAILY.streams)) == DAILY.ln_c_step
    assert DAILY.ln_c_day == DAILY.ln_c_step


@pytest.mark.parametrize(
    ("dimension", "weather"), [("failures", Weather(failing=1.0)), ("answers", Weather(wordings=UNLIKE))]
)
def test_a_change_of_everything_alarms_in_the_first_run(dimension: str, weather: Weather) -> None:
    assert daily().until_alarm(key(dimension), weather, most=1) == 1


def test_an_unseen_route_takes_up_to_three_runs_for_its_bets_are_on_the_mean_of_a_run() -> None:
    taken = daily().until_alarm(key("route"), Weather(route="gw / fp_b"), most=3)
    assert taken is not None
    assert taken > 1


def test_a_slowdown_is_found_within_days() -> None:
    days = daily(runs=60).until_alarm(key("latency.total"), Weather(slower=1.5), most=6)
    assert days is not None


def test_the_day_channel_stays_out_of_a_suite_whose_runs_are_its_days() -> None:
    world = daily(runs=60)
    days = world.states[key("latency.total")]["detector"]["days"]
    assert (days["values"], days["said"]) == ([], None)


def test_a_quiet_year_raises_no_alarm() -> None:
    alarms: set[StreamKey] = set()
    for results in World(seed=1, samples=3, every=timedelta(days=1), plan=DAILY).run(365):
        alarms |= {stream for stream, result in results.items() if _alarmed(result)}
    assert not alarms


def _alarmed(result: StreamResult) -> bool:
    return result.state is StreamState.ALARM
