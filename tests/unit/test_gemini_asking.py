"""Gemini: what is asked, and what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from probes.conversation import Item, Message, Question, Said, ToolResult
from probes.errors import SuiteError
from probes.outgoing import hash_of
from probes.protocols.gemini import Gemini
from probes.protocols.protocol import Refusal, WireRequest
from probes.sample import ToolCall
from probes.script import first_question
from probes.suite import Endpoint, Probe
from runner.preparing.prepare import prepare

DIALECT = Gemini()
BASE = "https://gateway.example.com"
PNG = "data:image/png;base64,aWNvbg=="
PDF = "data:application/pdf;base64,JVBERg=="


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"protocol": "gemini", "base_url": BASE, "model": "m-1", "stream": False, **fields})


def probe(**fields: Any) -> Probe:
    return Probe.model_validate({"id": "p", **({} if "messages" in fields else {"prompt": "Hello?"}), **fields})


def asked(asking: Probe | None = None, **fields: Any) -> WireRequest:
    return DIALECT.build(endpoint(**fields), first_question(asking or probe()))


def contents_of(*items: Item) -> Any:
    return DIALECT.build(endpoint(), Question(items=items)).body["contents"]


def refusals(asking: Probe, **fields: Any) -> Sequence[Refusal]:
    return DIALECT.refusals(endpoint(**fields), [asking])


# ------------------------------------------------------------------------------------------------ the request
def test_a_prompt_is_one_content_and_the_model_stands_in_the_address() -> None:
    request = asked()
    assert request.body == {"contents": [{"role": "user", "parts": [{"text": "Hello?"}]}]}
    assert (request.addressed, request.streamed) == ({"model": "m-1"}, False)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "/v1beta/models/m-1"),
        ({"base_url": f"{BASE}/"}, "/v1beta/models/m-1"),
        ({"base_url": f"{BASE}/v1beta"}, "/v1beta/models/m-1"),
        ({"base_url": f"{BASE}/v1beta/"}, "/v1beta/models/m-1"),
        ({"base_url": f"{BASE}/v1"}, "/v1/models/m-1"),
        ({"base_url": f"{BASE}/v1", "api_version": "v1"}, "/v1/models/m-1"),
        ({"base_url": f"{BASE}/v1", "api_version": "v1beta"}, "/v1/v1beta/models/m-1"),
        ({"base_url": f"{BASE}/gemini", "api_version": "v1alpha"}, "/gemini/v1alpha/models/m-1"),
        ({"model": "tunedModels/mine"}, "/v1beta/tunedModels/mine"),
        ({"model": "a b"}, "/v1beta/models/a%20b"),
    ],
)
def test_the_version_is_never_doubled_and_a_resource_name_stands_as_it_is(fields: Any, path: str) -> None:
    assert asked(**fields).url == f"{BASE}{path}:generateContent"
    assert asked(**fields, stream=True).url == f"{BASE}{path}:streamGenerateContent?alt=sse"


def test_a_query_of_the_address_stays() -> None:
    url = asked(base_url=f"{BASE}/v1beta?zone=eu", stream=True).url
    assert url == f"{BASE}/v1beta/models/m-1:streamGenerateContent?zone=eu&alt=sse"


def test_another_model_and_a_stream_are_another_question_though_the_body_is_the_same() -> None:
    requests = [asked(), asked(model="m-2"), asked(stream=True)]
    assert all(request.body == requests[0].body for request in requests)
    assert len({hash_of("gemini", request) for request in requests}) == 3


def test_the_key_goes_into_a_header_of_its_own_and_nowhere_else() -> None:
    request = asked(api_key="AIza-very-secret")
    assert request.headers == {"x-goog-api-key": "AIza-very-secret"}
    assert "AIza-very-secret" not in repr(request) + str(request.body) + request.url
    assert asked().headers == {}


def test_a_seed_joins_the_generation_config_of_the_params_and_never_replaces_one_there() -> None:
    config = {"temperature": 0}
    assert asked(seed=7, params={"generationConfig": config}).body["generationConfig"] == {"seed": 7, "temperature": 0}
    assert asked(probe(seed=8), seed=7).body["generationConfig"] == {"seed": 8}
    assert asked(seed=7, params={"generationConfig": {"seed": 9}}).body["generationConfig"] == {"seed": 9}
    assert asked(seed=7, params={"generationConfig": None}).body["generationConfig"] is None
    assert config == {"temperature": 0}


def test_params_lie_over_the_body_untouched() -> None:
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    assert asked(params={"safetySettings": settings}).body["safetySettings"] == settings


def test_system_and_developer_messages_are_the_system_instruction() -> None:
    said = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello?"},
        {"role": "developer", "content": "Be kind."},
    ]
    body = asked(probe(messages=said)).body
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]}
    assert [content["role"] for content in body["contents"]] == ["user"]


def test_assistants_are_models_and_messages_of_one_role_in_a_row_are_one_content() -> None:
    said = [
        Message(role="user", content="One."),
        Message(role="assistant", content=""),
        Message(role="user", content="Two."),
        Message(role="assistant", content="Yes."),
    ]
    assert contents_of(*said) == [
        {"role": "user", "parts": [{"text": "One."}, {"text": "Two."}]},
        {"role": "model", "parts": [{"text": "Yes."}]},
    ]


def test_pictures_and_files_go_as_bytes_or_as_an_address() -> None:
    parts = [
        {"image": PNG},
        {"file": PDF, "name": "invoice.pdf"},
        {"image": "https://example.com/a.JPG?size=2"},
        {"file": "gs://bucket/report"},
    ]
    (content,) = asked(probe(messages=[{"role": "user", "content": parts}])).body["contents"]
    assert content["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "aWNvbg=="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERg=="}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a.JPG?size=2"}},
        {"fileData": {"fileUri": "gs://bucket/report"}},
    ]


def test_tools_are_functions_of_one_tool_with_their_json_schema() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}}}
    tools = [{"name": "look_up", "parameters": schema, "description": "Looks up.", "strict": True}, {"name": "ping"}]
    assert asked(probe(tools=tools)).body["tools"] == [
        {
            "functionDeclarations": [
                {"name": "look_up", "parametersJsonSchema": schema, "description": "Looks up."},
                {"name": "ping", "parametersJsonSchema": {"type": "object", "properties": {}}},
            ]
        }
    ]


# ------------------------------------------------------------------------------------------------ what was said before
CALLS = (ToolCall(id="a", name="f", arguments='{"x": 1}'), ToolCall(id="", name="g", arguments="{broken"))


def test_results_go_back_together_as_objects_with_the_ids_the_calls_had() -> None:
    native = [{"functionCall": {"name": "f"}, "thoughtSignature": "c2ln"}]
    results = [ToolResult(call=call, text=text) for call, text in zip(CALLS, ('{"city": "Bonn"}', "rain"), strict=True)]
    go = Message(role="user", content="Go.")
    _, said, answers = contents_of(go, Said(text="", tool_calls=CALLS, native=native), *results)
    assert said == {"role": "model", "parts": native}
    assert answers == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "a", "name": "f", "response": {"city": "Bonn"}}},
            {"functionResponse": {"name": "g", "response": {"output": "rain"}}},
        ],
    }


def test_what_was_said_without_a_native_form_is_rebuilt() -> None:
    _, said = contents_of(Message(role="user", content="Go."), Said(text="Yes.", tool_calls=CALLS))
    assert said["parts"] == [
        {"text": "Yes."},
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
        {"functionCall": {"name": "g", "args": {}}},
    ]


def test_building_leaves_the_native_form_as_it_was() -> None:
    native = [{"text": "Yes."}]
    contents_of(Message(role="user", content="Go."), Said(text="Yes.", native=native), Said(text="No.", native=native))
    assert native == [{"text": "Yes."}]


# ------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("fields", "key", "message"),
    [
        ({"params": {"temperature": 0}}, ("params", "temperature"), "only within generationConfig"),
        ({"params": {"max_tokens": 9}}, ("params", "max_tokens"), "'max_tokens'"),
        ({"messages": [{"role": "tool", "content": "x"}]}, ("messages", 0, "role"), "role tool"),
        ({"messages": [{"role": "developer", "content": [{"file": PDF}]}]}, ("messages", 0, "content"), "only text"),
        (
            {"messages": [{"role": "user", "content": [{"image": "http://example.com/a.png"}]}]},
            ("messages", 0, "content", 0, "image"),
            "begins like http://",
        ),
        ({"tools": [{"name": "ok"}, {"name": "2nd"}]}, ("tools", 1, "name"), "'2nd'"),
    ],
)
def test_what_the_dialect_cannot_do_is_refused_at_its_place(fields: Any, key: Any, message: str) -> None:
    (refusal,) = refusals(probe(**fields))
    assert (refusal.probe, refusal.key) == ("p", key)
    assert message in refusal.message
    assert refusal.hint


def test_an_endpoint_needs_a_model_and_its_parameters_in_their_place() -> None:
    missing, misplaced = refusals(probe(), model=None, params={"topP": 1})
    assert (missing.key, missing.probe) == (("model",), None)
    assert (misplaced.key, misplaced.hint) == (("params", "topP"), "like params: {generationConfig: {topP: ...}}")


def test_everything_usual_is_not_refused() -> None:
    usual = probe(files=[PNG, PDF], tools=[{"name": "look_up"}], seed=3, params={"generationConfig": {"topP": 1}})
    assert refusals(usual, seed=7, api_version="v1") == ()


def test_a_refusal_is_told_with_the_line_and_column_of_the_suite(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    lines = [
        "version: 1",
        "suite: shop",
        "endpoints:",
        "  prod:",
        "    protocol: gemini",
        f"    base_url: {BASE}",
        "    model: m-1",
        "    params: {temperature: 0}",
        "probes:",
        "  - {id: p, prompt: Hello?}",
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(SuiteError) as refused:
        prepare(file, {}, None)
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (8, 27)
    assert "only within generationConfig" in problem.message
