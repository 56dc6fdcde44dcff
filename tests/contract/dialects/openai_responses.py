"""OpenAI's responses."""

from __future__ import annotations

import json

from tests.contract.dialects.example import ANSWER, TOOL_ARGUMENTS, Example
from tests.fakes.responses import REASONING, called, response, response_stream, spoken

EXAMPLE = Example(
    body=json.dumps(response(spoken(ANSWER))).encode(),
    stream=tuple(response_stream("Grüße ", "aus Köln")),
    complete_after=9,
    quiet=4,
    unknown_finish=json.dumps(
        response(spoken(ANSWER), status="incomplete", incomplete_details={"reason": "brand_new"})
    ).encode(),
    unauthorized=b'{"error": {"message": "no such key", "code": "invalid_api_key", "type": "invalid_request_error"}}',
    tool_call=json.dumps(response(REASONING, called("get_order", json.dumps(TOOL_ARGUMENTS)))).encode(),
)
