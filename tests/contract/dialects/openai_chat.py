"""OpenAI's chat completions."""

from __future__ import annotations

import json

from tests.contract.dialects.example import ANSWER, TOOL_ARGUMENTS, Example
from tests.fakes.chat import USAGE, chat_body, chat_stream

CALL = {"id": "call_1", "type": "function", "function": {"name": "get_order", "arguments": json.dumps(TOOL_ARGUMENTS)}}

EXAMPLE = Example(
    body=json.dumps(chat_body(ANSWER)).encode(),
    stream=tuple(chat_stream("Grüße ", "aus Köln")),
    complete_after=4,
    quiet=1,
    unknown_finish=json.dumps(chat_body(ANSWER, "brand_new")).encode(),
    unauthorized=b'{"error": {"message": "no such key", "code": "invalid_api_key"}}',
    tool_call=json.dumps(
        {
            "model": "m",
            "choices": [
                {"index": 0, "finish_reason": "tool_calls", "message": {"content": None, "tool_calls": [CALL]}},
            ],
            "usage": USAGE,
        }
    ).encode(),
)
