"""A conversation in OpenAI's chat messages: parts, tools, what was said, and what this dialect cannot send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from probes.conversation import Message, Question, Said, Tool, ToolResult
from probes.protocols.openai_chat import OpenAIChat
from probes.protocols.openai_chat_messages import wire_message
from probes.sample import ToolCall
from probes.script import first_question
from probes.suite import Endpoint, Probe
from tests.fakes.chat import chat_body

CHAT = OpenAIChat()
ENDPOINT = Endpoint.model_validate({"base_url": "https://gateway.example.com/v1", "model": "m"})
PICTURE, PAPER = "data:image/png;base64,AAAA", "data:application/pdf;base64,BBBB"
TOOL = {"name": "get_order", "description": "Looks an order up.", "parameters": {"type": "object"}}


def probe(**fields: Any) -> Probe:
    return Probe.model_validate({"id": "p", **({} if "messages" in fields else {"prompt": "Hello?"}), **fields})


def body(asking: Probe) -> dict[str, Any]:
    return dict(CHAT.build(ENDPOINT, first_question(asking)).body)


def user(*parts: dict[str, str]) -> dict[str, Any]:
    return wire_message(Message.model_validate({"role": "user", "content": list(parts)}))


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        ({"text": "What is this?"}, {"type": "text", "text": "What is this?"}),
        ({"image": PICTURE}, {"type": "image_url", "image_url": {"url": PICTURE}}),
        (
            {"image": "https://example.com/a.png"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ),
        (
            {"file": PAPER, "name": "a.pdf"},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PAPER}},
        ),
        ({"file": PAPER}, {"type": "file", "file": {"filename": "attached", "file_data": PAPER}}),
    ],
)
def test_each_part_goes_in_the_form_of_this_dialect(part: dict[str, str], sent: dict[str, Any]) -> None:
    assert user(part)["content"] == [sent]


def test_files_of_a_probe_go_before_its_prompt() -> None:
    (message,) = body(probe(files=[PICTURE, PAPER]))["messages"]
    assert [part["type"] for part in message["content"]] == ["image_url", "file", "text"]


def test_plain_text_stays_plain_for_every_role() -> None:
    for role in ("system", "developer", "user", "assistant"):
        sent = wire_message(Message.model_validate({"role": role, "content": "Hi."}))
        assert sent == {"role": role, "content": "Hi."}


def test_tools_of_the_suite_are_declared_and_params_go_before_them_untouched() -> None:
    function = {**TOOL, "strict": True}
    assert body(probe(tools=[{**TOOL, "strict": True}]))["tools"] == [{"type": "function", "function": function}]
    raw = [{"type": "web_search_preview", "odd": [1]}]
    assert body(probe(tools=[TOOL], params={"tools": raw}))["tools"] == raw


def test_structured_output_passes_through_untouched() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": True}}
    assert body(probe(params={"response_format": wanted}))["response_format"] == wanted


def test_what_was_said_and_the_result_of_its_call_go_back_together() -> None:
    call = ToolCall(id="call_1", name="get_order", arguments='{"order_id": "44')
    said = wire_message(Said(text="", tool_calls=(call,)))
    function = {"name": "get_order", "arguments": '{"order_id": "44'}
    assert said == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
    }
    result = wire_message(ToolResult(call=call, text="none"))
    assert result == {"role": "tool", "tool_call_id": "call_1", "content": "none"}


def test_an_empty_answer_is_said_as_empty_text() -> None:
    assert wire_message(Said(text="")) == {"role": "assistant", "content": ""}


def test_a_custom_call_goes_back_as_the_custom_call_it_was() -> None:
    function = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    custom = {"id": "b", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    raw = json.dumps(chat_body(None, "tool_calls", tool_calls=[function, custom])).encode()
    reply = CHAT.read_reply(ENDPOINT, status=200, headers={}, body=raw)
    said = Said(text=reply.answer or "", tool_calls=reply.tool_calls, native=reply.native)
    assert wire_message(said)["tool_calls"] == [function, custom]


def test_what_another_dialect_kept_for_itself_is_not_looked_at() -> None:
    call = ToolCall(id="a", name="f", arguments="{}")
    for native in ([{"type": "custom"}], (True, True, True), "text", None):
        (sent,) = wire_message(Said(text="", tool_calls=(call,), native=native))["tool_calls"]
        assert sent["id"] == "a"


def test_a_question_with_everything_is_json() -> None:
    asked = Question(items=(Message(role="user", content="Hi?"),), tools=(Tool.model_validate(TOOL),), seed=7)
    built = dict(CHAT.build(ENDPOINT, asked).body)
    assert (built["seed"], json.loads(json.dumps(built))) == (7, built)


# ------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("fields", "key"),
    [
        (
            {"messages": [{"role": "user", "content": [{"text": "?"}, {"file": "https://example.com/a.pdf"}]}]},
            ("messages", 0, "content", 1, "file"),
        ),
        ({"files": ["https://example.com/a.pdf"]}, ("files", 0)),
    ],
)
def test_a_file_by_address_is_refused_at_its_place(fields: dict[str, Any], key: tuple[str | int, ...]) -> None:
    (refusal,) = CHAT.refusals(ENDPOINT, [probe(**fields)])
    assert (refusal.key, refusal.probe) == (key, "p")
    assert "fetched by its address" in refusal.message
    assert "openai-responses" in refusal.hint


def test_files_of_a_turn_are_looked_at_too() -> None:
    turns = [{"prompt": "One."}, {"prompt": "Two.", "files": [PAPER, "https://example.com/a.pdf"]}]
    asking = Probe.model_validate({"id": "p", "turns": turns})
    assert [refusal.key for refusal in CHAT.refusals(ENDPOINT, [asking])] == [("turns", 1, "files", 1)]


def test_a_picture_in_the_mouth_of_the_assistant_is_refused() -> None:
    said = {"role": "assistant", "content": [{"text": "Here:"}, {"image": PICTURE}]}
    (refusal,) = CHAT.refusals(ENDPOINT, [probe(messages=[said, {"role": "user", "content": "Thanks."}])])
    assert refusal.key == ("messages", 0, "content", 1)
    assert "only text" in refusal.message


def test_nothing_is_refused_of_what_the_dialect_can_send() -> None:
    parts = [{"text": "?"}, {"image": PICTURE}, {"image": "https://example.com/a.png"}, {"file": PAPER}]
    asking = probe(messages=[{"role": "user", "content": parts}], tools=[TOOL], seed=1)
    unread = probe(files=["terms.pdf"])
    assert CHAT.refusals(ENDPOINT, [asking, probe(files=[PAPER]), unread]) == ()
