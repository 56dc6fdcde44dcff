"""Reads the bytes of a reply as they arrive: stamped before parsing, bounded in size. Feeds ``transport``."""

from __future__ import annotations

from collections.abc import AsyncIterator

from probes.failure import Failure, FailureClass
from probes.framing import splitter
from probes.phases import Phases
from probes.protocols.protocol import Framing, HearsTheEnd, StreamReader
from probes.stopwatch import Stopwatch

MOST_BYTES = 8 * 1024 * 1024
"""A longer body is a protocol failure: a probe's answer is far smaller, and memory must stay bounded."""
MOST_ERROR_BYTES = 64 * 1024
"""What is read of an error body; the rest is left."""


class TooLong(Exception):
    """The reply is longer than a probe reads. Caught by ``transport``."""

    def failure(self, status: int) -> Failure:
        message = f"the reply is longer than {MOST_BYTES // 2**20} MiB; reading stopped there"
        return Failure(kind=FailureClass.PROTOCOL, message=message, status=status)


async def read_whole(chunks: AsyncIterator[bytes]) -> bytes:
    """The body, to its end.

    Raises:
        TooLong: it is longer than ``MOST_BYTES``.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLong
    return bytes(body)


async def read_beginning(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """At most ``MOST_ERROR_BYTES`` of the body, and whether that is all of it."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MOST_ERROR_BYTES:
            return bytes(body[:MOST_ERROR_BYTES]), False
    return bytes(body), True


async def read_stream(
    chunks: AsyncIterator[bytes],
    *,
    reader: StreamReader,
    watch: Stopwatch,
    phases: Phases,
    framing: Framing = "sse",
) -> None:
    """Feed the reader until it is over or the bytes end, noting when content came.

    Raises:
        TooLong: the stream is longer than ``MOST_BYTES``.
    """
    events, size = splitter(framing), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise TooLong
        # events that came in one piece came at one instant
        content = False
        for event in events.feed(chunk):
            content = reader.feed(event) or content
        if content:
            watch.content(watch.arrival)
            phases.answering()
        if reader.over:
            watch.end()
            return
    last = [reader.feed(event) for event in events.rest()]
    if any(last):
        watch.content(watch.arrival)
        phases.answering()
    if isinstance(reader, HearsTheEnd):
        reader.ended()
    watch.end()
