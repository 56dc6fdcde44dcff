"""How long the daemon's listener waits for its clients, and how many it bears. Feeds ``web``.

A client that never ends its question, or never reads its answer (13 MB with thousands of suites), would be held for
ever by the server underneath: it bounds only the time between two questions.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0
"""How long a client may take for its question, from its first byte (the first one: from connecting) to its last."""
ANSWER_S = 60.0
"""How long the answer to it may take, until the client has read the last byte."""
MOST_CLIENTS = 100
"""Connections at once. One more takes the place of the one that has been without a whole question for longest."""
MOST_HEAD = 16 * 1024
"""Bytes of a request line and its headers; more is answered with 400."""


class Client(H11Protocol):
    """One connection, with deadlines. Past one it is cut, whatever is still to be sent."""

    began_at: float = 0.0
    """By the loop's clock."""
    _late: asyncio.TimerHandle | None = None
    _of: object = None
    """The question that the deadline is for; None while it is still to come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.began_at = self.loop.time()
        self._allow(REQUEST_S)
        if len(self.connections) > MOST_CLIENTS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:  # the connection was idle
            self._allow(REQUEST_S)
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.more_body and self.cycle is not self._of:
            self._of = self.cycle
            self._allow(ANSWER_S)

    def _allow(self, seconds: float) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = self.loop.call_later(seconds, self._cut)

    def _cut(self) -> None:
        idle = self.timeout_keep_alive_task is not None and not self.transport.get_write_buffer_size()
        if not idle:  # who is idle is closed by the server itself
            self.transport.abort()

    def _make_room(self) -> None:
        clients = [one for one in self.connections if isinstance(one, Client)]
        silent = [one for one in clients if one.cycle is None or one.cycle.response_complete]
        min(silent, key=lambda one: one.began_at).transport.abort()
