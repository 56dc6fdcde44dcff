"""OpenAI's chat-completions wire format from the server's side: requests read, bodies, chunks and errors built.

Feeds the fake endpoint's app. Values in, values out. Source: docs/wire-formats.md (openai-python's types).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from runner.demo.answers import Answer, Conversation

PIECES_PER_DELTA = 2
"""Tokens in one content delta: a word or two."""


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


class ChatRequest(BaseModel):
    """The fields of a request that the fake endpoint obeys; it ignores the others."""

    model: str = Field(min_length=1)
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    @property
    def conversation(self) -> Conversation:
        """Role and text of each message."""
        return tuple((message.role, message.text) for message in self.messages)

    @property
    def token_limit(self) -> int | None:
        """The smaller of both limits, None where there is none."""
        return min((n for n in (self.max_tokens, self.max_completion_tokens) if n is not None), default=None)

    @property
    def usage_wanted(self) -> bool:
        """True where the stream should end with a usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer with what every chunk of it says about its origin."""

    answer: Answer
    model: str
    fingerprint: str
    created: int
    """Unix seconds."""

    @property
    def completion(self) -> dict[str, object]:
        """The body of a reply that is not streamed."""
        message: dict[str, object] = {
            "role": "assistant",
            "content": self.answer.text,
            "refusal": None,
            "annotations": [],
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.answer.finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self.usage}

    @property
    def usage(self) -> dict[str, object]:
        """The usage object."""
        prompt, completion = self.answer.prompt_tokens, len(self.answer.pieces)
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

    def opening(self, *, usage_wanted: bool) -> bytes:
        """The role chunk, which comes before any token."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None}, None, usage_wanted=usage_wanted)

    def deltas(self, *, usage_wanted: bool) -> Iterator[bytes]:
        """The content chunks, a word or two each."""
        pieces = self.answer.pieces
        for start in range(0, len(pieces), PIECES_PER_DELTA):
            text = "".join(pieces[start : start + PIECES_PER_DELTA])
            yield self._chunk({"content": text}, None, usage_wanted=usage_wanted)

    def closing(self, *, usage_wanted: bool) -> bytes:
        """The finish chunk, the usage chunk where it was asked for, and the terminator."""
        finish = self._chunk({}, self.answer.finish, usage_wanted=usage_wanted)
        usage = self._event({"choices": [], "usage": self.usage}) if usage_wanted else b""
        return finish + usage + b"data: [DONE]\n\n"

    def _chunk(self, delta: Mapping[str, object], finish: str | None, *, usage_wanted: bool) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._event({"choices": [choice], **({"usage": None} if usage_wanted else {})})

    def _event(self, rest: Mapping[str, object]) -> bytes:
        return b"data: " + dump({**self._head("chat.completion.chunk"), **rest}) + b"\n\n"

    def _head(self, kind: str) -> dict[str, object]:
        return {
            "id": f"chatcmpl-{self.answer.hex_id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": self.fingerprint,
        }


def dump(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def error_body(
    message: str, *, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """An error as the OpenAI API words it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def model_list(models: Sequence[str], *, created: int) -> dict[str, Any]:
    """The body of ``GET /v1/models``."""
    data = [{"id": name, "object": "model", "created": created, "owned_by": "holdfast-demo"} for name in models]
    return {"object": "list", "data": data}
