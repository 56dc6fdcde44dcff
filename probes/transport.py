"""The only file that sends probes: one request out, one reply in, timed. Feeds ``fire``.

httpx2 carries the bytes. Timing counts from the instant the request headers leave (see ``stopwatch``). No environment
proxy or netrc is used, no redirect followed, no cookie kept, no compression asked for: each would change what is
measured. Certificates are verified; ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are honoured.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import httpx2

from probes.clock import Clock
from probes.connection_failure import connection_failure
from probes.endpoint import Endpoint
from probes.failure import Failure, FailureClass
from probes.intake import TooLong, read_stream, read_whole
from probes.phases import Phases
from probes.protocols.protocol import Framing, Protocol, Reply
from probes.sample import Timing
from probes.stopwatch import Stopwatch

DRAIN_S = 0.2
"""Seconds spent on reading past the end of a stream, which lets the connection be used again."""
KEEPALIVE_S = 2.0
"""Idle seconds after which a connection is not used again: many servers hang up after five, and a request that
crosses such a hang-up on the wire would look like an outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request, ready to leave. Carries credentials: never shown."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    streamed: bool
    """True where the request asks for a stream."""
    method: str = "POST"
    framing: Framing = "sse"
    """How a stream is cut into events, where its content type does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReply:
    """A reply to something that is no probe (a token, say): status, headers, bytes."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Lower-case names."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one request brought: a reply or a failure in it, when, and the response headers."""

    reply: Reply
    timing: Timing
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Response headers as they came, lower-case names, secrets included."""
    elapsed_s: float
    """Seconds from handing the request over to the outcome."""


