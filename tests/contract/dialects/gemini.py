"""Gemini's generateContent."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.dialects.example import ANSWER, TOOL_ARGUMENTS, Example
from tests.fakes.http_server import event

USAGE = {
    "promptTokenCount": 12,
    "cachedContentTokenCount": 4,
    "toolUsePromptTokenCount": 1,
    "candidatesTokenCount": 4,
    "thoughtsTokenCount": 3,
    "totalTokenCount": 20,
    "trafficType": "ON_DEMAND",
}


def chunk(*parts: Any, finish: str | None = None, usage: Any = USAGE, **candidate: Any) -> dict[str, Any]:
    """A whole reply, or one chunk of a stream: they have the same shape."""
    said: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0, **candidate}
    said |= {"finishReason": finish} if finish else {}
    return {"candidates": [said], "usageMetadata": usage, "modelVersion": "m-1", "responseId": "r1"}


def text(said: str, **extra: Any) -> dict[str, Any]:
    """A part of text."""
    return {"text": said, **extra}


EXAMPLE = Example(
    body=json.dumps(chunk(text(ANSWER), finish="STOP")).encode(),
    stream=(
        event(chunk(text(""), usage={"promptTokenCount": 12, "totalTokenCount": 12})),
        event(chunk(text("Grüße "), usage={"promptTokenCount": 12, "candidatesTokenCount": 2, "totalTokenCount": 14})),
        event(chunk(text("aus Köln"))),
        event(chunk(text(""), finish="STOP")),
    ),
    complete_after=4,
    quiet=1,
    unknown_finish=json.dumps(chunk(text(ANSWER), finish="BRAND_NEW")).encode(),
    unauthorized=b'{"error": {"code": 401, "message": "no such key", "status": "UNAUTHENTICATED"}}',
    tool_call=json.dumps(
        chunk(
            {"functionCall": {"id": "f1", "name": "get_order", "args": TOOL_ARGUMENTS}, "thoughtSignature": "c2ln"},
            finish="STOP",
        )
    ).encode(),
)
