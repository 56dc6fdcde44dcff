"""Gemini: what whole replies and streams say, and what breaks them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.conversation import Message, Question, Said
from probes.failure import FailureClass
from probes.protocols.gemini import Gemini
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseSplitter
from probes.sample import Document, Finish, ToolCall
from probes.suite import Endpoint, Suite
from tests.contract.dialects.gemini import USAGE, chunk, text
from tests.fakes.firing import fire_suite
from tests.fakes.http_server import FakeServer, event, stream, whole

DIALECT = Gemini()
CALL = {"functionCall": {"id": "f1", "name": "f", "args": {"city": "Köln"}}, "thoughtSignature": "c2ln"}
OVERLOADED = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"protocol": "gemini", "base_url": "https://gateway.example.com", **fields})


def read(reply: object, status: int = 200, **fields: Any) -> Reply:
    raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return DIALECT.read_reply(endpoint(**fields), status=status, headers={}, body=raw)


def streamed(*chunks: object, **fields: Any) -> tuple[Reply, list[bool]]:
    splitter, reader = SseSplitter(), DIALECT.stream_reader(endpoint(**fields))
    pieces = [each if isinstance(each, bytes) else event(each) for each in chunks]
    content = [reader.feed(each) for piece in pieces for each in splitter.feed(piece)]
    return reader.finish(), content


def kind(reply: Reply) -> FailureClass | None:
    return None if reply.failure is None else reply.failure.kind


# ------------------------------------------------------------------------------------------------ whole replies
def test_a_whole_reply_is_read_into_the_normal_form() -> None:
    thought = text("Hm.", thought=True)
    reply = read(chunk(thought, text("Guten "), text("Tag", thoughtSignature="c2ln"), finish="STOP"))
    assert (reply.answer, reply.finish, reply.finish_raw, reply.failure) == ("Guten Tag", Finish.STOP, "STOP", None)
    assert (reply.model, reply.tier, reply.documents, reply.citations) == ("m-1", "ON_DEMAND", None, ())
    assert reply.native == [thought, text("Guten "), text("Tag", thoughtSignature="c2ln")]


def test_thoughts_count_as_output_and_results_of_the_apis_own_tools_as_input() -> None:
    usage = read(chunk(text("x"), finish="STOP")).usage
    assert (usage.input_tokens, usage.cached_input_tokens) == (12 + 1, 4)
    assert (usage.output_tokens, usage.reasoning_tokens) == (4 + 3, 3)
    assert usage.raw == USAGE


@pytest.mark.parametrize(
    ("usage", "given", "output"),
    [
        (None, None, None),
        (7, None, None),
        ({"promptTokenCount": "9"}, None, None),
        ({"promptTokenCount": 9}, 9, None),
        ({"promptTokenCount": 9, "totalTokenCount": 9}, 9, 0),
        ({"promptTokenCount": 9, "totalTokenCount": 8}, 9, None),
        ({"promptTokenCount": 9, "thoughtsTokenCount": 5, "totalTokenCount": 14}, 9, 5),
    ],
)
def test_counts_left_out_are_read_off_the_total_or_not_known(usage: object, given: Any, output: Any) -> None:
    told = read(chunk(text("x"), finish="STOP", usage=usage)).usage
    assert (told.input_tokens, told.output_tokens) == (given, output)


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("RECITATION", Finish.CONTENT_FILTER),
        ("BLOCKLIST", Finish.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", Finish.CONTENT_FILTER),
        ("SPII", Finish.CONTENT_FILTER),
        ("MODEL_ARMOR", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", Finish.MALFORMED),
        ("UNEXPECTED_TOOL_CALL", Finish.MALFORMED),
        ("TOO_MANY_TOOL_CALLS", Finish.MALFORMED),
        ("OTHER", Finish.MALFORMED),
        ("CONTINUATION", Finish.PAUSE),
        ("LANGUAGE", Finish.UNKNOWN),
        ("NO_IMAGE", Finish.UNKNOWN),
        ("FINISH_REASON_UNSPECIFIED", Finish.UNKNOWN),
        ("stop", Finish.UNKNOWN),
        (None, Finish.UNKNOWN),
    ],
)
def test_every_finish_reason_is_known_or_unknown_and_kept_as_it_came(raw: str | None, finish: Finish) -> None:
    reply = read(chunk(text("x"), finish=raw))
    assert (reply.finish, reply.finish_raw) == (finish, raw)


def test_a_call_is_a_tool_call_though_the_reply_says_stop() -> None:
    bare = {"functionCall": {"name": "ping"}}
    reply = read(chunk(CALL, bare, finish="STOP"))
    assert (reply.answer, reply.finish, reply.finish_raw) == ("", Finish.TOOL_CALLS, "STOP")
    assert reply.tool_calls == (
        ToolCall(id="f1", name="f", arguments='{"city": "Köln"}'),
        ToolCall(id="", name="ping", arguments="{}"),
    )
    assert reply.native == [CALL, bare]
    assert read(chunk(CALL, finish="MAX_TOKENS")).finish is Finish.LENGTH


def test_a_blocked_prompt_is_an_answered_sample_that_a_filter_emptied() -> None:
    ratings = [
        {"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "HIGH", "blocked": True},
        {"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"},
    ]
    blocked = {
        "promptFeedback": {"blockReason": "SAFETY", "safetyRatings": ratings},
        "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
        "modelVersion": "m-1",
    }
    for reply in (read(blocked), streamed(blocked)[0]):
        assert (reply.failure, reply.answer, reply.finish) == (None, "", Finish.CONTENT_FILTER)
        assert (reply.finish_raw, reply.usage.input_tokens, reply.usage.output_tokens) == ("SAFETY", 9, 0)
        assert reply.filters == {
            "prompt.block": "SAFETY",
            "prompt.hate_speech": "HIGH (blocked)",
            "prompt.harassment": "NEGLIGIBLE",
        }


def test_an_answer_that_a_filter_stopped_keeps_what_was_said_and_the_ratings() -> None:
    ratings = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "MEDIUM"}]
    reply = read(chunk(text("First, "), finish="SAFETY", safetyRatings=ratings))
    assert (reply.answer, reply.finish) == ("First, ", Finish.CONTENT_FILTER)
    assert reply.filters == {"answer.dangerous_content": "MEDIUM"}


def test_a_candidate_without_content_is_an_empty_answer() -> None:
    for content in ({"role": "model"}, {}, None):
        reply = read(chunk(finish="MAX_TOKENS", content=content))
        assert (reply.failure, reply.answer, reply.finish) == (None, "", Finish.LENGTH)


def test_a_model_about_to_be_retired_is_kept_beside_the_filters() -> None:
    status = {"modelStage": "DEPRECATED", "retirementTime": "2027-01-01T00:00:00Z", "message": "Use m-2."}
    reply = read({**chunk(text("x"), finish="STOP"), "modelStatus": status})
    assert reply.filters == {
        "model.stage": "DEPRECATED",
        "model.retirement": "2027-01-01T00:00:00Z",
        "model.message": "Use m-2.",
    }


def test_what_it_was_grounded_on_are_documents_and_what_passages_lean_on_is_cited_once() -> None:
    grounding = {
        "groundingChunks": [
            {"web": {"uri": "https://example.com/a", "title": "A"}},
            {"retrievedContext": {"documentName": "kb/7", "title": "Seven", "text": "30 days"}},
            {"retrievedContext": {"title": "Only a title"}},
        ],
        "groundingSupports": [
            {"groundingChunkIndices": [1]},
            {"groundingChunkIndices": [1, 0, 99, -1, True, "x"]},
        ],
    }
    quoted = {"citations": [{"uri": "https://example.com/book"}, {"title": "no address"}]}
    reply = read(chunk(text("x"), finish="STOP", groundingMetadata=grounding, citationMetadata=quoted))
    assert reply.documents == (
        Document(id="https://example.com/a"),
        Document(id="kb/7", text="30 days"),
        Document(id="Only a title"),
    )
    assert reply.citations == ("kb/7", "https://example.com/a", "https://example.com/book")


@pytest.mark.parametrize("odd", [7, "x", [], [1], {"groundingChunks": 3}, {"groundingChunks": [3, {"web": 4}]}])
def test_odd_metadata_is_stepped_over(odd: object) -> None:
    extras = {"groundingMetadata": odd, "safetyRatings": odd, "citationMetadata": odd}
    reply = read({**chunk(text("x"), finish="STOP", **extras), "modelStatus": odd, "modelVersion": odd})
    assert (reply.failure, reply.answer) == (None, "x")


def test_only_the_first_of_several_candidates_is_the_answer() -> None:
    several = chunk(text("first"), finish="STOP")
    several["candidates"].append({**chunk(text("second"), finish="MAX_TOKENS")["candidates"][0], "index": 1})
    reply = read(several)
    assert (reply.answer, reply.finish) == ("first", Finish.STOP)


def test_code_and_pictures_in_the_reply_are_no_answer_but_go_back() -> None:
    parts = [{"executableCode": {"code": "1+1"}}, {"inlineData": {"mimeType": "image/png", "data": "aWNvbg=="}}]
    reply = read(chunk(*parts, text("2"), finish="STOP"))
    assert (reply.answer, reply.native) == ("2", [*parts, text("2")])


def test_a_list_of_chunks_is_read_as_the_stream_it_is() -> None:
    reply = read([chunk(text("Guten ")), chunk(text("Tag"), finish="STOP")])
    assert (reply.answer, reply.failure) == ("Guten Tag", None)
    assert kind(read([chunk(text("Guten "))])) is FailureClass.STREAM_TRUNCATED


@pytest.mark.parametrize("error", [OVERLOADED, [OVERLOADED]])
def test_an_error_is_classified_also_within_a_list_and_under_http_200(error: object) -> None:
    for status in (200, 503):
        reply = read(error, status)
        assert (kind(reply), reply.answer) == (FailureClass.OVERLOADED, None)
        assert reply.failure is not None
        assert "overloaded" in reply.failure.message


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"candidates": []}',
        b'{"candidates": {}}',
        b'{"candidates": [7]}',
        b'{"candidates": [{"content": "x"}]}',
        b'{"candidates": [{"content": {"parts": "x"}}]}',
        b'{"candidates": [{"content": {"parts": [7]}}]}',
        b'{"candidates": [{"content": {"parts": [{"text": 7}]}}]}',
        b'{"candidates": [{"content": {"parts": [{"functionCall": 7}]}}]}',
        b'{"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {"x": 1e999}}}]}}]}',
        b'{"candidates": [{"finishReason": 7}]}',
        b'{"promptFeedback": {"blockReason": 7}}',
    ],
)
def test_what_is_not_a_reply_is_a_protocol_failure(raw: bytes) -> None:
    reply = read(raw)
    assert (kind(reply), reply.answer) == (FailureClass.PROTOCOL, None)


def test_a_part_nested_beyond_reason_is_refused_where_it_would_have_to_go_back() -> None:
    deep: Any = "x"
    for _ in range(600):
        deep = {"x": deep}
    assert kind(read(chunk({"functionCall": {"name": "f", "args": deep}}))) is FailureClass.PROTOCOL
    assert kind(read(chunk({"text": "x", "partMetadata": deep}))) is FailureClass.PROTOCOL


def test_lone_surrogates_become_replacement_characters() -> None:
    raw = json.dumps(chunk(text("?"), {"functionCall": {"name": "?", "args": {"a": "?"}}}, finish="?"))
    reply = read(raw.replace('"?"', r'"\ud83d"').encode())
    assert (reply.answer, reply.finish_raw, reply.tool_calls) == (
        "\ufffd",
        "\ufffd",
        (ToolCall(id="", name="\ufffd", arguments='{"a": "\ufffd"}'),),
    )


def test_an_endpoint_may_say_where_its_replies_name_the_region() -> None:
    route = {"body": {"region": "$.zone"}}
    assert read({**chunk(text("x"), finish="STOP"), "zone": "here"}, route=route).told == {"region": "here"}


# ------------------------------------------------------------------------------------------------ streams
def test_a_stream_is_read_into_the_normal_form_with_its_last_counts() -> None:
    signed = text("", thoughtSignature="c2ln")
    reply, content = streamed(
        chunk(text(""), usage={"promptTokenCount": 12, "totalTokenCount": 12}),
        chunk(text("Hm.", thought=True)),
        chunk(text("Guten ")),
        chunk(text("Tag"), usage={"promptTokenCount": 12, "candidatesTokenCount": 2}),
        chunk(signed, finish="STOP", usage={"promptTokenCount": 12, "candidatesTokenCount": 5}),
    )
    assert (reply.answer, reply.finish, reply.failure) == ("Guten Tag", Finish.STOP, None)
    assert content == [False, True, True, True, False]
    assert (reply.usage.output_tokens, reply.usage.raw) == (5, {"promptTokenCount": 12, "candidatesTokenCount": 5})
    assert reply.native == [text("Hm.", thought=True), text("Guten "), text("Tag"), signed]


def test_counts_that_come_after_the_finish_reason_are_taken() -> None:
    last = {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 9}}
    assert streamed(chunk(text("x"), finish="STOP"), last)[0].usage.output_tokens == 9


@pytest.mark.parametrize("finish", [None, "FINISH_REASON_UNSPECIFIED"])
def test_a_stream_without_a_finish_reason_is_truncated(finish: str | None) -> None:
    reply, _ = streamed(chunk(text("Guten "), finish=finish))
    assert (kind(reply), reply.answer, reply.model) == (FailureClass.STREAM_TRUNCATED, None, "m-1")


@pytest.mark.parametrize("error", [OVERLOADED, [OVERLOADED]])
def test_an_error_in_mid_stream_is_classified_and_ends_it(error: object) -> None:
    reply, content = streamed(chunk(text("Guten ")), error, chunk(text("Tag"), finish="STOP"))
    assert (kind(reply), reply.answer, content) == (FailureClass.OVERLOADED, None, [True, False, False])


def test_calls_and_grounding_of_a_stream_are_collected_over_its_chunks() -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://example.com/a"}}]}
    supports: dict[str, list[Any]] = {"groundingChunks": [], "groundingSupports": []}
    reply, content = streamed(
        chunk(text("Let me see."), groundingMetadata=grounding),
        chunk(CALL, groundingMetadata=supports),
        chunk(finish="STOP"),
    )
    assert (reply.answer, reply.finish, len(reply.tool_calls)) == ("Let me see.", Finish.TOOL_CALLS, 1)
    assert (content, reply.documents) == ([True, True, False], (Document(id="https://example.com/a"),))


def test_an_empty_list_of_what_was_retrieved_is_told_apart_from_none() -> None:
    assert read(chunk(text("x"), finish="STOP", groundingMetadata={"groundingChunks": []})).documents == ()


@pytest.mark.parametrize("broken", [b"data: {\n\n", b"data: 7\n\n", b"data: [7]\n\n", event({"candidates": 7})])
def test_an_event_that_is_not_of_the_dialect_makes_a_protocol_failure(broken: bytes) -> None:
    reply, _ = streamed(chunk(text("Guten ")), broken, chunk(text("Tag"), finish="STOP"))
    assert (kind(reply), reply.answer) == (FailureClass.PROTOCOL, None)


chunks = st.sampled_from(
    [chunk(text("")), chunk(text("Tag")), chunk(CALL), chunk(finish="STOP"), chunk(text("x", thought=True)), {}]
)


@given(said=st.lists(chunks, max_size=8))
def test_chunks_in_any_order_are_an_answer_or_a_failure_never_both(said: list[Any]) -> None:
    reply, _ = streamed(*said)
    assert (reply.answer is None) == (reply.failure is not None)
    if reply.failure is None:
        question = Question(items=(Message(role="user", content="?"), Said(text="", native=reply.native)))
        assert json.dumps(DIALECT.build(endpoint(), question).body)


# ------------------------------------------------------------------------------------------------ on the wire
def test_a_tool_loop_sends_the_thought_signature_back_in_its_part() -> None:
    probe = {"id": "p", "prompt": "Weather?", "tools": [{"name": "f", "results": [{"result": "rain"}]}]}
    called = [event(chunk(CALL)), event(chunk(text(""), finish="STOP"))]

    async def play() -> tuple[Any, Any]:
        async with FakeServer(stream(called), whole(chunk(text("Rain."), finish="STOP"))) as server:
            target = {"protocol": "gemini", "base_url": server.url.removesuffix("/v1"), "model": "m-1"}
            suite = {"version": 1, "suite": "s", "endpoints": {"prod": target}, "probes": [probe]}
            (sample,) = await fire_suite(Suite.model_validate(suite))
            return sample, server.requests

    sample, requests = asyncio.run(play())
    assert (sample.failure, sample.answer, sample.route.tier) == (None, "Rain.", "ON_DEMAND")
    assert {request.target for request in requests} == {"/v1beta/models/m-1:streamGenerateContent?alt=sse"}
    assert requests[1].json["contents"][1:] == [
        {"role": "model", "parts": [CALL]},
        {
            "role": "user",
            "parts": [{"functionResponse": {"id": "f1", "name": "f", "response": {"output": "rain"}}}],
        },
    ]
