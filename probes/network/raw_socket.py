"""One TCP connection: bytes out, and bytes in with the instant they came. Feeds the streams above it.

Reading goes on in the background, bounded, so that a hang-up of an idle connection is known before it is used again.
Time limits are not kept here: the caller's deadline cancels.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from time import perf_counter
from typing import Any

from probes.network.arrival import ANCILLARY_BYTES, age_of, ask_for_stamps
from probes.network.readers import Readers

READ_BYTES = 64 * 1024
MOST_UNREAD_BYTES = 256 * 1024
"""Beyond this much nobody has taken yet, the socket is left alone: the peer has to wait, memory does not grow."""


class RawSocket:
    """A connected socket, read in the background. Chunks come with the instant (``perf_counter``) of their arrival."""

    def __init__(self, sock: socket.socket, readers: Readers) -> None:
        self._loop = asyncio.get_running_loop()
        self._readers = readers
        self.sock = sock
        self.stamped = ask_for_stamps(sock)
        """True where the kernel tells when bytes came; else they count as come when they were read."""
        self._unread: deque[tuple[bytes, float]] = deque()
        self._unread_bytes = 0
        self._unsent = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._reading = False
        self._ended = False
        self._error: OSError | None = None
        self._listen()

    # ------------------------------------------------------------------------------------------------ out
    def send(self, data: bytes | bytearray) -> None:
        """Hand over bytes; what the socket does not take at once follows while we read."""
        self._readers.glance()
        if not self._unsent and data and not self.closed:
            data = data[self._push(data) :]
        if data and not self.closed:
            if not self._unsent:
                self._loop.add_writer(self.sock, self._on_writable)
            self._unsent += data

    def _push(self, data: bytes | bytearray) -> int:
        """How many bytes are dealt with. After an error all are: a server may answer early and hang up, so only
        reading tells how it went."""
        try:
            return self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(data)

    def _on_writable(self) -> None:
        del self._unsent[: self._push(self._unsent)]
        if not self._unsent:
            self._loop.remove_writer(self.sock)

    # ------------------------------------------------------------------------------------------------ in
    async def receive(self) -> tuple[bytes, float]:
        """The next bytes and when they came; no bytes at the end.

        Raises:
            OSError: the connection broke.
        """
        while not self._unread:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b"", perf_counter()
            await self._wait()
        # what is done with these bytes may take its time, and others may be waiting to do the same
        self._readers.glance()
        return self.take()

    def take(self) -> tuple[bytes, float]:
        """The next bytes that are here already."""
        chunk = self._unread.popleft()
        self._unread_bytes -= len(chunk[0])
        self._listen()
        return chunk

    @property
    def unread(self) -> bool:
        """True where bytes are here that nobody has taken."""
        return bool(self._unread)

    @property
    def over(self) -> bool:
        """True where nothing more will come, or not all of what was sent has left."""
        return self._ended or self._error is not None or self.closed or bool(self._unsent)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _listen(self) -> None:
        # also while our own bytes are still leaving: a peer may want to be read before it reads on
        done = self._ended or self._error is not None or self.closed
        if not self._reading and not done and self._unread_bytes < MOST_UNREAD_BYTES:
            self._readers.add(self.sock, self._on_readable)
            self._reading = True

    def _deafen(self) -> None:
        if self._reading:
            self._readers.remove(self.sock)
            self._reading = False

    def _on_readable(self) -> None:
        try:
            data, ancillary, _, _ = self.sock.recvmsg(READ_BYTES, ANCILLARY_BYTES if self.stamped else 0)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error = error
            data, ancillary = b"", []
        if data:
            self._unread.append((data, perf_counter() - age_of(ancillary)))
            self._unread_bytes += len(data)
        else:
            self._ended = True
        if self._ended or self._unread_bytes >= MOST_UNREAD_BYTES:
            self._deafen()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------------------------------------------ end
    def facts(self, name: str) -> Any:
        """What httpcore2 may ask of a connection: ``socket``, ``client_addr``, ``server_addr``."""
        match name:
            case "socket":
                return self.sock
            case "client_addr":
                return self.sock.getsockname()
            case "server_addr":
                return self.sock.getpeername()
        return None

    @property
    def closed(self) -> bool:
        """True once ``close`` was called."""
        return self.sock.fileno() < 0

    def close(self) -> None:
        """Close the socket; harmless when repeated. Whoever waits for bytes gets an error."""
        if self.closed:
            return
        self._deafen()
        if self._unsent:
            self._loop.remove_writer(self.sock)
        self.sock.close()
        self._error = self._error or ConnectionAbortedError("the connection was closed here")
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
