"""A chat endpoint on loopback that says what it is asked to say. Feeds the comparison with promptfoo.

Behind ``Say: `` stands the answer, or how to give it: ``!empty``, ``!finish length TEXT``, ``!tools JSON``. As the
model ``grader`` it grades answers instead.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.chat import DONE, chat_body, chunk, last_usage
from tests.fakes.grading import graded
from tests.fakes.loopback import ChatLoopback, JsonHandler


class _Handler(JsonHandler):
    def do_POST(self) -> None:
        asked = self.asked()
        text, finish, calls = _reply_to(asked)
        if asked.get("stream"):
            delta = {"role": "assistant", "content": text, **({"tool_calls": calls} if calls else {})}
            self.reply("text/event-stream", b"".join([chunk(delta), chunk({}, finish), last_usage(), DONE]))
        else:
            beside = {"tool_calls": calls} if calls else {}
            self.reply("application/json", json.dumps(chat_body(text, finish, **beside)).encode())


class SayingServer(ChatLoopback):
    """A context manager; ``base_url`` ends before ``/chat/completions``."""

    handler = _Handler


def _reply_to(asked: dict[str, Any]) -> tuple[str | None, str, list[dict[str, Any]]]:
    """Text, finish reason and tool calls; as ``grader`` it grades what it is shown."""
    if asked["model"] == "grader":
        return graded("\n".join(message["content"] for message in asked["messages"])), "stop", []
    return _said(asked["messages"][-1]["content"])


def _said(question: str) -> tuple[str | None, str, list[dict[str, Any]]]:
    """Text, finish reason and tool calls."""
    question = str(question).removeprefix("Say: ")
    order, _, rest = question.partition(" ")
    if order == "!empty":
        return "", "stop", []
    if order == "!finish":
        finish, _, text = rest.partition(" ")
        return text, finish, []
    if order == "!tools":
        return None, "tool_calls", [_call(index, call) for index, call in enumerate(json.loads(rest))]
    return question, "stop", []


def _call(index: int, call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": json.dumps(call.get("arguments", {}))}
    return {"index": index, "id": f"call_{index}", "type": "function", "function": function}
