"""OpenAI chat completions from the server's side: requests read, bodies, chunks and errors built.

Feeds the app, and the Azure dialect, which differs in little. Source: docs/wire-formats.md (openai-python's types).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from runner.demo.dialects.dialect import Asked, Incoming, Refused, Reply, Trouble, bearer, event, read_as
from runner.demo.tools import Call, OfferedTool


class TextPart(BaseModel):
    """One part of a message in parts; other kinds than text count as empty."""

    text: str = ""


class ChatMessage(BaseModel):
    """One message as sent."""

    role: str
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """The message as one text."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What the stream should carry."""

    include_usage: bool = False


class Function(BaseModel):
    """A tool's function."""

    name: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class ChatTool(BaseModel):
    """A declared tool."""

    function: Function


class ChatRequest(BaseModel):
    """The fields of a request that the fake endpoint obeys; it ignores the others."""

    model: str = Field(min_length=1)
    messages: list[ChatMessage] = Field(min_length=1)
    tools: list[ChatTool] = Field(default_factory=list)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    @property
    def asked(self) -> Asked:
        """The same, whatever the dialect."""
        limits = [n for n in (self.max_tokens, self.max_completion_tokens) if n is not None]
        functions = [tool.function for tool in self.tools]
        return Asked(
            model=self.model,
            conversation=tuple((message.role, message.text) for message in self.messages),
            tools=tuple(OfferedTool(name=one.name, parameters=one.parameters) for one in functions),
            token_limit=min(limits, default=None),
            stream=self.stream,
            usage_wanted=self.stream_options is not None and self.stream_options.include_usage,
        )


TROUBLES: Mapping[Trouble, tuple[int, str, str | None, str]] = {
    Trouble.BAD_KEY: (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    Trouble.UNKNOWN_MODEL: (404, "invalid_request_error", "model_not_found", "The model does not exist."),
    Trouble.BAD_REQUEST: (400, "invalid_request_error", None, "The request is not valid."),
    Trouble.NOT_HERE: (404, "invalid_request_error", None, "Invalid URL"),
    Trouble.CONTENT_FILTER: (
        400,
        "invalid_request_error",
        "content_policy_violation",
        "Your request was rejected as a result of our safety system.",
    ),
    Trouble.RATE_LIMIT: (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    Trouble.QUOTA: (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    Trouble.OVERLOADED: (503, "service_unavailable_error", "server_is_overloaded", "The server is overloaded"),
    Trouble.SERVER: (500, "server_error", None, "The server had an error while processing your request."),
}
"""Status, type, code and words of each error."""


def chat_headers(reply: Reply, took_ms: int) -> dict[str, str]:
    """The headers that chat completions and responses share."""
    return {
        "x-request-id": f"req_{reply.answer.hex_id}",
        "openai-version": "2020-10-01",
        "openai-processing-ms": str(took_ms),
    }


def openai_error(trouble: Trouble, message: str, *, param: str | None, model: str) -> Refused:
    """An error as the OpenAI API words it."""
    status, kind, code, words = TROUBLES[trouble]
    if trouble is Trouble.UNKNOWN_MODEL and model:
        words = f"The model '{model}' does not exist."
    error = {"message": message or words, "type": kind, "param": param, "code": code}
    return Refused(status=status, body={"error": error})


class OpenAIChat:
    """``POST /v1/chat/completions``."""

    def key(self, incoming: Incoming) -> str:
        return bearer(incoming)

    def read(self, incoming: Incoming) -> Asked:
        return read_as(ChatRequest, incoming.body).asked

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        return chat_headers(reply, took_ms)

    def body(self, reply: Reply) -> dict[str, object]:
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if reply.answer.calls else reply.answer.text,
            "refusal": None,
            "annotations": [],
        }
        if reply.answer.calls:
            message["tool_calls"] = [_call(reply, n, call) for n, call in enumerate(reply.answer.calls)]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.answer.finish}
        return {**head(reply, "chat.completion"), "choices": [choice], "usage": usage(reply)}

    def opening(self, reply: Reply) -> bytes:
        """The role chunk."""
        return chunk(reply, {"role": "assistant", "content": "", "refusal": None}, None)

    def content(self, reply: Reply) -> Iterator[bytes]:
        """Deltas of the text, or of the tool calls: first the name, then the arguments in two halves."""
        for text in reply.deltas:
            yield chunk(reply, {"content": text}, None)
        for number, call in enumerate(reply.answer.calls):
            named = _call(reply, number, call, arguments="")
            yield chunk(reply, {"tool_calls": [{"index": number, **named}]}, None)
            half = len(call.text) // 2
            for part in (call.text[:half], call.text[half:]):
                yield chunk(reply, {"tool_calls": [{"index": number, "function": {"arguments": part}}]}, None)

    def closing(self, reply: Reply) -> bytes:
        """The finish chunk, the usage chunk where it was asked for, and the terminator."""
        finish = chunk(reply, {}, reply.answer.finish)
        told = event({**head(reply, "chat.completion.chunk"), "choices": [], "usage": usage(reply)})
        return finish + (told if reply.asked.usage_wanted else b"") + b"data: [DONE]\n\n"

    def broken(self, reply: Reply) -> bytes:
        return event(openai_error(Trouble.OVERLOADED, "", param=None, model="").body)

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        return openai_error(trouble, message, param=param, model=model)


def head(reply: Reply, kind: str) -> dict[str, object]:
    """What a body and every chunk of a stream begin with."""
    return {
        "id": f"chatcmpl-{reply.answer.hex_id}",
        "object": kind,
        "created": reply.created,
        "model": reply.model,
        "service_tier": "default",
        "system_fingerprint": reply.fingerprint,
    }


def chunk(reply: Reply, delta: Mapping[str, object], finish: str | None, **more: object) -> bytes:
    """One chunk of a stream; ``more`` joins its choice."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, **more}
    silent = {"usage": None} if reply.asked.usage_wanted else {}
    return event({**head(reply, "chat.completion.chunk"), "choices": [choice], **silent})


def usage(reply: Reply) -> dict[str, object]:
    """The usage object."""
    prompt, completion = reply.answer.prompt_tokens, reply.answer.output_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _call(reply: Reply, number: int, call: Call, *, arguments: str | None = None) -> dict[str, object]:
    function = {"name": call.name, "arguments": call.text if arguments is None else arguments}
    return {"id": f"call_{reply.answer.hex_id}{number}", "type": "function", "function": function}
