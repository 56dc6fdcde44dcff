"""OpenAI chat replies as servers word them: bodies, chunks, whole streams. Feeds protocol and transport tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.http_server import event

USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 7,
    "total_tokens": 19,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
DONE = event("[DONE]")


def chunk(delta: Mapping[str, Any] | None = None, finish: str | None = None, **extra: Any) -> bytes:
    """One chunk of a stream with one choice."""
    choices = [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    return event({"id": "c1", "object": "chat.completion.chunk", "model": "m-1", "choices": choices, **extra})


def last_usage(choices: list[Any] | None = None) -> bytes:
    """The chunk that carries the usage: OpenAI's has no choices, LiteLLM's an empty one."""
    return event({"id": "c1", "model": "m-1", "choices": choices or [], "usage": USAGE})


def chat_stream(*texts: str, finish: str | None = "stop") -> list[bytes]:
    """A whole stream that says these texts."""
    said = [chunk({"content": text}) for text in texts]
    return [chunk({"role": "assistant", "content": ""}), *said, chunk({}, finish), last_usage(), DONE]


def chat_body(content: str | None = "Paris", finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """A whole reply."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "m-1",
        "system_fingerprint": "fp_1",
        "service_tier": "default",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": USAGE,
    }
