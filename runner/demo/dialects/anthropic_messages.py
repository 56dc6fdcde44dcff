"""Anthropic messages from the server's side: requests read, messages, events and errors built. Feeds the app.

Source: docs/wire-formats.md (anthropic-sdk-python's types).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from runner.demo.dialects.dialect import Asked, Incoming, Refused, Reply, Trouble, Unfit, bearer, event, read_as
from runner.demo.tools import Call, OfferedTool

FINISHES = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
RETRY_AFTER_S = 1

TROUBLES: Mapping[Trouble, tuple[int, str, str]] = {
    Trouble.BAD_KEY: (401, "authentication_error", "invalid x-api-key"),
    Trouble.UNKNOWN_MODEL: (404, "not_found_error", "model not found"),
    Trouble.BAD_REQUEST: (400, "invalid_request_error", "The request is not valid."),
    Trouble.NOT_HERE: (404, "not_found_error", "Not Found"),
    Trouble.CONTENT_FILTER: (400, "invalid_request_error", "Output blocked by content filtering policy"),
    Trouble.RATE_LIMIT: (429, "rate_limit_error", "This request would exceed your rate limit for requests per minute."),
    Trouble.QUOTA: (402, "billing_error", "Your credit balance is too low."),
    Trouble.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    Trouble.SERVER: (500, "api_error", "Internal server error"),
}
"""Status, type and words of each error."""


class Block(BaseModel):
    """One content block of a message."""

    type: str
    text: str = ""
    content: str | list[Block] | None = None

    @property
    def whole(self) -> str:
        """Its text, or that of what is in it."""
        if isinstance(self.content, list):
            return "".join(block.text for block in self.content)
        return self.content or self.text


class AnthropicMessage(BaseModel):
    """One message as sent."""

    role: str
    content: str | list[Block]

    @property
    def said(self) -> Iterator[tuple[str, str]]:
        """Role and text; results of tools come inside the user's message and are told apart."""
        blocks = [Block(type="text", text=self.content)] if isinstance(self.content, str) else self.content
        yield from (("tool", block.whole) for block in blocks if block.type == "tool_result")
        if text := "".join(block.text for block in blocks if block.type == "text"):
            yield self.role, text


class AnthropicTool(BaseModel):
    """A declared tool."""

    name: str
    input_schema: dict[str, Any] = Field(default_factory=dict)


class MessagesRequest(BaseModel):
    """The fields of a request that the fake endpoint obeys; it ignores the others."""

    model: str = Field(min_length=1)
    max_tokens: int = Field(ge=1)
    messages: list[AnthropicMessage] = Field(min_length=1)
    system: str | list[Block] | None = None
    tools: list[AnthropicTool] = Field(default_factory=list)
    stream: bool = False

    @property
    def asked(self) -> Asked:
        """The same, whatever the dialect."""
        system = self.system if isinstance(self.system, str) else "".join(block.text for block in self.system or [])
        lead = (("system", system),) if system else ()
        return Asked(
            model=self.model,
            conversation=(*lead, *(part for message in self.messages for part in message.said)),
            tools=tuple(OfferedTool(name=tool.name, parameters=tool.input_schema) for tool in self.tools),
            token_limit=self.max_tokens,
            stream=self.stream,
        )


class AnthropicMessages:
    """``POST /v1/messages``."""

    def key(self, incoming: Incoming) -> str:
        return incoming.headers.get("x-api-key") or bearer(incoming)

    def read(self, incoming: Incoming) -> Asked:
        if not incoming.headers.get("anthropic-version"):
            raise Unfit("anthropic-version: header is required")
        return read_as(MessagesRequest, incoming.body).asked

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        return {
            "request-id": f"req_{reply.answer.hex_id}",
            "anthropic-ratelimit-requests-limit": "1000",
            "anthropic-ratelimit-requests-remaining": "999",
        }

    def body(self, reply: Reply) -> dict[str, object]:
        return {**_message(reply), **_stop(reply), "content": _blocks(reply), "usage": _usage(reply)}

    def opening(self, reply: Reply) -> bytes:
        """The empty message, with the input's usage; then a ping."""
        usage = {**_usage(reply), "output_tokens": 1}
        return _event("message_start", message={**_message(reply), "usage": usage}) + _event("ping")

    def content(self, reply: Reply) -> Iterator[bytes]:
        """The blocks, each started, filled by deltas and stopped; the start rides with the first delta."""
        if not reply.answer.calls:
            start = _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
            for text in reply.deltas:
                yield start + _delta(0, type="text_delta", text=text)
                start = b""
            yield start + _event("content_block_stop", index=0)
        for number, call in enumerate(reply.answer.calls):
            yield _event(
                "content_block_start", index=number, content_block={**_tool_use(reply, number, call), "input": {}}
            )
            half = len(call.text) // 2
            for part in ("", call.text[:half], call.text[half:]):
                yield _delta(number, type="input_json_delta", partial_json=part)
            yield _event("content_block_stop", index=number)

    def closing(self, reply: Reply) -> bytes:
        """Why it stopped, the usage in all, the end."""
        usage = {"output_tokens": reply.answer.output_tokens}
        return _event("message_delta", delta=_stop(reply), usage=usage) + _event("message_stop")

    def broken(self, reply: Reply) -> bytes:
        return _event("error", error={"type": "overloaded_error", "message": "Overloaded"})

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        status, kind, words = TROUBLES[trouble]
        if trouble is Trouble.UNKNOWN_MODEL:
            words = f"model: {model}"
        waits = {"retry-after": str(RETRY_AFTER_S)} if trouble is Trouble.RATE_LIMIT else {}
        request_id = "req_refused"
        error = {"type": "error", "error": {"type": kind, "message": message or words}, "request_id": request_id}
        return Refused(status=status, body=error, headers={"request-id": request_id, **waits})


def _event(kind: str, **fields: object) -> bytes:
    return event({"type": kind, **fields}, name=kind)


def _delta(index: int, **delta: object) -> bytes:
    return _event("content_block_delta", index=index, delta=delta)


def _message(reply: Reply) -> dict[str, object]:
    """A message that has said nothing yet."""
    return {
        "id": f"msg_{reply.answer.hex_id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop(reply: Reply) -> dict[str, object]:
    reason = "refusal" if reply.answer.refused else FINISHES[reply.answer.finish]
    return {"stop_reason": reason, "stop_sequence": None}


def _usage(reply: Reply) -> dict[str, object]:
    return {
        "input_tokens": reply.answer.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": reply.answer.output_tokens,
        "service_tier": "standard",
    }


def _blocks(reply: Reply) -> list[dict[str, object]]:
    if reply.answer.calls:
        return [_tool_use(reply, number, call) for number, call in enumerate(reply.answer.calls)]
    return [{"type": "text", "text": reply.answer.text}]


def _tool_use(reply: Reply, number: int, call: Call) -> dict[str, object]:
    return {
        "type": "tool_use",
        "id": f"toolu_{reply.answer.hex_id}{number}",
        "name": call.name,
        "input": dict(call.arguments),
    }
