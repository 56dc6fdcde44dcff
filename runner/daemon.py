"""The cron-like service: fires suites on their schedules, delivers notices, and stops cleanly."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from probes.errors import HoldfastError, StoreError
from reports.metrics import Metrics
from reports.summary import RunRecord
from runner.beats import ASSUMED, Beat, Place, first_run, grace_s, interval_s, newest_scheduled
from runner.chores import Chore, Troubles, in_words, keep_doing, patiently, pause
from runner.confirming import confirmed
from runner.last_resort import LastResort
from runner.logs import log_loop_trouble
from runner.orders import RunOrder
from runner.outbox import SEND_TIMEOUT_S
from runner.prepare import PreparedSuite, select
from runner.schedule import trigger
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

DELIVERY_EVERY_S = 1.0
EXPIRY_EVERY_S = 3600.0
GIVEN_UP_TOLD_S = 3600.0
"""How long ``/healthz`` tells of a notice that was given up."""
STOP_RUNS_S = 20.0
"""How long runs under way may finish after SIGTERM; what is not done then is given up and leaves no trace."""
STOP_DELIVERY_S = 5.0
"""How long after that deliveries may still begin; one under way gets its whole time, lest it be posted twice."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Daemon:
    """One running service over one installation."""

    here: Installation
    suites: Sequence[PreparedSuite]
    metrics: Metrics
    stop_runs_s: float = STOP_RUNS_S
    beats: dict[Place, Beat] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)
    last_resort: LastResort = field(init=False)
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone="UTC"))
    _out: dict[Place, asyncio.Task[None]] = field(default_factory=dict)
    """Runs under way. Tasks of our own: the scheduler would cancel its own when it is shut down."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _chores_end: asyncio.Event = field(default_factory=asyncio.Event)
    _given_up: int = 0

    def __post_init__(self) -> None:
        self.last_resort = LastResort(notifiers=self.here.outbox.notifiers, clock=self.here.clock)

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT (or ``stop``), then let runs finish and deliver what is waiting.

        Raises:
            StoreError: the store cannot be read at the start. Later it is trouble, told by ``sickness``.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_loop_trouble)
        for name in SIGNALS:
            loop.add_signal_handler(name, self._signalled)
        await self._schedule()
        tasks = {asyncio.create_task(self._keep_doing(chore)) for chore in self._chores()}
        log.info("started", suites=[prepared.suite.name for prepared in self.suites])
        try:
            await self._stop.wait()
        finally:
            await self._wind_down(tasks)

    def stop(self) -> None:
        """Ask the daemon to stop in good order; a second call changes nothing."""
        self._stop.set()

    def hurry(self) -> None:
        """Ask the daemon to leave at once: runs and deliveries under way are given up."""
        self._stop.set()
        self._hurry.set()

    @property
    def hurried(self) -> bool:
        """True once it was asked to leave at once."""
        return self._hurry.is_set()

    def _signalled(self) -> None:
        """The first signal stops, the second leaves at once, the third is the operating system's."""
        if not self._stop.is_set():
            self.stop()
            return
        self.hurry()
        for name in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(name)

    async def _wind_down(self, chores: set[asyncio.Task[None]]) -> None:
        log.info("stopping", runs_under_way=len(self._out))
        self._scheduler.shutdown(wait=False)
        out = dict(self._out)
        await patiently(set(out.values()), self.stop_runs_s, self._hurry)
        for (suite, endpoint), task in out.items():
            if task.cancelled():
                log.warning("run_given_up", suite=suite, endpoint=endpoint)
        self._chores_end.set()
        last_words = asyncio.create_task(self._last_deliveries())
        await patiently({last_words, *chores}, STOP_DELIVERY_S + SEND_TIMEOUT_S + 1, self._hurry)
        log.info("stopped", undelivered=await self._undelivered())

    async def _last_deliveries(self) -> None:
        try:
            await self.here.outbox.drain(STOP_DELIVERY_S)
        except HoldfastError as error:
            log.error("outbox_left", error=str(error))

    async def _undelivered(self) -> int | None:
        try:
            return await asyncio.to_thread(self.here.store.undelivered)
        except HoldfastError as error:
            log.error("outbox_unreadable", error=str(error))
            return None

    # ------------------------------------------------------------------------------------------ schedule
    async def _schedule(self) -> None:
        self._scheduler.add_listener(self._not_made, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        for prepared in self.suites:
            for endpoint in prepared.suite.monitored:
                await self._add(prepared, endpoint)
        self._scheduler.start()
        for place in self.beats:
            self._expect_next(place)

    async def _add(self, prepared: PreparedSuite, endpoint: str) -> None:
        suite = prepared.suite
        place, schedule = (suite.name, endpoint), suite.schedule or ASSUMED
        order = RunOrder(prepared=prepared, endpoint=endpoint, probes=select(suite), trigger="schedule")
        newest = await asyncio.to_thread(newest_scheduled, self.here.store, place)
        now = self.here.clock.now()
        first = first_run(schedule, place, now, newest)
        self._scheduler.add_job(
            self._start,
            trigger(schedule, start=first or now, jitter_s=schedule.jitter_s),
            args=[order],
            id=_job(place),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=max(60, round(interval_s(schedule) / 2)),
            # said outright, because an interval that starts now has already missed its start
            **({"next_run_time": first} if first else {}),
        )
        self.beats[place] = Beat(due_at=None, grace_s=grace_s(schedule))

    def _expect_next(self, place: Place) -> None:
        job = self._scheduler.get_job(_job(place))
        self.beats[place].due_at = job.next_run_time if job else None

    def _not_made(self, event: JobEvent) -> None:
        suite, _, endpoint = str(event.job_id).partition("/")
        self._skipped((suite, endpoint), "overlap" if event.code == EVENT_JOB_MAX_INSTANCES else "missed")

    def _skipped(self, place: Place, reason: str) -> None:
        self.metrics.skipped(*place, reason)
        log.warning("run_not_made", suite=place[0], endpoint=place[1], reason=reason)

    # ------------------------------------------------------------------------------------------ runs
    async def _start(self, order: RunOrder) -> None:
        """The scheduler's job: begin a run, unless the one before is still out."""
        place = (order.prepared.suite.name, order.endpoint)
        if self._stop.is_set():
            return
        if place in self._out:
            self._skipped(place, "overlap")
            return
        self._expect_next(place)
        self._out[place] = task = asyncio.create_task(self._run(order, place))
        task.add_done_callback(lambda _: self._out.pop(place, None))

    async def _run(self, order: RunOrder, place: Place) -> None:
        source = _source(place)
        try:
            record = await self.here.engine.run(order)
            self._ran(record, source)
            make, store, clock = self.here.engine.run, self.here.store, self.here.clock
            async for again in confirmed(order, record, make=make, store=store, clock=clock, pause=self._pause):
                self._ran(again, source)
        except Exception as error:  # bulkhead: one place's bug must not end the schedule of the others
            self.metrics.erred(*place)
            self.troubles.tell(source, in_words(error))
            bug = not isinstance(error, HoldfastError)
            log.error("run_not_stored", suite=place[0], endpoint=place[1], error=in_words(error), exc_info=bug)
            if isinstance(error, StoreError):
                await self.last_resort.tell(order.prepared.suite, order.endpoint, in_words(error))

    async def _pause(self, seconds: float) -> bool:
        """Wait before a confirmation run; false where the daemon is asked to stop."""
        await pause(self.here.clock.sleep(max(seconds, 0.0)), self._stop)
        return not self._stop.is_set()

    def _ran(self, record: RunRecord, source: str) -> None:
        self.metrics.ran(record)
        self.troubles.tell(source, "")
        log.info(
            "run",
            suite=record.suite,
            endpoint=record.endpoint,
            run_id=record.run_id,
            trigger=record.trigger,
            health=record.health.value,
            duration_s=round(record.duration_s, 3),
        )

    # ------------------------------------------------------------------------------------------ chores
    def _chores(self) -> list[Chore]:
        chores = [Chore(name="outbox", every_s=DELIVERY_EVERY_S, work=self._deliver)]
        if self.here.settings.privacy.retain.text_s is not None:
            chores.append(Chore(name="expiry of texts", every_s=EXPIRY_EVERY_S, work=self._expire))
        return chores

    async def _keep_doing(self, chore: Chore) -> None:
        await keep_doing(chore, self.here.clock, self.troubles, self._chores_end)

    async def _deliver(self) -> None:
        store, outbox = self.here.store, self.here.outbox
        delivered = await outbox.deliver_due()
        pending = await asyncio.to_thread(store.undelivered)
        new, self._given_up = outbox.given_up - self._given_up, outbox.given_up
        self.metrics.outbox(pending=pending, delivered=delivered, given_up=new)
        for suite, unit, spent, cap in self.here.limits.ledger.today():
            self.metrics.spending(suite=suite, unit=unit, spent=spent, cap=cap)
        strangers = await outbox.unknown()
        an_hour_ago = self.here.clock.now() - timedelta(seconds=GIVEN_UP_TOLD_S)
        lost = await asyncio.to_thread(store.given_up, an_hour_ago)
        waiting = f"{strangers} waiting for notifiers that the settings do not name"
        self.troubles.tell("notices without a notifier", waiting if strangers else "")
        self.troubles.tell("notices given up", f"{lost} in the last hour, which nobody was told" if lost else "")

    async def _expire(self) -> None:
        keep_s = self.here.settings.privacy.retain.text_s
        assert keep_s is not None  # else there is no such chore
        before = self.here.clock.now() - timedelta(seconds=keep_s)
        gone = await asyncio.to_thread(self.here.store.expire_texts, before)
        log.info("texts_expired", rows=gone)

    # ------------------------------------------------------------------------------------------ health
    def blind(self, place: Place) -> bool:
        """True where the newest run could not be stored: what the store says of its health is from before."""
        return bool(self.troubles.of(_source(place)))

    def sickness(self) -> tuple[str, ...]:
        """What is wrong with the daemon itself, one line each; empty while it is well."""
        now = self.here.clock.now()
        late = [
            f"{suite} at {endpoint} is overdue" for (suite, endpoint), beat in self.beats.items() if beat.overdue(now)
        ]
        return (*late, *self.troubles.lines())


def _source(place: Place) -> str:
    return " at ".join(place)


def _job(place: Place) -> str:
    return "/".join(place)
