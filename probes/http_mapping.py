"""How a suite author describes any JSON API: a request template, and where things stand in the reply.

Frozen pydantic models of an endpoint's ``request`` and ``response``. Feeds the ``http`` dialect only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from probes.forms import SuiteModel


class HttpRequest(SuiteModel):
    """What to send. Texts are templates over prompt, messages, model, params, vars, seed and conversation_id."""

    method: Literal["POST", "PUT", "GET"] = "POST"
    """Default POST; GET sends no body."""
    path: str = ""
    """Put behind base_url."""
    query: Mapping[str, str] = Field(default_factory=dict)
    """Parameters of the address."""
    headers: Mapping[str, str] = Field(default_factory=dict)
    """Headers that depend on the question, like a conversation id; secrets belong into the endpoint's headers."""
    body: Any = None
    """The JSON to send; a text that is one expression becomes that value, like "{{ messages }}" a list."""


class HttpDocuments(SuiteModel):
    """Where retrieved documents stand."""

    path: str
    """JSONPath of all documents, best first, like $.results[*]."""
    id: str = "$.id"
    """JSONPath within one document."""
    text: str | None = None
    """JSONPath within one document."""
    score: str | None = None
    """JSONPath within one document."""


class HttpResponse(SuiteModel):
    """Where things stand in the reply, as JSONPath (RFC 9535)."""

    answer: str | None = None
    """The text of the answer; left out for an endpoint that only retrieves."""
    model: str | None = None
    finish: str | None = None
    finishes: Mapping[str, str] = Field(default_factory=dict)
    """The endpoint's own reasons to Holdfast's: stop, length, tool_calls, content_filter, refusal."""
    input_tokens: str | None = None
    cached_input_tokens: str | None = None
    output_tokens: str | None = None
    reasoning_tokens: str | None = None
    documents: HttpDocuments | None = None
    citations: str | None = None
    """Ids or addresses the answer cites."""
    tool_calls: str | None = None
    trace_id: str | None = None
    conversation_id: str | None = None
    error: str | None = None
    """Where a reply under HTTP 200 says that it failed."""
