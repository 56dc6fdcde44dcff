"""OpenAI embeddings from the server's side. Feeds the app. Source: docs/wire-formats.md (openai-python's types)."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, Field

from runner.demo.dialects.dialect import Asked, Incoming, Refused, Reply, Trouble, bearer, read_as
from runner.demo.dialects.openai_chat import chat_headers, openai_error
from runner.demo.vectors import vector_of

FLOATS = "float"


class EmbeddingsRequest(BaseModel):
    """The fields of a request that the fake endpoint obeys; it ignores the others."""

    model: str = Field(min_length=1)
    input: str | list[str] = Field(min_length=1)
    encoding_format: Literal["float", "base64"] = "float"

    @property
    def asked(self) -> Asked:
        """Each text is a message whose role says how its vector is to be written."""
        texts = [self.input] if isinstance(self.input, str) else self.input
        return Asked(model=self.model, conversation=tuple((self.encoding_format, text) for text in texts))


class OpenAIEmbeddings:
    """``POST /v1/embeddings``. Never a stream."""

    def key(self, incoming: Incoming) -> str:
        return bearer(incoming)

    def read(self, incoming: Incoming) -> Asked:
        return read_as(EmbeddingsRequest, incoming.body).asked

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        return chat_headers(reply, took_ms)

    def body(self, reply: Reply) -> dict[str, object]:
        data = [
            {"object": "embedding", "index": index, "embedding": _written(vector_of(text, reply.model), form)}
            for index, (form, text) in enumerate(reply.asked.conversation)
        ]
        tokens = reply.answer.prompt_tokens
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": reply.model, "usage": usage}

    def opening(self, reply: Reply) -> bytes:
        return b""

    def content(self, reply: Reply) -> Iterator[bytes]:
        return iter(())

    def closing(self, reply: Reply) -> bytes:
        return b""

    def broken(self, reply: Reply) -> bytes:
        return b""

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        return openai_error(trouble, message, param=param, model=model)


def _written(vector: list[float], form: str) -> object:
    """Numbers, or what the official SDK asks for by itself: their 32-bit floats in base64."""
    if form == FLOATS:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
