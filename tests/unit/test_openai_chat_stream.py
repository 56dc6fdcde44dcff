"""OpenAI chat streams: whole ones, cut ones, and those that break in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.endpoint import Endpoint
from probes.failure import FailureClass
from probes.protocols.openai_chat import OpenAIChat
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseEvent, SseSplitter
from probes.sample import Finish, ToolCall
from tests.fakes.chat import DONE, chat_stream, chunk, last_usage
from tests.fakes.http_server import event

ENDPOINT = Endpoint.model_validate({"base_url": "https://gateway.example.com/v1"})


def read(*pieces: bytes) -> Reply:
    splitter, reader = SseSplitter(), OpenAIChat().stream_reader(ENDPOINT)
    for piece in pieces:
        for each in splitter.feed(piece):
            reader.feed(each)
    return reader.finish()


def content_flags(*pieces: bytes) -> list[bool]:
    splitter, reader = SseSplitter(), OpenAIChat().stream_reader(ENDPOINT)
    return [reader.feed(each) for piece in pieces for each in splitter.feed(piece)]


def kind_of(reply: Reply) -> FailureClass | None:
    return None if reply.failure is None else reply.failure.kind


def test_a_stream_is_read_into_the_normal_form() -> None:
    reply = read(*chat_stream("Par", "is"))
    assert reply.failure is None
    assert (reply.answer, reply.finish, reply.model) == ("Paris", Finish.STOP, "m-1")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (12, 7)


def test_usage_is_read_from_the_gateways_chunk_with_an_empty_choice_too() -> None:
    usage = last_usage([{"index": 0, "delta": {}}])
    reply = read(chunk({"content": "x"}), chunk({}, "stop"), usage, DONE)
    assert (reply.usage.output_tokens, reply.finish) == (7, Finish.STOP)


def test_a_stream_without_usage_has_an_answer_and_unknown_tokens() -> None:
    reply = read(chunk({"content": "x"}), chunk({}, "stop"), DONE)
    assert (reply.answer, reply.usage.input_tokens, reply.usage.output_tokens) == ("x", None, None)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"refusal": "no"},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]},
        {"function_call": {"name": "f"}},
        {"reasoning": "hm"},
        {"reasoning_content": "hm"},
    ],
)
def test_text_refusals_tool_calls_and_reasoning_are_content(delta: dict[str, object]) -> None:
    assert content_flags(chunk(delta)) == [True]


@pytest.mark.parametrize(
    "quiet",
    [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": None}),
        chunk({}, "stop"),
        chunk({"tool_calls": []}),
        last_usage(),
        last_usage([{"index": 0, "delta": {}}]),
        event({"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),
        DONE,
    ],
)
def test_roles_usage_filter_results_and_empty_deltas_are_not_content(quiet: bytes) -> None:
    assert content_flags(quiet) == [False]


def test_pieces_of_tool_calls_are_joined_by_their_index() -> None:
    def call(index: int, **fields: object) -> bytes:
        return chunk({"tool_calls": [{"index": index, **fields}]})

    reply = read(
        call(0, id="a", type="function", function={"name": "f", "arguments": ""}),
        call(0, function={"arguments": '{"x":'}),
        call(1, id="b", type="function", function={"name": "g", "arguments": "[]"}),
        call(0, function={"arguments": "1}"}),
        chunk({}, "tool_calls"),
        DONE,
    )
    assert reply.tool_calls == (
        ToolCall(id="a", name="f", arguments='{"x":1}'),
        ToolCall(id="b", name="g", arguments="[]"),
    )
    assert (reply.answer, reply.finish) == ("", Finish.TOOL_CALLS)


def test_a_surrogate_pair_cut_between_two_deltas_is_whole_again() -> None:
    halves = [chunk({"content": "?"}).replace(b"?", half) for half in (rb"\ud83d", rb"\ude00")]
    assert read(*halves, chunk({}, "stop")).answer == "\U0001f600"


def test_a_stream_that_ends_after_the_finish_reason_without_done_is_complete() -> None:
    reply = read(chunk({"content": "x"}), chunk({}, "length"))
    assert (reply.answer, reply.finish, reply.failure) == ("x", Finish.LENGTH, None)


@pytest.mark.parametrize("said", [[], [chunk({"content": "x"})]])
def test_done_without_a_finish_reason_is_a_stream_that_was_cut(said: list[bytes]) -> None:
    """As llama.cpp's server ends a stream that it interrupts for the next request."""
    reply = read(chunk({"role": "assistant"}), *said, DONE)
    assert kind_of(reply) is FailureClass.STREAM_TRUNCATED
    assert reply.answer is None


def test_done_without_any_choice_is_a_protocol_failure() -> None:
    assert kind_of(read(DONE)) is FailureClass.PROTOCOL


def test_nothing_at_all_is_a_truncated_stream() -> None:
    assert kind_of(read()) is FailureClass.STREAM_TRUNCATED


@pytest.mark.parametrize(
    "error",
    [
        event({"error": {"message": "worker died", "type": "server_error", "code": None}}),
        event({"object": "error", "message": "worker died", "type": "server_error", "code": 500}),
        b'event: error\ndata: {"message": "worker died"}\n\n',
        chunk({"content": ""}, "error", error={"message": "worker died", "code": 502}),
    ],
)
def test_an_error_in_mid_stream_is_a_failure_even_after_half_an_answer(error: bytes) -> None:
    reply = read(chunk({"content": "half"}), error, chunk({}, "stop"), DONE)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.failure.message) == (FailureClass.SERVER, "worker died")
    assert reply.answer is None


def test_an_event_that_is_not_json_is_a_protocol_failure_and_ends_the_reading() -> None:
    reader = OpenAIChat().stream_reader(ENDPOINT)
    reader.feed(SseEvent(data=b"{not json"))
    assert reader.over
    assert kind_of(reader.finish()) is FailureClass.PROTOCOL


def test_an_event_that_is_not_utf_8_is_a_protocol_failure() -> None:
    assert kind_of(read(chunk({"content": "?"}).replace(b"?", b"\xe9"), DONE)) is FailureClass.PROTOCOL


def test_nothing_is_read_past_done() -> None:
    assert read(*chat_stream("Paris"), chunk({"content": " or London"})).answer == "Paris"


def test_a_stream_cut_at_any_byte_before_the_finish_reason_is_never_an_answer() -> None:
    events = chat_stream("Grüße aus ", "Köln")
    raw = b"".join(events)
    complete_from = len(b"".join(events[:4]))
    for cut in range(len(raw) + 1):
        reply = read(raw[:cut])
        if cut < complete_from - 1:
            assert kind_of(reply) is FailureClass.STREAM_TRUNCATED
            assert reply.answer is None
        elif cut >= complete_from:
            assert (reply.answer, reply.finish, reply.failure) == ("Grüße aus Köln", Finish.STOP, None)


def test_a_stream_split_at_any_byte_reads_the_same() -> None:
    raw = b"".join(chat_stream("Grüße ", "🙂 aus", " Köln"))
    whole = read(raw)
    assert all(read(raw[:cut], raw[cut:]) == whole for cut in range(len(raw) + 1))


@given(st.lists(st.text(max_size=10), max_size=8), st.integers(min_value=1, max_value=50))
def test_any_texts_in_pieces_of_any_size_come_back_joined(texts: list[str], size: int) -> None:
    raw = b"".join(chat_stream(*texts))
    reply = read(*(raw[start : start + size] for start in range(0, len(raw), size)))
    assert reply.answer == "".join(texts)
