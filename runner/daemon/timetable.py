"""When each suite at each endpoint is due: APScheduler wakes us, slots say when, steps of the clock are followed.

Feeds ``rounds``. APScheduler keeps the jobs and calls; what a call means (on time, late, so late that it is left out)
is decided here, because its own misfires are told by events that do not say how many slots went by.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from probes.clock import Clock
from probes.suite import Schedule
from runner.schedule.beats import Place, first_due, misfire_s, seeded_s
from runner.schedule.schedule import slots_of
from runner.schedule.slots import EverySlots, Slots

STEP_S = 2.0
"""A wall clock that moved this much more or less than time did was set, or the machine slept."""
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One slot of a place has come."""

    place: Place
    due_at: datetime
    """The newest slot that has come."""
    missed: int
    """Slots that went by and are not made up for; among them ``due_at`` where it is too long ago."""
    too_late: bool
    """True where this slot is left out, too."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    schedule: Schedule
    slots: Slots
    due_at: datetime | None
    misfire_s: float

    def call(self, place: Place, due_at: datetime, now: datetime) -> Call:
        """What has come since a slot was due: older ones are never made up for."""
        later, newest = self.slots.passed(due_at, now)
        due_at = newest or due_at
        too_late = (now - due_at).total_seconds() > self.misfire_s
        return Call(place=place, due_at=due_at, missed=later + too_late, too_late=too_late)


@dataclass(slots=True)
class Timetable:
    """Calls for every place when it is due. Only the event loop's thread may touch it."""

    clock: Clock
    called: Callable[[Call], Awaitable[None]]
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone="UTC"))
    _entries: dict[Place, _Entry] = field(default_factory=dict)
    _offset_s: float | None = None

    def start(self) -> None:
        """Begin to call."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    @property
    def running(self) -> bool:
        """True between the two."""
        return bool(self._scheduler.running)

    def put(self, place: Place, schedule: Schedule, *, newest: datetime | None, spread_s: float) -> None:
        """Add a place, or change its schedule; one whose schedule is the same keeps its due time.

        Args:
            place: The suite at the endpoint.
            schedule: Interval or cron line.
            newest: When the schedule last made a run; None where it made none.
            spread_s: Seconds within which the first runs of intervals begin that name no jitter of their own.
        """
        known = self._entries.get(place)
        if known is not None and known.schedule == schedule:
            return
        now = self.clock.now()
        if known is not None and schedule.every_s is None:
            newest = None  # what the line before would have run is nothing that this one missed
        due_at = first_due(schedule, place, now, newest, spread_s)
        offset_s = seeded_s(place, schedule.jitter_s)
        self._entries[place] = entry = _Entry(
            schedule=schedule,
            slots=slots_of(schedule, start=due_at or now, offset_s=offset_s),
            due_at=due_at,
            misfire_s=misfire_s(schedule),
        )
        self._wake_for(place, entry)

    def drop(self, place: Place) -> None:
        """Call for a place no more."""
        if self._entries.pop(place, None) and self._scheduler.get_job(_job(place)):
            self._scheduler.remove_job(_job(place))

    def due_at(self, place: Place) -> datetime | None:
        """When a place is due next; None where it never is."""
        entry = self._entries.get(place)
        return entry.due_at if entry else None

    def __contains__(self, place: Place) -> bool:
        return place in self._entries

    def follow_clock(self) -> float:
        """Look whether the clock was set or the machine slept; by how many seconds the wall clock jumped, 0 for not.

        To be called every few seconds: it also ends a sleep that was measured by a clock which stood still while the
        machine did. Where the clock was set back, intervals go on in real time instead of waiting for it to come
        round again; cron lines follow the clock on the wall, but for a step so small that the slot which was fired
        last is not worth firing again.
        """
        offset_s = self.clock.now().timestamp() - self.clock.monotonic()
        jump_s, self._offset_s = offset_s - (self._offset_s if self._offset_s is not None else offset_s), offset_s
        if jump_s <= -STEP_S:
            for place, entry in self._entries.items():
                self._set_back(place, entry, timedelta(seconds=jump_s))
        if self.running:  # the chore that calls this goes on while the last runs finish
            self._scheduler.wakeup()
        return jump_s if abs(jump_s) >= STEP_S else 0.0

    def _set_back(self, place: Place, entry: _Entry, jump: timedelta) -> None:
        if entry.due_at is None:
            return
        if isinstance(entry.slots, EverySlots):
            entry.slots = replace(entry.slots, start=entry.slots.start + jump)
            entry.due_at += jump
        elif -jump.total_seconds() > entry.misfire_s:
            entry.due_at = entry.slots.after(self.clock.now())
        self._wake_for(place, entry)

    def _wake_for(self, place: Place, entry: _Entry) -> None:
        if entry.due_at is not None:
            self._scheduler.add_job(
                self._fire,
                _Slotted(entry.slots),
                args=[place],
                id=_job(place),
                next_run_time=entry.due_at,
                replace_existing=True,
                coalesce=True,
                max_instances=3,  # a call only begins a run: it is over before the next
                misfire_grace_time=None,  # how late is too late is decided by ``call``
            )
        elif self._scheduler.get_job(_job(place)):
            self._scheduler.remove_job(_job(place))

    async def _fire(self, place: Place) -> None:
        entry, now = self._entries.get(place), self.clock.now()
        if entry is None or entry.due_at is None or entry.due_at > now + _MOMENT:
            return  # it was dropped or moved in the same moment
        call = entry.call(place, entry.due_at, now)
        entry.due_at = entry.slots.after(now)
        await self.called(call)


class _Slotted(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Slots as APScheduler asks for them: those that went by are told by ``Call``, not called one by one."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return self._slots.after(max(previous_fire_time, now) if previous_fire_time else now - _MOMENT)


def _job(place: Place) -> str:
    return "/".join(place)
