"""A JSON API of nobody in particular: a support assistant that names its sources."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.dialects.example import ANSWER, TOOL_ARGUMENTS, Example

FIELDS: dict[str, Any] = {
    "request": {
        "path": "/ask",
        "headers": {"X-Conversation": "{{ conversation_id }}"},
        "body": {
            "model": "{{ model }}",
            "turns": "{{ messages }}",
            "tools": "{{ tools }}",
            "options": "{{ params }}",
            "live": "{{ stream }}",
        },
    },
    "response": {
        "answer": "$.answer.text",
        "refusal": "$.answer.refusal",
        "model": "$.served_by",
        "finish": "$.ended",
        "finishes": {"complete": "stop", "needs_tool": "tool_calls"},
        "input_tokens": "$.tokens.in",
        "cached_input_tokens": "$.tokens.cached",
        "output_tokens": "$.tokens.out",
        "documents": {"path": "$.sources[*]", "text": "$.passage", "score": "$.score"},
        "citations": "$.sources[*].url",
        "tool_calls": {"path": "$.calls", "name": "$.name", "arguments": "$.with"},
        "trace_id": "$.trace",
        "conversation_id": "$.conversation",
        "stream": {
            "answer": "$.piece",
            "when": {"path": "$.type", "equals": "piece"},
            "done": {"path": "$.type", "equals": "end"},
        },
    },
}
ABOUT: dict[str, Any] = {
    "served_by": "m-1",
    "ended": "complete",
    "tokens": {"in": 9, "cached": 4, "out": 7},
    "trace": "t-1",
    "conversation": "c-1",
}
SOURCES = [
    {"id": "faq-4", "passage": "Köln is on the Rhine.", "score": 0.9, "url": "https://docs.example.com/4"},
    {"id": "faq-1", "passage": "Grüße!", "score": 0.4, "url": "https://docs.example.com/1"},
]


def event(data: object, name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def body(**changed: Any) -> bytes:
    """A whole reply."""
    whole = {"answer": {"text": ANSWER, "refusal": None}, "sources": SOURCES, "calls": [], **ABOUT}
    return json.dumps({**whole, **changed}).encode()


EXAMPLE = Example(
    body=body(),
    stream=(
        event({"type": "status", "piece": "searching"}, "status"),
        event({"type": "sources", "sources": SOURCES}),
        event({"type": "piece", "piece": ""}),
        event({"type": "piece", "piece": "Grüße "}),
        event({"type": "piece", "piece": "aus Köln"}),
        event({"type": "end", **ABOUT}),
    ),
    complete_after=6,
    quiet=3,
    unknown_finish=body(ended="brand_new"),
    unauthorized=b'{"detail": "no such key"}',
    tool_call=body(
        answer=None, calls=[{"id": "call_1", "name": "get_order", "with": TOOL_ARGUMENTS}], ended="needs_tool"
    ),
    fields=FIELDS,
)
