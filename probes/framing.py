"""How a reply is cut into events: server-sent events, lines of JSON, or not at all. Feeds ``transport`` and ``intake``.

By what came, not by what was asked for; where the content type says nothing, by what was asked for.
"""

from __future__ import annotations

from typing import Protocol

from probes.protocols.json_lines import CONTENT_TYPES, JsonLinesSplitter
from probes.protocols.protocol import Framing
from probes.protocols.sse import SseEvent, SseSplitter

_VAGUE = frozenset({"", "text/plain", "application/octet-stream"})


class Splitter(Protocol):
    """Bytes in, events out, however the bytes were cut."""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that these bytes complete."""
        ...

    def rest(self) -> list[SseEvent]:
        """What is complete only because the bytes have come to their proper end."""
        ...


def splitter(framing: Framing) -> Splitter:
    """A fresh one."""
    return SseSplitter() if framing == "sse" else JsonLinesSplitter()


def framing_of(content_type: str, asked: Framing | None) -> Framing | None:
    """How the reply is cut into events; None where it is read as a whole.

    Args:
        content_type: The header's value; empty where there is none.
        asked: How a stream was asked for; None where none was.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return "sse"
    if kind in CONTENT_TYPES:
        return "json-lines"
    # servers that stream lines of JSON often call them application/json
    vague = kind in _VAGUE or (kind == "application/json" and asked == "json-lines")
    return asked if vague else None
