"""How many runs are out at once, and whose turn it is, so that one slow endpoint starves nobody. Feeds ``rounds``."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Places for runs, shared fairly between the hosts that are asked.

    A free place goes to the waiting host with the fewest runs out, of equals to the one that waits longest. A host
    without any run out does not wait for those with some: for such there are as many places again.
    """

    def __init__(self, most: int) -> None:
        """``most``: runs at once, for the installation."""
        self._most = most
        self._out: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def waiting(self) -> int:
        """How many runs wait for their turn."""
        return sum(map(len, self._waiting.values()))

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._out.total()

    def most_for(self, host: str) -> int:
        """With how many places taken a run at this host waits."""
        return self._most if self._out[host] else 2 * self._most

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a place at this host, and hold it while the block runs."""
        await self._take(host)
        try:
            yield
        finally:
            self._give_back(host)

    async def _take(self, host: str) -> None:
        if not self._waiting.get(host) and self._may(host):
            self._out[host] += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(host, deque()).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._leave(host, waiter)
            else:  # a place was given to us in the same instant
                self._give_back(host)
            raise

    def _may(self, host: str) -> bool:
        return self.taken < self.most_for(host)

    def _leave(self, host: str, waiter: asyncio.Future[None]) -> None:
        queue = self._waiting.get(host)
        if queue and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._waiting[host]

    def _give_back(self, host: str) -> None:
        self._out[host] -= 1
        if not self._out[host]:
            del self._out[host]
        while self._waiting:
            fewest = min(self._waiting, key=self._out.__getitem__)  # of equals the first: it waits longest
            if not self._may(fewest):
                return
            self._serve(fewest)

    def _serve(self, host: str) -> None:
        queue = self._waiting.pop(host)
        waiter = queue.popleft()
        if queue:
            self._waiting[host] = queue  # at the end of the line
        if not waiter.done():
            self._out[host] += 1
            waiter.set_result(None)
