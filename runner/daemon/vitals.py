"""Whether the daemon itself is well: its event loop, its store, its outbox. Feeds ``watching``.

Each look is a chore; what is wrong goes into ``Troubles`` under a name of its own, and is taken back by the next look.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from probes.clock import Clock
from probes.duration import format_duration
from reports.metrics.metrics import Metrics
from runner.daemon.chores import Chore, Troubles
from runner.store.base import Store

LOOP_EVERY_S = 1.0
LAG_MOST_S = 5.0
"""An event loop that comes this late measures nothing rightly and starts nothing in time."""
LAG_TOLD_S = 60.0
"""How long it is told after the last such lag: it cannot answer while it lags."""
STORE_EVERY_S = 15.0
STUCK_S = 900.0
"""A notice that no worker looked at, or that was tried in vain, for so long."""
DAEMON = "daemon"
LOOP, OUTBOX = "event loop", "outbox stuck"
"""Sources of trouble. A store that cannot be written is told by the name of its chore."""


@dataclass(slots=True, kw_only=True)
class Vitals:
    """Looks at loop, store and outbox again and again."""

    store: Store
    clock: Clock
    metrics: Metrics
    troubles: Troubles
    notifiers: Callable[[], frozenset[str]]
    """Names of those that can be told now."""
    proven: bool = False
    """True once the store has been written to since the start."""
    _began_at: datetime | None = None
    _expected_at: float | None = None
    _lags: deque[tuple[float, float]] = field(default_factory=deque)
    """When it lagged badly, and by how much."""

    def chores(self) -> tuple[Chore, ...]:
        """What is to be done over and over."""
        return (
            Chore(name="measuring the event loop", every_s=LOOP_EVERY_S, work=self.look_at_loop),
            Chore(name="writing to the store", every_s=STORE_EVERY_S, work=self.look_at_store),
            Chore(name="watching the outbox", every_s=STORE_EVERY_S, work=self.look_at_outbox),
        )

    async def look_at_loop(self) -> None:
        """How much later than asked for we were woken."""
        now = self.clock.monotonic()
        lag_s = max(0.0, now - self._expected_at) if self._expected_at is not None else 0.0
        self._expected_at = now + LOOP_EVERY_S
        self.metrics.loop_lag(lag_s)
        if lag_s >= LAG_MOST_S:
            self._lags.append((now, lag_s))
        while self._lags and now - self._lags[0][0] > LAG_TOLD_S:
            self._lags.popleft()
        worst_s = max((lag for _, lag in self._lags), default=0.0)
        self.troubles.tell(LOOP, f"it lagged by {worst_s:.1f} s within the last minute" if worst_s else "")

    async def look_at_store(self) -> None:
        """Write that we are alive, which tells the next start how long nobody was.

        Raises:
            StoreError: the store cannot be written.
        """
        await asyncio.to_thread(self.store.mark_alive, DAEMON, self.clock.now())
        self.proven = True

    async def look_at_outbox(self) -> None:
        """Find notices that are not getting out.

        Raises:
            StoreError: the store cannot be read.
        """
        now = self.clock.now()
        self._began_at = self._began_at or now
        silences = await asyncio.to_thread(self.store.silences, now)
        oldest = await asyncio.to_thread(self.store.oldest_undelivered, self.notifiers(), silences)
        # what waited while no daemon ran has its time from our start
        waited_s = (now - max(oldest, self._began_at)).total_seconds() if oldest is not None else 0.0
        told = f"the oldest notice has been waiting for {format_duration(waited_s)}"
        self.troubles.tell(OUTBOX, told if waited_s >= STUCK_S else "")
