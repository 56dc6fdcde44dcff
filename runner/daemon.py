"""The cron-like service: fires suites on their schedules, delivers notices, and stops cleanly."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from probes.errors import HoldfastError
from probes.suite import RUNS_PER_YEAR_ASSUMED, Schedule
from reports.metrics import Metrics
from runner.engine import RunOrder
from runner.prepare import PreparedSuite, select
from runner.schedule import YEAR_S, runs_per_year, trigger
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

DELIVERY_EVERY_S = 1.0
EXPIRY_EVERY_S = 3600.0
STOP_RUNS_S = 20.0
"""How long runs under way may finish after SIGTERM; what is not done then is given up and leaves no trace."""
STOP_DELIVERY_S = 5.0
ASSUMED = Schedule(every_s=YEAR_S / RUNS_PER_YEAR_ASSUMED)
"""For a suite without a schedule in the daemon's folder."""


@dataclass(slots=True, kw_only=True)
class Beat:
    """When a suite at an endpoint should run next at the latest, for ``/healthz``."""

    due_within_s: float
    last_started: float


@dataclass(slots=True)
class Daemon:
    """One running service over one installation."""

    here: Installation
    suites: Sequence[PreparedSuite]
    metrics: Metrics
    beats: dict[tuple[str, str], Beat] = field(default_factory=dict)
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone="UTC"))
    _running: set[asyncio.Task[Any]] = field(default_factory=set)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _trouble: str = ""

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT (or ``stop``), then let runs finish and deliver what is waiting."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)
        self._schedule()
        self._scheduler.start()
        chores = [asyncio.create_task(self._deliver()), asyncio.create_task(self._expire())]
        log.info("started", suites=[prepared.suite.name for prepared in self.suites])
        try:
            await self._stop.wait()
        finally:
            await self._wind_down(chores)

    def stop(self) -> None:
        """Ask the daemon to stop; a second call changes nothing."""
        self._stop.set()

    async def _wind_down(self, chores: Sequence[asyncio.Task[None]]) -> None:
        log.info("stopping", runs_under_way=len(self._running))
        self._scheduler.shutdown(wait=False)
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_RUNS_S)
        for task in (*self._running, *chores):
            task.cancel()
        await asyncio.gather(*self._running, *chores, return_exceptions=True)
        await self.here.outbox.drain(STOP_DELIVERY_S)
        log.info("stopped", undelivered=self.here.store.undelivered())

    # ------------------------------------------------------------------------------------------ schedule
    def _schedule(self) -> None:
        self._scheduler.add_listener(self._not_made, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        for prepared in self.suites:
            for endpoint in prepared.suite.monitored:
                self._add(prepared, endpoint)

    def _add(self, prepared: PreparedSuite, endpoint: str) -> None:
        suite = prepared.suite
        schedule = suite.schedule or ASSUMED
        interval_s = YEAR_S / runs_per_year(schedule)
        order = RunOrder(prepared=prepared, endpoint=endpoint, probes=select(suite), trigger="schedule")
        # Seeded by name: suites that start together do not fire together, and each keeps its place over restarts.
        spread_s = random.Random(f"{suite.name}/{endpoint}").uniform(0, schedule.jitter_s)  # noqa: S311
        start = self.here.clock.now() + timedelta(seconds=spread_s)
        self._scheduler.add_job(
            self._fire,
            trigger(schedule, start=start, jitter_s=schedule.jitter_s),
            args=[order],
            id=f"{suite.name}/{endpoint}",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=max(60, round(interval_s / 2)),
        )
        self.beats[suite.name, endpoint] = Beat(
            due_within_s=2 * interval_s + schedule.jitter_s + 60, last_started=self.here.clock.monotonic()
        )

    def _not_made(self, event: JobEvent) -> None:
        suite, _, endpoint = str(event.job_id).partition("/")
        reason = "overlap" if event.code == EVENT_JOB_MAX_INSTANCES else "missed"
        self.metrics.skipped(suite, endpoint, reason)
        log.warning("run_not_made", suite=suite, endpoint=endpoint, reason=reason)

    async def _fire(self, order: RunOrder) -> None:
        task = asyncio.current_task()
        assert task is not None  # APScheduler runs jobs as tasks
        self._running.add(task)
        place = (order.prepared.suite.name, order.endpoint)
        self.beats[place].last_started = self.here.clock.monotonic()
        try:
            record = await self.here.engine.run(order)
        except HoldfastError as error:
            self._trouble = str(error)
            self.metrics.erred(*place)
            log.error("run_not_stored", suite=place[0], endpoint=place[1], error=str(error))
            return
        finally:
            self._running.discard(task)
        self._trouble = ""
        self.metrics.ran(record)
        log.info(
            "run",
            suite=record.suite,
            endpoint=record.endpoint,
            run_id=record.run_id,
            health=record.health.value,
            duration_s=round(record.duration_s, 3),
        )

    # ------------------------------------------------------------------------------------------ chores
    async def _deliver(self) -> None:
        while True:
            delivered = 0
            try:
                delivered = await self.here.outbox.deliver_due()
                self.metrics.outbox(pending=self.here.store.undelivered(), delivered=delivered)
            except HoldfastError as error:
                self._trouble = str(error)
                log.error("outbox_stuck", error=str(error))
            await self.here.clock.sleep(DELIVERY_EVERY_S)

    async def _expire(self) -> None:
        keep_s = self.here.settings.privacy.retain.text_s
        while keep_s is not None:
            try:
                gone = self.here.store.expire_texts(self.here.clock.now() - timedelta(seconds=keep_s))
                log.info("texts_expired", rows=gone)
            except HoldfastError as error:
                self._trouble = str(error)
                log.error("expiry_failed", error=str(error))
            await self.here.clock.sleep(EXPIRY_EVERY_S)

    # ------------------------------------------------------------------------------------------ health
    def sickness(self) -> tuple[str, ...]:
        """What is wrong with the daemon itself, one line each; empty while it is well."""
        now = self.here.clock.monotonic()
        late = [
            f"{suite} at {endpoint} is overdue"
            for (suite, endpoint), beat in self.beats.items()
            if now - beat.last_started > beat.due_within_s
        ]
        return (*late, *([self._trouble] if self._trouble else []))
