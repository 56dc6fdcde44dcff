"""The contract of every wire dialect: it builds requests and reads replies, without I/O. One file fulfils it each.

``transport`` carries what a dialect builds and hands it what came back: whole bodies, or the events of a stream.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.positions import Fault
from probes.probe import Probe
from probes.protocols.sse import SseEvent
from probes.sample import Document, Finish, TokenUsage, ToolCall

Framing = typing.Literal["sse", "json-lines"]


class Unbuildable(ValueError):
    """A question that cannot be put into a request. ``refusals`` finds it first, wherever it can be known before."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{'.'.join(map(str, fault.path))}: {fault.message}")
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something of an endpoint or probe that a dialect cannot do, found before anything is sent."""

    key: tuple[str | int, ...]
    """Path below the endpoint, or below the probe where one is named."""
    message: str
    hint: str = ""
    probe: str | None = None
    """Id of the probe it is about; None for the endpoint itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One request as a dialect wants it sent."""

    url: str = field(repr=False)
    """May carry credentials of a suite's ``base_url``: not for showing."""
    headers: Mapping[str, str] = field(repr=False)
    """What the dialect needs, credentials included; the endpoint's own headers are laid over it later."""
    body: typing.Any
    """The JSON body, free of credentials: it is hashed. None where the method carries none."""
    method: str = "POST"
    addressed: Mapping[str, str] = field(default_factory=dict)
    """What of the question stands in the address instead of the body (a model, a query): hashed with it."""
    streamed: bool = False
    """True where the request asks for a stream."""
    framing: Framing = "sse"
    """How a stream is cut into events, where its content type does not tell."""


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
    told: Mapping[str, str] = field(default_factory=dict)
    """Other fields of the route that the body told, by their names in ``Route``; ``endpoint.route.body`` among them."""
    documents: tuple[Document, ...] | None = None
    citations: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    trace_id: str | None = None
    conversation_id: str | None = None
    """What the endpoint calls this conversation, to be said again with the next turn."""
    native: object = None
    """The assistant's turn in the dialect's own form, as the next request wants it repeated (``Said.native``)."""
    cost_usd: float | None = None
    """What the endpoint says it charged; only where it is known to mean it."""
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


@typing.runtime_checkable
class HearsTheEnd(typing.Protocol):
    """A stream reader that wants to know whether the bytes came to their proper end, or were cut."""

    def ended(self) -> None:
        """They came to the end that HTTP announced for them; ``finish`` follows. Not called where they were cut."""
        ...


class Protocol(typing.Protocol):
    """One wire dialect. Pure and without state. Readers never raise for what the endpoint sent."""

    name: typing.ClassVar[str]
    """What a suite writes under ``protocol``."""

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        """What of an endpoint and the probes asked there this dialect cannot do. Told by ``validate``."""
        ...

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """The request that asks this question at this endpoint. The same twice for the same input.

        Raises:
            Unbuildable: it cannot be put into a request because of what the endpoint said earlier.
        """
        ...

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply, of any status. ``headers`` have lower-case names."""
        ...

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """The failure that a reply of a status other than 2xx stands for."""
        ...

    def stream_reader(self, endpoint: Endpoint) -> StreamReader:
        """A reader for one stream of status 2xx."""
        ...
