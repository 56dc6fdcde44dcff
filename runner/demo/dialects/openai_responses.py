"""OpenAI responses from the server's side: requests read, response objects, events and errors built. Feeds the app.

Source: docs/wire-formats.md (openai-python's ``types/responses``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field

from runner.demo.answers import Conversation
from runner.demo.dialects.dialect import Asked, Incoming, Refused, Reply, Trouble, bearer, event, read_as
from runner.demo.dialects.openai_chat import TextPart, chat_headers, openai_error
from runner.demo.tools import Call, OfferedTool

TERMINAL = {"stop": "completed", "tool_calls": "completed", "length": "incomplete"}
"""Our finish to the status of the response."""


class InputItem(BaseModel):
    """One item of the input: a message, a tool call of the model's, or what the tool said."""

    type: str = "message"
    role: str = "assistant"
    content: str | list[TextPart] | None = None
    output: str | list[TextPart] | None = None

    @property
    def said(self) -> tuple[str, str]:
        """Role and text."""
        if self.type == "function_call_output":
            return "tool", _text(self.output)
        return self.role, _text(self.content)


class ResponsesTool(BaseModel):
    """A declared tool; only functions are ever called."""

    type: str
    name: str = ""
    parameters: dict[str, Any] | None = None


class ResponsesRequest(BaseModel):
    """The fields of a request that the fake endpoint obeys; it ignores the others."""

    model: str = Field(min_length=1)
    input: str | list[InputItem] = Field(min_length=1)
    instructions: str | None = None
    tools: list[ResponsesTool] = Field(default_factory=list)
    stream: bool = False
    max_output_tokens: int | None = Field(default=None, ge=1)

    @property
    def asked(self) -> Asked:
        """The same, whatever the dialect."""
        functions = [tool for tool in self.tools if tool.type == "function"]
        return Asked(
            model=self.model,
            conversation=self._conversation,
            tools=tuple(OfferedTool(name=tool.name, parameters=tool.parameters or {}) for tool in functions),
            token_limit=self.max_output_tokens,
            stream=self.stream,
        )

    @property
    def _conversation(self) -> Conversation:
        lead = () if self.instructions is None else (("system", self.instructions),)
        if isinstance(self.input, str):
            return (*lead, ("user", self.input))
        return (*lead, *(item.said for item in self.input if item.type != "reasoning"))


class OpenAIResponses:
    """``POST /v1/responses``."""

    def key(self, incoming: Incoming) -> str:
        return bearer(incoming)

    def read(self, incoming: Incoming) -> Asked:
        return read_as(ResponsesRequest, incoming.body).asked

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        return chat_headers(reply, took_ms)

    def body(self, reply: Reply) -> dict[str, object]:
        return _response(reply, TERMINAL[reply.answer.finish])

    def opening(self, reply: Reply) -> bytes:
        """The response is created, then in progress; nothing of it exists yet."""
        begun = _response(reply, "in_progress")
        numbers = itertools.count()
        return b"".join(
            _event(next(numbers), f"response.{kind}", response=begun) for kind in ("created", "in_progress")
        )

    def content(self, reply: Reply) -> Iterator[bytes]:
        """The items, each opened, filled by deltas and closed."""
        numbers = itertools.count(2)
        for kind, fields in _item_events(reply):
            yield _event(next(numbers), kind, **fields)

    def closing(self, reply: Reply) -> bytes:
        """The whole response once more, with its usage."""
        status = TERMINAL[reply.answer.finish]
        number = 2 + sum(1 for _ in _item_events(reply))
        return _event(number, f"response.{status}", response=_response(reply, status))

    def broken(self, reply: Reply) -> bytes:
        error = {"code": "server_is_overloaded", "message": "The server is overloaded"}
        failed = {**_response(reply, "in_progress"), "status": "failed", "error": error}
        return _event(1_000_000, "response.failed", response=failed)

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        return openai_error(trouble, message, param=param, model=model)


def _text(content: str | list[TextPart] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def _event(number: int, kind: str, **fields: object) -> bytes:
    return event({"type": kind, "sequence_number": number, **fields}, name=kind)


def _response(reply: Reply, status: str) -> dict[str, object]:
    over = status != "in_progress"
    cut = {"reason": "max_output_tokens"} if status == "incomplete" else None
    return {
        "id": f"resp_{reply.answer.hex_id}",
        "object": "response",
        "created_at": reply.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": cut,
        "instructions": None,
        "max_output_tokens": reply.asked.token_limit,
        "metadata": {},
        "model": reply.model,
        "output": _items(reply, "incomplete" if cut else "completed") if over else [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(reply) if over else None,
    }


def _usage(reply: Reply) -> dict[str, object]:
    read, written = reply.answer.prompt_tokens, reply.answer.output_tokens
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _items(reply: Reply, status: str) -> list[dict[str, object]]:
    if reply.answer.calls:
        return [_call(reply, number, call, status) for number, call in enumerate(reply.answer.calls)]
    return [_message(reply, status, [_part(reply, reply.answer.text)])]


def _message(reply: Reply, status: str, parts: list[dict[str, object]]) -> dict[str, object]:
    said = {"type": "message", "role": "assistant", "status": status}
    return {"id": f"msg_{reply.answer.hex_id}", **said, "content": parts}


def _part(reply: Reply, text: str) -> dict[str, object]:
    """A refusal has a part of its own kind."""
    if reply.answer.refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(reply: Reply, number: int, call: Call, status: str, *, arguments: str | None = None) -> dict[str, object]:
    return {
        "id": f"fc_{reply.answer.hex_id}{number}",
        "type": "function_call",
        "call_id": f"call_{reply.answer.hex_id}{number}",
        "name": call.name,
        "arguments": call.text if arguments is None else arguments,
        "status": status,
    }


Fields = dict[str, object]


def _item_events(reply: Reply) -> Iterator[tuple[str, Fields]]:
    if not reply.answer.calls:
        yield from _message_events(reply)
    for number, call in enumerate(reply.answer.calls):
        yield from _call_events(reply, number, call)


def _message_events(reply: Reply) -> Iterator[tuple[str, Fields]]:
    status = "incomplete" if reply.answer.finish == "length" else "completed"
    text, refused = reply.answer.text, reply.answer.refused
    kind = "refusal" if refused else "output_text"
    item = _message(reply, status, [_part(reply, text)])
    at: Fields = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    more: Fields = {} if refused else {"logprobs": []}
    opened = _message(reply, "in_progress", [])
    yield "response.output_item.added", {"output_index": 0, "item": opened}
    yield "response.content_part.added", {**at, "part": _part(reply, "")}
    for delta in reply.deltas:
        yield f"response.{kind}.delta", {**at, "delta": delta, **more}
    yield f"response.{kind}.done", {**at, "refusal" if refused else "text": text, **more}
    yield "response.content_part.done", {**at, "part": _part(reply, text)}
    yield "response.output_item.done", {"output_index": 0, "item": item}


def _call_events(reply: Reply, number: int, call: Call) -> Iterator[tuple[str, Fields]]:
    item = _call(reply, number, call, "completed")
    at: Fields = {"item_id": item["id"], "output_index": number}
    opened = _call(reply, number, call, "in_progress", arguments="")
    half = len(call.text) // 2
    yield "response.output_item.added", {"output_index": number, "item": opened}
    for part in (call.text[:half], call.text[half:]):
        yield "response.function_call_arguments.delta", {**at, "delta": part}
    yield "response.function_call_arguments.done", {**at, "name": call.name, "arguments": call.text}
    yield "response.output_item.done", {"output_index": number, "item": item}
