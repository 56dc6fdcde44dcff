"""Daemons over engines that make runs as they are told. Feeds tests of the schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from probes.clock import Clock
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.alerting.letterhead import Letterhead
from runner.daemon.daemon import CLOCK_EVERY_S, Daemon
from runner.daemon.suite_watch import SuiteWatch
from runner.delivery.outbox import OutboxWorker
from runner.limits.holding import Limits
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare
from runner.settings.settings import Settings
from runner.store.base import Store
from runner.wiring import Installation
from tests.fakes.records import a_run

SUITE = """\
version: 1
suite: {name}
schedule: {schedule}
endpoints: {{production: {{base_url: "{url}", model: m}}}}
probes: [{{id: capital, prompt: What is the capital of Australia?}}]
"""


@dataclass(slots=True)
class ToldEngine:
    """Makes runs that are healthy and take ``takes_s(order)``; remembers when they began, by suite."""

    clock: Clock
    takes_s: Callable[[RunOrder], float] = lambda _order: 0.0
    began: dict[str, list[datetime]] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0

    async def run(self, order: RunOrder) -> RunRecord:
        name = order.prepared.suite.name
        self.began.setdefault(name, []).append(self.clock.now())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.takes_s(order))
        finally:
            self.at_once -= 1
        return replace(a_run(), suite=name, endpoint=order.endpoint, started_at=self.began[name][-1])


def a_suite(folder: Path, name: str, schedule: str, url: str = "http://127.0.0.1:9", more: str = "") -> Path:
    """A suite file of one probe."""
    file = folder / f"{name}.yaml"
    file.write_text(SUITE.format(name=name, schedule=schedule, url=url) + more, encoding="utf-8")
    return file


def prepared(files: Iterable[Path], notifiers: frozenset[str] = frozenset()) -> list[PreparedSuite]:
    """The suites of files."""
    return [prepare(file, {}, notifiers) for file in files]


def a_daemon(
    store: Store,
    suites: list[PreparedSuite],
    engine: ToldEngine,
    *,
    settings: Any = None,
    watch: SuiteWatch | None = None,
    reach: str = "",
    **notifiers: Any,
) -> Daemon:
    """A daemon over an engine."""
    none: Any = None
    made_by: Any = engine
    here = Installation(
        settings=Settings.model_validate(settings or {}),
        store=store,
        transport=none,
        engine=made_by,
        outbox=OutboxWorker(store, notifiers, engine.clock),
        clock=engine.clock,
        limits=Limits(store, engine.clock),
        accesses=none,
        letterhead=Letterhead(reach=reach),
    )
    return Daemon(here, suites, Metrics("1"), watch)


async def scheduling_for(daemon: Daemon, clock: Clock, *acts: tuple[float, Callable[[], Any]]) -> None:
    """The schedule of a daemon alone, without its other chores; acts as for ``living_for``."""
    await daemon.reloading.begin(daemon.suites)
    daemon.rounds.table.start()
    following = asyncio.create_task(_following(daemon, clock))
    for seconds, act in acts:
        await clock.sleep(seconds)
        act()
    following.cancel()
    daemon.stop()
    await daemon.rounds.wind_down(0.0, asyncio.Event())


async def _following(daemon: Daemon, clock: Clock) -> None:
    while True:
        await clock.sleep(CLOCK_EVERY_S)
        await daemon.follow_clock()


async def living_for(daemon: Daemon, clock: Clock, *acts: tuple[float, Callable[[], Any]]) -> None:
    """Let a daemon serve; each act follows so many seconds after the one before, and the last ends it."""
    serving = asyncio.create_task(daemon.serve())
    for seconds, act in acts:
        await clock.sleep(seconds)
        done = act()
        if isinstance(done, Awaitable):
            await done
    daemon.stop()
    await serving
