"""An HTTP proxy on loopback: tunnels by CONNECT, forwards plain requests, may ask for a password. Feeds TLS tests."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from tests.fakes.listener import Listener


class FakeProxy(Listener):
    """An async context manager; ``heads`` are the request heads it got.

    Args:
        refusal: What it says instead of helping.
        tls: Its own certificate, where it is asked over TLS.
        delay_s: Seconds before it answers CONNECT.
    """

    def __init__(
        self, *, refusal: bytes | None = None, tls: ssl.SSLContext | None = None, delay_s: float = 0.0
    ) -> None:
        super().__init__(tls=tls)
        self._refusal, self._delay_s = refusal, delay_s
        self.heads: list[str] = []

    @property
    def address(self) -> str:
        """Where it listens, without a scheme."""
        return f"127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode("latin-1"))
        if self._refusal is not None:
            writer.write(self._refusal)
            await writer.drain()
            return
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        if method == "CONNECT":
            await asyncio.sleep(self._delay_s)
            host, _, port = target.rpartition(":")
            onward = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            parts = urlsplit(target)
            onward = await asyncio.open_connection(parts.hostname, parts.port)
            onward[1].write(head.replace(target.encode(), parts.path.encode(), 1))
        try:
            await asyncio.gather(_carry(reader, onward[1]), _carry(onward[0], writer))
        finally:
            onward[1].transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
