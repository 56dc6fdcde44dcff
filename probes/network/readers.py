"""Reads sockets as soon as anybody can, even while the event loop is busy with other tasks. Feeds ``RawSocket``.

The loop looks at its sockets only once all tasks that were ready have had their turn. With many requests at once that
may take tens of milliseconds, and bytes that came apart meanwhile would be read as one piece, with one instant. So our
sockets have a poll set of their own, which the loop watches as a whole and which every request that sends or reads
looks into on its way.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from time import perf_counter

PAUSE_S = 0.0005
"""Not looked into again sooner: a look takes two microseconds, and tokens come milliseconds apart."""


class Readers:
    """Sockets and what to call when they have something to read. Belongs to one event loop; ``close`` it there."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: dict[int, Callable[[], None]] = {}
        self._looked_at = 0.0
        # other systems have no poll set that a loop can watch: there the loop watches each socket
        self._poll = select.epoll() if hasattr(select, "epoll") else None
        if self._poll is not None:
            self._loop.add_reader(self._poll.fileno(), self.look)

    def add(self, sock: socket.socket, call: Callable[[], None]) -> None:
        """Call this whenever the socket has something to read."""
        if self._poll is None:
            self._loop.add_reader(sock, call)
        else:
            self._calls[sock.fileno()] = call
            self._poll.register(sock.fileno(), select.EPOLLIN)

    def remove(self, sock: socket.socket) -> None:
        """Leave the socket alone. To be called before it is closed."""
        if self._poll is None:
            self._loop.remove_reader(sock)
        elif self._calls.pop(sock.fileno(), None) is not None:
            self._poll.unregister(sock.fileno())

    def glance(self) -> None:
        """Look whether something came, unless that was done just now."""
        if self._poll is not None and perf_counter() - self._looked_at > PAUSE_S:
            self.look()

    def look(self) -> None:
        """Read what has come on any socket."""
        self._looked_at = perf_counter()
        if self._poll is not None and not self._poll.closed:
            for number, _ in self._poll.poll(0):
                # an earlier call may have closed this one
                if number in self._calls:
                    self._calls[number]()

    def close(self) -> None:
        """Look no more; sockets that are still open are left as they are."""
        if self._poll is not None and not self._poll.closed:
            self._loop.remove_reader(self._poll.fileno())
            self._poll.close()
            self._calls.clear()
