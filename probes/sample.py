"""One observation of one probe at one endpoint: what came back, when, from whom, or why nothing did.

Made by ``fire``; read by checks, judge, store and reports. All durations are seconds, all instants aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from probes.failure import Failure
from probes.route import Route


class Finish(StrEnum):
    """Why the model stopped, in the one normal form (docs/wire-formats.md)."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When things happened, in seconds from the instant the request left (so never our own queue): docs/timing.md."""

    client_wait_s: float | None = None
    """From handing the request to the client until it left, without connecting: our own delay, reported apart."""
    connect_s: float | None = None
    """DNS, TCP, a proxy's tunnel and TLS together, where this request opened its connection; None on a reused one."""
    dns_s: float | None = None
    """The part of ``connect_s`` that went into the name; None where there was nothing to look up."""
    tls_s: float | None = None
    """The part of ``connect_s`` that went into the TLS handshake."""
    first_byte_s: float | None = None
    """Until the response headers had arrived."""
    first_token_s: float | None = None
    """Until the first content, refusal or tool-call delta; None where the reply was not streamed."""
    longest_gap_s: float | None = None
    """Longest silence between two content events of a stream."""
    total_s: float | None = None
    """Until the reply was complete: the last of its bytes that matter had arrived."""
    reused: bool | None = None
    """True where the connection was already open."""
    stamped: bool | None = None
    """True where the kernel told when bytes arrived; False where they count from when this process read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens as the endpoint counted them; None where it did not say."""

    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    """Part of ``input_tokens`` that came from a prompt cache."""
    output_tokens: int | None = None
    """Includes reasoning tokens."""
    reasoning_tokens: int | None = None
    raw: Mapping[str, object] = field(default_factory=dict)
    """The usage object as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One tool the model asked for. ``arguments`` is the text as it came and may be invalid JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One retrieved document, as the endpoint named it. Hostile text."""

    id: str
    text: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request and its reply within a sample that took several: a turn of a script, a round of a tool loop."""

    turn: int
    """0-based number of the turn it belongs to."""
    timing: Timing
    usage: TokenUsage
    answer: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_results: tuple[str, ...] = ()
    """What the script answered to each of them, in their order; empty where it had no answer to all."""
    finish: Finish | None = None
    finish_raw: str | None = None
    documents: tuple[Document, ...] | None = None
    citations: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    route: Route = Route()
    """Its ``attempts`` are those of this request alone."""
    cost_usd: float | None = None
    status: int | None = None
    """HTTP status of its reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request of a sample that was asked more than once. The last attempt's fate is the sample's."""

    number: int
    """Counts from 1."""
    failure: Failure | None
    total_s: float
    """Seconds this attempt took, from send to outcome."""
    waited_s: float = 0.0
    """Seconds waited before this attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One observation, success or failure. ``failure is None`` means there is an answer to look at."""

    sample_id: str
    run_id: str
    suite: str
    endpoint: str
    probe: str
    index: int
    """0-based number of the sample within its probe and run."""
    request_hash: str
    """Hash of the rendered request; a sample is only compared with others of the same hash."""
    trace_id: str
    """W3C trace id sent in ``traceparent``: 32 lower-case hex digits."""
    started_at: datetime
    timing: Timing = Timing()
    usage: TokenUsage = TokenUsage()
    route: Route = Route()
    answer: str | None = None
    """The text of the answer; None on failure, and where an endpoint only retrieves. Hostile text: escape it where it
    is shown."""
    answer_chars: int | None = None
    """Characters of the answer as it came, where it is kept in another form or not at all."""
    refusal: str | None = None
    """Text of a structured refusal field, where the protocol has one."""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish | None = None
    finish_raw: str | None = None
    """The finish reason as it came."""
    documents: tuple[Document, ...] | None = None
    """What was retrieved, best first; None where the endpoint does not tell."""
    citations: tuple[str, ...] = ()
    """Ids or addresses the answer cites, where the dialect marks them."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """What content filters said: ``prompt.hate`` or ``answer.violence`` to the endpoint's own word for how bad."""
    steps: tuple[Step, ...] = ()
    """Where it took several requests in turn: each of them. docs/questions.md says how the fields above sum them up."""
    told_trace_id: str | None = None
    """The trace id the endpoint named itself."""
    failure: Failure | None = None
    attempts: tuple[Attempt, ...] = ()
    cost_usd: float | None = None
    """US dollars; None where the price is unknown."""
    status: int | None = None
    """HTTP status of the last reply; None where none had begun."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers, lower-case names, secrets removed."""

    @property
    def chars(self) -> int | None:
        """Characters of the answer as it came; None where there was none, or it has expired."""
        return self.answer_chars if self.answer is None or self.answer_chars is not None else len(self.answer)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Who answered, each once and in order of appearance: several where a script's requests went to several."""
        told = dict.fromkeys(step.route for step in self.steps) if self.failure is None else {}
        return tuple(told) or (self.route,)

    @property
    def route_key(self) -> str:
        """The category of the ``route`` stream: that of every server that took part, in order of appearance."""
        return " + ".join(dict.fromkeys(route.key for route in self.routes))

    @property
    def filter_reports(self) -> tuple[Mapping[str, str], ...]:
        """What content filters said of each request that was answered."""
        return tuple(step.filters for step in self.steps) if self.failure is None and self.steps else (self.filters,)

    @property
    def tokens_per_second(self) -> float | None:
        """How fast the answer was written, in output tokens (reasoning included) a second.

        Streamed: those after the first, over the time from the first token to the end. Not streamed: all of them, over
        the total. None where tokens or times are unknown, where there is no token to divide, and where several
        requests were needed, whose times and tokens do not belong together.
        """
        tokens, first_s, total_s = self.usage.output_tokens, self.timing.first_token_s, self.timing.total_s
        if tokens is None or total_s is None or len(self.steps) > 1:
            return None
        written, took_s = (tokens, total_s) if first_s is None else (tokens - 1, total_s - first_s)
        return written / took_s if written > 0 and took_s > 0 else None
