"""Schedules fire exactly as often as they promise, in the nights of clock changes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.suite import Schedule
from runner.schedule.schedule import slots_of

NIGHTS = {
    "Europe/Berlin": ((2026, 3, 29), (2026, 10, 25)),
    "America/New_York": ((2026, 3, 8), (2026, 11, 1)),
    "Australia/Lord_Howe": ((2026, 10, 4), (2026, 4, 5)),  # half an hour
    "America/St_Johns": ((2026, 3, 8), (2026, 11, 1)),
    "Europe/Dublin": ((2026, 3, 29), (2026, 10, 25)),  # summer is its standard time
    "Antarctica/Troll": ((2026, 3, 29), (2026, 10, 25)),  # two hours
    "America/Santiago": ((2026, 9, 6), (2026, 4, 5)),  # at midnight
    "Asia/Beirut": ((2026, 3, 29), (2026, 10, 25)),
}
EVERY_NIGHT = [(zone, night) for zone, nights in NIGHTS.items() for night in nights]
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fires(cron: str, zone: str, since: datetime, until: datetime) -> list[datetime]:
    """The instants of a line after ``since``, stepped as the daemon steps them."""
    slots = slots_of(Schedule(cron=cron, timezone=zone), start=since)
    found, last = [], since
    while (at := slots.after(last)) is not None and at <= until:
        assert at > last
        found.append(at)
        last = at
    assert slots.passed(since, until) == (len(found), found[-1] if found else None)
    return found


def around(night: tuple[int, int, int]) -> tuple[datetime, datetime]:
    """From two days before a night to three days after it."""
    day = datetime(*night, tzinfo=UTC)
    return day - timedelta(days=2, minutes=1), day + timedelta(days=3)


def minutes(since: datetime, until: datetime) -> Iterator[datetime]:
    at = since.replace(second=0, microsecond=0)
    while (at := at + timedelta(minutes=1)) <= until:
        yield at


@pytest.mark.parametrize(("zone", "night"), EVERY_NIGHT)
@pytest.mark.parametrize(
    ("cron", "meant"),
    [
        ("*/15 * * * *", lambda wall: wall.minute % 15 == 0),
        ("30 * * * *", lambda wall: wall.minute == 30),
        ("7,52 * * * *", lambda wall: wall.minute in (7, 52)),
    ],
)
def test_a_line_for_every_hour_fires_whenever_the_wall_clock_shows_its_minute(
    zone: str, night: tuple[int, int, int], cron: str, meant: Callable[[datetime], bool]
) -> None:
    since, until = around(night)
    expected = [at for at in minutes(since, until) if meant(at.astimezone(ZoneInfo(zone)))]
    assert fires(cron, zone, since, until) == expected


@pytest.mark.parametrize(("zone", "night"), EVERY_NIGHT)
@pytest.mark.parametrize("hour", range(5))
@pytest.mark.parametrize("minute", [0, 15, 45])
def test_a_daily_line_fires_once_every_day_whatever_the_clocks_do(
    zone: str, night: tuple[int, int, int], hour: int, minute: int
) -> None:
    since, until = around(night)
    found = fires(f"{minute} {hour} * * *", zone, since, until)
    days = [at.astimezone(ZoneInfo(zone)).date() for at in found]
    assert len(days) == len(set(days))
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert all(timedelta(hours=21) < later - earlier < timedelta(hours=27) for earlier, later in pairwise(found))


def test_a_time_that_is_left_out_fires_as_much_later_and_one_that_is_repeated_fires_first() -> None:
    (spring,) = fires("30 2 29 3 *", "Europe/Berlin", START, START + timedelta(days=364))
    (autumn,) = fires("30 2 25 10 *", "Europe/Berlin", START, START + timedelta(days=364))
    assert spring == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 summer time
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time


def test_the_day_after_the_clocks_go_forward_keeps_its_run_just_after_midnight() -> None:
    since = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert fires("15 0 * * *", "Europe/Berlin", since, since + timedelta(days=1)) == [
        datetime(2026, 3, 29, 22, 15, tzinfo=UTC)
    ]


@pytest.mark.parametrize("zone", list(NIGHTS))
def test_a_year_of_quarters_of_an_hour_is_as_many_runs_as_it_has_quarters(zone: str) -> None:
    found = fires("*/15 * * * *", zone, START, START + timedelta(days=365))
    assert len(found) == 365 * 96
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=15)}


def test_a_line_of_the_leap_day_waits_for_it_and_one_of_no_day_never_fires() -> None:
    leap = slots_of(Schedule(cron="0 0 29 2 *"), start=START)
    assert leap.after(START) == datetime(2028, 2, 29, tzinfo=UTC)
    assert slots_of(Schedule(cron="0 0 30 2 *"), start=START).after(START) is None


def test_months_and_weekdays_may_be_named() -> None:
    found = fires("0 12 * jan,dec mon", "UTC", START, START + timedelta(days=365))
    assert {(at.month, at.isoweekday()) for at in found} == {(1, 1), (12, 1)}
    assert len(found) == 8


@given(
    st.integers(1, 100_000).map(lambda tenths: tenths / 10),
    st.floats(-5e5, 5e5, allow_nan=False),
    st.floats(0, 5e5, allow_nan=False),
)
def test_an_interval_keeps_its_grid_and_counts_what_passed(every_s: float, since_s: float, span_s: float) -> None:
    slots = slots_of(Schedule(every=every_s), start=START)
    since = START + timedelta(seconds=since_s)
    until = since + timedelta(seconds=span_s)
    first, every = slots.after(since), timedelta(seconds=every_s)
    assert first is not None and first > since and first >= START
    assert (first - START) % every == timedelta()
    number, newest = slots.passed(since, until)
    expected = max(0, (until - first) // every + 1) if until >= first else 0
    assert number == expected
    assert newest == (first + (expected - 1) * every if expected else None)


def test_a_seeded_place_shifts_every_slot_of_a_line_by_the_same() -> None:
    plain = slots_of(Schedule(cron="*/15 * * * *"), start=START)
    later = slots_of(Schedule(cron="*/15 * * * *"), start=START, offset_s=40)
    assert later.after(START + HOUR) == START + HOUR + timedelta(seconds=40)
    assert plain.after(START + HOUR) == START + HOUR + timedelta(minutes=15)
    assert later.passed(START, START + HOUR) == (4, START + timedelta(minutes=45, seconds=40))


@given(
    zone=st.sampled_from(["America/Nuuk", "Africa/Cairo", "Australia/Lord_Howe", "America/Havana", "Europe/Berlin"]),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.sets(st.sampled_from([0, 1, 2, 3, 12, 22, 23]), min_size=1, max_size=3),
    begin_h=st.integers(0, 364 * 24),
)
@example(zone="America/Nuuk", minutes={15}, hours={0, 23}, begin_h=(31 + 28 + 27) * 24)
def test_as_many_slots_pass_as_fire_one_after_the_other_whatever_a_night_leaves_out(
    zone: str, minutes: set[int], hours: set[int], begin_h: int
) -> None:
    line = f"{','.join(map(str, sorted(minutes)))} {','.join(map(str, sorted(hours)))} * * *"
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=begin_h)
    until = since + timedelta(days=3)
    assert len(fires(line, zone, since, until)) <= 4 * len(minutes) * len(hours)
