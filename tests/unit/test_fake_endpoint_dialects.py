"""The fake endpoint in every dialect: the same answers, each in its provider's own shapes, errors included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.demo.answers import compose, draw
from runner.demo.dialects import DIALECTS
from runner.demo.dialects.dialect import Asked, Dialect, Incoming, Refused, Trouble, Unfit
from runner.demo.endpoint import RunningEndpoint
from runner.demo.scenarios import SCENARIOS
from runner.demo.tools import OfferedTool, calls_for
from tests.fakes.endpoint import fresh_client, serving

CAPITAL = "What is the capital of Australia? Answer in one sentence."
KEY = "sk-right-0123456789"
SCHEMA = {"type": "object", "properties": {"order_id": {"type": "string"}, "days": {"type": "integer"}}}
ORDER = "Where is order 4471?"
AZURE = "/openai/deployments/bot/chat/completions?api-version=2024-10-21"
GEMINI = "/v1beta/models/bot:"


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def function(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": SCHEMA}}


def chat(text: str, *, stream: bool = False, tool: str | None = None, **more: Any) -> dict[str, Any]:
    tools = {} if tool is None else {"tools": [function(tool)]}
    return {"model": "bot", "messages": user(text), "stream": stream, **tools, **more}


def responses(text: str, *, stream: bool = False, tool: str | None = None) -> dict[str, Any]:
    tools = {} if tool is None else {"tools": [{"type": "function", "name": tool, "parameters": SCHEMA}]}
    return {"model": "bot", "input": text, "stream": stream, **tools}


def messages(text: str, *, stream: bool = False, tool: str | None = None) -> dict[str, Any]:
    tools = {} if tool is None else {"tools": [{"name": tool, "input_schema": SCHEMA}]}
    return {"model": "bot", "max_tokens": 300, "messages": user(text), "stream": stream, **tools}


def gemini(text: str, *, stream: bool = False, tool: str | None = None) -> dict[str, Any]:
    declared = [{"functionDeclarations": [{"name": tool, "parameters": SCHEMA}]}]
    tools = {} if tool is None else {"tools": declared}
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **tools}


ASK = {"chat": chat, "azure": chat, "responses": responses, "messages": messages, "gemini": gemini}
each_dialect = pytest.mark.parametrize("dialect", sorted(ASK))


def path_of(dialect: str, *, stream: bool = False) -> str:
    if dialect == "gemini":
        return GEMINI + ("streamGenerateContent?alt=sse" if stream else "generateContent")
    own = {"azure": AZURE, "chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}
    return own[dialect]


def headers_of(dialect: str, key: str = KEY) -> dict[str, str]:
    named = {"azure": {"api-key": key}, "messages": {"x-api-key": key}, "gemini": {"x-goog-api-key": key}}
    version = {"anthropic-version": "2023-06-01"} if dialect == "messages" else {}
    return {**named.get(dialect, {"authorization": f"Bearer {key}"}), **version}


def ask(running: RunningEndpoint, dialect: str, text: str, *, key: str = KEY, **form: Any) -> httpx2.Response:
    """One question in a dialect, read to its end."""
    address = running.root_url + path_of(dialect, stream=form.get("stream", False))
    with fresh_client() as client:
        return client.post(address, json=ASK[dialect](text, **form), headers=headers_of(dialect, key))


def text_of(dialect: str, body: dict[str, Any]) -> str:
    match dialect:
        case "responses":
            return str(body["output"][0]["content"][0]["text"])
        case "messages":
            return str(body["content"][0]["text"])
        case "gemini":
            return str(body["candidates"][0]["content"]["parts"][0]["text"])
    return str(body["choices"][0]["message"]["content"])


def call_of(dialect: str, body: dict[str, Any]) -> tuple[str, Any]:
    match dialect:
        case "responses":
            return body["output"][0]["name"], json.loads(body["output"][0]["arguments"])
        case "messages":
            return body["content"][0]["name"], body["content"][0]["input"]
        case "gemini":
            part = body["candidates"][0]["content"]["parts"][0]["functionCall"]
            return part["name"], part["args"]
    called = body["choices"][0]["message"]["tool_calls"][0]["function"]
    return called["name"], json.loads(called["arguments"])


def events_of(response: httpx2.Response) -> list[dict[str, Any]]:
    """The data of each event, the terminator left out; names of events must be the types of their data."""
    found = []
    for block in response.text.replace("\r\n", "\n").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if fields["data"] != "[DONE]":
            data = json.loads(fields["data"])
            assert fields.get("event", data.get("type")) == data.get("type")
            found.append(data)
    return found


@pytest.fixture(scope="module")
def plain() -> Iterator[RunningEndpoint]:
    with serving(api_key=KEY, models=["bot"], seed=5) as running:
        yield running


# ---------------------------------------------------------------------------------------------------- answers
def test_the_same_question_gets_the_same_answer_in_every_dialect() -> None:
    texts = set()
    for dialect in ASK:
        with serving(api_key=KEY, seed=5) as running:
            response = ask(running, dialect, CAPITAL)
            assert response.status_code == 200, response.text
            texts.add(text_of(dialect, response.json()))
    assert len(texts) == 1
    assert "Canberra" in texts.pop()


@each_dialect
def test_a_question_with_a_word_of_a_tools_name_calls_it_and_another_does_not(
    plain: RunningEndpoint, dialect: str
) -> None:
    name, arguments = call_of(dialect, ask(plain, dialect, ORDER, tool="get_order").json())
    assert (name, arguments) == ("get_order", {"order_id": "4471", "days": 4471})
    assert "Canberra" in text_of(dialect, ask(plain, dialect, CAPITAL, tool="get_order").json())


@each_dialect
def test_a_stream_ends_as_its_dialect_ends_streams(plain: RunningEndpoint, dialect: str) -> None:
    response = ask(plain, dialect, CAPITAL, stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    last = events_of(response)[-1]
    match dialect:
        case "responses":
            assert last["type"] == "response.completed" and last["response"]["usage"]["output_tokens"] > 1
        case "messages":
            assert last == {"type": "message_stop"}
        case "gemini":
            assert last["candidates"][0]["finishReason"] == "STOP"
            assert "[DONE]" not in response.text and "\r\n\r\n" in response.text
        case _:
            assert last["choices"][0]["finish_reason"] == "stop" and response.text.endswith("[DONE]\n\n")


def test_responses_number_their_events_from_zero_without_a_gap(plain: RunningEndpoint) -> None:
    for text, tool in ((CAPITAL, None), (ORDER, "get_order")):
        events = events_of(ask(plain, "responses", text, stream=True, tool=tool))
        assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_azure_tells_the_prompts_filters_before_anything_else(plain: RunningEndpoint) -> None:
    first, role, *_ = events_of(ask(plain, "azure", CAPITAL, stream=True))
    assert first["choices"] == [] and first["model"] == "" and first["prompt_filter_results"]
    assert role["choices"][0]["delta"]["role"] == "assistant"


# ---------------------------------------------------------------------------------------------------- errors
@each_dialect
def test_a_wrong_key_is_refused_and_never_repeated(plain: RunningEndpoint, dialect: str) -> None:
    response = ask(plain, dialect, CAPITAL, key="sk-wrong-4711")
    assert response.status_code == (400 if dialect == "gemini" else 401)
    assert "sk-wrong" not in response.text + str(response.headers)


@each_dialect
@pytest.mark.parametrize("kind", ["rate-limit", "overloaded", "server"])
def test_an_ordered_trouble_lasts_as_long_as_ordered(dialect: str, kind: str) -> None:
    with serving(api_key=KEY) as running:
        running.change(trouble={"kind": kind, "times": 2})
        statuses = [ask(running, dialect, CAPITAL).status_code for _ in range(3)]
    status = {"rate-limit": 429, "overloaded": 529 if dialect == "messages" else 503, "server": 500}[kind]
    assert statuses == [status, status, 200]


def test_a_trouble_for_one_model_leaves_the_others_alone() -> None:
    with serving(api_key=KEY) as running:
        running.change(trouble={"kind": "server", "times": None, "models": ["other"]})
        assert ask(running, "chat", CAPITAL).status_code == 200
        running.change(trouble={"kind": "server", "times": None, "models": ["bot"]})
        assert [ask(running, "chat", CAPITAL).status_code for _ in range(2)] == [500, 500]
        running.change(trouble=None)
        assert ask(running, "chat", CAPITAL).status_code == 200


@each_dialect
def test_a_stream_that_breaks_says_so_under_http_200_and_never_ends_properly(dialect: str) -> None:
    with serving(api_key=KEY) as running:
        running.change(trouble={"kind": "mid-stream", "times": 1})
        response = ask(running, dialect, CAPITAL, stream=True)
    last = json.dumps(events_of(response)[-1]).lower()
    assert response.status_code == 200
    assert "error" in last and "overloaded" in last
    assert not any(end in response.text for end in ("[DONE]", "message_stop", "response.completed", "finishReason"))


def test_what_a_dialect_demands_beside_the_body_is_demanded(plain: RunningEndpoint) -> None:
    with fresh_client() as client:
        unversioned = client.post(f"{plain.root_url}/v1/messages", json=messages(CAPITAL), headers={"x-api-key": KEY})
        azure = f"{plain.root_url}{AZURE.partition('?')[0]}"
        unversioned_azure = client.post(azure, json=chat(CAPITAL), headers={"api-key": KEY})
        unlimited = client.post(
            f"{plain.root_url}/v1/messages",
            json={"model": "bot", "messages": user(CAPITAL)},
            headers=headers_of("messages"),
        )
        not_sse = client.post(
            f"{plain.root_url}{GEMINI}streamGenerateContent", json=gemini(CAPITAL), headers=headers_of("gemini")
        )
    assert (unversioned.status_code, unversioned.json()["type"]) == (400, "error")
    assert (unversioned_azure.status_code, unversioned_azure.json()["error"]["code"]) == (404, "404")
    assert unlimited.status_code == 400 and "max_tokens" in unlimited.json()["error"]["message"]
    assert not_sse.status_code == 400


@pytest.mark.parametrize(
    ("path", "key"),
    [("/v1beta/nothing", "status"), ("/v1/messages/batches", "type"), ("/openai/x", "code"), ("/v1/x", "param")],
)
def test_a_path_that_leads_nowhere_is_refused_in_the_words_of_its_dialect(
    plain: RunningEndpoint, path: str, key: str
) -> None:
    with fresh_client() as client:
        response = client.post(plain.root_url + path, json={})
    assert response.status_code == 404 and key in response.json()["error"]


# ---------------------------------------------------------------------------------------------------- parts
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["model", "messages", "input", "contents", "parts", "role", "content", "tools", "text"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    ),
    path=st.sampled_from(sorted(DIALECTS)),
)
def test_any_json_is_read_or_refused_by_every_dialect(body: Any, path: str) -> None:
    dialect = DIALECTS[path]
    incoming = Incoming(
        path={"model": "bot", "method": "generateContent", "deployment": "bot"},
        query={"api-version": "1"},
        headers={"anthropic-version": "2023-06-01"},
        body=body,
    )
    asked, refused = read(dialect, incoming)
    assert (asked is None) != (refused is None)
    if refused is not None:
        assert refused.status == 400
    if asked is not None:
        assert asked.model
        assert all(isinstance(role, str) and isinstance(text, str) for role, text in asked.conversation)


def read(dialect: Dialect, incoming: Incoming) -> tuple[Asked | None, Refused | None]:
    """What is asked, or the refusal."""
    try:
        return dialect.read(incoming), None
    except Unfit as unfit:
        return None, dialect.refused(unfit.trouble, unfit.message)


@pytest.mark.parametrize("path", sorted(DIALECTS))
@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_dialect_has_words_for_every_trouble(path: str, trouble: Trouble) -> None:
    refused = DIALECTS[path].refused(trouble, "", model="bot")
    blocked = path.endswith("{model}:{method}") and trouble is Trouble.CONTENT_FILTER
    assert refused.status == 200 if blocked else 400 <= refused.status <= 599
    assert json.dumps(refused.body)


def test_a_tool_is_called_once_and_its_result_is_in_the_final_answer() -> None:
    tools = (OfferedTool(name="get_order", parameters=SCHEMA), OfferedTool(name="get_weather", parameters=SCHEMA))
    asked = (("user", ORDER),)
    first = compose(asked, SCENARIOS["normal"], draw(1, asked, 0), tools=tools)
    assert [call.name for call in first.calls] == ["get_order"]
    assert (first.finish, first.text) == ("tool_calls", "") and first.output_tokens > 0
    later = (*asked, ("assistant", ""), ("tool", "shipped on Tuesday"))
    final = compose(later, SCENARIOS["normal"], draw(1, later, 0), tools=tools)
    assert final.calls == () and "shipped on Tuesday" in final.text and final.finish == "stop"


def test_results_of_an_earlier_turn_do_not_answer_a_later_question() -> None:
    asked = (("user", ORDER), ("assistant", ""), ("tool", "shipped"), ("assistant", "It shipped."), ("user", CAPITAL))
    assert "Canberra" in compose(asked, SCENARIOS["normal"], draw(1, asked, 0)).text


def test_arguments_fit_the_schema_of_the_tool() -> None:
    properties = {
        "unit": {"type": "string", "enum": ["celsius", "kelvin"]},
        "days": {"type": "INTEGER"},
        "exact": {"type": "boolean"},
        "tags": {"type": "array"},
        "place": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    (call,) = calls_for("How is the weather?", [OfferedTool(name="weather", parameters={"properties": properties})])
    words = "How is the weather?"
    assert call.arguments == {"unit": "celsius", "days": 1, "exact": True, "tags": [], "place": {"city": words}}
