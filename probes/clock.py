"""Time as a parameter: the one place that reads the clocks, so that tests can hand in another."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic time for durations, sleep for waiting."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never steps back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Give way for this many seconds."""
        ...


class SystemClock:
    """The clocks of this machine. ``perf_counter`` is monotonic on every platform we run on, and finest."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
