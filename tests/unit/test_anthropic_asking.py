"""Anthropic messages: what is asked, and what cannot be."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from probes.conversation import Item, Message, Question, Said, ToolResult
from probes.errors import SuiteError
from probes.protocols.anthropic_messages import AnthropicMessages
from probes.protocols.protocol import Refusal, WireRequest
from probes.sample import ToolCall
from probes.script import first_question
from probes.suite import Endpoint, Probe
from runner.preparing.prepare import prepare

DIALECT = AnthropicMessages()
BASE = "https://gateway.example.com"
PNG = "data:image/png;base64,aWNvbg=="
PDF = "data:application/pdf;base64,JVBERg=="
NOTE = "data:text/plain;base64," + b64encode("Grüße".encode()).decode()


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate(
        {"protocol": "anthropic-messages", "base_url": BASE, "model": "m-1", "stream": False, **fields}
    )


def probe(**fields: Any) -> Probe:
    return Probe.model_validate({"id": "p", **({} if "messages" in fields else {"prompt": "Hello?"}), **fields})


def asked(asking: Probe | None = None, **fields: Any) -> WireRequest:
    return DIALECT.build(endpoint(**fields), first_question(asking or probe()))


def messages_of(*items: Item) -> Any:
    return DIALECT.build(endpoint(), Question(items=items)).body["messages"]


def refusals(asking: Probe, **fields: Any) -> Sequence[Refusal]:
    return DIALECT.refusals(endpoint(**fields), [asking])


# ------------------------------------------------------------------------------------------------ the request
def test_a_prompt_is_one_user_message_of_one_text_block_and_max_tokens_is_always_there() -> None:
    assert asked().body == {
        "model": "m-1",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello?"}]}],
    }


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (BASE, f"{BASE}/v1/messages"),
        (f"{BASE}/", f"{BASE}/v1/messages"),
        (f"{BASE}/v1", f"{BASE}/v1/messages"),
        (f"{BASE}/v1/", f"{BASE}/v1/messages"),
        (f"{BASE}/anthropic", f"{BASE}/anthropic/v1/messages"),
        (f"{BASE}/v1/messages", f"{BASE}/v1/messages"),
        (f"{BASE}/v1?beta=true", f"{BASE}/v1/messages?beta=true"),
    ],
)
def test_the_version_in_the_path_is_never_doubled(base: str, url: str) -> None:
    assert asked(base_url=base).url == url


def test_key_and_version_go_into_headers_of_their_own() -> None:
    assert asked(api_key="sk-ant-secret").headers == {"x-api-key": "sk-ant-secret", "anthropic-version": "2023-06-01"}
    assert asked(api_version="2024-10-22").headers == {"anthropic-version": "2024-10-22"}


def test_a_stream_is_asked_for_in_the_body_and_params_lie_over_everything() -> None:
    request = asked(probe(params={"max_tokens": 5}), stream=True, params={"max_tokens": 9, "temperature": 0})
    assert request.streamed
    assert {name: request.body[name] for name in ("stream", "max_tokens", "temperature")} == {
        "stream": True,
        "max_tokens": 5,
        "temperature": 0,
    }
    assert not asked(stream=True, params={"stream": False}).streamed


def test_system_and_developer_messages_are_the_system_field_wherever_they_stand() -> None:
    said = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello?"},
        {"role": "developer", "content": "Be kind."},
    ]
    body = asked(probe(messages=said)).body
    assert body["system"] == [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}]
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_messages_of_one_role_in_a_row_are_one_message_and_empty_text_is_left_out() -> None:
    said = [
        Message(role="user", content="One."),
        Message(role="user", content="Two."),
        Message(role="assistant", content=""),
        Message(role="user", content="Three."),
    ]
    assert messages_of(*said) == [
        {"role": "user", "content": [{"type": "text", "text": text} for text in ("One.", "Two.", "Three.")]}
    ]


def test_pictures_and_files_go_as_bytes_as_text_or_as_an_address() -> None:
    parts = [
        {"image": PNG},
        {"image": "https://example.com/a.png"},
        {"file": PDF, "name": "invoice.pdf"},
        {"file": NOTE},
        {"file": PNG},
        {"text": "What is this?"},
    ]
    (message,) = asked(probe(messages=[{"role": "user", "content": parts}])).body["messages"]
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aWNvbg=="}}
    assert message["content"] == [
        picture,
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
            "title": "invoice.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
        picture,
        {"type": "text", "text": "What is this?"},
    ]


def test_tools_are_declared_with_their_schema() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}}}
    tools = [{"name": "look_up", "parameters": schema, "description": "Looks up.", "strict": True}, {"name": "ping"}]
    assert asked(probe(tools=tools)).body["tools"] == [
        {"name": "look_up", "input_schema": schema, "description": "Looks up.", "strict": True},
        {"name": "ping", "input_schema": {"type": "object", "properties": {}}},
    ]


# ------------------------------------------------------------------------------------------------ what was said before
CALLS = (ToolCall(id="a", name="f", arguments='{"x": 1}'), ToolCall(id="b", name="f", arguments="{broken"))
RESULTS = tuple(ToolResult(call=call, text=f"result {call.id}") for call in CALLS)


def test_results_of_parallel_calls_share_one_user_message_with_what_the_user_says_next() -> None:
    native = [{"type": "thinking", "thinking": "", "signature": "c2ln"}, {"type": "tool_use", "id": "a"}]
    said = Said(text="", tool_calls=CALLS, native=native)
    assert messages_of(Message(role="user", content="Go."), said, *RESULTS, Message(role="user", content="Well?")) == [
        {"role": "user", "content": [{"type": "text", "text": "Go."}]},
        {"role": "assistant", "content": native},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "result a"},
                {"type": "tool_result", "tool_use_id": "b", "content": "result b"},
                {"type": "text", "text": "Well?"},
            ],
        },
    ]


def test_what_was_said_without_a_native_form_is_rebuilt_and_broken_arguments_become_an_empty_object() -> None:
    _, said, _ = messages_of(Message(role="user", content="Go."), Said(text="Yes.", tool_calls=CALLS), *RESULTS)
    assert said["content"] == [
        {"type": "text", "text": "Yes."},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "f", "input": {}},
    ]


def test_building_leaves_the_native_form_as_it_was() -> None:
    native = [{"type": "text", "text": "Yes."}]
    messages_of(Message(role="user", content="Go."), Said(text="Yes.", native=native), Said(text="No.", native=native))
    assert native == [{"type": "text", "text": "Yes."}]


# ------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("fields", "key", "message"),
    [
        ({"seed": 7}, ("seed",), "anthropic-messages has no seed"),
        ({"messages": [{"role": "tool", "content": "x"}]}, ("messages", 0, "role"), "role tool"),
        ({"messages": [{"role": "system", "content": [{"image": PNG}]}]}, ("messages", 0, "content"), "only text"),
        ({"files": ["data:image/svg+xml;base64,PHN2Zz4="]}, ("files", 0), "no picture of the type image/svg+xml"),
        ({"files": ["data:text/plain;base64,//79"]}, ("files", 0), "text files in UTF-8"),
        (
            {"messages": [{"role": "user", "content": [{"text": "?"}, {"image": "data:image/tiff;base64,AA=="}]}]},
            ("messages", 0, "content", 1, "image"),
            "no picture of the type image/tiff",
        ),
        ({"tools": [{"name": "ok"}, {"name": "shop.get"}]}, ("tools", 1, "name"), "'shop.get'"),
    ],
)
def test_what_the_dialect_cannot_do_is_refused_at_its_place(fields: Any, key: Any, message: str) -> None:
    (refusal,) = refusals(probe(**fields))
    assert (refusal.probe, refusal.key) == ("p", key)
    assert message in refusal.message
    assert refusal.hint


def test_a_file_of_a_turn_is_refused_in_its_turn() -> None:
    turns = [{"prompt": "One."}, {"prompt": "Two.", "files": [PDF, "data:video/mp4;base64,AA=="]}]
    (refusal,) = refusals(Probe.model_validate({"id": "p", "turns": turns}))
    assert refusal.key == ("turns", 1, "files", 1)


def test_a_seed_of_the_endpoint_is_refused_once_and_everything_usual_is_not() -> None:
    assert [(refusal.probe, refusal.key) for refusal in refusals(probe(), seed=7)] == [(None, ("seed",))]
    usual = probe(files=[PNG, PDF, NOTE], tools=[{"name": "look_up"}])
    assert refusals(usual, api_version="2023-06-01", params={"top_k": 5}) == ()


def test_a_refusal_is_told_with_the_line_and_column_of_the_suite(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    lines = [
        "version: 1",
        "suite: shop",
        "endpoints:",
        f"  prod: {{protocol: anthropic-messages, base_url: {BASE}, model: m-1}}",
        "probes:",
        "  - id: p",
        "    prompt: Hello?",
        "    seed: 7",
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(SuiteError) as refused:
        prepare(file, {}, None)
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (8, 11)
    assert "has no seed" in problem.message


def test_the_body_is_plain_json_without_the_key() -> None:
    request = asked(api_key="sk-ant-secret")
    assert json.loads(json.dumps(request.body)) == request.body
    assert "sk-ant-secret" not in repr(request) + json.dumps(request.body)
