"""Reads the bytes of a reply as they arrive: stamped before parsing, bounded in size. Feeds ``transport``."""

from __future__ import annotations

from collections.abc import AsyncIterator

from probes.clock import Clock
from probes.failure import Failure, FailureClass
from probes.phases import Phases
from probes.protocols.protocol import StreamReader
from probes.protocols.sse import SseSplitter
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


async def read_whole(chunks: AsyncIterator[bytes], *, is_error: bool) -> bytes:
    """The body, to its end; of an error body only the beginning.

    Raises:
        TooLong: it is longer than ``MOST_BYTES``.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if is_error and len(body) >= MOST_ERROR_BYTES:
            break
        if len(body) > MOST_BYTES:
            raise TooLong
    return bytes(body)


async def read_stream(
    chunks: AsyncIterator[bytes], *, reader: StreamReader, clock: Clock, watch: Stopwatch, phases: Phases
) -> None:
    """Feed the reader until it is over or the bytes end, noting when content came.

    Raises:
        TooLong: the stream is longer than ``MOST_BYTES``.
    """
    splitter, size = SseSplitter(), 0
    async for chunk in chunks:
        at = clock.monotonic()
        size += len(chunk)
        if size > MOST_BYTES:
            raise TooLong
        # events that came in one piece came at one instant
        content = False
        for event in splitter.feed(chunk):
            content = reader.feed(event) or content
        if content:
            watch.content(at)
            phases.answering()
        if reader.over:
            watch.end(at)
            return
    watch.end(clock.monotonic())
