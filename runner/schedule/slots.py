"""The instants at which a schedule fires, in UTC, both nights of a clock change included. Feeds ``schedule``.

Cron lines are stepped here and not by APScheduler, whose own stepping loses a daily run the day after the clocks go
forward (3.11.3: ``15 0 * * *`` in Berlin has no run on 30 March 2026) and fires a daily line twice in the night in
which an hour is repeated. What a line means in those nights is what people expect of cron: a line with fixed hours
fires as often as on any other day (a time that does not exist fires as much later as the clocks went forward, one
that exists twice fires the first time), a line for every hour follows the clock on the wall.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from runner.schedule.cron import CronFields

_MOST_DAYS = 366 * 8 + 2
"""Days looked ahead: the 29th of February may be eight years away."""


class Slots(Protocol):
    """When a schedule fires."""

    def after(self, instant: datetime) -> datetime | None:
        """The first slot later than an instant (aware); None where there is none any more."""
        ...

    def passed(self, after: datetime, until: datetime) -> tuple[int, datetime | None]:
        """How many slots lie after one instant and not after another, and the newest of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EverySlots:
    """A fixed interval from a first instant on."""

    start: datetime
    every_s: float

    def after(self, instant: datetime) -> datetime:
        return self.start + max(0, self._number(instant) + 1) * timedelta(seconds=self.every_s)

    def passed(self, after: datetime, until: datetime) -> tuple[int, datetime | None]:
        newest = self._number(until)
        number = max(0, newest - max(-1, self._number(after)))
        return number, self.start + newest * timedelta(seconds=self.every_s) if number else None

    def _number(self, instant: datetime) -> int:
        """Number of the last slot not after an instant, from 0; below 0 where it is before all of them."""
        return (instant - self.start) // timedelta(seconds=self.every_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSlots:
    """A cron line in a zone, each slot so much later than the line says."""

    fields: CronFields
    timezone: str
    offset: timedelta = timedelta()

    def after(self, instant: datetime) -> datetime | None:
        line = (instant - self.offset).astimezone(UTC)
        for slots in self._days(line, _MOST_DAYS):
            if (place := bisect_right(slots, line)) < len(slots):
                return slots[place] + self.offset
        return None

    def passed(self, after: datetime, until: datetime) -> tuple[int, datetime | None]:
        first, last = ((instant - self.offset).astimezone(UTC) for instant in (after, until))
        number, newest = 0, None
        for slots in self._days(first, (last - first).days + 4):
            # times that a night leaves out may fall on the first ones of the day after: those count once
            begin, end = bisect_right(slots, first), bisect_right(slots, last)
            if end > begin:
                number, newest, first = number + end - begin, slots[end - 1] + self.offset, slots[end - 1]
        return number, newest

    def _days(self, instant: datetime, most: int) -> Iterator[tuple[datetime, ...]]:
        """The slots of each day from the one before an instant on; days without any are left out."""
        first = instant.astimezone(ZoneInfo(self.timezone)).date() - timedelta(days=1)
        for day in (first + timedelta(days=number) for number in range(most)):
            if self.fields.on(day):
                yield slots_of_day(self.fields, self.timezone, day)


@lru_cache(maxsize=1024)
def slots_of_day(fields: CronFields, timezone: str, day: date) -> tuple[datetime, ...]:
    """The instants (UTC) of one day of the wall clock, in order, each once."""
    zone, hourly = ZoneInfo(timezone), len(fields.hours) == 24
    found: set[datetime] = set()
    for hour in fields.hours:
        for minute in fields.minutes:
            found.update(_instants(datetime.combine(day, time(hour, minute)), zone, hourly=hourly))
    return tuple(sorted(found))


def _instants(wall: datetime, zone: ZoneInfo, *, hourly: bool) -> Iterator[datetime]:
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    exists = first.astimezone(zone).replace(tzinfo=None) == wall
    if exists or not hourly:
        yield first
    if exists and hourly and second != first:
        yield second
