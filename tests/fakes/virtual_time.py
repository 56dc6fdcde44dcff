"""An event loop in which waiting takes no time, and the machine's clock over it. Feeds tests of what runs for months.

The loop jumps to its next timer when nothing else is to be done. Threads are waited for, not raced: work handed to one
is done at once. APScheduler reads the wall clock itself, so ``scheduler_reads`` gives it another.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from apscheduler.schedulers import base

from probes.clock import Clock


class VirtualClock:
    """Fulfils ``probes.clock.Clock``. The wall clock can be set; time itself only goes on."""

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self.passed_s = 0.0
        self.set_by_s = 0.0
        self.asleep_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed_s + self.set_by_s + self.asleep_s)

    def monotonic(self) -> float:
        return 1000.0 + self.passed_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def set_by(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self.set_by_s += seconds

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: the wall clock goes on, the loop's does not."""
        self.asleep_s += seconds


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self._clock.passed_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps over waiting."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        super().__init__(_Jumping(clock))

    def time(self) -> float:
        return self._virtual.monotonic()

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  handed on to who waits for it
            done.set_exception(error)
        return done


def scheduler_reads(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let APScheduler read this clock instead of the machine's."""

    class Wall(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now().astimezone(tz)

    monkeypatch.setattr(base, "datetime", Wall)


def living(clock: VirtualClock, scenario: Coroutine[Any, Any, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a scenario in virtual time to its end."""
    scheduler_reads(clock, monkeypatch)
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(scenario)
