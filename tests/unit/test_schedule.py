"""Cron lines mean what cron means by them, and runs a year are counted right: they set the alarm threshold."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.suite import RUNS_PER_YEAR_ASSUMED, Schedule
from runner.schedule.cron import expanded, translated, weekdays
from runner.schedule.schedule import longest_gap_s, runs_per_year, schedule_problem, slots_of

SATURDAY = datetime(2026, 8, 1, 12, tzinfo=UTC)


def cron(line: str, timezone: str = "UTC") -> Schedule:
    return Schedule(cron=line, timezone=timezone)


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("1", {1}),
        ("0", {0}),
        ("7", {0}),
        ("1-5", {1, 2, 3, 4, 5}),
        ("5-7", {5, 6, 0}),
        ("mon-fri", {1, 2, 3, 4, 5}),
        ("*/2", {0, 2, 4, 6}),
        ("sun,3", {0, 3}),
    ],
)
def test_weekdays_are_counted_from_sunday_as_cron_does(field: str, days: set[int]) -> None:
    assert weekdays(field) == days


def test_a_line_for_monday_fires_on_monday() -> None:
    fire = slots_of(cron("0 9 * * 1"), start=SATURDAY).after(SATURDAY)
    assert fire is not None and fire.strftime("%a %H:%M") == "Mon 09:00"


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("*/15 * * * *", 35_040),
        ("0 9 * * *", 365),
        ("* * * * 1", 1440 * 52),
        ("*/15 9-17 * * mon-fri", 36 * 261),
        ("0 0 1 * *", 12),
    ],
)
def test_runs_a_year_of_a_cron_line_are_counted_over_a_whole_year(line: str, runs: float) -> None:
    assert runs_per_year(cron(line)) == pytest.approx(runs, rel=0.01)


def test_runs_a_year_of_intervals_and_of_no_schedule() -> None:
    assert runs_per_year(Schedule(every=900)) == pytest.approx(35_040)
    assert runs_per_year(None) == RUNS_PER_YEAR_ASSUMED


@pytest.mark.parametrize(
    "line", ["61 * * * *", "* * * * 8", "* * 30 2 *", "0 0 1 * 1", "x * * * *", "*/0 * * * *", "*/00 * * * *"]
)
def test_a_line_that_cron_would_not_take_or_that_never_fires_is_refused(line: str) -> None:
    told = schedule_problem(cron(line))
    assert told is not None and "range()" not in told


@given(st.text("0123456789*,-/monsu ", max_size=30))
def test_any_text_is_a_cron_line_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert len(translated(text).split()) == 5


@given(st.integers(0, 59), st.integers(0, 59), st.integers(1, 20))
def test_a_range_with_steps_holds_every_step(first: int, last: int, step: int) -> None:
    low, high = sorted((first, last))
    assert expanded(f"{low}-{high}/{step}", 0, 59) == frozenset(range(low, high + 1, step))


# ------------------------------------------------------------------------------------------------ how far apart
@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("* * * * *", 1 / 60),
        ("*/15 * * * *", 1 / 4),
        ("50 * * * *", 1),
        ("0,50 * * * *", 50 / 60),
        ("0 9-17 * * *", 16),
        ("0 9-17 * * 1-5", 64),
        ("30 2 * * 0", 7 * 24),
        ("0 0 1 * *", 31 * 24),
        ("0 0 31 * *", 61 * 24),
        ("0 0 1 1 *", 366 * 24),
        ("0 0 29 2 *", (4 * 365 + 1) * 24),
        ("0 0,1,12 * * *", 12),
    ],
)
def test_the_longest_time_between_two_runs_of_a_cron_line_spans_nights_weekends_and_months(
    line: str, hours: float
) -> None:
    assert longest_gap_s(cron(line)) == pytest.approx(hours * 3600)


def test_the_longest_time_between_two_runs_of_an_interval_is_the_interval() -> None:
    assert longest_gap_s(Schedule.model_validate({"every": "90s"})) == 90


@given(
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=4),
    days=st.sets(st.integers(0, 6), min_size=1),
)
def test_no_two_slots_of_a_year_are_further_apart_and_some_are_that_far(
    minutes: set[int], hours: set[int], days: set[int]
) -> None:
    line = " ".join([*(",".join(map(str, sorted(part))) for part in (minutes, hours)), "* *", ",".join(map(str, days))])
    slots, at, gaps = slots_of(cron(line), start=SATURDAY), SATURDAY, set[float]()
    for _ in range(len(minutes) * len(hours) * 8):  # more than a week
        following = slots.after(at)
        assert following is not None
        gaps.add((following - at).total_seconds() if at != SATURDAY else 0.0)
        at = following
    assert max(gaps) == longest_gap_s(cron(line))
