"""A daemon that is started again goes on where the one before was: due times, streaks, reminders, evidence."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from probes.clock import SystemClock
from probes.transport import Transport
from reports.metrics.metrics import Metrics
from runner.daemon.daemon import Daemon
from runner.delivery.outbox import OutboxWorker
from runner.engine import Engine
from runner.limits.holding import Limits
from runner.preparing.prepare import prepare
from runner.settings.settings import Settings
from runner.store import open_store
from runner.wiring import Installation
from tests.fakes.chat import chat_body
from tests.fakes.http_server import FakeServer, whole
from tests.fakes.virtual_time import scheduler_reads

SUITE = """\
version: 1
suite: bot
schedule: {{every: 1h}}
endpoints: {{production: {{base_url: "{url}", model: m, stream: false, retries: 0}}}}
probes: [{{id: capital, prompt: What is the capital of France?, checks: [contains: Paris]}}]
alerts: [{{notify: slack, on: [contract], after: 3 of 3, remind_every: 2h}}]
"""
PLACE = ("bot", "production")


class LaterClock(SystemClock):
    """This machine's clock, so many hours later."""

    def __init__(self) -> None:
        self.hours = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=self.hours)


def test_streaks_due_times_reminders_and_evidence_survive_a_restart_between_any_two_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run a daemon: bad, bad, bad (opens), bad, bad (reminds)."""
    told: list[tuple[str, str]] = []
    states: list[Any] = []
    clock = LaterClock()
    scheduler_reads(clock, monkeypatch)

    async def live(server: FakeServer, *, due: bool) -> None:
        file = tmp_path / "bot.yaml"
        file.write_text(SUITE.format(url=server.url), encoding="utf-8")
        store = open_store(str(tmp_path / "holdfast.db"))
        asked = len(server.requests)
        async with Transport(clock=clock) as transport:
            here = Installation(
                settings=Settings(),
                store=store,
                transport=transport,
                engine=Engine(store=store, transport=transport, clock=clock),
                outbox=OutboxWorker(store, {}, clock),
                clock=clock,
                limits=Limits(store, clock),
                accesses=None,  # type: ignore[arg-type]
            )
            daemon = Daemon(here, [prepare(file, {}, frozenset({"slack"}))], Metrics("1"))
            await daemon.reloading.begin(daemon.suites)
            states.append((store.stream_states(*PLACE), daemon.beats[PLACE].due_at))
            if due:
                daemon.rounds.table.start()
                async with asyncio.timeout(20):
                    while len(store.runs()) != len(server.requests) or len(server.requests) == asked:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                    await asyncio.gather(*daemon.rounds.out.values())
                states.append((store.stream_states(*PLACE), daemon.beats[PLACE].due_at))
            await daemon.rounds.wind_down(1.0, asyncio.Event())
        told[:] = [(row["event"], row["incident_id"]) for row in store._db.read("SELECT * FROM outbox ORDER BY id")]  # type: ignore[attr-defined]
        store.close()

    async def scenario() -> list[list[str]]:
        events = []
        async with FakeServer(*[whole(chat_body("Rome"))] * 5) as server:
            for _ in range(5):
                await live(server, due=True)
                events.append([event for event, _ in told])
                clock.hours += 0.5
                await live(server, due=False)
                clock.hours += 0.51
        return events

    opened, reminded = ["opened"], ["opened", "reminder"]
    events = asyncio.run(scenario())
    assert events == [[], [], opened, opened, reminded]
    assert len({incident for _, incident in told}) == 1
    for (left, due), (found, again) in zip(states[1::3], states[2::3], strict=True):
        assert left == found, "the evidence is what the daemon before left"
        assert due is not None and again is not None and abs((due - again).total_seconds()) < 2
