"""An outbox in virtual time: the real worker, store and notifiers against stand-ins. Feeds tests of delivery."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from reports.notice import AlertEvent, Notifier
from reports.notifiers.slack import SlackNotifier
from runner.delivery.outbox import OutboxWorker
from runner.delivery.pacing import Pace
from runner.store.base import OutboxEntry, Store
from tests.fakes.alerting import START, a_notice
from tests.fakes.clock import FakeClock
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack
from tests.fakes.stored import numbered, written


def bot(slack: FakeSlack, **fields: Any) -> SlackNotifier:
    return SlackNotifier(bot_token=TOKEN, channel=CHANNEL, base_url=slack.base_url, **fields)


def hook(slack: FakeSlack, **fields: Any) -> SlackNotifier:
    return SlackNotifier(webhook_url=slack.webhook_url, **fields)


@dataclass(kw_only=True)
class World:
    """An installation's outbox on a clock that only the test moves."""

    store: Store
    notifiers: Mapping[str, Notifier]
    paces: Mapping[str, Pace] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=lambda: FakeClock(START + timedelta(hours=1)))
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    reach: str = ""
    worker: OutboxWorker = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start the worker (anew: what only the process knew is gone)."""
        dice = random.Random(7)
        self.worker = OutboxWorker(
            self.store, self.notifiers, self.clock, paces=self.paces, dice=dice, reach=self.reach
        )
        self.worker.on_outcome = lambda *outcome: self.outcomes.append(outcome)

    def happen(self, event: AlertEvent, incidents: Sequence[int], to: Sequence[str] = ("slack",), **said: Any) -> None:
        """These incidents open (or whatever the event is) in one run's transaction."""
        entries = [OutboxEntry(notifier=name, notice=self._notice(event, n, said)) for n in incidents for name in to]
        run = written(numbered(len(self.store.runs(limit=10_000)) + 1), outbox=entries)
        self.store.save_run(run)

    def _notice(self, event: AlertEvent, number: int, said: Mapping[str, Any]) -> Any:
        suite = f"suite-{number}"
        plain: dict[str, Any] = {
            "incident_id": f"inc-{number}",
            "key": f"{suite}/prod/contract",
            "suite": suite,
            "endpoint": "prod",
        }
        plain |= {"headline": f"{suite} at prod: contract broken", "at": self.clock.now()}
        return a_notice(event, **{**plain, **said})

    def seconds(self, number: int) -> None:
        """Let time pass as in the daemon: a pass every second."""
        asyncio.run(self._pass_while(number, lambda: True))

    def settle(self, most_s: int = 3600) -> None:
        """Let time pass until nothing waits."""
        asyncio.run(self._pass_while(most_s, lambda: self.store.undelivered() > 0))
        assert self.store.undelivered() == 0

    async def _pass_while(self, most_s: int, going: Callable[[], bool]) -> None:
        while most_s and going():
            await self.worker.deliver_due()
            self.clock.advance(1)
            most_s -= 1
