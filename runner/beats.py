"""When a suite at an endpoint runs first, and by when it should have run next. Feeds the daemon and ``/healthz``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.suite import RUNS_PER_YEAR_ASSUMED, Schedule
from runner.schedule import YEAR_S, runs_per_year
from runner.store.base import Store

Place = tuple[str, str]
"""A suite's name and an endpoint's."""

ASSUMED = Schedule(every_s=YEAR_S / RUNS_PER_YEAR_ASSUMED)
"""For a suite without a schedule in the daemon's folder."""
LEAST_GRACE_S, MOST_GRACE_S = 60.0, 660.0
LOOK_BACK = 50
"""Stored runs looked through for the newest that the schedule made; those made by hand do not move it."""


@dataclass(slots=True, kw_only=True)
class Beat:
    """By when a suite at an endpoint should begin its next run."""

    due_at: datetime | None
    """The schedule's own next instant as of the last run that began; None where it has none."""
    grace_s: float

    def overdue(self, now: datetime) -> bool:
        """True where that instant and the grace have passed and no run has begun."""
        return self.due_at is not None and now > self.due_at + timedelta(seconds=self.grace_s)


def interval_s(schedule: Schedule) -> float:
    """Seconds between two runs; of a cron line the average over a year."""
    return YEAR_S / runs_per_year(schedule)


def grace_s(schedule: Schedule) -> float:
    """How late a run may begin: one that is still out may make the next one be skipped."""
    return min(LEAST_GRACE_S + interval_s(schedule), MOST_GRACE_S)


def first_run(schedule: Schedule, place: Place, now: datetime, newest: datetime | None) -> datetime | None:
    """When an interval schedule begins: as if there had been no restart, but not before now. None for a cron line.

    Args:
        schedule: Interval or cron line.
        place: Whose run: names decide where within the jitter it begins, so that suites that start together do not
            fire together, and each keeps its place over restarts.
        now: The present instant.
        newest: When the schedule last made a run; None where it made none.
    """
    if schedule.every_s is None:
        return None
    spread_s = random.Random("/".join(place)).uniform(0, schedule.jitter_s)  # noqa: S311  spreads load
    earliest = now + timedelta(seconds=spread_s)
    every = timedelta(seconds=schedule.every_s)
    if newest is None:
        return earliest
    return min(max(earliest, newest + every), earliest + every)  # a clock set back must not mean silence


def newest_scheduled(store: Store, place: Place) -> datetime | None:
    """When the schedule last began a run that was stored.

    Raises:
        StoreError: the store cannot be read.
    """
    suite, endpoint = place
    stored = store.runs(suite=suite, endpoint=endpoint, limit=LOOK_BACK)
    return next((run.started_at for run in stored if run.trigger == "schedule"), None)
