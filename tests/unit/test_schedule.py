"""Cron lines mean what cron means by them, and runs a year are counted right: they set the alarm threshold."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.suite import RUNS_PER_YEAR_ASSUMED, Schedule
from runner.schedule.cron import expanded, translated, weekdays
from runner.schedule.schedule import runs_per_year, schedule_problem, slots_of

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


@pytest.mark.parametrize("line", ["61 * * * *", "* * * * 8", "* * 30 2 *", "0 0 1 * 1", "x * * * *", "*/0 * * * *"])
def test_a_line_that_cron_would_not_take_or_that_never_fires_is_refused(line: str) -> None:
    assert schedule_problem(cron(line)) is not None


@given(st.text("0123456789*,-/monsu ", max_size=30))
def test_any_text_is_a_cron_line_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert len(translated(text).split()) == 5


@given(st.integers(0, 59), st.integers(0, 59), st.integers(1, 20))
def test_a_range_with_steps_holds_every_step(first: int, last: int, step: int) -> None:
    low, high = sorted((first, last))
    assert expanded(f"{low}-{high}/{step}", 0, 59) == frozenset(range(low, high + 1, step))
