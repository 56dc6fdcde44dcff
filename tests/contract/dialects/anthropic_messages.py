"""Anthropic's messages."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.dialects.example import ANSWER, TOOL_ARGUMENTS, Example

USAGE = {
    "input_tokens": 9,
    "cache_creation_input_tokens": 2,
    "cache_read_input_tokens": 5,
    "output_tokens": 7,
    "output_tokens_details": {"thinking_tokens": 3},
    "service_tier": "standard",
    "inference_geo": "eu",
}


def message(*blocks: Any, stop: str | None = "end_turn", **extra: Any) -> dict[str, Any]:
    """A whole message with these content blocks."""
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-1", "content": list(blocks)}
    return {**said, "stop_reason": stop, "stop_sequence": None, "usage": USAGE, **extra}


def text(said: str, **extra: Any) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": said, **extra}


def event(kind: str, **fields: Any) -> bytes:
    """One event, named as the API names it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def start() -> bytes:
    """The beginning: no content yet, and the count of output tokens is a mere beginning too."""
    return event("message_start", message=message(stop=None, usage={**USAGE, "output_tokens": 1}))


def block(index: int, head: dict[str, Any], *deltas: dict[str, Any]) -> list[bytes]:
    """A content block from start to stop."""
    grown = [event("content_block_delta", index=index, delta=delta) for delta in deltas]
    return [
        event("content_block_start", index=index, content_block=head),
        *grown,
        event("content_block_stop", index=index),
    ]


def end(stop: str | None = "end_turn", **delta: Any) -> list[bytes]:
    """Why it stopped, what it took, and that this was all."""
    said = {"stop_reason": stop, "stop_sequence": None, **delta}
    return [event("message_delta", delta=said, usage={"output_tokens": 7}), event("message_stop")]


EXAMPLE = Example(
    body=json.dumps(message(text(ANSWER))).encode(),
    stream=(
        start(),
        event("ping"),
        *block(0, text(""), {"type": "text_delta", "text": "Grüße "}, {"type": "text_delta", "text": "aus Köln"}),
        *end(),
    ),
    complete_after=7,
    quiet=3,
    unknown_finish=json.dumps(message(text(ANSWER), stop="brand_new")).encode(),
    unauthorized=b'{"type": "error", "error": {"type": "authentication_error", "message": "no such key"}}',
    tool_call=json.dumps(
        message(
            {"type": "thinking", "thinking": "An order.", "signature": "c2ln"},
            {"type": "tool_use", "id": "toolu_1", "name": "get_order", "input": TOOL_ARGUMENTS},
            stop="tool_use",
        )
    ).encode(),
)