class Transport:
    """Sends requests; an async context manager. Connections are shared by endpoints of one origin.

    The pools have no limit of their own: whoever fires bounds concurrency, so that no request ever waits in here.
    ``wire`` puts another httpx2 transport in place of the network, ``verify`` another TLS context.
    """

    def __init__(
        self, *, clock: Clock, wire: httpx2.AsyncBaseTransport | None = None, verify: ssl.SSLContext | None = None
    ) -> None:
        self._clock = clock
        self._wire = wire
        self._verify = verify
        self._clients: dict[tuple[str, str, int | None], httpx2.AsyncClient] = {}
        # these loggers write whole addresses and response headers, and both can hold credentials
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    def prepare(self, endpoint: Endpoint) -> None:
        """Do now what the first request would else do first: reading certificates takes tens of milliseconds."""
        with suppress(httpx2.InvalidURL):
            self._client(httpx2.URL(endpoint.base_url))

    async def send(self, *, endpoint: Endpoint, request: Outgoing, protocol: Protocol) -> Exchange:
        """Send one request and read its reply. Never raises for endpoint trouble: the failure is in the reply.

        The limits of ``endpoint.timeout`` hold, in real time whatever the clock.
        """
        watch, phases = Stopwatch(self._clock), Phases(endpoint.timeout)
        attempt = _Attempt(
            endpoint=endpoint, request=request, protocol=protocol, clock=self._clock, watch=watch, phases=phases
        )
        try:
            async with phases.deadline:
                reply = await attempt.run(self._client(httpx2.URL(request.url)))
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            failure = phases.failure() if phases.missed else connection_failure(error)
            reply = Reply(failure=failure)
        return Exchange(reply=reply, timing=watch.timing(), headers=attempt.headers, elapsed_s=watch.elapsed_s)

    async def post(
        self, *, endpoint: Endpoint, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> PlainReply | Failure:
        """Post something that is no probe, over the endpoint's own certificates and proxy. Never raises for trouble."""
        try:
            async with asyncio.timeout(timeout_s):
                client = self._client(httpx2.URL(url))
                async with client.stream("POST", url, headers=dict(headers), content=body) as response:
                    content = await read_whole(response.aiter_raw(), is_error=True)
                    named = {name.lower(): value for name, value in response.headers.items()}
                    return PlainReply(status=response.status_code, headers=named, body=content)
        except TimeoutError:
            return Failure(kind=FailureClass.TIMEOUT_TOTAL, message=f"no complete answer within {timeout_s:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            return connection_failure(error)

    def _client(self, url: httpx2.URL) -> httpx2.AsyncClient:
        if url.port is not None and not 0 < url.port < 65536:
            raise httpx2.InvalidURL("port out of range")
        origin = (url.scheme, url.host, url.port)
        if origin not in self._clients:
            self._clients[origin] = httpx2.AsyncClient(
                transport=self._wire,
                verify=self._certificates if url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                timeout=None,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                limits=httpx2.Limits(
                    max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEPALIVE_S
                ),
            )
        return self._clients[origin]

    @cached_property
    def _certificates(self) -> ssl.SSLContext:
        return self._verify or httpx2.create_ssl_context()


class _Attempt:
    """One request under way, with what is known of it even when it fails."""

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        request: Outgoing,
        protocol: Protocol,
        clock: Clock,
        watch: Stopwatch,
        phases: Phases,
    ) -> None:
        self._endpoint = endpoint
        self._request = request
        self._clock = clock
        self._protocol = protocol
        self._watch = watch
        self._phases = phases
        self._opening: Any = None
        self.headers: tuple[tuple[str, str], ...] = ()

    async def run(self, client: httpx2.AsyncClient) -> Reply:
        try:
            return await self._send(client)
        finally:
            # httpcore2 2.16 forgets a socket whose TLS handshake is cancelled, as our connect limit does
            if self._opening is not None:
                await self._opening.aclose()

    async def _send(self, client: httpx2.AsyncClient) -> Reply:
        request = client.build_request(
            self._request.method,
            self._request.url,
            headers=[(name.encode(), value.encode()) for name, value in self._request.headers.items()],
            content=self._request.body or None,
            extensions={"trace": self._on_trace},
        )
        response = await client.send(request, stream=True)
        try:
            return await self._read(response)
        finally:
            await response.aclose()

    async def _on_trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._opening = info["return_value"]
        elif event.endswith(".send_request_headers.started"):
            self._opening = None
        waiting = self._watch.sent is None
        self._watch.on_trace(event)
        if waiting and self._watch.sent is not None:
            self._phases.sent()

    async def _read(self, response: httpx2.Response) -> Reply:
        self.headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        )
        headers, status = dict(self.headers), response.status_code
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            message = f"the reply is compressed ({encoding}) though that was not asked for"
            return Reply(failure=Failure(kind=FailureClass.PROTOCOL, message=message, status=status))
        async with aclosing(response.aiter_raw()) as chunks:
            try:
                if 200 <= status < 300 and self._is_stream(headers):
                    return await self._read_stream(chunks)
                return await self._read_whole(chunks, status, headers)
            except TooLong as error:
                return Reply(failure=error.failure(status))

    async def _read_stream(self, chunks: AsyncIterator[bytes]) -> Reply:
        reader = self._protocol.stream_reader(self._endpoint)
        # a stream that was cut is the reader's to judge: it may have been complete by then
        with suppress(httpx2.TransportError):
            await read_stream(chunks, reader=reader, clock=self._clock, watch=self._watch, phases=self._phases)
        self._phases.complete()
        reply = reader.finish()
        if reply.failure is None:
            await _drain(chunks)
        return reply

    async def _read_whole(self, chunks: AsyncIterator[bytes], status: int, headers: Mapping[str, str]) -> Reply:
        self._phases.answering()
        body = await read_whole(chunks, is_error=not 200 <= status < 300)
        self._watch.end(self._clock.monotonic())
        self._phases.complete()
        return self._protocol.read_reply(self._endpoint, status=status, headers=headers, body=body)

    def _is_stream(self, headers: Mapping[str, str]) -> bool:
        """By what came, not by what was asked for; where the type says nothing, by what was asked for."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        vague = kind in ("", "text/plain", "application/octet-stream")
        return kind == "text/event-stream" or (vague and self._request.streamed)


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what follows the end of a stream, briefly: mostly the empty last chunk of HTTP/1.1."""
    with suppress(TimeoutError, httpx2.TransportError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass
