"""TLS on a socket of ours, or on another TLS, so that the arrival instants below it stay known. Feeds ``streams``."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any, TypeVar

from probes.network.carrier import Carrier

READ_BYTES = 64 * 1024
Came = TypeVar("Came")


class TlsCarrier:
    """TLS on another carrier. What it decrypts came when the last bytes it needed came."""

    def __init__(self, below: Carrier, context: ssl.SSLContext, hostname: str | None) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._came_at = perf_counter()
        self._ahead: tuple[bytes, float] | None = None

    async def shake_hands(self) -> None:
        """Agree on keys, certificates checked.

        Raises:
            OSError: it did not come about; ``ssl.SSLError`` where TLS itself is why.
        """
        while not self._agreed():
            if not await self._feed():
                raise ConnectionResetError("the server hung up during the TLS handshake")

    def _agreed(self) -> bool:
        try:
            self._stepped(self._tls.do_handshake)
        except ssl.SSLWantReadError:
            return False
        return True

    @property
    def speaks_http2(self) -> bool:
        """True where both sides agreed on HTTP/2."""
        return self._tls.selected_alpn_protocol() == "h2"

    def send(self, data: bytes | bytearray) -> None:
        # an error here shows when the reply is read
        with suppress(ssl.SSLError):
            self._stepped(lambda: self._tls.write(data))

    async def receive(self) -> tuple[bytes, float]:
        while self._ahead is None and not self._decrypt():
            await self._feed()
        return self.take()

    def take(self) -> tuple[bytes, float]:
        chunk, self._ahead = self._ahead or (b"", self._came_at), None
        return chunk

    @property
    def stamped(self) -> bool:
        return self._below.stamped

    @property
    def unread(self) -> bool:
        """True where decrypted bytes, or the end, are here. Session tickets are neither."""
        while self._ahead is None and self._below.unread:
            self._take_in(self._below.take())
        try:
            return self._ahead is not None or self._decrypt()
        except ssl.SSLError:
            return True

    @property
    def over(self) -> bool:
        return self._below.over

    def close(self) -> None:
        # saying goodbye waits for no answer
        with suppress(OSError, ValueError):
            self._stepped(self._tls.unwrap)
        self._below.close()

    def facts(self, name: str) -> Any:
        return self._tls if name == "ssl_object" else self._below.facts(name)

    def _decrypt(self) -> bool:
        """Put the next decrypted bytes, or the end, ahead; False where more encrypted ones are needed."""
        try:
            data = self._stepped(lambda: self._tls.read(READ_BYTES))
        except ssl.SSLWantReadError:
            return False
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            # many servers hang up without saying goodbye; whether the reply was whole is for HTTP to judge
            data = b""
        self._ahead = data, self._came_at
        return True

    def _stepped(self, step: Callable[[], Came]) -> Came:
        """Take one step of TLS, and send what it has to say to the other side, whatever came of it."""
        try:
            return step()
        finally:
            if self._outgoing.pending:
                self._below.send(self._outgoing.read())

    async def _feed(self) -> bool:
        """Take in the next encrypted bytes; False at the end."""
        return self._take_in(await self._below.receive())

    def _take_in(self, chunk: tuple[bytes, float]) -> bool:
        data, self._came_at = chunk
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)
