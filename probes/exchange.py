"""One request as it leaves and what it brought, as values. Made by ``asking`` and ``transport``, read by both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.protocols.protocol import Framing, Reply
from probes.sample import Timing


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
    whole: bool = True
    """False where it was longer than what is read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one request brought: a reply or a failure in it, when, and the response headers."""

    reply: Reply
    timing: Timing
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Response headers as they came, lower-case names, secrets included."""
    elapsed_s: float
    """Seconds from handing the request over to the outcome."""
    status: int | None = None
    """HTTP status of the reply; None where none had begun."""
    charged: bool = False
    """True where the endpoint may charge for it whatever came of it: a reply of status 2xx had begun, or we gave up
    waiting for one."""
