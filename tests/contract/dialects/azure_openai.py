"""Azure OpenAI: the chat dialect, with the reports of its filters around and within the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.contract.dialects.example import ANSWER, Example
from tests.contract.dialects.openai_chat import EXAMPLE as CHAT
from tests.fakes.chat import DONE, chat_body, chunk, last_usage
from tests.fakes.http_server import event

SAFE = {
    "hate": {"filtered": False, "severity": "safe"},
    "jailbreak": {"filtered": False, "detected": False},
}
PROMPT_RESULTS = [{"prompt_index": 0, "content_filter_results": SAFE}]


def filtered_body(content: str, results: Mapping[str, Any], finish: str = "stop") -> dict[str, Any]:
    """A whole reply with what the filters say of prompt and answer, these results over harmless ones."""
    body = chat_body(content, finish)
    body["choices"][0]["content_filter_results"] = {**SAFE, **results}
    return {**body, "prompt_filter_results": PROMPT_RESULTS}


def filtered_chunk(text: str, **results: Any) -> bytes:
    """A chunk of a stream with what the filters say of it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None, "content_filter_results": results or SAFE}
    return event({"id": "c1", "model": "m-1", "choices": [choice]})


FIRST = event({"id": "", "model": "", "choices": [], "prompt_filter_results": PROMPT_RESULTS})
"""What Azure sends before anything of the answer."""

EXAMPLE = Example(
    body=json.dumps(filtered_body(ANSWER, {})).encode(),
    stream=(
        FIRST,
        chunk({"role": "assistant", "content": ""}),
        filtered_chunk("Grüße "),
        filtered_chunk("aus Köln"),
        chunk({}, "stop"),
        last_usage(),
        DONE,
    ),
    complete_after=5,
    quiet=2,
    unknown_finish=json.dumps(filtered_body(ANSWER, {}, "brand_new")).encode(),
    unauthorized=b'{"error": {"code": "401", "message": "no such key, or the wrong address"}}',
    tool_call=CHAT.tool_call,
    fields={"api_version": "2024-10-21"},
)
