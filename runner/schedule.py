"""When suites fire: schedules of suites to APScheduler triggers, in UTC, and how many runs a year that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from probes.suite import RUNS_PER_YEAR_ASSUMED, Schedule
from runner.cron import expanded, translated

YEAR_S = 365 * 86400.0
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)


def trigger(schedule: Schedule, *, start: datetime, jitter_s: float = 0.0) -> object:
    """The APScheduler trigger of a schedule.

    Args:
        schedule: Interval or cron line.
        start: First instant of an interval schedule, aware.
        jitter_s: Most seconds a cron run may come late, chosen anew each time. Intervals are spread by ``start``.
    """
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    if schedule.every_s is not None:
        # no jitter of APScheduler's here: it counts from the last fire, so jitters would add up to a longer interval
        return IntervalTrigger(seconds=schedule.every_s, start_date=start, timezone=UTC)
    line = CronTrigger.from_crontab(translated(schedule.cron or ""), timezone=ZoneInfo(schedule.timezone))
    line.jitter = round(jitter_s) or None
    return line


def schedule_problem(schedule: Schedule) -> str | None:
    """What is wrong with a cron line, in one sentence; None where nothing is."""
    if schedule.cron is None:
        return None
    try:
        trigger(schedule, start=_REFERENCE)
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
    return _cron_runs_per_year(schedule.cron or "", schedule.timezone)


@lru_cache(maxsize=1024)
def _cron_runs_per_year(cron: str, timezone: str) -> float:
    """Fires of a day times days of a year; the two nights of a clock change even out."""
    from apscheduler.triggers.cron import CronTrigger

    minute, hour, *days = translated(cron).split()
    daily = len(expanded(minute, 0, 59)) * len(expanded(hour, 0, 23))
    line = CronTrigger.from_crontab(f"0 12 {' '.join(days)}", timezone=ZoneInfo(timezone))
    end, counted = _REFERENCE + timedelta(days=365), 0
    fire = line.get_next_fire_time(None, _REFERENCE)
    while fire is not None and fire < end:
        counted += 1
        fire = line.get_next_fire_time(fire, fire + timedelta(microseconds=1))
    if not counted and fire is None:
        raise ValueError("it never fires")
    return float(daily * max(counted, 1))
