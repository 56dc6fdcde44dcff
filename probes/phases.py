"""The three time limits of one request, as one deadline that moves. Feeds ``transport``.

Connecting, waiting for the first token, and the whole request each have a limit; the whole one counts from the start
and holds in every phase, so that no server can drip its way past it. Over all of them stands the time of the run.
"""

from __future__ import annotations

import asyncio

from probes.duration import format_duration
from probes.endpoint import Timeouts
from probes.failure import Failure, FailureClass
from probes.time_limit import UNLIMITED, TimeLimit

_MISSED = {
    FailureClass.TIMEOUT_CONNECT: "no connection within",
    FailureClass.TIMEOUT_FIRST_TOKEN: "no first token within",
    FailureClass.TIMEOUT_TOTAL: "no complete answer within",
}


class Phases:
    """The deadline of one request. Make it inside a running event loop and enter ``deadline`` at once.

    Args:
        limits: Those of the endpoint.
        run: That of the run which the request belongs to.
    """

    def __init__(self, limits: Timeouts, run: TimeLimit = UNLIMITED) -> None:
        self._limits = limits
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._total_at = self._began + limits.total_s
        self._kind, self._limit_s, self._until = self._next(FailureClass.TIMEOUT_CONNECT, limits.connect_s)
        self.deadline = asyncio.timeout_at(self._soonest())

    def sent(self) -> None:
        """The request headers have left: now the endpoint owes a first token (headers where nothing is streamed)."""
        self._enter(FailureClass.TIMEOUT_FIRST_TOKEN, self._limits.first_token_s)

    def answering(self) -> None:
        """The first token is here, or the headers where nothing is streamed: only the total counts from now on."""
        if self._kind is not FailureClass.TIMEOUT_TOTAL:
            self._enter(FailureClass.TIMEOUT_TOTAL, self._limits.total_s)

    def complete(self) -> None:
        """The reply is complete: nothing is owed any more."""
        if not self.missed:
            self.deadline.reschedule(None)

    @property
    def missed(self) -> bool:
        """True once a limit has passed."""
        return self.deadline.expired()

    def failure(self) -> Failure:
        """The failure of the limit that was missed."""
        if self._run.at is not None and self._run.at <= self._until:
            return self._run.cut_short(self._loop.time() - self._began)
        return Failure(kind=self._kind, message=f"{_MISSED[self._kind]} {format_duration(self._limit_s)}")

    def _enter(self, kind: FailureClass, limit_s: float) -> None:
        # once it has expired the cancellation is on its way, and a timeout that expires refuses to be moved
        if not self.missed:
            self._kind, self._limit_s, self._until = self._next(kind, limit_s)
            self.deadline.reschedule(self._soonest())

    def _soonest(self) -> float:
        return self._until if self._run.at is None else min(self._run.at, self._until)

    def _next(self, kind: FailureClass, limit_s: float) -> tuple[FailureClass, float, float]:
        """The phase that ends first, its limit and its end on the loop's clock: the one asked for, or the whole."""
        until = self._loop.time() + limit_s
        if until < self._total_at:
            return kind, limit_s, until
        return FailureClass.TIMEOUT_TOTAL, self._limits.total_s, self._total_at
