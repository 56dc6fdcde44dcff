"""A whole installation in virtual time: real daemon, engine, judge, store in a file, outbox and Slack channel.

Only two things are told: the network to the endpoints, and the clock. Feeds tests of what an on-call person sees.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.endpoint import Endpoint
from probes.exchange import Exchange
from probes.failure import Failure, FailureClass
from probes.phases import Phases
from probes.protocols.protocol import Reply
from probes.sample import Finish, Timing, TokenUsage
from probes.time_limit import UNLIMITED, TimeLimit
from reports.metrics.metrics import Metrics
from runner.asking.connectivity import OwnNetwork
from runner.cli.session import suite_files
from runner.daemon.daemon import Daemon
from runner.daemon.suite_watch import SuiteWatch
from runner.engine import Engine
from runner.preparing.prepare import prepare
from runner.settings.settings import LoadedSettings, load_settings
from runner.wiring import Installation, installation
from tests.fakes.daemons import living_for
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack
from tests.fakes.virtual_time import VirtualClock, living

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR_S = 3600.0
SUITE = """\
version: 1
suite: {name}
schedule: {{every: {every}}}
endpoints: {{production: {{base_url: "https://{host}/v1", model: m}}}}
probes:
  - {{id: capital, prompt: What is the capital of Australia?, checks: [contains: Canberra]}}
alerts:
  - {{notify: slack, {rule}}}
"""
SETTINGS = """\
store: sqlite:///holdfast.db
suites: suites
notifiers:
  slack: {{type: slack, bot_token: {token}, channel: {channel}, base_url: "{slack}"{pace}}}
{more}
"""
Trouble = Callable[[Endpoint], FailureClass | None]


@dataclass(slots=True)
class ToldNetwork:
    """In the place of the transport: endpoints answer rightly after half a second or so, or fail or hang as told."""

    clock: VirtualClock
    trouble: Trouble = lambda _endpoint: None
    hangs: Callable[[Endpoint], bool] = lambda _endpoint: False
    """True where nothing ever comes back: then the limits of endpoint and run hold, as in the transport."""
    answer: str = "Canberra."
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    asked: int = 0

    def prepare(self, _endpoint: Endpoint) -> None:
        """Nothing is to be prepared."""

    async def send(self, *, endpoint: Endpoint, limit: TimeLimit = UNLIMITED, **_request: Any) -> Exchange:
        """One request."""
        self.asked += 1
        if self.hangs(endpoint):
            return await self._hung(endpoint, limit)
        took_s = self.dice.lognormvariate(-0.7, 0.2)
        await self.clock.sleep(took_s)
        kind = self.trouble(endpoint)
        if kind is not None:
            return Exchange(
                reply=Reply(failure=Failure(kind=kind, message="as told")), timing=Timing(), elapsed_s=took_s
            )
        timing = Timing(first_byte_s=took_s / 2, first_token_s=took_s / 2, total_s=took_s)
        usage = TokenUsage(input_tokens=9, output_tokens=3)
        reply = Reply(answer=self.answer, finish=Finish.STOP, usage=usage, model="m-1")
        return Exchange(reply=reply, timing=timing, elapsed_s=took_s, status=200)

    async def _hung(self, endpoint: Endpoint, limit: TimeLimit) -> Exchange:
        began, phases = self.clock.monotonic(), Phases(endpoint.timeout, limit)
        with suppress(TimeoutError):
            async with phases.deadline:
                phases.sent()
                await asyncio.Event().wait()
        took_s = self.clock.monotonic() - began
        return Exchange(reply=Reply(failure=phases.failure()), timing=Timing(), elapsed_s=took_s, charged=True)


@dataclass(kw_only=True)
class House:
    """A folder, a clock, a network, a Slack, and one daemon after the other over them."""

    folder: Path
    slack: FakeSlack
    patch: pytest.MonkeyPatch
    more: str = ""
    """More settings."""
    pace: str = ""
    """More keys of the notifier, like ``group_wait: 15s``."""
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON))
    network: ToldNetwork = field(init=False)
    own_network_works: bool = True
    logs: list[Any] = field(default_factory=list)
    """Of the daemon that lived last."""
    here: Installation = field(init=False)
    daemon: Daemon = field(init=False)

    def __post_init__(self) -> None:
        self.network = ToldNetwork(self.clock)
        self.suites.mkdir()

    @property
    def suites(self) -> Path:
        """The folder of suites."""
        return self.folder / "suites"

    def suite(self, name: str, *, every: str = "5m", host: str = "", rule: str = "after: 2 of 3") -> Path:
        """Write a suite of one probe."""
        file = self.suites / f"{name}.yaml"
        text = SUITE.format(name=name, every=every, host=host or f"{name}.example.com", rule=rule)
        file.write_text(text, encoding="utf-8")
        return file

    def live(self, *acts: tuple[float, Callable[[], Any]], watching: bool = False) -> None:
        """Let a daemon live; each act follows so many seconds after the one before, and with the last it stops."""
        pace = f", {self.pace}" if self.pace else ""
        slack = self.slack.base_url
        settings = SETTINGS.format(token=TOKEN, channel=CHANNEL, slack=slack, pace=pace, more=self.more)
        (self.folder / "holdfast.yaml").write_text(settings, encoding="utf-8")
        loaded = load_settings(None, {}, self.folder)
        with capture_logs() as logs:
            living(self.clock, self._lived(loaded, acts, watching), self.patch)
        self.logs = logs

    async def _lived(
        self, loaded: LoadedSettings, acts: tuple[tuple[float, Callable[[], Any]], ...], watching: bool
    ) -> None:
        watch = SuiteWatch(
            find=lambda: suite_files([self.suites]),
            preparing=lambda path: prepare(path, {}, frozenset(loaded.notifiers)),
            clock=self.clock,
        )
        async with installation(loaded, clock=self.clock) as made:
            self.here = self._told(made)
            self.daemon = Daemon(self.here, watch.begin(), Metrics("1"), watch if watching else None)
            await living_for(self.daemon, self.clock, *acts)

    def _told(self, made: Installation) -> Installation:
        """The same with the network that is told."""
        network: Any = self.network
        guard = OwnNetwork(clock=self.clock, targets=made.settings.connectivity, reaching=self._reaching)
        engine = Engine(
            store=made.store,
            transport=network,
            clock=self.clock,
            limits=made.limits,
            letterhead=made.letterhead,
            windows=made.settings.maintenance,
            guard=guard,
            pens=made.pens,
        )
        return replace(made, engine=engine, transport=network, guard=guard)

    async def _reaching(self, _host: str, _port: int) -> bool:
        return self.own_network_works

    # -------------------------------------------------------------------------------------------- what is left
    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [line for line in self.logs if line["event"] == name]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the store holds, read without our own code."""
        with closing(sqlite3.connect(f"file:{self.folder}/holdfast.db?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def headers(self) -> Iterator[str]:
        """The headlines that Slack shows."""
        return (message.header for message in self.slack.messages)
