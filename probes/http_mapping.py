"""How a suite author describes any JSON API: a request template, and where things stand in the reply.

Frozen pydantic models of an endpoint's ``request`` and ``response``. Feeds the ``http`` dialect only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from probes.forms import SuiteModel, Truth
from probes.json_paths import JsonPath

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key", "x-auth-token", "x-goog-api-key"}
)


# ------------------------------------------------------------------------------------------------ what is sent
class HttpRequest(SuiteModel):
    """What to send. Texts are templates over prompt, messages, turns, model, params, vars, seed and more."""

    method: Literal["POST", "PUT", "GET"] = "POST"
    """Default POST; GET sends no body."""
    path: str = ""
    """Put behind base_url; values in it are percent-encoded."""
    query: Mapping[str, str] = Field(default_factory=dict)
    """Parameters of the address; one that is null is left out, one that is a list is repeated."""
    headers: Mapping[str, str] = Field(default_factory=dict)
    """Headers that depend on the question, like a conversation id; secrets belong into the endpoint's headers."""
    body: Any = None
    """The JSON to send; a text that is one expression becomes that value, like "{{ messages }}" a list."""

    @model_validator(mode="after")
    def _get_sends_no_body(self) -> HttpRequest:
        if self.method == "GET" and self.body is not None:
            raise ValueError("a GET request sends no body; put the question into query or path, or use POST")
        return self

    @field_validator("path")
    @classmethod
    def _no_query_in_path(cls, path: str) -> str:
        if path and not path.startswith("/"):
            raise ValueError(f"{path!r} does not begin with a slash; write it like /ask")
        if "?" in path.partition("{")[0] or "#" in path.partition("{")[0]:
            raise ValueError(f"{path!r} holds more than a path; parameters of the address go into query")
        return path

    @field_validator("headers")
    @classmethod
    def _no_credentials(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in headers.items():
            if not value.isascii():
                raise ValueError(f"{value!r} cannot stand in a header; only ASCII can")
            if name.lower() in _CREDENTIALS:
                raise ValueError(f"{name} carries a credential; it belongs into the headers of the endpoint itself")
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a header name; like X-Conversation-Id")
        return headers


def _scalar(value: object) -> object:
    if not isinstance(value, (str, int, float, bool)):
        raise ValueError("a text, a number, true or false can be compared; point the path at one of those")
    return value


Scalar = Annotated[
    Any, BeforeValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"], "examples": ["done", True]})
]
"""A single value as it stands in JSON; true is not 1."""


# ------------------------------------------------------------------------------------------------ what comes back
class HttpDocuments(SuiteModel):
    """Where retrieved documents stand."""

    path: JsonPath
    """JSONPath of all documents, best first, like $.results[*]."""
    id: JsonPath = "$.id"
    """JSONPath within one document. Default $.id; a document that is a plain text or number is its own id."""
    text: JsonPath | None = None
    """JSONPath within one document. A document without an id is told apart by a digest of this text."""
    score: JsonPath | None = None
    """JSONPath within one document, of a number."""


class HttpToolCalls(SuiteModel):
    """Where tool calls stand; the defaults fit lists shaped like OpenAI's."""

    path: JsonPath
    """JSONPath of all calls, like $.tool_calls[*]."""
    id: JsonPath = "$.id"
    """JSONPath within one call. Default $.id."""
    name: JsonPath = "$.function.name"
    """JSONPath within one call. Default $.function.name."""
    arguments: JsonPath = "$.function.arguments"
    """JSONPath within one call, of JSON text or an object. Default $.function.arguments."""


class HttpCondition(SuiteModel):
    """Holds for an event in which the path finds this value."""

    path: JsonPath
    """JSONPath within the event."""
    equals: Scalar
    """The value that has to stand there."""


class HttpStreamEnd(SuiteModel):
    """What announces the end of a stream; where several are given, any of them."""

    event: str | None = None
    """Name of the event that comes last (server-sent events only)."""
    data: str | None = None
    """The whole data of the last event, like [DONE]."""
    path: JsonPath | None = None
    """JSONPath that finds something in the last event only: a value other than null and false."""
    equals: Scalar = None
    """The value that has to stand at path; left out, any but null and false."""

    @model_validator(mode="after")
    def _says_something(self) -> HttpStreamEnd:
        if self.event is None and self.data is None and self.path is None:
            raise ValueError('done says nothing; give it event, data or path, like {data: "[DONE]"}')
        if self.equals is not None and self.path is None:
            raise ValueError("done has equals without path; write it like {path: $.status, equals: finished}")
        return self


class HttpStream(SuiteModel):
    """How a streamed reply is read."""

    format: Literal["sse", "json-lines"] = "sse"
    """Server-sent events (the default), or one JSON value a line."""
    answer: JsonPath | None = None
    """JSONPath of the piece of the answer in each event; left out, that of response."""
    plain: Truth = False
    """The data of an event is a piece of the answer as it stands, not JSON."""
    whole: Truth = False
    """Each event repeats the whole answer so far instead of bringing the next piece."""
    events: tuple[str, ...] = ()
    """Names of the events that carry the answer; left out, all. Server-sent events only."""
    when: HttpCondition | None = None
    """Only events that fulfil this carry the answer, like {path: $.type, equals: token}."""
    done: HttpStreamEnd | None = None
    """What announces the end. A stream that ends before it was cut, and is no answer."""
    ends_with_connection: Truth = False
    """Nothing announces the end: the answer is whole when the reply is. Then few kinds of cuts can be noticed."""

    @model_validator(mode="after")
    def _fits_together(self) -> HttpStream:
        if (self.done is None) != self.ends_with_connection:
            raise ValueError(
                "a stream needs either done or ends_with_connection: true, or a cut one looks whole; "
                'like done: {data: "[DONE]"}'
            )
        named = self.events or (self.done is not None and self.done.event is not None)
        if self.format == "json-lines" and (named or self.plain):
            raise ValueError("lines of JSON have no names and are never plain; events and plain are for format: sse")
        if self.plain and (self.answer is not None or self.when is not None):
            raise ValueError("plain data has nothing for a path to find; leave answer and when out")
        return self


FinishName = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "malformed", "unknown"]


