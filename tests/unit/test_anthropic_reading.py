"""Anthropic messages: what whole replies and streams say, and what breaks them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.conversation import Message, Question, Said
from probes.failure import FailureClass
from probes.protocols.anthropic_messages import AnthropicMessages
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseEvent, SseSplitter
from probes.sample import Finish, ToolCall
from probes.suite import Endpoint, Suite
from tests.contract.dialects.anthropic_messages import USAGE, block, end, event, message, start, text
from tests.fakes.firing import fire_suite
from tests.fakes.http_server import FakeServer, stream, whole

DIALECT = AnthropicMessages()
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
CALL = {"type": "tool_use", "id": "t1", "name": "f", "input": {"city": "Köln"}}


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"protocol": DIALECT.name, "base_url": "https://gateway.example.com", **fields})


def read(reply: object, status: int = 200, **fields: Any) -> Reply:
    raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return DIALECT.read_reply(endpoint(**fields), status=status, headers={}, body=raw)


def streamed(*pieces: bytes, **fields: Any) -> tuple[Reply, list[bool]]:
    splitter, reader = SseSplitter(), DIALECT.stream_reader(endpoint(**fields))
    content = [reader.feed(each) for piece in pieces for each in splitter.feed(piece)]
    return reader.finish(), content


def kind(reply: Reply) -> FailureClass | None:
    return None if reply.failure is None else reply.failure.kind


# ------------------------------------------------------------------------------------------------ whole replies
def test_a_whole_message_is_read_into_the_normal_form() -> None:
    reply = read(message(THOUGHT, text("Guten "), text("Tag")))
    assert (reply.answer, reply.finish, reply.finish_raw, reply.failure) == ("Guten Tag", Finish.STOP, "end_turn", None)
    assert (reply.model, reply.tier, reply.told) == ("m-1", "standard", {"region": "eu"})


def test_input_is_what_was_read_written_and_taken_from_the_cache_together() -> None:
    usage = read(message(text("x"))).usage
    assert (usage.input_tokens, usage.cached_input_tokens) == (9 + 2 + 5, 5)
    assert (usage.output_tokens, usage.reasoning_tokens) == (7, 3)
    assert usage.raw == USAGE


@pytest.mark.parametrize("usage", [None, 7, {"input_tokens": -1, "output_tokens": "7", "output_tokens_details": [1]}])
def test_odd_or_missing_usage_is_not_known_rather_than_a_failure(usage: object) -> None:
    reply = read(message(text("x"), usage=usage))
    assert reply.failure is None
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.reasoning_tokens) == (None, None, None)


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("stop_sequence", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("tool_use", Finish.TOOL_CALLS),
        ("pause_turn", Finish.PAUSE),
        ("refusal", Finish.REFUSAL),
        ("stop", Finish.UNKNOWN),
        (None, Finish.UNKNOWN),
    ],
)
def test_every_stop_reason_is_known_or_unknown_and_kept_as_it_came(raw: str | None, finish: Finish) -> None:
    reply = read(message(text("x"), stop=raw))
    assert (reply.finish, reply.finish_raw) == (finish, raw)


def test_a_refusal_brings_its_explanation_and_category() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    reply = read(message(stop="refusal", stop_details=details))
    assert (reply.answer, reply.refusal, reply.finish) == ("", "Not this.", Finish.REFUSAL)
    assert reply.filters == {"answer.cyber": "refusal"}
    bare = read(message(stop="refusal", stop_details={"type": "refusal", "category": None, "explanation": None}))
    assert (bare.refusal, bare.finish, bare.filters) == (None, Finish.REFUSAL, {})


def test_tools_of_the_api_and_kinds_of_blocks_nobody_knows_are_skipped_but_go_back() -> None:
    blocks = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
        {"type": "brand_new", "text": "not an answer"},
        text("Answer."),
    ]
    reply = read(message(*blocks))
    assert (reply.answer, reply.tool_calls, reply.native) == ("Answer.", (), blocks)


def test_a_call_has_its_arguments_as_json_text() -> None:
    reply = read(message(text("Let me see."), CALL, stop="tool_use"))
    assert reply.tool_calls == (ToolCall(id="t1", name="f", arguments='{"city": "Köln"}'),)


def test_citations_are_named_by_address_source_title_or_number_each_once() -> None:
    cited = [
        {"type": "web_search_result_location", "url": "https://example.com/a", "title": "A"},
        {"type": "search_result_location", "source": "kb/7", "title": "Seven"},
        {"type": "page_location", "document_title": "Terms", "document_index": 0},
        {"type": "char_location", "document_title": None, "document_index": 3},
        {"type": "page_location", "document_title": "Terms", "document_index": 0},
    ]
    reply = read(message(text("x", citations=cited), text("y", citations=None)))
    assert reply.citations == ("https://example.com/a", "kb/7", "Terms", "document 3")


def test_an_error_object_under_http_200_is_a_failure() -> None:
    reply = read({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert (kind(reply), reply.answer) == (FailureClass.OVERLOADED, None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"content": null}',
        b'{"content": "text"}',
        b'{"content": [7]}',
        b'{"content": [{"type": "text", "text": 7}]}',
        b'{"content": [{"type": "tool_use", "id": 7}]}',
        b'{"content": [{"type": "text", "text": "x", "citations": [1]}]}',
        b'{"content": [], "stop_reason": 3}',
        b'{"content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1e999}}]}',
    ],
)
def test_what_is_not_a_message_is_a_protocol_failure(raw: bytes) -> None:
    reply = read(raw)
    assert (kind(reply), reply.answer) == (FailureClass.PROTOCOL, None)


def test_a_block_nested_beyond_reason_is_refused_where_it_would_have_to_go_back() -> None:
    deep: Any = "x"
    for _ in range(600):
        deep = {"x": deep}
    assert kind(read(message({**CALL, "input": deep}, stop="tool_use"))) is FailureClass.PROTOCOL
    citation = {"type": "citations_delta", "citation": deep}
    assert kind(streamed(start(), *block(0, text(""), citation), *end())[0]) is FailureClass.PROTOCOL


def test_lone_surrogates_become_replacement_characters() -> None:
    raw = json.dumps(message(text("?"), {**CALL, "name": "?"})).replace('"?"', r'"\ud83d"').encode()
    reply = read(raw)
    assert (reply.answer, reply.tool_calls[0].name) == ("\ufffd", "\ufffd")


def test_an_endpoint_may_say_where_its_replies_name_the_region() -> None:
    route = {"body": {"region": "$.zone"}}
    assert read(message(text("x"), zone="here"), route=route).told == {"region": "here"}
    assert read(message(text("x"), usage={**USAGE, "inference_geo": "not_available"})).told == {}


# ------------------------------------------------------------------------------------------------ streams
def test_a_stream_is_read_into_the_normal_form_with_the_counts_of_its_end() -> None:
    pieces = [
        start(),
        event("ping"),
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Hm."},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        *block(1, text(""), {"type": "text_delta", "text": "Tag"}),
        *block(
            2,
            {**CALL, "input": {}},
            {"type": "input_json_delta", "partial_json": ""},
            {"type": "input_json_delta", "partial_json": '{"city": '},
            {"type": "input_json_delta", "partial_json": '"Köln"}'},
        ),
        *end("tool_use"),
    ]
    reply, content = streamed(*pieces)
    assert (reply.answer, reply.finish, reply.failure) == ("Tag", Finish.TOOL_CALLS, None)
    assert reply.tool_calls == (ToolCall(id="t1", name="f", arguments='{"city": "Köln"}'),)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (16, 7)
    assert reply.native == [THOUGHT, text("Tag"), CALL]
    assert (
        content
        == [False, False, False, True, False, False, False, True, False] + [True, False, True, True] + [False] * 3
    )


def test_a_call_without_arguments_has_an_empty_object() -> None:
    (call,) = streamed(start(), *block(0, {**CALL, "input": {}}), *end("tool_use"))[0].tool_calls
    assert call.arguments == "{}"


def test_arguments_cut_by_the_token_limit_are_kept_as_text_and_go_back_as_an_empty_object() -> None:
    delta = {"type": "input_json_delta", "partial_json": '{"city": "K'}
    reply, _ = streamed(start(), *block(0, {**CALL, "input": {}}, delta), *end("max_tokens"))
    assert (reply.finish, reply.tool_calls[0].arguments) == (Finish.LENGTH, '{"city": "K')
    assert reply.native == [{**CALL, "input": {}}]


def test_citations_of_a_stream_are_named_and_go_back_with_their_text() -> None:
    cited = {"type": "page_location", "document_title": "Terms", "document_index": 0}
    deltas: list[dict[str, Any]] = [{"type": "text_delta", "text": "x"}, {"type": "citations_delta", "citation": cited}]
    reply, content = streamed(start(), *block(0, text("", citations=[]), *deltas), *end())
    assert (reply.citations, reply.native) == (("Terms",), [text("x", citations=[cited])])
    assert content.count(True) == 1


def test_hidden_thinking_is_content_and_input_of_tools_of_the_api_is_not() -> None:
    hidden = block(0, {"type": "redacted_thinking", "data": "x"})
    search = block(
        1,
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query": "x"}'},
    )
    reply, content = streamed(start(), *hidden, *search, *end("pause_turn"))
    assert content == [False, True, False, False, False, False, False, False]
    assert (reply.finish, reply.answer, reply.tool_calls) == (Finish.PAUSE, "", ())
    native = reply.native
    assert isinstance(native, list)
    assert native[1]["input"] == {"query": "x"}


def test_a_block_that_grew_in_an_unknown_way_is_not_repeated() -> None:
    reply, _ = streamed(start(), *block(0, text("Tag"), {"type": "brand_new_delta", "x": 1}), *end())
    assert (reply.answer, reply.native) == ("Tag", [])


def test_a_stream_is_complete_with_its_stop_reason_and_over_with_message_stop() -> None:
    said = [start(), *block(0, text("Tag"))]
    reason, stop = end()
    for pieces in ([*said, reason], [*said, stop], [*said, reason, stop, event("brand_new")]):
        assert streamed(*pieces)[0].answer == "Tag"
    assert streamed(*said, stop)[0].finish is Finish.UNKNOWN
    reader = DIALECT.stream_reader(endpoint())
    for piece in (*said, reason):
        reader.feed(SseSplitter().feed(piece)[0])
    assert not reader.over
    reader.feed(SseSplitter().feed(stop)[0])
    assert reader.over


def test_a_cut_stream_is_truncated_and_its_first_count_of_output_is_not_believed() -> None:
    reply, _ = streamed(start(), *block(0, text("Tag")))
    assert (kind(reply), reply.answer) == (FailureClass.STREAM_TRUNCATED, None)
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.model) == (16, None, "m-1")


@pytest.mark.parametrize("named", [True, False])
def test_an_error_in_mid_stream_is_classified_and_ends_it(named: bool) -> None:
    error = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    broken = error if named else error.partition(b"\n")[2]
    reply, content = streamed(start(), *block(0, text("Tag")), broken, *end())
    assert (kind(reply), reply.answer, content[-2:]) == (FailureClass.OVERLOADED, None, [False, False])


def test_a_refusal_in_a_stream_brings_its_explanation() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "Not this."}
    reply, _ = streamed(start(), *block(0, text("So ")), *end("refusal", stop_details=details))
    assert (reply.answer, reply.refusal, reply.finish) == ("So ", "Not this.", Finish.REFUSAL)


@pytest.mark.parametrize(
    "broken",
    [
        b"data: {\n\n",
        b"data: []\n\n",
        event("content_block_delta", index=5, delta={"type": "text_delta", "text": "x"}),
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": 5}),
        event("content_block_delta", delta={"type": "text_delta", "text": "x"}),
        event("content_block_start", index=1, content_block=None),
        event("message_start", message={"content": 1}),
    ],
)
def test_an_event_that_is_not_of_the_dialect_makes_a_protocol_failure(broken: bytes) -> None:
    reply, _ = streamed(start(), *block(0, text("Tag")), broken, *end())
    assert (kind(reply), reply.answer) == (FailureClass.PROTOCOL, None)


def test_a_stream_without_a_message_is_not_an_answer() -> None:
    assert kind(streamed(*end())[0]) is FailureClass.PROTOCOL
    assert kind(streamed(event("ping"))[0]) is FailureClass.STREAM_TRUNCATED


events = st.sampled_from(
    [start(), *block(0, text(""), {"type": "text_delta", "text": "Tag"}), *block(1, CALL), *end(), event("ping")]
)


@given(pieces=st.lists(events, max_size=12))
def test_events_in_any_order_are_an_answer_or_a_failure_never_both(pieces: list[bytes]) -> None:
    reply, _ = streamed(*pieces)
    assert (reply.answer is None) == (reply.failure is not None)
    if reply.failure is None:
        question = Question(items=(Message(role="user", content="?"), Said(text="", native=reply.native)))
        assert json.dumps(DIALECT.build(endpoint(), question).body)


def test_an_event_named_error_without_an_error_object_is_a_failure_too() -> None:
    reader = DIALECT.stream_reader(endpoint())
    reader.feed(SseEvent(name="error", data=b'{"message": "Overloaded"}'))
    assert kind(reader.finish()) is FailureClass.OVERLOADED


# ------------------------------------------------------------------------------------------------ on the wire
def test_a_tool_loop_sends_the_signed_thinking_back_unchanged() -> None:
    called = [
        start(),
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Hm."},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        *block(1, {**CALL, "input": {}}, {"type": "input_json_delta", "partial_json": '{"city": "Köln"}'}),
        *end("tool_use"),
    ]
    probe = {"id": "p", "prompt": "Weather?", "tools": [{"name": "f", "results": [{"result": "rain"}]}]}

    async def play() -> tuple[Any, Any]:
        async with FakeServer(stream(called), whole(message(text("Rain.")))) as server:
            target = {"protocol": DIALECT.name, "base_url": server.url, "model": "m-1"}
            suite = {"version": 1, "suite": "s", "endpoints": {"prod": target}, "probes": [probe]}
            (sample,) = await fire_suite(Suite.model_validate(suite))
            return sample, server.requests

    sample, requests = asyncio.run(play())
    assert (sample.failure, sample.answer, sample.route.region) == (None, "Rain.", "eu")
    assert [request.target for request in requests] == ["/v1/messages", "/v1/messages"]
    assert requests[1].json["messages"][1:] == [
        {"role": "assistant", "content": [THOUGHT, CALL]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "rain"}]},
    ]
