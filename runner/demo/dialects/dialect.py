"""What every dialect of the fake endpoint does, and the values it does it with. Feeds the app.

A dialect reads requests and builds bodies, stream events and errors in its provider's own shapes; what is answered,
and when, is decided elsewhere. Values in, values out.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ValidationError

from runner.demo.answers import Answer, Conversation
from runner.demo.tools import OfferedTool

Form = typing.TypeVar("Form", bound=BaseModel)

PIECES_PER_DELTA = 2
"""Tokens in one content delta: a word or two."""


class Trouble(StrEnum):
    """Why a request is refused, whatever the dialect."""

    BAD_KEY = "bad-key"
    UNKNOWN_MODEL = "unknown-model"
    BAD_REQUEST = "bad-request"
    NOT_HERE = "not-here"
    """No such path, or no such method there."""
    CONTENT_FILTER = "content-filter"
    RATE_LIMIT = "rate-limit"
    QUOTA = "quota"
    """Out of money, or of a quota that outlasts a run."""
    OVERLOADED = "overloaded"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One request as it came."""

    path: Mapping[str, str] = field(default_factory=dict)
    """What stands in the address, like the model."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Lower-case names."""
    body: object = None
    """Parsed JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for."""

    model: str
    conversation: Conversation
    tools: tuple[OfferedTool, ...] = ()
    token_limit: int | None = None
    stream: bool = False
    usage_wanted: bool = True
    """Whether a stream should tell its usage, where that has to be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer with what every part of it says about its origin."""

    asked: Asked
    answer: Answer
    model: str
    fingerprint: str
    created: int
    """Unix seconds."""

    @property
    def deltas(self) -> Iterator[str]:
        """The text, a word or two at a time."""
        pieces = self.answer.pieces
        for start in range(0, len(pieces), PIECES_PER_DELTA):
            yield "".join(pieces[start : start + PIECES_PER_DELTA])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An error reply."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


class Unfit(Exception):
    """A request that its dialect cannot take. The message is for the client."""

    def __init__(self, message: str, *, trouble: Trouble = Trouble.BAD_REQUEST, param: str | None = None) -> None:
        super().__init__(message)
        self.message, self.trouble, self.param = message, trouble, param


class Dialect(typing.Protocol):
    """One provider's API, from the server's side."""

    def key(self, incoming: Incoming) -> str:
        """The API key the request carries; empty where it carries none."""
        ...

    def read(self, incoming: Incoming) -> Asked:
        """What the request asks for.

        Raises:
            Unfit: it is no request of this dialect.
        """
        ...

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        """Response headers of an answer that takes this many milliseconds."""
        ...

    def body(self, reply: Reply) -> object:
        """The body of an answer that is not streamed."""
        ...

    def opening(self, reply: Reply) -> bytes:
        """What a stream sends before any token."""
        ...

    def content(self, reply: Reply) -> Iterator[bytes]:
        """The events that carry the answer, a word or two each."""
        ...

    def closing(self, reply: Reply) -> bytes:
        """What ends a stream."""
        ...

    def broken(self, reply: Reply) -> bytes:
        """What a stream ends with where the server fails in the middle of it."""
        ...

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        """The error reply; an empty message takes the dialect's own words."""
        ...


def read_as(form: type[Form], body: object) -> Form:
    """The body as a form.

    Raises:
        Unfit: the first thing that is wrong with it.
    """
    if body is None:
        raise Unfit("We could not parse the JSON body of your request.")
    try:
        return form.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        param = ".".join(map(str, first["loc"])) or None
        raise Unfit(f"Invalid request: {param or 'body'}: {first['msg']}", param=param) from None


def dump(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def event(value: object, *, name: str = "") -> bytes:
    """One server-sent event."""
    lead = b"event: " + name.encode() + b"\n" if name else b""
    return lead + b"data: " + dump(value) + b"\n\n"


def bearer(incoming: Incoming) -> str:
    """The token of an ``Authorization: Bearer`` header."""
    kind, _, token = incoming.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""
