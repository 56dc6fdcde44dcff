"""The alert clock over a real store, and time that is told. Feeds tests of what time brings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from checks.finding import Status
from reports.notice import Notice
from runner.alerting.decided import decided_alerts, notices_of
from runner.alerting.letterhead import Letterhead
from runner.daemon.alert_clock import AlertClock
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare, select
from runner.store import open_store
from runner.store.base import Store
from tests.fakes import records
from tests.fakes.clock import FakeClock
from tests.fakes.stored import numbered, written

SUITE = """\
version: 1
suite: {name}
schedule: {{every: 15m}}
endpoints: {{production: {{base_url: "http://127.0.0.1:9", model: m}}}}
probes: [{{id: refund-window, prompt: What is the capital of Australia?}}]
{rest}"""


BY_TIME = "alerts: [{notify: slack, after: 10m, remind_every: 1h, escalate: {after: 30m, notify: pager}}]\n"


@dataclass(slots=True)
class Here:
    """A daemon's store, clock and suites, without its network."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    suites: dict[str, PreparedSuite] = field(default_factory=dict)
    runs: int = 0
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    store: Store = field(init=False)
    alerts: AlertClock = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What a process leaves when it ends, and what the next one begins with."""
        self.store = open_store(str(self.folder / "store.db"))
        self.alerts = AlertClock(
            store=self.store, clock=self.clock, suites=lambda: list(self.suites.values()), letterhead=Letterhead()
        )

    def add(self, rest: str, name: str = "bot") -> None:
        file = self.folder / f"{name}.yaml"
        file.write_text(SUITE.format(name=name, rest=rest), encoding="utf-8")
        self.suites[name] = prepare(file, {}, None)

    def run(self, *, good: bool | None = False, name: str = "bot") -> None:
        """One run that breaks a contract, or keeps it, or (None) could not tell; decided and written in one transaction
        like the engine does."""
        self.runs += 1
        statuses = [{True: Status.PASS, False: Status.FAIL, None: Status.ERROR}[good]] * 3
        probe = records.a_probe(findings=[records.a_finding(statuses=statuses)])
        record = numbered(self.runs, probes=(probe,), suite=name, started_at=self.clock.now(), duration_s=0.0)
        prepared = self.suites[name]
        order = RunOrder(prepared=prepared, endpoint="production", probes=select(prepared.suite), trigger="schedule")
        with self.store.exclusive():
            alerts, told = decided_alerts(self.store, order, record, None, lambda: f"inc-{next(self.ids)}")
            outbox = notices_of(self.store, order, record, told, Letterhead())
            self.store.save_run(written(record, alerts=alerts, outbox=outbox))

    def look(self, minutes: float = 0.0) -> list[str]:
        """Look at the clock so many minutes later; who was told what by then and not before."""
        self.clock.advance(minutes * 60)
        asyncio.run(self.alerts.look())
        return self.told()

    def told(self) -> list[str]:
        """Who is told what since it was asked last, like ``slack opened bot``; delivered by asking."""
        return [f"{name} {notice.event} {notice.suite}" for name, notice in self.notices()]

    def notices(self) -> Sequence[tuple[str, Notice]]:
        found: list[tuple[str, Notice]] = []
        while due := self.store.due(self.clock.now()):
            for pending in due:
                found.append((pending.entry.notifier, pending.entry.notice))
                self.store.delivered(pending.outbox_id, self.clock.now(), {})
        return found
