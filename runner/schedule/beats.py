"""When a suite at an endpoint runs first, and by when it should have run next. Feeds the daemon and ``/healthz``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.suite import RUNS_PER_YEAR_ASSUMED, Schedule
from runner.schedule.schedule import YEAR_S, interval_s, slots_of
from runner.store.base import Store

Place = tuple[str, str]
"""A suite's name and an endpoint's."""

ASSUMED = Schedule(every_s=YEAR_S / RUNS_PER_YEAR_ASSUMED)
"""For a suite without a schedule in the daemon's folder."""
LEAST_GRACE_S, MOST_GRACE_S = 60.0, 660.0
LEAST_MISFIRE_S = 60.0


@dataclass(slots=True, kw_only=True)
class Beat:
    """By when a suite at an endpoint should begin its next run."""

    due_at: datetime | None
    """The schedule's own next instant as of the last run that began; None where it has none."""
    grace_s: float

    def overdue(self, now: datetime) -> bool:
        """True where that instant and the grace have passed and no run has begun."""
        return self.due_at is not None and now > self.due_at + timedelta(seconds=self.grace_s)


def grace_s(schedule: Schedule) -> float:
    """How late a run may begin: one that is still out may make the next one be skipped."""
    return min(LEAST_GRACE_S + interval_s(schedule), MOST_GRACE_S)


def misfire_s(schedule: Schedule) -> float:
    """How old a slot may be that is made up for; by so much a clock may be set back without firing a slot again."""
    return max(LEAST_MISFIRE_S, interval_s(schedule) / 2)


def seeded_s(place: Place, most_s: float) -> float:
    """Where within ``most_s`` seconds a place begins. Names decide, so that each keeps its place over restarts."""
    return random.Random("/".join(place)).uniform(0, most_s) if most_s else 0.0  # noqa: S311  spreads load


def first_due(
    schedule: Schedule, place: Place, now: datetime, newest: datetime | None, spread_s: float = 0.0
) -> datetime | None:
    """When a place is due first, as if there had been no restart; None where its cron line never fires again.

    An interval is not due before now. A slot of a cron line that was missed meanwhile is: whether it is made up for
    is decided when it is called. A slot that was fired before the clock was set back a little is not due again.

    Args:
        schedule: Interval or cron line.
        place: Whose run.
        now: The present instant.
        newest: When the schedule last made a run; None where it made none.
        spread_s: Seconds within which intervals that name no jitter begin.
    """
    if schedule.every_s is None:
        ahead_s = 0.0 if newest is None else (newest - now).total_seconds()
        since = now if newest is None or ahead_s > misfire_s(schedule) else newest
        return slots_of(schedule, start=now, offset_s=seeded_s(place, schedule.jitter_s)).after(since)
    named = "jitter_s" in schedule.model_fields_set
    within_s = schedule.jitter_s if named else min(spread_s, schedule.every_s)
    earliest = now + timedelta(seconds=seeded_s(place, within_s))
    every = timedelta(seconds=schedule.every_s)
    if newest is None:
        return earliest
    return min(max(earliest, newest + every), earliest + every)  # a clock set back must not mean silence


def newest_scheduled(store: Store, place: Place) -> datetime | None:
    """When the schedule last began a run that was stored; those made by hand or between its slots do not move it.

    Raises:
        StoreError: the store cannot be read.
    """
    return store.last_run(*place, "schedule")
