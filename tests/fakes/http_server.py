"""A loopback HTTP server that answers with exactly the bytes, pauses and cuts it is told to. Feeds transport tests.

A reply is a list of steps: ``bytes`` are written, ``Pause`` waits, ``End`` closes the connection properly, ``Reset``
cuts it with a TCP reset, ``Hang`` never goes on. ``FakeServer`` takes one reply a request; the last one repeats.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.listener import Listener


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait until this many seconds after the request was read: on an absolute schedule lateness cannot add up."""

    until_s: float


@dataclass(frozen=True, slots=True)
class End:
    """Close the connection."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Cut the connection with a TCP reset."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more, keep the connection."""


Step = bytes | Pause | End | Reset | Hang
Steps = Sequence[Step]


@dataclass(slots=True, kw_only=True)
class Received:
    """One request as it came, and when the server wrote the pieces of its reply."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """0-based number of the connection it came on."""
    read_at: float
    """``time.perf_counter`` when the request was complete."""
    written_at: list[float] = field(default_factory=list)
    """The same, for each ``bytes`` step of the reply, once it was written."""
    writing_at: list[float] = field(default_factory=list)
    """The same, just before it was written."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeServer(Listener):
    """An async context manager; ``url`` is where it listens."""

    def __init__(
        self, *replies: Steps, tls: ssl.SSLContext | None = None, family: socket.AddressFamily = socket.AF_INET
    ) -> None:
        super().__init__(tls=tls, host="::1" if family is socket.AF_INET6 else "127.0.0.1")
        self._replies = replies
        self._came, self._left = asyncio.Event(), asyncio.Event()
        self.requests: list[Received] = []
        self.open_now = 0
        self.open_most = 0
        """The largest number of requests that were in the server at once."""

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def busy(self, requests: int) -> None:
        """Wait until this many requests are in the server at once."""
        while self.open_now < requests:
            self._came.clear()
            await self._came.wait()

    async def hung_up(self) -> None:
        """Wait until some connection has ended."""
        await self._left.wait()

    def _ended(self) -> None:
        self._left.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while await self._serve_one(reader, writer, number):
            pass

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Received(
            method=method, target=target, headers=headers, body=body, connection=number, read_at=time.perf_counter()
        )
        steps = self._replies[min(len(self.requests), len(self._replies) - 1)]
        self.requests.append(request)
        self.open_now += 1
        self._came.set()
        self.open_most = max(self.open_most, self.open_now)
        try:
            return await _play(steps, request, writer)
        finally:
            self.open_now -= 1


async def _play(steps: Steps, request: Received, writer: asyncio.StreamWriter) -> bool:
    """Play one reply; True where the connection may serve another request."""
    for step in steps:
        match step:
            case bytes():
                request.writing_at.append(time.perf_counter())
                writer.write(step)
                request.written_at.append(time.perf_counter())
                await writer.drain()
            case Pause(until_s):
                await asyncio.sleep(max(0.0, request.read_at + until_s - time.perf_counter()))
            case Hang():
                await asyncio.Event().wait()
            case Reset():
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
                return False
            case End():
                writer.close()
                await writer.wait_closed()
                return False
    return True


# ------------------------------------------------------------------------------------------------ replies by the yard
def head(status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A status line and headers, with the blank line."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole(
    body: bytes | object, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = "application/json"
) -> list[Step]:
    """A reply in one piece; anything but bytes goes as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [head(status, {"content-type": kind, "content-length": str(len(raw)), **(headers or {})}) + raw]


STREAM_HEADERS = {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"}
LAST_CHUNK = b"0\r\n\r\n"


def piece(data: bytes) -> bytes:
    """One chunk of HTTP/1.1's chunked encoding."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(data: object) -> bytes:
    """One server-sent event; text goes as it is, anything else as JSON."""
    text = data if isinstance(data, str) else json.dumps(data)
    return f"data: {text}\n\n".encode()


def stream(events: Iterable[bytes], *, headers: Mapping[str, str] | None = None) -> list[Step]:
    """A streamed reply, each event its own chunk, at once and to its proper end."""
    return [head(200, {**STREAM_HEADERS, **(headers or {})}), *map(piece, events), LAST_CHUNK]
