"""Stops asking an endpoint that is dead for the rest of a run. Feeds ``fire_all``, which puts it before other gates.

Why these numbers: docs/decisions/stop-asking-a-dead-endpoint.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from probes.clock import Clock
from probes.failure import IN_BETWEEN, Failure, FailureClass
from probes.hostile import MESSAGE_CHARS, one_line
from probes.sample import TokenUsage

_F = FailureClass

LASTING = 3
"""Failures that end it, of a kind that no later request of the run will find mended."""
PASSING = 6
"""The same, of a kind that often passes."""
FAILURES_ALLOWED: Mapping[FailureClass, int] = {
    **dict.fromkeys(
        (_F.AUTH, _F.BILLING, _F.PERMISSION, _F.NOT_FOUND, _F.QUOTA_LONG, _F.DNS_TLS),
        LASTING,
    ),
    **dict.fromkeys(
        (
            _F.RATE_LIMIT_SHORT,
            _F.OVERLOADED,
            _F.SERVER,
            _F.CONNECTION,
            _F.TIMEOUT_CONNECT,
            _F.TIMEOUT_FIRST_TOKEN,
            _F.TIMEOUT_TOTAL,
        ),
        PASSING,
    ),
}
"""Failed requests of one class in a row after which a run stops, where requests go out one after the other. Classes
that are missing belong to one question or reply and never stop a run."""
_ONE_QUESTION = frozenset({_F.CONTENT_FILTER, _F.CONTEXT_LENGTH, _F.BAD_REQUEST})
"""The endpoint looked at the question and refused it: as good a sign of life as an answer."""


class Circuit:
    """A gate that closes for good once requests of one run keep failing in one way, with no answer in between.

    Requests that are under way when it closes finish; waits for a further attempt end at once.

    Args:
        concurrency: Requests in flight at once. One hiccup fails all of them, so the others in flight are no
            further evidence and come on top of the failures allowed.
    """

    def __init__(self, *, concurrency: int) -> None:
        self._others = concurrency - 1
        self._failed: Counter[FailureClass] = Counter()
        self._stop: Failure | None = None
        self._closed = asyncio.Event()

    @property
    def closed(self) -> bool:
        """True where no request leaves any more."""
        return self._stop is not None

    async def admit(self) -> Failure | None:
        return self._stop

    def note(
        self, *, failure: Failure | None, usage: TokenUsage, cost_usd: float | None, charged: bool = False
    ) -> None:
        if failure is None or (failure.kind in _ONE_QUESTION and failure.status is not None):
            self._failed.clear()
            return
        self._failed[failure.kind] += 1
        allowed = FAILURES_ALLOWED.get(failure.kind)
        if self._stop is None and allowed is not None and self._failed[failure.kind] >= allowed + self._others:
            self._stop = self._reason(failure)
            self._closed.set()

    def _reason(self, failure: Failure) -> Failure:
        count = self._failed[failure.kind]
        message = f"not asked: {count} requests failed ({failure.kind}) {IN_BETWEEN}{failure.message}"
        return Failure(kind=_F.NOT_ASKED, message=one_line(message, MESSAGE_CHARS))

    async def pause(self, clock: Clock, seconds: float) -> bool:
        """Sleep, but no longer than until it closes. True where it is still open."""
        if self.closed:
            return False
        sleep = asyncio.ensure_future(clock.sleep(seconds))
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((sleep, closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleep, closing):
                task.cancel()
            await asyncio.gather(sleep, closing, return_exceptions=True)
        return not self.closed


class SecondLook:
    """The same gate behind all others: while a request waited in those, it may have closed."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit

    async def admit(self) -> Failure | None:
        return await self._circuit.admit()

    def note(
        self, *, failure: Failure | None, usage: TokenUsage, cost_usd: float | None, charged: bool = False
    ) -> None:
        """Nothing: the circuit itself has been told."""
