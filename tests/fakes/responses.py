"""OpenAI responses as servers word them: items, bodies, events, whole streams. Feeds protocol and transport tests."""

from __future__ import annotations

import json
from typing import Any

USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 19,
}


def spoken(text: str, *, annotations: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A message that says this."""
    part = {"type": "output_text", "text": text, "annotations": annotations or [], "logprobs": []}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
        **fields,
    }


def declined(text: str) -> dict[str, Any]:
    """A message that refuses."""
    return {**spoken(""), "content": [{"type": "refusal", "refusal": text}]}


def called(name: str, arguments: str, call_id: str = "call_1") -> dict[str, Any]:
    """A call of a declared tool."""
    item = {"id": "fc_1", "type": "function_call", "status": "completed"}
    return {**item, "call_id": call_id, "name": name, "arguments": arguments}


REASONING = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}


def response(*items: Any, status: Any = "completed", **fields: Any) -> dict[str, Any]:
    """A whole response."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "m-1",
        "output": list(items),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "service_tier": "default",
        "usage": USAGE,
        **fields,
    }


def happens(kind: str, **fields: Any) -> bytes:
    """One event of a stream, with its name as the server sends it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': 1, **fields})}\n\n".encode()


def delta(text: str, kind: str = "response.output_text", **fields: Any) -> bytes:
    """A piece of what is said."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    return happens(f"{kind}.delta", delta=text, **{**place, **fields})


def all_said(text: str) -> bytes:
    """The event that repeats a text once all its pieces have come."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    return happens("response.output_text.done", text=text, **place)


def begun() -> list[bytes]:
    """How every stream begins: nothing of the answer is in it."""
    early = response(status="in_progress", usage=None)
    item = {**spoken(""), "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    return [
        happens("response.created", response=early),
        happens("response.in_progress", response=early),
        happens("response.output_item.added", output_index=0, item=item),
        happens("response.content_part.added", item_id="msg_1", output_index=0, content_index=0, part=part),
    ]


def response_stream(*texts: str, last: bytes | None = None) -> list[bytes]:
    """A whole stream that says these texts."""
    whole = "".join(texts)
    return [
        *begun(),
        *(delta(text) for text in texts),
        all_said(whole),
        happens("response.output_item.done", output_index=0, item=spoken(whole)),
        last or happens("response.completed", response=response(spoken(whole))),
    ]
