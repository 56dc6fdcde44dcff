"""The contract of every wire dialect: it builds requests and reads replies, without I/O. One file fulfils it each.

``transport`` carries what a dialect builds and hands it what came back: whole bodies, or the events of a stream.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.failure import Failure
from probes.protocols.sse import SseEvent
from probes.sample import Finish, TokenUsage, ToolCall
from probes.suite import Endpoint, Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One request as a dialect wants it sent, by POST with a JSON body."""

    url: str = field(repr=False)
    """May carry credentials of a suite's ``base_url``: not for showing."""
    headers: Mapping[str, str] = field(repr=False)
    """What the dialect needs, credentials included; the endpoint's own headers are laid over it later."""
    body: Mapping[str, typing.Any]
    """The JSON body, free of credentials: it is hashed and stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, in the one normal form. ``failure is None`` means that there is an answer."""

    answer: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish | None = None
    finish_raw: str | None = None
    usage: TokenUsage = TokenUsage()
    model: str | None = None
    fingerprint: str | None = None
    tier: str | None = None
    provider: str | None = None
    failure: Failure | None = None
    """Message as the endpoint worded it, secrets still in it: ``fire`` seals it."""


class StreamReader(typing.Protocol):
    """Reads the events of one stream. Never raises for what the endpoint sent."""

    @property
    def over(self) -> bool:
        """True once nothing that follows matters: the stream said it is done, or it is broken."""
        ...

    def feed(self, event: SseEvent) -> bool:
        """Take one event; True where it carried content of the answer (text, refusal, tool call, reasoning).

        The first such event is the first token; roles, usage and empty deltas are not content.
        """
        ...

    def finish(self) -> Reply:
        """The reply, once the bytes have ended. A stream that ended too soon is a failure, never an answer."""
        ...


class Protocol(typing.Protocol):
    """One wire dialect. Pure and without state. Readers never raise for what the endpoint sent."""

    name: typing.ClassVar[str]
    """What a suite writes under ``protocol``."""

    def build(self, endpoint: Endpoint, probe: Probe) -> WireRequest:
        """The request that asks this probe at this endpoint."""
        ...

    def read_reply(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply, of any status. ``headers`` have lower-case names."""
        ...

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """The failure that a reply of a status other than 2xx stands for."""
        ...

    def stream_reader(self) -> StreamReader:
        """A reader for one stream of status 2xx."""
        ...
