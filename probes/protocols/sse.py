"""Server-sent events: bytes in, events out, however the bytes were cut. Feeds the stream readers; does no I/O.

Source: WHATWG HTML, section 9.2.6 (event stream interpretation). Data stays bytes until a protocol reads it, so that
a character cut in two by the network is whole again before anyone decodes it.
"""

from __future__ import annotations

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class SseEvent:
    """One event."""

    name: str = ""
    """The ``event`` field; empty where there was none."""
    data: bytes = b""
    """The ``data`` lines joined by line feeds."""


def _is_one_plain_event(chunk: bytes) -> bool:
    """True for what nearly all chunks are, and what needs no splitting: one line of data and a blank one."""
    plain = chunk.startswith(b"data: ") and chunk.endswith(b"\n\n")
    return plain and chunk.find(b"\n", 0, -2) < 0 and b"\r" not in chunk


class SseSplitter:
    """Splits a byte stream into events. An event without its closing blank line never comes out."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_cr = False
        self._first_line = True
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that these bytes complete."""
        if not chunk:
            return []
        if self._after_cr:
            # the other half of a CR LF that the network cut in two
            chunk = chunk.removeprefix(b"\n")
        if self._at_start_of_event and _is_one_plain_event(chunk):
            self._after_cr = False
            return [SseEvent(data=chunk[6:-2])]
        events: list[SseEvent] = []
        for line in chunk.splitlines(keepends=True):
            self._line += line
            if not line.endswith((b"\r", b"\n")):
                break
            whole = bytes(self._line.rstrip(b"\r\n"))
            self._line.clear()
            event = self._end_line(whole)
            if event is not None:
                events.append(event)
        self._after_cr = chunk.endswith(b"\r")
        return events

    def rest(self) -> list[SseEvent]:
        """Nothing: an event without its blank line is incomplete, also where the bytes have ended."""
        return []

    @property
    def _at_start_of_event(self) -> bool:
        return not (self._line or self._data or self._name or self._first_line)

    def _end_line(self, line: bytes) -> SseEvent | None:
        if self._first_line:
            line = line.removeprefix(_BOM)
            self._first_line = False
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        # a comment starts with a colon, so its field is empty; id, retry and unknown fields mean nothing here
        return None

    def _dispatch(self) -> SseEvent | None:
        name, data = self._name, self._data
        self._name, self._data = "", []
        return SseEvent(name=name, data=b"\n".join(data)) if data else None
