"""OpenAI chat, one quirk each: OpenAI itself, OpenRouter, vLLM, llama.cpp, LiteLLM, Azure's filters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from probes.failure import FailureClass
from probes.protocols.openai_chat import OpenAIChat
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseSplitter
from probes.sample import Finish, ToolCall
from probes.suite import Endpoint
from tests.fakes.chat import DONE, USAGE, chat_body, chunk, last_usage
from tests.fakes.http_server import event

CHAT = OpenAIChat()


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": "https://gateway.example.com/v1", **fields})


def read(body: dict[str, Any], **fields: Any) -> Reply:
    return CHAT.read_reply(endpoint(**fields), status=200, headers={}, body=json.dumps(body).encode())


def read_stream(*events: bytes, **fields: Any) -> tuple[Reply, list[bool]]:
    """The reply, and which events carried content."""
    splitter, reader = SseSplitter(), CHAT.stream_reader(endpoint(**fields))
    content = [reader.feed(each) for raw in events for each in splitter.feed(raw)]
    return reader.finish(), content


def kind_of(reply: Reply) -> FailureClass | None:
    return None if reply.failure is None else reply.failure.kind


# ------------------------------------------------------------------------------------------------ OpenAI
def test_cited_pages_are_kept_once_each_in_their_order() -> None:
    def cite(url: object) -> dict[str, Any]:
        return {"type": "url_citation", "url_citation": {"url": url, "title": "T", "start_index": 0, "end_index": 1}}

    annotations = [cite("https://b.example"), cite("https://a.example"), cite("https://b.example"), cite(7), "odd", {}]
    assert read(chat_body(annotations=annotations)).citations == ("https://b.example", "https://a.example")
    reply, content = read_stream(chunk({"content": "x"}), chunk({"annotations": annotations}), chunk({}, "stop"))
    assert reply.citations == ("https://b.example", "https://a.example")
    assert content == [True, False, False]


@pytest.mark.parametrize("annotations", ["text", 7, {"url": "x"}, [[]], [{"url_citation": "x"}]])
def test_odd_annotations_are_stepped_over(annotations: object) -> None:
    reply = read(chat_body(annotations=annotations))
    assert (reply.answer, reply.citations) == ("Paris", ())


def test_random_padding_is_no_content() -> None:
    reply, content = read_stream(
        chunk({"role": "assistant", "content": ""}, obfuscation="x9Kq"),
        chunk({"content": "Paris"}, obfuscation="a"),
        chunk({}, "stop", obfuscation="zzzzzz"),
        DONE,
    )
    assert (reply.answer, content) == ("Paris", [False, True, False, False])


def test_a_refusal_part_is_a_refusal_and_no_answer() -> None:
    reply = read(chat_body([{"type": "refusal", "refusal": "I will not."}]))  # type: ignore[arg-type]
    assert (reply.answer, reply.refusal, reply.finish) == ("", "I will not.", Finish.REFUSAL)


def test_pieces_of_a_custom_tool_call_are_joined() -> None:
    def piece(**custom: Any) -> bytes:
        return chunk({"tool_calls": [{"index": 0, "custom": custom}]})

    first = chunk({"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "shell", "input": ""}}]})
    reply, _ = read_stream(first, piece(input="ls "), piece(input="-l"), chunk({}, "tool_calls"), DONE)
    assert reply.tool_calls == (ToolCall(id="a", name="shell", arguments="ls -l"),)
    assert reply.native == (True,)


def test_pieces_of_the_older_function_call_are_joined() -> None:
    pieces = [{"name": "f", "arguments": ""}, {"arguments": '{"a"'}, {"arguments": ": 1}"}]
    reply, content = read_stream(*(chunk({"function_call": each}) for each in pieces), chunk({}, "function_call"), DONE)
    assert reply.tool_calls == (ToolCall(id="", name="f", arguments='{"a": 1}'),)
    assert (reply.finish, content[:3]) == (Finish.TOOL_CALLS, [True, True, True])


def test_an_empty_piece_of_a_tool_call_is_no_content() -> None:
    _, content = read_stream(chunk({"tool_calls": [{"index": 0, "function": {"arguments": ""}}]}))
    assert content == [False]


def test_other_choices_of_a_stream_are_no_content_and_no_answer() -> None:
    def second(text: str) -> bytes:
        return event({"choices": [{"index": 1, "delta": {"content": text}, "finish_reason": None}]})

    reply, content = read_stream(second("lo"), chunk({"content": "Paris"}), second("ndon"), chunk({}, "stop"), DONE)
    assert (reply.answer, content) == ("Paris", [False, True, False, False, False])


@pytest.mark.parametrize(
    "choices",
    [
        [{"index": 1, "finish_reason": "stop", "message": {"content": "x"}}],
        [{"index": 0, "finish_reason": "stop"}],
        [{"index": 0, "finish_reason": "stop", "message": None}],
        [{"index": 0, "finish_reason": "stop", "text": "an answer of the older completions"}],
    ],
)
def test_a_reply_without_a_first_message_is_not_a_chat_reply(choices: list[Any]) -> None:
    reply = read({"choices": choices})
    assert (kind_of(reply), reply.answer) == (FailureClass.PROTOCOL, None)


def test_a_finish_reason_that_never_comes_is_unknown_in_a_whole_reply() -> None:
    body = chat_body("Paris")
    del body["choices"][0]["finish_reason"]
    assert (read(body).finish, read(body).finish_raw) == (Finish.UNKNOWN, None)


# ------------------------------------------------------------------------------------------------ OpenRouter
def routed(**usage: Any) -> dict[str, Any]:
    body = chat_body() | {"provider": "DeepInfra", "usage": {**USAGE, **usage}}
    body["choices"][0]["native_finish_reason"] = "eos"
    return body


def test_comment_lines_are_not_events() -> None:
    reply, content = read_stream(b": OPENROUTER PROCESSING\n\n", chunk({"content": "x"}), chunk({}, "stop"), DONE)
    assert (reply.answer, content) == ("x", [True, False, False])


def test_what_openrouter_charged_is_the_cost() -> None:
    reply = read(routed(cost=0.00042, cost_details={"upstream_inference_cost": None}))
    assert (reply.provider, reply.cost_usd, reply.finish_raw) == ("DeepInfra", 0.00042, "stop")
    assert reply.usage.raw["cost"] == 0.00042
    first = event({"provider": "DeepInfra", "choices": [{"index": 0, "delta": {"content": "x"}}]})
    last = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "native_finish_reason": "eos"}]})
    usage = event({"choices": [], "usage": {**USAGE, "cost": 1e-05}})
    assert read_stream(first, last, usage, DONE)[0].cost_usd == 1e-05


def test_a_cost_of_nothing_is_known_to_be_nothing() -> None:
    assert read(routed(cost=0)).cost_usd == 0.0


@pytest.mark.parametrize("usage", [{}, {"cost": None}, {"cost": -1}, {"cost": True}, {"cost": "0.1"}, {"cost": 1e9}])
def test_an_odd_cost_is_unknown(usage: dict[str, Any]) -> None:
    assert read(routed(**usage)).cost_usd is None


def test_a_cost_that_is_only_the_fee_is_unknown() -> None:
    assert read(routed(cost=0.0001, is_byok=True, cost_details={"upstream_inference_cost": 0.01})).cost_usd is None


def test_a_cost_of_somebody_else_is_not_taken_for_dollars() -> None:
    body = chat_body() | {"usage": {**USAGE, "cost": 12}}
    assert read(body).cost_usd is None
    assert read(body | {"provider": "somebody"}).cost_usd is None
    assert read(body, gateway="openrouter").cost_usd == 12.0


def test_an_error_beside_a_choice_that_had_begun_is_a_failure() -> None:
    error = {"code": 502, "message": "Provider disconnected", "metadata": {"provider_name": "x"}}
    broken = event(
        {"error": error, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]},
    )
    reply, _ = read_stream(chunk({"content": "half"}), broken, DONE)
    assert (kind_of(reply), reply.answer) == (FailureClass.SERVER, None)


def test_the_finish_reason_error_is_a_failure_even_without_an_error_object() -> None:
    for reply in (read(chat_body("half", "error")), read_stream(chunk({"content": "half"}), chunk({}, "error"))[0]):
        assert reply.failure is not None
        assert (reply.failure.kind, reply.answer) == (FailureClass.SERVER, None)
        assert "'error'" in reply.failure.message


# ------------------------------------------------------------------------------------------------ vLLM
@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
def test_reasoning_is_content_but_not_the_answer(key: str) -> None:
    reply, content = read_stream(
        chunk({"role": "assistant"}), chunk({key: "Let me see."}), chunk({"content": "Paris"}), chunk({}, "stop"), DONE
    )
    assert (reply.answer, content) == ("Paris", [False, True, True, False, False])
    assert read(chat_body("Paris", **{key: "Let me see."})).answer == "Paris"


def test_usage_on_every_chunk_is_counted_once() -> None:
    def counted(text: str, tokens: int, finish: str | None = None) -> bytes:
        return chunk({"content": text}, finish, usage={"prompt_tokens": 12, "completion_tokens": tokens})

    reply, _ = read_stream(counted("Pa", 1), counted("ris", 2), counted("", 2, "stop"), DONE)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (12, 2)


@pytest.mark.parametrize("stop_reason", [None, 128009, "</s>"])
def test_what_stopped_the_model_does_not_disturb_why_it_finished(stop_reason: object) -> None:
    body = chat_body("Paris")
    body["choices"][0]["stop_reason"] = stop_reason
    assert (read(body).finish, read(body).finish_raw) == (Finish.STOP, "stop")


def test_a_flat_error_in_mid_stream_is_a_failure() -> None:
    flat = event({"object": "error", "message": "engine died", "type": "InternalServerError", "param": None})
    reply, _ = read_stream(chunk({"content": "half"}), flat)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.failure.message) == (FailureClass.SERVER, "engine died")


# ------------------------------------------------------------------------------------------------ llama.cpp, LiteLLM
def test_deltas_of_empty_text_are_no_content() -> None:
    reply, content = read_stream(
        chunk({"role": "assistant", "content": None}),
        chunk({"content": ""}),
        chunk({"content": "Paris"}),
        chunk({"content": ""}, "stop"),
        event({"choices": [], "usage": USAGE, "timings": {"prompt_ms": 12.5}}),
        DONE,
    )
    assert (reply.answer, content) == ("Paris", [False, False, True, False, False, False])


def test_the_gateways_last_chunk_brings_usage_and_takes_nothing_back() -> None:
    usage = last_usage([{"index": 0, "delta": {}, "finish_reason": None}])
    reply, content = read_stream(chunk({"content": "Paris"}), chunk({}, "length"), usage, DONE)
    assert (reply.answer, reply.finish, reply.usage.output_tokens) == ("Paris", Finish.LENGTH, 7)
    assert content == [True, False, False, False]


# ------------------------------------------------------------------------------------------------ filters
def test_a_filtered_answer_is_told_with_what_the_filters_say() -> None:
    body = chat_body("I hate", "content_filter")
    body["choices"][0]["content_filter_results"] = {"hate": {"filtered": True, "severity": "high"}}
    reply = read(body)
    assert (reply.failure, reply.finish, reply.filters) == (
        None,
        Finish.CONTENT_FILTER,
        {"answer.hate": "high, filtered"},
    )
