"""When suites fire: schedules of suites to their slots in UTC, and how many runs a year that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from probes.suite import RUNS_PER_YEAR_ASSUMED, Confirm, Schedule
from runner.schedule.cron import parsed
from runner.schedule.slots import CronSlots, EverySlots, Slots

YEAR_S = 365 * 86400.0
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = 4 * 365 + 1
"""Of four years, one of them a leap year."""


def slots_of(schedule: Schedule, *, start: datetime, offset_s: float = 0.0) -> Slots:
    """The slots of a schedule.

    Args:
        schedule: Interval or cron line.
        start: First instant of an interval schedule, aware.
        offset_s: Seconds by which every slot of a cron line is late. Intervals are spread by ``start``.

    Raises:
        ValueError: the cron line cannot be read.
    """
    if schedule.every_s is not None:
        return EverySlots(start=start, every_s=schedule.every_s)
    fields = _parsed(schedule.cron or "")
    return CronSlots(fields=fields, timezone=schedule.timezone, offset=timedelta(seconds=offset_s))


def schedule_problem(schedule: Schedule) -> str | None:
    """What is wrong with a cron line, in one sentence; None where nothing is."""
    if schedule.cron is None:
        return None
    try:
        runs_per_year(schedule)
    except ValueError as error:
        return f"{schedule.cron!r} is not a cron line: {error}"
    return None


def runs_per_year(schedule: Schedule | None) -> float:
    """Runs a year of a schedule: exact for intervals, counted over a year for cron lines.

    A suite without a schedule is judged as if it ran every 15 minutes, the safe side for hand-started runs.

    Raises:
        ValueError: the cron line cannot be read, or never fires.
    """
    if schedule is None:
        return RUNS_PER_YEAR_ASSUMED
    if schedule.every_s is not None:
        return YEAR_S / schedule.every_s
    return _cron_runs_per_year(schedule.cron or "")


_parsed = lru_cache(maxsize=1024)(parsed)


def confirmations_per_year(confirm: Confirm | None, runs_per_year: float) -> float:
    """Most confirmation runs a year: after every run, and never more than ``runs`` within ``rest``."""
    if confirm is None:
        return 0.0
    return confirm.runs * min(runs_per_year, YEAR_S / confirm.rest_s)


def interval_s(schedule: Schedule) -> float:
    """Seconds between two runs; of a cron line the average over a year."""
    return YEAR_S / runs_per_year(schedule)


def longest_gap_s(schedule: Schedule) -> float:
    """The most seconds between two runs: exact for intervals; of a cron line over four years, but for the hour that a
    clock change adds."""
    return schedule.every_s if schedule.every_s is not None else _cron_longest_gap_s(schedule.cron or "")


@lru_cache(maxsize=1024)
def _cron_longest_gap_s(cron: str) -> float:
    fields = _parsed(cron)
    days = [number for number in range(_DAYS) if fields.on((_REFERENCE + timedelta(days=number)).date())]
    apart = max((later - day for day, later in pairwise(days)), default=_DAYS)
    minutes = [60 * hour + minute for hour in fields.hours for minute in fields.minutes]
    night = apart * 24 * 60 - (minutes[-1] - minutes[0])
    return 60.0 * max([night, *(later - earlier for earlier, later in pairwise(minutes))])


@lru_cache(maxsize=1024)
def _cron_runs_per_year(cron: str) -> float:
    """Fires of a day times days of a year; the two nights of a clock change even out."""
    fields = _parsed(cron)
    days = sum(fields.on((_REFERENCE + timedelta(days=number)).date()) for number in range(365))
    if not days and CronSlots(fields=fields, timezone="UTC").after(_REFERENCE) is None:
        raise ValueError("it never fires")
    return float(len(fields.minutes) * len(fields.hours) * max(days, 1))
