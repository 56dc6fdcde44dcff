"""Makes the runs that the timetable calls for: never two of a place at once, in fair turns, each within its time.

Feeds ``daemon``. A call that comes while the run before is still out, or waits for its turn, is skipped and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

import structlog

from probes.errors import HoldfastError, StoreError
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.asking.confirming import confirmed
from runner.daemon.chores import Troubles, in_words, patiently, pause
from runner.daemon.last_resort import LastResort
from runner.daemon.run_lines import tell_run
from runner.daemon.timetable import Call, Timetable
from runner.daemon.turns import Turns
from runner.daemon.whereabouts import Whereabouts
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, select
from runner.schedule.beats import ASSUMED, Beat, Place, grace_s
from runner.schedule.pace import requests_of, time_s
from runner.schedule.schedule import longest_gap_s
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

SLACK_S = 60.0
"""How much longer than its time a run may take to be judged and stored."""
TOLD_LATE_S = 60.0
"""A run that begins this late is told in the log, not in the metric alone."""
SPREAD_S = 0.1
"""Seconds for each place over which the first runs spread of those that name no jitter of their own."""


@dataclass(slots=True)
class Rounds:
    """The runs under way, and what is asked of each place when it is called."""

    here: Installation
    metrics: Metrics
    troubles: Troubles
    last_resort: LastResort
    stop: asyncio.Event
    """Set where no further run is to begin."""
    beats: dict[Place, Beat] = field(default_factory=dict)
    out: dict[Place, asyncio.Task[None]] = field(default_factory=dict)
    """Tasks of our own: the scheduler would cancel its own when it is shut down."""
    table: Timetable = field(init=False)
    turns: Turns = field(init=False)
    whereabouts: Whereabouts = field(init=False)
    on_ran: list[Callable[[RunRecord], None]] = field(default_factory=list)
    """Told of every run that was stored."""
    _orders: dict[Place, RunOrder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = Timetable(self.here.clock, self.called)
        self.turns = Turns(self.here.settings.runs_at_once)
        self.whereabouts = Whereabouts(self.here.clock, self.turns)

    # ------------------------------------------------------------------------------------------ places
    def put(self, prepared: PreparedSuite, endpoint: str, *, newest: datetime | None, places: int) -> None:
        """Run a suite at an endpoint from now on. Where it does already, only what changed changes.

        ``newest``: when the schedule last made a run there. ``places``: how many there are in all.
        """
        place, schedule = (prepared.suite.name, endpoint), prepared.suite.schedule or ASSUMED
        self._orders[place] = order_of(prepared, endpoint)
        self.table.put(place, schedule, newest=newest, spread_s=SPREAD_S * places)
        beat = self.beats.setdefault(place, Beat(due_at=None, grace_s=0.0))
        beat.grace_s = grace_s(schedule)
        self.metrics.scheduled(*place, gap_s=longest_gap_s(schedule))
        if place not in self.out:
            self._expect_next(place)

    def drop(self, place: Place) -> None:
        """Run a place no more. A run that is under way finishes; what would follow from it does not."""
        self.table.drop(place)
        self._cancelled(place)
        self._orders.pop(place, None)
        self.whereabouts.forget(place)
        self.beats.pop(place, None)

    def expect_all(self) -> None:
        """The due times moved: look at them anew."""
        for place in self.beats.keys() - self.out.keys():
            self._expect_next(place)

    def _expect_next(self, place: Place) -> None:
        if beat := self.beats.get(place):
            beat.due_at = self.table.due_at(place)

    # ------------------------------------------------------------------------------------------ runs
    async def called(self, call: Call) -> None:
        """A slot of a place has come: begin its run, unless it is too late or the one before is still out."""
        order = self._orders.get(call.place)
        if order is None or self.stop.is_set():
            return
        if call.missed:
            self._skipped(call.place, "missed", call.missed)
        if call.too_late:
            self._expect_next(call.place)
        elif call.place in self.out:
            self._skipped(call.place, "overlap")
        else:
            self.beats[call.place].due_at = call.due_at  # until it begins: one that waits for ever is overdue
            self._begin(order, call)

    def begin_beside(self, place: Place, trigger: str) -> bool:
        """Begin a run beside the schedule; false where one is out there, or the place is no more."""
        order = self._orders.get(place)
        if order is None or self.stop.is_set() or place in self.out:
            return False
        call = Call(place=place, due_at=self.here.clock.now(), missed=0, too_late=False)
        self._begin(replace(order, trigger=trigger), call)
        return True

    def _begin(self, order: RunOrder, call: Call) -> None:
        self.out[call.place] = task = asyncio.create_task(self._run(order, call))
        task.add_done_callback(lambda _: self.out.pop(call.place, None))

    def _skipped(self, place: Place, reason: str, runs: int = 1) -> None:
        self.metrics.skipped(*place, reason, runs)
        log.warning("run_not_made", suite=place[0], endpoint=place[1], reason=reason, runs=runs)

    async def _run(self, order: RunOrder, call: Call) -> None:
        place, source, clock = call.place, source_of(call.place), self.here.clock

        async def resting(seconds: float) -> bool:
            with self.whereabouts.waiting(place):
                await pause(clock.sleep(max(seconds, 0.0)), self.stop)
            return not self.stop.is_set()

        try:
            record = await self._in_turn(order, call)
            self._ran(record, source)
            again = confirmed(order, record, make=self._in_turn, store=self.here.store, clock=clock, pause=resting)
            async for record in again:
                self._ran(record, source)
        except Exception as error:  # noqa: BLE001  bulkhead: one place's bug must not end the schedule of the others
            await self._erred(order, place, error)

    def _cancelled(self, place: Place) -> bool:
        """True where nothing was under way, and now nothing will be."""
        return self.whereabouts.idle(place) and self.out[place].cancel()

    async def _erred(self, order: RunOrder, place: Place, error: Exception) -> None:
        reason = "store" if isinstance(error, StoreError) else "timeout" if isinstance(error, TimeoutError) else "bug"
        words = "it did not end in time" if reason == "timeout" else in_words(error)
        self.metrics.erred(*place, reason)
        self.troubles.tell(source_of(place), words)
        self.whereabouts.lost(place, words)
        bug = not isinstance(error, HoldfastError | TimeoutError)
        log.error("run_not_stored", suite=place[0], endpoint=place[1], error=words, exc_info=bug)
        if isinstance(error, StoreError):
            await self.last_resort.tell(order.prepared.suite, order.endpoint, words)

    async def _in_turn(self, order: RunOrder, call: Call | None = None) -> RunRecord:
        """A run when its turn comes; ``call``: the slot that it answers."""
        place, host = (order.prepared.suite.name, order.endpoint), host_of(order)
        async with AsyncExitStack() as turn:
            with self.whereabouts.waiting(place, host):
                await turn.enter_async_context(self.turns.turn(host))
            if call is not None:
                self._begun(call)
            with self.whereabouts.running(place):
                return await self._made(order)

    async def _made(self, order: RunOrder) -> RunRecord:
        """One run. The engine ends it in time; where even that hangs, it is left here and its place is free again."""
        assert order.timeout_s is not None  # every order of ours has one
        async with asyncio.timeout(order.timeout_s + SLACK_S):
            return await self.here.engine.run(order)

    def _begun(self, call: Call) -> None:
        late_s = (self.here.clock.now() - call.due_at).total_seconds()
        self._expect_next(call.place)
        self.metrics.late(late_s)
        if late_s >= TOLD_LATE_S:
            suite, endpoint = call.place
            log.warning("run_late", suite=suite, endpoint=endpoint, late_s=round(late_s, 1), waiting=self.turns.waiting)

    def _ran(self, record: RunRecord, source: str) -> None:
        self.metrics.ran(record)
        self.troubles.tell(source, "")
        self.whereabouts.stored((record.suite, record.endpoint))
        tell_run(record)
        for told in self.on_ran:
            told(record)

    # ------------------------------------------------------------------------------------------ the end
    async def wind_down(self, timeout_s: float, hurry: asyncio.Event) -> None:
        """Wait for the runs under way: not longer than ``timeout_s``, and no longer once hurried."""
        self.table.stop()
        out = {place: task for place, task in self.out.items() if not self._cancelled(place)}
        await patiently(set(out.values()), timeout_s, hurry)
        for (suite, endpoint), task in out.items():
            if task.cancelled():
                log.warning("run_given_up", suite=suite, endpoint=endpoint)


def order_of(prepared: PreparedSuite, endpoint: str) -> RunOrder:
    """What the schedule fires."""
    suite = prepared.suite
    limit_s = time_s(suite.schedule or ASSUMED, suite.endpoints[endpoint], requests_of(suite))
    return RunOrder(prepared=prepared, endpoint=endpoint, probes=select(suite), trigger="schedule", timeout_s=limit_s)


def host_of(order: RunOrder) -> str:
    """The host that a run asks, as far as turns go."""
    return urlsplit(order.prepared.suite.endpoints[order.endpoint].base_url).netloc.lower()


def source_of(place: Place) -> str:
    """The name of a place among troubles."""
    return " at ".join(place)
