"""What the alert clock costs with thousands of places: nothing due, all waiting for one gateway, then for a run.

``python -m tests.benchmarks.alert_clock --places 2000``. One contract incident a place and four quiet kinds beside it,
over a SQLite file, the clock turned by hand. Seconds of CPU are those of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import structlog

from reports.alerts.incident import AlertState
from runner.alerting.letterhead import Letterhead
from runner.daemon.alert_clock import AlertClock
from runner.preparing.prepare import PreparedSuite, prepare
from runner.store import open_store
from runner.store.base import Store
from tests.fakes.clock import FakeClock

SUITE = """\
version: 1
suite: bot
depends_on: gateway
endpoints: {production: {base_url: "http://127.0.0.1:9", model: m}}
probes: [{id: capital, prompt: What is the capital of Australia?}]
alerts: [{notify: slack, after: 10m, remind_every: 4h}]
"""
KINDS = ("contract", "drift", "policy", "availability", "spend")


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at the clock."""

    what: str
    wall_s: float
    cpu_s: float
    told: int
    """Notices in the outbox after it."""


@dataclass(kw_only=True)
class Places:
    """So many suites at one endpoint each, all depending on one gateway that is down."""

    folder: Path
    count: int
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        file = self.folder / "bot.yaml"
        file.write_text(SUITE, encoding="utf-8")
        self.suites = list(self._named(prepare(file, {}, None)))
        self.store: Store = open_store(str(self.folder / "store.db"))
        with self.store.exclusive():
            for prepared in self.suites:
                states = [self._state(prepared.suite.name, kind) for kind in KINDS]
                self.store.save_alerts(prepared.suite.name, "production", states, [], at=self.clock.now())
            self.set_gateway("open")
        self.alerts = AlertClock(
            store=self.store, clock=self.clock, suites=lambda: self.suites, letterhead=Letterhead()
        )

    def _named(self, one: PreparedSuite) -> Iterator[PreparedSuite]:
        for number in range(self.count):
            yield replace(one, suite=one.suite.model_copy(update={"name": f"bot-{number}"}))

    def _state(self, name: str, kind: str) -> AlertState:
        quiet = AlertState(
            key=f"{name}/production/{kind}",
            notifier="slack",
            kind=kind,
            state="quiet",
            severity="page",
            outcomes=(False,),
        )
        if kind != "contract":
            return quiet
        now = self.clock.now()
        return replace(
            quiet,
            state="pending",
            outcomes=(True,),
            incident_id=name,
            bad_since=now,
            due_at=now + timedelta(minutes=10),
            facts=("capital contains 'Canberra' (0 of 3 pass): found Sydney",),
        )

    def set_gateway(self, state: str) -> None:
        """``open``: it is down, and who depends on it waits."""
        down = replace(self._state("gateway", "availability"), state=state, incident_id="gateway")  # type: ignore[arg-type]
        self.store.save_alerts("gateway", "production", [down], [], at=self.clock.now())

    def look(self, what: str) -> Look:
        """Look once."""
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(self.alerts.look())
        took = time.perf_counter() - wall, time.process_time() - cpu
        return Look(what=what, wall_s=took[0], cpu_s=took[1], told=self.store.undelivered())


def measured(folder: Path, count: int) -> Iterator[Look]:
    """The looks of one day of trouble."""
    places = Places(folder=folder, count=count)
    yield places.look("first look, every suite new")
    yield places.look("nothing due")
    places.clock.advance(600)
    yield places.look("all open by time, all wait for the gateway")
    yield places.look("all wait")
    places.set_gateway("quiet")
    yield places.look("the gateway is well, all wait for a run")
    yield places.look("all wait for a run")
    places.store.close()


def main() -> None:
    """Print a table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=2000)
    count = parser.parse_args().places
    with tempfile.TemporaryDirectory() as folder:
        for look in measured(Path(folder), count):
            print(f"{look.what:45} {look.wall_s:7.3f} s wall {look.cpu_s:7.3f} s CPU {look.told:6} notices")


if __name__ == "__main__":
    main()
