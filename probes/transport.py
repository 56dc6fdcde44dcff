"""The only file that sends probes: one request out, one reply in, timed. Feeds ``fire``.

httpcore2, the engine of httpx2, speaks HTTP; ``network`` carries the bytes and stamps them. httpx2's client on top is
left out: what it adds (redirects, cookies, netrc, proxies of the environment, decompression) would change what is
measured. Timing counts from the instant the request leaves (see ``stopwatch`` and docs/timing.md).
"""

from __future__ import annotations

import asyncio
import gc
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import httpcore2
import httpx2

from probes.clock import Clock
from probes.connection_failure import TROUBLES, connection_failure
from probes.endpoint import Endpoint
from probes.exchange import Exchange, Outgoing, PlainReply
from probes.failure import Failure, FailureClass
from probes.framing import framing_of
from probes.intake import TooLong, read_beginning, read_stream, read_whole
from probes.network.certificates import BadCertificate
from probes.network.pools import Address, Pools, address_of
from probes.network.timeline import CURRENT
from probes.phases import Phases
from probes.protocols.protocol import Framing, Protocol, Reply
from probes.stopwatch import Stopwatch
from probes.time_limit import TimeLimit
from probes.way_there import told_of_the_way

DRAIN_S = 0.2
"""Seconds spent on reading past the end of a stream, which lets the connection be used again."""


class Transport:
    """Sends requests; an async context manager. Connections are shared by endpoints that are reached alike."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._pools = Pools()
        # these loggers write whole addresses and response headers, and both can hold credentials
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        # what is here by now stays: a collector that walks all of it holds every request up for tens of milliseconds
        gc.freeze()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        gc.unfreeze()
        await self._pools.close()

    def prepare(self, endpoint: Endpoint) -> None:
        """Do now what the first request would else do first: reading certificates takes tens of milliseconds."""
        with suppress(httpx2.InvalidURL, BadCertificate):
            self._pools.to(endpoint, address_of(endpoint.base_url))

    async def send(self, *, endpoint: Endpoint, request: Outgoing, protocol: Protocol, limit: TimeLimit) -> Exchange:
        """Send one request and read its reply. Never raises for endpoint trouble: the failure is in the reply.

        The limits of ``endpoint.timeout`` hold, and that of the run, in real time whatever the clock.
        """
        phases = Phases(endpoint.timeout, limit)
        watch = Stopwatch(self._clock, on_sent=phases.sent)
        attempt = _Attempt(endpoint=endpoint, request=request, protocol=protocol, watch=watch, phases=phases)
        token = CURRENT.set(watch)
        try:
            async with phases.deadline:
                address = address_of(request.url)
                reply = await attempt.run(self._pools.to(endpoint, address), address)
        except TimeoutError:
            reply = attempt.lost(phases.failure())
        except TROUBLES as error:
            sent = watch.sent is not None
            reply = attempt.lost(phases.failure() if phases.missed else connection_failure(error, sent=sent))
        finally:
            CURRENT.reset(token)
        return Exchange(
            reply=reply,
            timing=watch.timing(),
            headers=attempt.headers,
            elapsed_s=watch.elapsed_s,
            status=attempt.status,
            charged=attempt.charged,
        )

    async def post(
        self, *, endpoint: Endpoint, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> PlainReply | Failure:
        """Post something that is no probe, over the endpoint's own certificates and proxy. Never raises for trouble."""
        watch = Stopwatch(self._clock)
        token = CURRENT.set(watch)
        try:
            async with asyncio.timeout(timeout_s):
                address = address_of(url)
                outgoing = Outgoing(url=url, headers=headers, body=body, streamed=False)
                async with _replied(self._pools.to(endpoint, address), _request(address, outgoing, {})) as response:
                    async with aclosing(response.aiter_stream()) as chunks:
                        content, whole = await read_beginning(chunks)
                    return PlainReply(
                        status=response.status, headers=dict(_headers(response)), body=content, whole=whole
                    )
        except TimeoutError:
            late = Failure(kind=FailureClass.TIMEOUT_TOTAL, message=f"no complete answer within {timeout_s:g} s")
            return told_of_the_way(late, endpoint, watch)
        except TROUBLES as error:
            return told_of_the_way(connection_failure(error), endpoint, watch)
        finally:
            CURRENT.reset(token)


