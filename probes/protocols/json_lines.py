"""Lines of JSON: bytes in, one event a line out, however the bytes were cut. Feeds the stream readers; does no I/O.

Known as NDJSON, JSON Lines and ``application/stream+json``: one JSON value a line, lines end with LF or CR LF, blank
lines mean nothing.
"""

from __future__ import annotations

from probes.json_fields import MalformedReply, parse_json
from probes.protocols.sse import SseEvent

CONTENT_TYPES = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/json-lines",
        "application/stream+json",
    }
)
"""None of them is registered; all of them are sent."""
_BOM = b"\xef\xbb\xbf"


class JsonLinesSplitter:
    """Splits a byte stream into lines. A line without its line feed only comes out when the bytes have ended."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._first_line = True

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that these bytes complete."""
        *ends, rest = chunk.split(b"\n")
        events: list[SseEvent] = []
        for end in ends:
            self._line += end
            events += self._event()
        self._line += rest
        return events

    def rest(self) -> list[SseEvent]:
        """The last line, where it lacks only its line feed: an object or list cut anywhere else is no JSON."""
        try:
            value = parse_json(bytes(self._line))
        except MalformedReply:
            return []
        return self._event() if isinstance(value, (dict, list)) else []

    def _event(self) -> list[SseEvent]:
        line = bytes(self._line).strip()
        self._line.clear()
        if self._first_line:
            line = line.removeprefix(_BOM)
            self._first_line = False
        return [SseEvent(data=line)] if line else []
