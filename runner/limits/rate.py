"""Requests and tokens a minute at one endpoint, by all suites of this process together. Feeds ``holding``.

Everybody waits in the order of coming, so nobody starves; waiting is in no timing.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque

from probes.clock import Clock
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.sample import TokenUsage
from runner.limits.bell import Bell
from runner.limits.estimate import Estimate, counted

WINDOW_S = 60.0
LEAST_WAIT_S = 0.001
"""Shorter waits could vanish in the rounding of a clock and never end."""


class Minute:
    """What left for one endpoint within the last sixty seconds, on the monotonic clock.

    A request counts from the instant it may leave. Its tokens count as an estimate while it is in flight and as what
    they were for sixty seconds after, because nobody knows when the endpoint counts them.
    """

    def __init__(self, clock: Clock) -> None:
        self.turn = asyncio.Lock()
        self.changed = Bell()
        self._clock = clock
        self._sent: deque[float] = deque()
        self._used: deque[tuple[float, int]] = deque()
        self._reserved = 0

    def wait_s(self, requests: int | None, tokens: int | None, estimate: int) -> float:
        """Seconds until another request may leave; 0 for now, infinity where only an answer can change it."""
        now = self._clock.monotonic()
        self._forget(now)
        waits = [0.0]
        if requests is not None and len(self._sent) >= requests:
            waits.append(self._sent[-requests] + WINDOW_S - now)
        if tokens is not None:
            waits.append(self._tokens_wait_s(now, tokens, estimate))
        longest = max(waits)
        return max(longest, LEAST_WAIT_S) if longest > 0 else 0.0

    def _tokens_wait_s(self, now: float, limit: int, estimate: int) -> float:
        over = self._reserved + sum(used for _, used in self._used) + estimate - limit
        if over <= 0 or not (self._used or self._reserved):
            return 0.0  # a request larger than the limit goes alone: it would else never go
        for at, used in self._used:
            over -= used
            if over <= 0:
                return at + WINDOW_S - now
        return math.inf if self._reserved else self._used[-1][0] + WINDOW_S - now

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] + WINDOW_S <= now:
            self._sent.popleft()
        while self._used and self._used[0][0] + WINDOW_S <= now:
            self._used.popleft()

    def leave(self, estimate: int) -> None:
        """One request leaves now."""
        now = self._clock.monotonic()
        self._forget(now)
        self._sent.append(now)
        self._reserved += estimate

    def settle(self, estimate: int, used: int) -> None:
        """One request is over and used this many tokens."""
        self._reserved -= estimate
        if used:
            self._used.append((self._clock.monotonic(), used))
        self.changed.ring()


class RateGate:
    """Requests and tokens a minute of one run at one endpoint (``probes.gate.Gate``)."""

    def __init__(self, minute: Minute, endpoint: Endpoint, estimate: Estimate, clock: Clock) -> None:
        self.waited_s = 0.0
        """The longest that one request of this run had to wait."""
        self._minute = minute
        self._requests, self._tokens = endpoint.requests_per_minute, endpoint.tokens_per_minute
        self._estimate = estimate
        self._clock = clock
        self._in_flight: deque[int] = deque()

    async def admit(self) -> Failure | None:
        """Wait for a free place in the minute. Never refuses."""
        if self._requests is None and self._tokens is None:
            self._leave()
            return None
        came = self._clock.monotonic()
        async with self._minute.turn:
            while wait_s := self._minute.wait_s(self._requests, self._tokens, self._estimate.tokens):
                await self._pause(wait_s)
            self._leave()
        self.waited_s = max(self.waited_s, self._clock.monotonic() - came)
        return None

    def _leave(self) -> None:
        self._in_flight.append(self._estimate.tokens)
        self._minute.leave(self._in_flight[-1])

    def note(
        self, *, failure: Failure | None, usage: TokenUsage, cost_usd: float | None, charged: bool = False
    ) -> None:
        """Count what it really used; where a reply at least began and did not say, the estimate stands."""
        reserved = self._in_flight.popleft()
        told = counted(usage)
        unsaid = reserved if failure is None or charged else 0
        self._minute.settle(reserved, unsaid if told is None else told)

    def end(self) -> None:
        """The run is over: what was cancelled in flight is counted as estimated."""
        while self._in_flight:
            reserved = self._in_flight.popleft()
            self._minute.settle(reserved, reserved)

    async def _pause(self, wait_s: float) -> None:
        """Until the time has passed, or until an answer tells how many tokens it took."""
        if self._tokens is None:
            await self._clock.sleep(wait_s)
            return
        waiting = {asyncio.ensure_future(self._minute.changed.heard())}
        if math.isfinite(wait_s):
            waiting.add(asyncio.ensure_future(self._clock.sleep(wait_s)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
