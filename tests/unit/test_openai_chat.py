"""OpenAI chat: what is asked, and what whole replies say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from probes.failure import FailureClass
from probes.protocols.openai_chat import OpenAIChat
from probes.protocols.protocol import Reply
from probes.sample import Finish, ToolCall
from probes.script import first_question
from probes.suite import Endpoint, Probe
from tests.fakes.chat import USAGE, chat_body

CHAT = OpenAIChat()
BASE = "https://gateway.example.com/v1"


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": BASE, "model": "support-bot", **fields})


def probe(**fields: Any) -> Probe:
    return Probe.model_validate({"id": "p", "prompt": "Hello?", **fields})


def body(asked: Endpoint, asking: Probe) -> dict[str, Any]:
    return dict(CHAT.build(asked, first_question(asking)).body)


def read(reply: object, status: int = 200) -> Reply:
    raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return CHAT.read_reply(endpoint(), status=status, headers={}, body=raw)


# ------------------------------------------------------------------------------------------------ asking
def test_a_prompt_is_one_user_message_and_streams_ask_for_usage() -> None:
    assert body(endpoint(), probe()) == {
        "model": "support-bot",
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_a_model_and_a_stream_neither_is_mentioned() -> None:
    assert body(endpoint(model=None, stream=False), probe()).keys() == {"messages"}


def test_params_of_the_probe_lie_over_those_of_the_endpoint() -> None:
    built = body(endpoint(params={"temperature": 1, "top_p": 0.5}), probe(params={"temperature": 0}))
    assert (built["temperature"], built["top_p"]) == (0, 0.5)


def test_an_author_may_replace_or_leave_out_the_stream_options() -> None:
    own = {"include_usage": False}
    assert body(endpoint(params={"stream_options": own}), probe())["stream_options"] == own
    assert "stream_options" not in body(endpoint(params={"stream_options": None}), probe())


def test_stream_options_are_not_sent_where_params_switch_the_stream_off() -> None:
    assert "stream_options" not in body(endpoint(), probe(params={"stream": False}))


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (BASE, f"{BASE}/chat/completions"),
        (BASE + "/", f"{BASE}/chat/completions"),
        (f"{BASE}/chat/completions", f"{BASE}/chat/completions"),
        (f"{BASE}?api-version=1", f"{BASE}/chat/completions?api-version=1"),
        ("http://[bad", "http://[bad/chat/completions"),
    ],
)
def test_the_path_is_added_before_a_query_and_only_once(base: str, url: str) -> None:
    assert CHAT.build(endpoint(base_url=base), first_question(probe())).url == url


def test_the_key_goes_into_a_bearer_header_and_nowhere_else() -> None:
    request = CHAT.build(endpoint(api_key="sk-very-secret"), first_question(probe()))
    assert request.headers == {"authorization": "Bearer sk-very-secret"}
    assert "sk-very-secret" not in repr(request) + json.dumps(request.body)


# ------------------------------------------------------------------------------------------------ whole replies
def test_a_whole_reply_is_read_into_the_normal_form() -> None:
    reply = read(chat_body("Paris", provider="ignored in a message") | {"provider": "DeepInfra"})
    assert reply.failure is None
    assert (reply.answer, reply.finish, reply.finish_raw) == ("Paris", Finish.STOP, "stop")
    assert (reply.model, reply.fingerprint, reply.tier, reply.provider) == ("m-1", "fp_1", "default", "DeepInfra")
    usage = reply.usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens) == (12, 4, 7, 3)
    assert usage.raw == USAGE


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("stop", Finish.STOP),
        ("length", Finish.LENGTH),
        ("tool_calls", Finish.TOOL_CALLS),
        ("function_call", Finish.TOOL_CALLS),
        ("content_filter", Finish.CONTENT_FILTER),
        ("eos_token", Finish.UNKNOWN),
        ("STOP", Finish.UNKNOWN),
        (None, Finish.UNKNOWN),
    ],
)
def test_every_finish_reason_is_known_or_unknown_and_kept_as_it_came(raw: str | None, finish: Finish) -> None:
    reply = read(chat_body(finish=raw))
    assert (reply.finish, reply.finish_raw) == (finish, raw)


def test_tool_calls_without_content_have_an_empty_answer() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "look_up", "arguments": '{"q": 1'}},
        {"id": "b", "type": "custom", "custom": {"name": "shell", "input": "ls"}},
    ]
    reply = read(chat_body(None, "tool_calls", tool_calls=calls))
    assert reply.answer == ""
    assert reply.tool_calls == (
        ToolCall(id="a", name="look_up", arguments='{"q": 1'),
        ToolCall(id="b", name="shell", arguments="ls"),
    )


def test_the_older_function_call_is_a_tool_call() -> None:
    reply = read(chat_body(None, "function_call", function_call={"name": "f", "arguments": "{}"}))
    assert reply.tool_calls == (ToolCall(id="", name="f", arguments="{}"),)


def test_a_structured_refusal_is_a_refusal_even_when_it_stopped() -> None:
    reply = read(chat_body(None, refusal="I cannot help with that."))
    assert (reply.answer, reply.refusal, reply.finish) == ("", "I cannot help with that.", Finish.REFUSAL)


def test_content_in_parts_is_joined() -> None:
    reply = read(chat_body([{"type": "text", "text": "Pa"}, {"type": "text", "text": "ris"}]))  # type: ignore[arg-type]
    assert reply.answer == "Paris"


def test_only_the_first_of_several_choices_is_the_answer() -> None:
    several = chat_body("first")
    several["choices"].append({"index": 1, "finish_reason": "length", "message": {"content": "second"}})
    reply = read(several)
    assert (reply.answer, reply.finish) == ("first", Finish.STOP)


def test_odd_usage_figures_are_not_known_rather_than_a_failure() -> None:
    odd = {"prompt_tokens": -1, "completion_tokens": "7", "prompt_tokens_details": [1], "total_tokens": 1e300}
    usage = read(chat_body() | {"usage": odd}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens) == (None, None, None)
    assert usage.raw == odd


def test_usage_that_is_missing_or_huge_is_not_kept() -> None:
    assert read(chat_body() | {"usage": None}).usage.raw == {}
    assert read(chat_body() | {"usage": {"padding": "x" * 10_000}}).usage.raw == {}


def test_an_error_object_under_http_200_is_a_failure() -> None:
    reply = read({"error": {"message": "upstream is overloaded", "code": 503, "metadata": {"provider_name": "x"}}})
    assert reply.failure is not None
    assert reply.failure.kind is FailureClass.OVERLOADED
    assert reply.answer is None


def test_an_error_inside_a_choice_is_a_failure() -> None:
    broken = chat_body("half an ans")
    broken["choices"][0]["error"] = {"code": 502, "message": "provider died"}
    failure = read(broken).failure
    assert failure is not None
    assert (failure.kind, failure.message) == (FailureClass.SERVER, "provider died")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>hello</html>",
        b'"text"',
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": [7]}',
        b'{"choices": [{"message": "x"}]}',
        b'{"choices": [{"message": {"content": 7}}]}',
        b'{"choices": [{"message": {"content": "x", "tool_calls": "no"}}]}',
        b'{"choices": [{"message": {"content": "x"}, "finish_reason": 3}]}',
        b'{"choices": [{"message": {"content": NaN}}]}',
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b"[" * 100_000,
        b'{"choices": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_a_chat_reply_is_a_protocol_failure(raw: bytes) -> None:
    reply = read(raw)
    assert reply.failure is not None
    assert reply.failure.kind is FailureClass.PROTOCOL
    assert reply.answer is None


def test_lone_surrogates_become_replacement_characters_and_pairs_become_whole() -> None:
    raw = json.dumps(chat_body("?")).replace('"?"', r'"\ud83d and \ud83d\ude00"').encode()
    assert read(raw).answer == "\ufffd and \U0001f600"


def test_a_usage_object_nested_beyond_reason_is_counted_but_not_kept() -> None:
    deep: object = 1
    for _ in range(600):
        deep = [deep]
    told = read({**chat_body(), "usage": {"prompt_tokens": 3, "completion_tokens": 2, "x": deep}})
    assert (told.usage.input_tokens, told.usage.output_tokens, told.usage.raw) == (3, 2, {})
