"""OpenAI's embeddings."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.dialects.example import Example

VECTOR = [0.25, -0.5, 1e-09]


def embeddings_body(vector: Any = VECTOR, **extra: Any) -> dict[str, Any]:
    """A whole reply with one vector."""
    data = [{"object": "embedding", "index": 0, "embedding": vector}]
    return {"object": "list", "data": data, "model": "m-1", "usage": {"prompt_tokens": 5, "total_tokens": 5}, **extra}


EXAMPLE = Example(
    body=json.dumps(embeddings_body()).encode(),
    answer="[0.25,-0.5,1e-09]",
    finish=None,
    unauthorized=b'{"error": {"message": "no such key", "code": "invalid_api_key"}}',
)