class HttpResponse(SuiteModel):
    """Where things stand in the reply, as JSONPath (RFC 9535)."""

    answer: JsonPath | None = None
    """The text of the answer, several matches joined; left out for an endpoint that only retrieves."""
    refusal: JsonPath | None = None
    """A text that stands there only where the endpoint refuses."""
    model: JsonPath | None = None
    """The model that answered."""
    finish: JsonPath | None = None
    """Why the answer ended."""
    finishes: Mapping[str, FinishName] = Field(default_factory=dict)
    """The endpoint's own reasons to Holdfast's: stop, length, tool_calls, content_filter, refusal."""
    input_tokens: JsonPath | None = None
    """Tokens of the prompt, cached ones among them."""
    cached_input_tokens: JsonPath | None = None
    """Those of them that came from a cache."""
    output_tokens: JsonPath | None = None
    """Tokens of the answer, reasoning among them."""
    reasoning_tokens: JsonPath | None = None
    """Those of them that went into reasoning."""
    cost_usd: JsonPath | None = None
    """What the endpoint says it charged, in US dollars."""
    documents: HttpDocuments | None = None
    """What was retrieved, best first."""
    citations: JsonPath | None = None
    """Ids or addresses the answer cites."""
    tool_calls: HttpToolCalls | None = None
    """Tools the answer asks for."""
    trace_id: JsonPath | None = None
    """The trace id the endpoint names."""
    conversation_id: JsonPath | None = None
    """What the endpoint calls this conversation; the next turn sends it as conversation_id."""
    error: JsonPath | None = None
    """Where a reply under HTTP 200 says that it failed."""
    stream: HttpStream | None = None
    """How a streamed reply is read; left out, replies come in one piece."""

    @model_validator(mode="after")
    def _says_where_the_answer_is(self) -> HttpResponse:
        streamed = self.stream is not None and (self.stream.answer is not None or self.stream.plain)
        if self.answer is None and self.documents is None and not streamed:
            raise ValueError("response names neither answer nor documents; like answer: $.answer")
        return self
