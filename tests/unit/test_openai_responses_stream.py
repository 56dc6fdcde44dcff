"""Streams of OpenAI responses: whole ones, cut ones, those that break, and events nobody knows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.failure import FailureClass
from probes.protocols.openai_responses import OpenAIResponses
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseSplitter
from probes.sample import Finish, ToolCall
from probes.suite import Endpoint
from tests.fakes.chat import DONE
from tests.fakes.http_server import Pause, event, stream
from tests.fakes.responses import all_said, begun, called, declined, delta, happens, response, response_stream, spoken
from tests.fakes.scripts import played

RESPONSES = OpenAIResponses()
EMPTY_END = happens("response.completed", response=response())
"""The end as servers send it that do not repeat what they said."""


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate(
        {"protocol": "openai-responses", "base_url": "https://gateway.example.com/v1", **fields}
    )


def read(*pieces: bytes, **fields: Any) -> Reply:
    splitter, reader = SseSplitter(), RESPONSES.stream_reader(endpoint(**fields))
    for piece in pieces:
        for each in splitter.feed(piece):
            reader.feed(each)
    return reader.finish()


def content_flags(*pieces: bytes) -> list[bool]:
    splitter, reader = SseSplitter(), RESPONSES.stream_reader(endpoint())
    return [reader.feed(each) for piece in pieces for each in splitter.feed(piece)]


def kind_of(reply: Reply) -> FailureClass | None:
    return None if reply.failure is None else reply.failure.kind


# ------------------------------------------------------------------------------------------------ whole streams
def test_a_stream_is_read_into_the_normal_form() -> None:
    reply = read(*response_stream("Par", "is"))
    assert (reply.failure, reply.answer, reply.finish, reply.model) == (None, "Paris", Finish.STOP, "m-1")
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.tier) == (12, 7, "default")


def test_only_pieces_of_the_answer_are_content() -> None:
    assert content_flags(*response_stream("Par", "", "is")) == [False] * 4 + [True, False, True] + [False] * 3


@pytest.mark.parametrize(
    "piece",
    [
        delta("x"),
        delta("no", "response.refusal"),
        delta("{", "response.function_call_arguments"),
        delta("ls", "response.custom_tool_call_input"),
        delta("hm", "response.reasoning_text"),
        delta("hm", "response.reasoning_summary_text", summary_index=0),
    ],
)
def test_text_refusals_arguments_and_reasoning_are_content(piece: bytes) -> None:
    assert content_flags(piece) == [True]


@pytest.mark.parametrize(
    "quiet",
    [
        *begun(),
        happens("response.queued", response=response(status="queued")),
        delta(""),
        delta("", "response.reasoning_text"),
        happens("response.output_item.added", output_index=0, item=called("f", "")),
        happens("response.reasoning_summary_part.added", output_index=0, summary_index=0, part={}),
        happens("response.web_search_call.searching", output_index=0, item_id="ws_1"),
        happens("response.image_generation_call.partial_image", output_index=0, partial_image_b64="AAAA"),
        happens("response.mcp_call.failed", output_index=0, item_id="mcp_1", error="the tool of a server, not ours"),
        happens("response.output_text.brand_new", delta="x"),
        happens("keepalive", sequence_number=3),
        b": a comment\n\ndata: {}\n\n",
        DONE,
    ],
)
def test_lifecycle_tools_unknown_events_and_empty_deltas_are_not_content(quiet: bytes) -> None:
    assert content_flags(quiet) == [False]
    assert read(quiet, *response_stream("Paris")).answer == "Paris"


def test_the_name_of_an_event_counts_where_its_data_has_no_type() -> None:
    pieces = [
        b'event: response.output_text.delta\ndata: {"delta": "Paris"}\n\n',
        b'event: response.completed\ndata: {"response": {"status": "completed", "output": []}}\n\n',
    ]
    assert (read(*pieces).answer, content_flags(*pieces)) == ("Paris", [True, False])


def test_the_last_event_is_believed_over_the_pieces() -> None:
    end = happens("response.completed", response=response(spoken("London")))
    assert read(*response_stream("Paris", last=end)).answer == "London"


def test_pieces_are_taken_where_the_last_event_repeats_nothing() -> None:
    reply = read(*begun(), delta("Par"), delta("is"), EMPTY_END)
    assert (reply.answer, reply.finish, reply.usage.output_tokens) == ("Paris", Finish.STOP, 7)
    no_output = happens("response.completed", response={"status": "completed"})
    assert read(delta("Par"), delta("is"), no_output).answer == "Paris"


def test_items_told_when_done_are_taken_before_their_pieces() -> None:
    item = spoken("Paris", annotations=[{"type": "url_citation", "url": "https://a.example"}])
    done = happens("response.output_item.done", output_index=0, item=item)
    reply = read(*begun(), delta("Pa"), done, EMPTY_END)
    assert (reply.answer, reply.citations, reply.native) == ("Paris", ("https://a.example",), [item])


def test_refusals_citations_and_calls_are_built_of_pieces_in_the_order_of_their_items() -> None:
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": ""}
    annotation = {"type": "url_citation", "url": "https://a.example"}
    reply = read(
        happens("response.output_item.added", output_index=1, item=call),
        delta('{"a"', "response.function_call_arguments", output_index=1),
        delta("Paris", content_index=0),
        happens("response.output_text.annotation.added", output_index=0, content_index=0, annotation=annotation),
        delta("But no.", "response.refusal", content_index=1),
        delta(": 1}", "response.function_call_arguments", output_index=1),
        EMPTY_END,
    )
    assert (reply.answer, reply.refusal, reply.citations) == ("Paris", "But no.", ("https://a.example",))
    assert reply.tool_calls == (ToolCall(id="call_1", name="f", arguments='{"a": 1}'),)


def test_text_that_comes_in_one_piece_when_done_is_the_first_token() -> None:
    done = all_said("Paris")
    assert content_flags(*begun(), done, EMPTY_END) == [False] * 4 + [True, False]
    assert read(*begun(), done, EMPTY_END).answer == "Paris"


def test_an_answer_that_comes_only_with_the_end_is_content_there() -> None:
    end = happens("response.completed", response=response(spoken("Paris")))
    assert content_flags(*begun(), end) == [False] * 4 + [True]
    assert content_flags(*begun(), EMPTY_END)[-1] is False


def test_a_refusal_streams_like_text() -> None:
    end = happens("response.completed", response=response(declined("I cannot.")))
    reply = read(*begun(), delta("I can", "response.refusal"), delta("not.", "response.refusal"), end)
    assert (reply.answer, reply.refusal, reply.finish) == ("", "I cannot.", Finish.REFUSAL)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", Finish.LENGTH),
        ("content_filter", Finish.CONTENT_FILTER),
        ("brand_new", Finish.UNKNOWN),
    ],
)
def test_an_incomplete_response_is_an_answer_that_ended_early(reason: str, finish: Finish) -> None:
    cut = response(spoken("Par"), status="incomplete", incomplete_details={"reason": reason})
    reply = read(*begun(), delta("Par"), happens("response.incomplete", response=cut))
    assert (reply.failure, reply.answer, reply.finish, reply.finish_raw) == (None, "Par", finish, reason)


def test_a_route_the_suite_describes_is_found_as_in_a_whole_response() -> None:
    assert read(*response_stream("x"), route={"body": {"tier": "$.service_tier"}}).told == {"tier": "default"}


# ------------------------------------------------------------------------------------------------ broken streams
def test_a_stream_without_an_event_that_ends_it_was_cut() -> None:
    for pieces in ([], begun(), response_stream("Paris")[:-1], [*response_stream("Paris")[:-1], DONE]):
        reply = read(*pieces)
        assert (kind_of(reply), reply.answer) == (FailureClass.STREAM_TRUNCATED, None)


def test_a_cut_stream_says_how_much_of_an_answer_it_had_brought() -> None:
    failure = read(*begun(), delta("Par"), delta("is")).failure
    assert failure is not None
    assert "after 5 characters" in failure.message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            happens("error", code="rate_limit_exceeded", message="slow down", param=None),
            FailureClass.RATE_LIMIT_SHORT,
        ),
        (happens("error", code=None, message="slow down", param=None), FailureClass.SERVER),
        (happens("error", error={"code": "server_error", "message": "slow down"}), FailureClass.SERVER),
        (b'event: error\ndata: {"message": "slow down"}\n\n', FailureClass.SERVER),
        (event({"error": {"code": 503, "message": "slow down, overloaded"}}), FailureClass.OVERLOADED),
        (
            happens(
                "response.failed",
                response=response(status="failed", error={"code": "bio_policy", "message": "slow down"}),
            ),
            FailureClass.CONTENT_FILTER,
        ),
        (happens("response.cancelled", response=response(status="cancelled")), FailureClass.SERVER),
    ],
)
def test_an_error_in_mid_stream_is_a_failure_whatever_came_before(error: bytes, kind: FailureClass) -> None:
    reply = read(*begun(), delta("half"), error, *response_stream("Paris")[-1:])
    assert (kind_of(reply), reply.answer) == (kind, None)


def test_a_failed_response_keeps_what_it_had_used() -> None:
    failed = response(status="failed", error={"code": "server_error", "message": "no luck"})
    reply = read(*begun(), happens("response.failed", response=failed))
    assert (reply.usage.output_tokens, reply.model) == (7, "m-1")


@pytest.mark.parametrize(
    "broken",
    [
        b"data: {not json\n\n",
        b"data: []\n\n",
        delta("x").replace(b'"x"', b"7"),
        delta("?").replace(b"?", b"\xe9"),
        happens("response.output_item.added", item=7),
        happens("response.completed", response="x"),
        happens("response.completed", response={}),
        happens("response.completed", response=response(7)),
        event({"type": 7}),
    ],
)
def test_an_event_that_is_not_of_this_dialect_ends_the_reading(broken: bytes) -> None:
    splitter, reader = SseSplitter(), RESPONSES.stream_reader(endpoint())
    for each in splitter.feed(broken):
        assert reader.feed(each) is False
    assert reader.over
    assert kind_of(reader.finish()) is FailureClass.PROTOCOL
    assert reader.finish().answer is None


def test_nothing_is_read_past_the_end() -> None:
    pieces = response_stream("Paris")
    assert read(*pieces, *pieces[:-1], delta("London"), happens("error", message="late")).answer == "Paris"


def test_a_surrogate_pair_cut_between_two_deltas_is_whole_again() -> None:
    halves = [delta("?").replace(b"?", half) for half in (rb"\ud83d", rb"\ude00")]
    assert read(*halves, EMPTY_END).answer == "\U0001f600"


@given(st.lists(st.text(max_size=10), max_size=8), st.integers(min_value=1, max_value=200), st.booleans())
def test_any_texts_in_pieces_of_any_size_come_back_joined(texts: list[str], size: int, repeats: bool) -> None:
    raw = b"".join(response_stream(*texts) if repeats else [*begun(), *map(delta, texts), EMPTY_END])
    assert read(*(raw[start : start + size] for start in range(0, len(raw), size))).answer == "".join(texts)


KINDS = [
    "response.created",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_text.annotation.added",
    "response.function_call_arguments.delta",
    "response.completed",
    "response.failed",
    "error",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(KINDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "content", "text", "annotations", "output", "status"]), inner)
    ),
    max_leaves=6,
)
FIELDS = ("delta", "text", "item", "output_index", "content_index", "annotation", "response")
EVENTS = st.fixed_dictionaries({"type": st.sampled_from(KINDS)}, optional=dict.fromkeys(FIELDS, VALUES))


@given(st.lists(EVENTS, max_size=5))
def test_no_events_make_the_reader_raise(events: list[dict[str, Any]]) -> None:
    reply = read(*map(event, events), EMPTY_END)
    assert (reply.answer is None) == (reply.failure is not None)


# ------------------------------------------------------------------------------------------------ over the wire
def test_the_first_token_is_timed_from_the_first_delta_and_not_from_the_lifecycle() -> None:
    head, *events = stream(response_stream("Par", "is"))
    paused = [head, *events[:4], Pause(0.15), *events[4:]]
    sample, _, _ = asyncio.run(played({"prompt": "?"}, paused, protocol="openai-responses", stream=True))
    assert (sample.failure, sample.answer) == (None, "Paris")
    assert sample.timing.first_byte_s is not None
    assert sample.timing.first_token_s is not None
    assert sample.timing.first_byte_s < 0.1 < sample.timing.first_token_s
