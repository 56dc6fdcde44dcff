"""A daemon of one suite in real time, over an engine and a channel that do as told. Feeds tests of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.clock import Clock, SystemClock
from reports.metrics.metrics import Metrics
from reports.notice import Delivery, Notice
from reports.summary import RunRecord
from runner.daemon.daemon import Daemon
from runner.delivery.outbox import OutboxWorker
from runner.limits.holding import Limits
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite
from runner.settings.settings import Settings
from runner.store.base import Store
from runner.wiring import Installation
from tests.fakes.records import a_run

PLACE = ("support-bot", "production")


SUITE = """\
version: 1
suite: support-bot
schedule: {schedule}
endpoints: {{production: {{base_url: "http://127.0.0.1:9", model: m}}}}
probes: [{{id: capital, prompt: What is the capital of Australia?}}]
"""


Making = Callable[[RunOrder], Awaitable[RunRecord]]


@dataclass(slots=True)
class FakeEngine:
    """Makes runs as it is told, and remembers what began and what ended."""

    making: Making | None = None
    began: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def run(self, order: RunOrder) -> RunRecord:
        self.began.append(order.endpoint)
        record = await self.making(order) if self.making else a_run()
        self.ended.append(order.endpoint)
        return record


class Channel:
    """A notifier that takes its time."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.told: list[str] = []
        self.asked = asyncio.Event()

    async def deliver(self, notice: Notice, _receipt: Mapping[str, str] | None) -> Delivery:
        self.told.append(notice.incident_id)
        self.asked.set()
        await asyncio.sleep(self.takes_s)
        return Delivery(receipt={"ts": "1"})


def a_daemon(
    store: Store,
    prepared: PreparedSuite,
    engine: FakeEngine | None = None,
    settings: Any = None,
    clock: Clock | None = None,
    **notifiers: Any,
) -> Daemon:
    clock = clock or SystemClock()
    none: Any = None
    made_by: Any = engine or FakeEngine()
    here = Installation(
        settings=Settings.model_validate(settings or {}),
        store=store,
        transport=none,
        engine=made_by,
        outbox=OutboxWorker(store, notifiers, clock),
        clock=clock,
        limits=Limits(store, clock),
        accesses=none,
    )
    return Daemon(here, [prepared], Metrics("1"))


async def until(said: Callable[[], object], patience_s: float = 5.0) -> None:
    async with asyncio.timeout(patience_s):
        while not said():  # noqa: ASYNC110  what is awaited tells nobody
            await asyncio.sleep(0.01)
