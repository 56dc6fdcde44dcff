"""A small HTTP/2 server over TLS on loopback, built on h2. Feeds the tests of HTTP/2.

Each request is answered by the same steps: ``bytes`` are sent as one DATA frame, a number waits until that many seconds
after the request, ``Cut`` resets the stream, ``GoAway`` ends the connection, ``Garbage`` breaks the protocol. Without
``headers`` none are sent, so that a reply may break before it begins.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from tests.fakes.listener import Listener


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the stream."""


@dataclass(frozen=True, slots=True)
class GoAway:
    """End the connection."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no HTTP/2."""


Step = bytes | float | Cut | GoAway | Garbage


class FakeHttp2Server(Listener):
    """An async context manager; ``url`` is where it listens."""

    def __init__(self, tls: ssl.SSLContext, steps: Sequence[Step], *, headers: Mapping[str, str] | None) -> None:
        super().__init__(tls=tls)
        self._steps, self._headers = steps, headers
        self.requests = 0
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        connection = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        bodies: dict[int, bytes] = {}
        with suppress(h2.exceptions.ProtocolError):
            while True:
                writer.write(connection.data_to_send())
                data = await reader.read(65536)
                if not data:
                    return
                for event in connection.receive_data(data):
                    self._take(event, connection, writer, bodies)

    def _take(
        self,
        event: h2.events.Event,
        connection: h2.connection.H2Connection,
        writer: asyncio.StreamWriter,
        bodies: dict[int, bytes],
    ) -> None:
        if isinstance(event, h2.events.DataReceived) and event.stream_id is not None:
            bodies[event.stream_id] = bodies.get(event.stream_id, b"") + (event.data or b"")
        if isinstance(event, h2.events.StreamEnded) and event.stream_id is not None:
            self.requests += 1
            self.bodies.append(bodies.pop(event.stream_id, b""))
            self.keep(asyncio.create_task(self._answer(event.stream_id, connection, writer)))

    async def _answer(self, stream: int, connection: h2.connection.H2Connection, writer: asyncio.StreamWriter) -> None:
        began = asyncio.get_running_loop().time()
        if self._headers is not None:
            connection.send_headers(stream, [(":status", "200"), *self._headers.items()])
        for step in self._steps:
            match step:
                case bytes():
                    connection.send_data(stream, step)
                case float():
                    await asyncio.sleep(max(0.0, began + step - asyncio.get_running_loop().time()))
                case Cut():
                    connection.reset_stream(stream, 2)
                    writer.write(connection.data_to_send())
                    return
                case GoAway():
                    connection.close_connection(11)
                case Garbage():
                    # headers of stream 0, which is none
                    writer.write(b"\x00\x00\x00\x01\x04\x00\x00\x00\x00")
            writer.write(connection.data_to_send())
        connection.end_stream(stream)
        writer.write(connection.data_to_send())