class _Attempt:
    """One request under way, with what is known of it even when it fails."""

    def __init__(
        self, *, endpoint: Endpoint, request: Outgoing, protocol: Protocol, watch: Stopwatch, phases: Phases
    ) -> None:
        self._endpoint = endpoint
        self._request = request
        self._protocol = protocol
        self._watch = watch
        self._phases = phases
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()

    @property
    def charged(self) -> bool:
        """True where the endpoint may charge for it whatever came of it."""
        if self.status is None:
            return self._watch.sent is not None and self._phases.missed
        return 200 <= self.status < 300

    def lost(self, failure: Failure) -> Reply:
        """A request that came to no whole reply: with the status it had by then, and where on the way it was lost."""
        told = told_of_the_way(failure, self._endpoint, self._watch)
        return self._with_status(Reply(failure=told))

    def _with_status(self, reply: Reply) -> Reply:
        if reply.failure is None or reply.failure.status is not None:
            return reply
        return replace(reply, failure=replace(reply.failure, status=self.status))

    async def run(self, pool: httpcore2.AsyncConnectionPool, address: Address) -> Reply:
        # over HTTP/1.1 the network tells all there is to know, and tracing costs time
        extensions = {"trace": self._on_trace} if self._endpoint.http2 else {}
        async with _replied(pool, _request(address, self._request, extensions)) as response:
            return await self._read(response)

    async def _on_trace(self, event: str, _: Mapping[str, Any]) -> None:
        self._watch.on_trace(event)

    async def _read(self, response: httpcore2.Response) -> Reply:
        self._watch.headers()
        self.headers = _headers(response)
        headers, status = dict(self.headers), response.status
        self.status = status
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            message = f"the reply is compressed ({encoding}) though that was not asked for"
            return Reply(failure=Failure(kind=FailureClass.PROTOCOL, message=message, status=status))
        async with aclosing(response.aiter_stream()) as chunks:
            try:
                if 200 <= status < 300 and (framing := self._framing(headers)) is not None:
                    return self._with_status(await self._read_stream(chunks, framing))
                return await self._read_whole(chunks, status, headers)
            except TooLong as error:
                return Reply(failure=error.failure(status))

    async def _read_stream(self, chunks: AsyncIterator[bytes], framing: Framing) -> Reply:
        reader = self._protocol.stream_reader(self._endpoint)
        # a stream that was cut is the reader's to judge: it may have been complete by then
        with suppress(*TROUBLES):
            await read_stream(chunks, reader=reader, watch=self._watch, phases=self._phases, framing=framing)
        self._phases.complete()
        reply = reader.finish()
        if reply.failure is None:
            await _drain(chunks)
        return reply

    async def _read_whole(self, chunks: AsyncIterator[bytes], status: int, headers: Mapping[str, str]) -> Reply:
        self._phases.answering()
        if 200 <= status < 300:
            body, whole = await read_whole(chunks), True
        else:
            body, whole = await read_beginning(chunks)
        if whole:
            self._watch.end()
        return self._protocol.read_reply(self._endpoint, status=status, headers=headers, body=body)

    def _framing(self, headers: Mapping[str, str]) -> Framing | None:
        return framing_of(headers.get("content-type", ""), self._request.framing if self._request.streamed else None)


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what follows the end of a stream, briefly: mostly the empty last chunk of HTTP/1.1."""
    with suppress(TimeoutError, *TROUBLES):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass


def _request(address: Address, outgoing: Outgoing, extensions: Mapping[str, Any]) -> httpcore2.Request:
    """The request as httpcore2 wants it.

    Raises:
        UnicodeError: a header has characters that cannot be sent.
    """
    headers = [(name.encode(), value.encode()) for name, value in outgoing.headers.items()]
    headers.insert(0, (b"host", address.host))
    if outgoing.body or outgoing.method in ("POST", "PUT"):
        headers.append((b"content-length", b"%d" % len(outgoing.body)))
    if address.userinfo is not None and "authorization" not in outgoing.headers:
        headers.append((b"authorization", b"Basic " + b64encode(":".join(address.userinfo).encode())))
    return httpcore2.Request(
        outgoing.method, address.url, headers=headers, content=outgoing.body, extensions=dict(extensions)
    )


@asynccontextmanager
async def _replied(
    pool: httpcore2.AsyncConnectionPool, request: httpcore2.Request
) -> AsyncIterator[httpcore2.Response]:
    """The response, its body not read yet; the connection is free again, or closed, afterwards."""
    try:
        response = await pool.handle_async_request(request)
    except UnicodeError:
        raise
    except ValueError as error:
        # httpcore2 2.16 reads the status of HTTP/2 as a number without looking
        raise httpcore2.RemoteProtocolError("the reply has no status that is a number") from error
    try:
        yield response
    finally:
        await response.aclose()


def _headers(response: httpcore2.Response) -> tuple[tuple[str, str], ...]:
    """As they came, lower-case names."""
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers)
