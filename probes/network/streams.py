"""Connections as httpcore2 wants them, plain or with TLS, which tell the request under way what happens when.

Feeds ``Network``. Requests leave in one piece; what arrives is told with the instant at which it came.
"""

# ruff: noqa: ASYNC109 - these parameters are httpcore2's

from __future__ import annotations

import ssl
from time import perf_counter
from typing import Any

import httpcore2

from probes.network.carrier import Carrier
from probes.network.timeline import CURRENT
from probes.network.tls_carrier import TlsCarrier


class TimedStream(httpcore2.AsyncNetworkStream):
    """Bytes on a carrier, for httpcore2. Time limits are the caller's deadline, not the parameters here.

    ``layers`` is how many layers of TLS are still to come before what is carried is the probe's own: over a proxy its
    greeting comes first, and is nobody's reply.
    """

    def __init__(self, carrier: Carrier, *, layers: int, shared: bool = False) -> None:
        self._carrier = carrier
        self._layers = layers
        self._told = layers == 0 and not shared
        self._corked = bytearray()
        self._rest: tuple[bytes, float] | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; none at the end.

        Raises:
            httpcore2.ReadError: caused by the ``OSError`` (``ssl.SSLError`` is one) that broke the connection.
        """
        if self._corked:
            self._uncork()
        try:
            data, came_at = self._rest or await self._carrier.receive()
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error
        if len(data) > max_bytes:
            self._rest = data[max_bytes:], came_at
            data = data[:max_bytes]
        else:
            self._rest = None
        timeline = CURRENT.get() if self._told else None
        if timeline is not None:
            timeline.arrived(max(0.0, perf_counter() - came_at), stamped=self._carrier.stamped)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep what is to be sent until somebody reads: head and body then leave together, at one instant.

        What belongs to no single request (HTTP/2, a proxy's greeting) leaves at once.
        """
        self._corked += buffer
        if not self._told and self._corked:
            self._uncork()

    def _uncork(self) -> None:
        leaving, self._corked = self._corked, bytearray()
        timeline = CURRENT.get() if self._told else None
        if timeline is not None:
            timeline.sending()
        self._carrier.send(leaving)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """TLS on this connection, which then belongs to it. On any failure, cancellation included, it is closed.

        Raises:
            httpcore2.ConnectError: caused by the ``OSError`` (``ssl.SSLError`` is one) that tells why.
        """
        timeline = CURRENT.get()
        if timeline is not None:
            timeline.securing()
        try:
            tls = TlsCarrier(self._carrier, ssl_context, server_hostname)
            await tls.shake_hands()
        except (OSError, ValueError) as error:
            self._carrier.close()
            raise httpcore2.ConnectError(str(error)) from error
        except BaseException:
            self._carrier.close()
            raise
        if timeline is not None:
            timeline.secured()
        # over HTTP/2 one task reads for others, so nobody is told
        return TimedStream(tls, layers=max(0, self._layers - 1), shared=tls.speaks_http2)

    async def aclose(self) -> None:
        self._carrier.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._rest is not None or self._carrier.unread or self._carrier.over
        return self._carrier.facts(info)
