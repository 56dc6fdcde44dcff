"""The instants of one request, and the Timing they add up to. Kept by ``transport``, fed by httpx2's trace events.

Time starts when the request headers have left (``send_request_headers.complete``): the client library gives way to
other tasks just before it writes, so the instant before the write would charge our own business to the endpoint.
Event names are those of httpcore2 2.16, the part after the first dot, which HTTP/1.1 and HTTP/2 share.
"""

from __future__ import annotations

from probes.clock import Clock
from probes.sample import Timing


class Stopwatch:
    """Collects instants (monotonic seconds) while one request runs; ``timing`` may be asked at any point."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.handed = clock.monotonic()
        self.sent: float | None = None
        self._connecting: float | None = None
        self._connected: float | None = None
        self._first_byte: float | None = None
        self._first_content: float | None = None
        self._last_content: float | None = None
        self._longest_gap: float | None = None
        self._ended: float | None = None

    def on_trace(self, event: str) -> None:
        """Note one trace event of the client library; unknown ones are none of our business."""
        match event.partition(".")[2]:
            case "connect_tcp.started":
                self._connecting = self._clock.monotonic()
            case "connect_tcp.complete" | "start_tls.complete":
                self._connected = self._clock.monotonic()
            # a failed write can still be followed by a reply (a server that answers early and hangs up)
            case "send_request_headers.complete" | "send_request_headers.failed":
                self.sent = self._clock.monotonic()
            case "receive_response_headers.complete":
                self._first_byte = self._clock.monotonic()

    def content(self, at: float) -> None:
        """Content of the answer arrived in bytes read at this instant."""
        if self._last_content is not None:
            self._longest_gap = max(self._longest_gap or 0.0, at - self._last_content)
        if self._first_content is None:
            self._first_content = at
        self._last_content = at

    def end(self, at: float) -> None:
        """The reply is complete."""
        self._ended = at

    @property
    def elapsed_s(self) -> float:
        """Seconds since the request was handed over."""
        return self._clock.monotonic() - self.handed

    def timing(self) -> Timing:
        """What is known so far; None for what never happened."""
        connect_s = _between(self._connecting, self._connected)
        wait_s = _between(self.handed, self.sent)
        start = self.handed if self.sent is None else self.sent
        return Timing(
            client_wait_s=None if wait_s is None else max(0.0, wait_s - (connect_s or 0.0)),
            connect_s=connect_s,
            first_byte_s=_between(start, self._first_byte),
            first_token_s=_between(start, self._first_content),
            longest_gap_s=self._longest_gap,
            total_s=_between(start, self._ended),
            reused=None if self.sent is None else self._connecting is None,
        )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start
