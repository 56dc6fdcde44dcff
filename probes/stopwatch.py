"""The instants of one request, and the Timing they add up to. Kept by ``transport``, told by ``network``.

Time starts when the first bytes of the request are handed to the operating system, and bytes count from the instant
they reached this machine: what waits inside this process, before and after, is in none of the endpoint's times.
Over HTTP/2, where one request reads for others, both fall back to what httpcore2's trace events say (names of 2.16):
headers sent, and bytes handed to the task that waits for them.
"""

from __future__ import annotations

from collections.abc import Callable

from probes.clock import Clock
from probes.sample import Timing


class Stopwatch:
    """Collects instants (monotonic seconds) while one request runs; ``timing`` may be asked at any point.

    It is the request's ``Timeline``. ``on_sent`` is called once, when the request leaves.
    """

    def __init__(self, clock: Clock, *, on_sent: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._on_sent = on_sent
        self.handed = clock.monotonic()
        self.sent: float | None = None
        self._connecting: float | None = None
        self._connected: float | None = None
        self._dns_s: float | None = None
        self._securing: float | None = None
        self.shaking_hands = False
        """True while a TLS handshake is under way, and where it came to no end."""
        self._tls_s: float | None = None
        self._arrived: float | None = None
        self._first_byte: float | None = None
        self._first_content: float | None = None
        self._last_content: float | None = None
        self._longest_gap: float | None = None
        self._ended: float | None = None
        self._stamped = False

    # ------------------------------------------------------------------------------------------------ the timeline
    def connecting(self) -> None:
        self._connecting = self._clock.monotonic()

    def resolved(self) -> None:
        self._dns_s = _between(self._connecting, self._clock.monotonic())

    def connected(self) -> None:
        self._connected = self._clock.monotonic()

    def securing(self) -> None:
        self._securing = self._clock.monotonic()
        self.shaking_hands = True

    def secured(self) -> None:
        self.shaking_hands = False
        self._connected = self._clock.monotonic()
        # over an https proxy there are two handshakes
        self._tls_s = (self._tls_s or 0.0) + self._connected - (self._securing or self._connected)

    def sending(self) -> None:
        if self.sent is None:
            self.sent = self._clock.monotonic()
            self._on_sent()

    def arrived(self, age_s: float, *, stamped: bool) -> None:
        self._stamped = stamped
        # nothing comes before it was asked for, nor before what came earlier
        earliest = self._arrived or self.sent or self.handed
        self._arrived = max(earliest, self._clock.monotonic() - age_s)

    def on_trace(self, event: str) -> None:
        """Note one trace event of HTTP/2; others say nothing that the network does not say better."""
        if event == "http2.send_request_headers.complete":
            self.sending()

    # ------------------------------------------------------------------------------------------------ the reply
    @property
    def arrival(self) -> float:
        """When the bytes at hand arrived; now, where the network did not say."""
        return self._clock.monotonic() if self._arrived is None else self._arrived

    def headers(self) -> None:
        """The response headers are here."""
        self._first_byte = self.arrival

    def content(self, at: float) -> None:
        """Content of the answer arrived at this instant."""
        if self._last_content is not None:
            self._longest_gap = max(self._longest_gap or 0.0, at - self._last_content)
        if self._first_content is None:
            self._first_content = at
        self._last_content = at

    def end(self) -> None:
        """The reply is complete with the bytes at hand."""
        self._ended = self.arrival

    @property
    def stands(self) -> bool:
        """True where TCP stood, to the endpoint or to its proxy."""
        return self._connected is not None

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
            dns_s=self._dns_s,
            tls_s=self._tls_s,
            first_byte_s=_between(start, self._first_byte),
            first_token_s=_between(start, self._first_content),
            longest_gap_s=self._longest_gap,
            total_s=_between(start, self._ended),
            reused=None if self.sent is None else self._connecting is None,
            stamped=None if self._first_byte is None else self._stamped,
        )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start
