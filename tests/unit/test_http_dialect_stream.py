"""Streams of ``protocol: http``: what carries the answer, what ends it, and that a cut one is never an answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.endpoint import Endpoint
from probes.failure import FailureClass
from probes.fire import fire_all
from probes.framing import splitter
from probes.protocols.http import Http
from probes.protocols.protocol import Framing, HearsTheEnd, Reply
from probes.sample import Document, Finish, Sample
from probes.suite import Suite
from probes.transport import Transport
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import LAST_CHUNK, FakeServer, Reset, Steps, head, piece, stream

ANSWER = "Grüße aus Köln"


def endpoint(response: dict[str, Any]) -> Endpoint:
    fields = {"protocol": "http", "base_url": "https://rag.example.com", "request": {"body": "{{ prompt }}"}}
    return Endpoint.model_validate({**fields, "response": response})


def read(raw: bytes, response: dict[str, Any], *, cut: bool = False, pieces: int = 1) -> tuple[Reply, list[bool]]:
    """What a reader makes of these bytes in so many pieces, and which events carried content."""
    framing: Framing = response["stream"].get("format", "sse")
    events, reader = splitter(framing), Http().stream_reader(endpoint(response))
    size = max(1, -(-len(raw) // pieces))
    content = [reader.feed(event) for at in range(0, len(raw), size) for event in events.feed(raw[at : at + size])]
    if not cut:
        content += [reader.feed(event) for event in events.rest()]
        assert isinstance(reader, HearsTheEnd)
        reader.ended()
    return reader.finish(), content


def sse(*events: Any) -> bytes:
    """Events of (name, data) or data alone; text goes as it is."""
    written = []
    for event in events:
        name, data = event if isinstance(event, tuple) else ("", event)
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        written.append((f"event: {name}\n" if name else "") + f"data: {text}\n\n")
    return "".join(written).encode()


def lines(*values: Any, end: str = "\n") -> bytes:
    return ("\n".join(json.dumps(value, ensure_ascii=False) for value in values) + end).encode()


SHAPES: dict[str, tuple[dict[str, Any], bytes, list[bool]]] = {
    "pieces until data says so": (
        {"stream": {"answer": "$.d", "done": {"data": "[DONE]"}}},
        sse({"d": None}, {"d": "Grüße "}, {"d": "aus Köln"}, {"x": 1}, "[DONE]"),
        [False, True, True, False, False],
    ),
    "the whole text again and again": (
        {"stream": {"answer": "$.text", "whole": True, "done": {"path": "$.final"}}},
        sse({"text": "Grüße"}, {"text": "Grüße"}, {"text": ANSWER, "final": False}, {"text": ANSWER, "final": True}),
        [True, False, True, False],
    ),
    "named events, the last one named": (
        {"stream": {"answer": "$", "events": ["token"], "done": {"event": "end"}}},
        sse(("status", "searching"), ("token", '"Grüße "'), ("token", '"aus Köln"'), ("end", "bye")),
        [False, True, True, False],
    ),
    "plain text as data": (
        {"stream": {"plain": True, "events": ["message"], "done": {"event": "end"}}},
        sse("Grüße ", "aus Köln", ("sources", {"any": 1}), ("end", "")),
        [True, True, False, False],
    ),
    "kinds told within the data": (
        {
            "answer": "$.content",
            "stream": {"when": {"path": "$.type", "equals": "token"}, "done": {"path": "$.type", "equals": "end"}},
        },
        sse(
            {"type": "thought", "content": "hm"}, {"type": "token", "content": ANSWER}, {"type": "end", "content": "x"}
        ),
        [False, True, False],
    ),
    "lines of JSON, the last piece in the last line": (
        {"stream": {"format": "json-lines", "answer": "$.r", "done": {"path": "$.done", "equals": True}}},
        lines({"r": "Grüße ", "done": False}, {"r": "aus Köln", "done": True}),
        [True, True],
    ),
}
json_values = st.dictionaries(
    st.sampled_from(["d", "text", "content", "type", "r", "done", "docs", "calls", "final"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "x"]), inner, max_size=2),
        max_leaves=6,
    ),
)
each_shape = pytest.mark.parametrize("shape", SHAPES)


@each_shape
def test_streams_of_many_shapes_say_the_same(shape: str) -> None:
    response, raw, content = SHAPES[shape]
    reply, carried = read(raw, response)
    assert (reply.failure, reply.answer) == (None, ANSWER)
    assert carried == content


@each_shape
def test_a_stream_split_anywhere_reads_the_same(shape: str) -> None:
    response, raw, _ = SHAPES[shape]
    expected = read(raw, response)[0]
    assert all(read(raw, response, pieces=pieces)[0] == expected for pieces in range(1, len(raw) + 1))


@each_shape
def test_a_stream_cut_at_any_byte_is_truncated_and_never_an_answer(shape: str) -> None:
    response, raw, _ = SHAPES[shape]
    for at in range(len(raw)):
        reply, _ = read(raw[:at], response, cut=True)
        assert reply.failure is not None, at
        assert reply.failure.kind is FailureClass.STREAM_TRUNCATED
        assert reply.answer is None


@each_shape
@given(raw=st.binary(max_size=80), value=json_values)
def test_nothing_an_endpoint_sends_makes_a_reader_raise(shape: str, raw: bytes, value: Any) -> None:
    response, good, _ = SHAPES[shape]
    mapped = {"documents": {"path": "$..docs"}, "tool_calls": {"path": "$.calls[*]"}, "citations": "$..*", **response}
    line = json.dumps({**value, "error": None}).encode()
    framed = line + b"\n" if response["stream"].get("format") else b"data: " + line + b"\n\n"
    for sent in (raw, b"data: " + raw + b"\n\n", framed + good, good[:40] + framed + good[40:]):
        reply = read(sent, mapped)[0]
        assert (reply.answer is None) == (reply.failure is not None)


def test_the_last_line_may_lack_its_line_feed_where_the_bytes_have_properly_ended() -> None:
    response, raw, _ = SHAPES["lines of JSON, the last piece in the last line"]
    whole, at = raw.removesuffix(b"\n"), len(raw) - 2
    assert read(whole, response)[0].answer == ANSWER
    cut = read(whole[:at], response)[0].failure
    assert cut is not None
    assert cut.kind is FailureClass.STREAM_TRUNCATED


def test_documents_usage_and_finish_may_come_in_any_event() -> None:
    response = {
        "finish": "$.end.reason",
        "output_tokens": "$.end.tokens",
        "documents": {"path": "$.docs[*]"},
        "stream": {"answer": "$.d", "events": ["token"], "done": {"event": "end"}},
    }
    raw = sse(
        ("found", {"docs": [{"id": "b"}]}),
        ("found", {"docs": [{"id": "a"}]}),
        ("token", {"d": "Hi"}),
        ("end", {"end": {"reason": "stop", "tokens": 2}, "docs": [{"id": "b"}, {"id": "a"}]}),
    )
    reply, content = read(raw, response)
    assert reply.documents == (Document(id="b"), Document(id="a"))
    assert (reply.finish, reply.usage.output_tokens) == (Finish.STOP, 2)
    assert content == [False, False, True, False]


def test_a_stream_that_only_retrieves_counts_its_documents_as_content() -> None:
    response = {
        "documents": {"path": "$.hit"},
        "stream": {"format": "json-lines", "done": {"path": "$.took"}},
    }
    reply, content = read(lines({"hit": {"id": "b"}}, {"hit": {"id": "a"}}, {"took": 3}), response)
    assert (reply.answer, content) == (None, [True, True, False])
    assert reply.documents == (Document(id="b"), Document(id="a"))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (("error", "the model crashed"), FailureClass.SERVER),
        (("error", {"message": "later", "code": "rate_limit_exceeded"}), FailureClass.RATE_LIMIT_SHORT),
        ({"error": {"message": "later", "code": 429}}, FailureClass.RATE_LIMIT_SHORT),
        ("no json", FailureClass.PROTOCOL),
        ({"d": {"deep": 1e999}}, FailureClass.PROTOCOL),
    ],
)
def test_an_error_in_mid_stream_is_a_failure_whatever_follows(event: Any, kind: FailureClass) -> None:
    response = {"stream": {"answer": "$.d", "done": {"data": "[DONE]"}}}
    reply, _ = read(sse({"d": "Hal"}, event, {"d": "lo"}, "[DONE]"), response)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.answer) == (kind, None)


def test_a_stream_whose_events_never_hold_the_answer_is_a_failure_that_names_the_path() -> None:
    reply, _ = read(sse({"e": "Hi"}, "[DONE]"), {"stream": {"answer": "$.d", "done": {"data": "[DONE]"}}})
    assert reply.failure is not None
    assert reply.failure.message == "no event of the stream has anything at $.d"


def test_true_is_not_one_where_a_value_has_to_stand() -> None:
    response = {"stream": {"answer": "$.d", "done": {"path": "$.end", "equals": 1}}}
    cut = read(sse({"d": "Hi", "end": True}), response)[0].failure
    assert cut is not None
    assert read(sse({"d": "Hi", "end": 1.0}), response)[0].answer == "Hi"


def test_a_stream_nobody_mapped_is_a_failure_that_says_what_to_write() -> None:
    reader = Http().stream_reader(endpoint({"answer": "$.a"}))
    assert reader.over
    failure = reader.finish().failure
    assert failure is not None
    assert (failure.kind, "response.stream" in failure.message) == (FailureClass.PROTOCOL, True)


# ------------------------------------------------------------------------------------------------ over the wire
def fired(reply: Steps, response: dict[str, Any]) -> Sample:
    async def run() -> Sample:
        async with FakeServer(reply) as server, Transport(clock=(clock := FakeClock())) as transport:
            target = {"protocol": "http", "base_url": server.url, "request": {"body": "{{ prompt }}"}, "retries": 0}
            suite = Suite.model_validate(
                {
                    "version": 1,
                    "suite": "s",
                    "endpoints": {"prod": {**target, "response": response}},
                    "probes": [{"id": "p", "prompt": "Hello?"}],
                }
            )
            asked = [(suite.probes[0], 1)]
            (sample,) = await fire_all(
                transport=transport, clock=clock, suite=suite, endpoint_name="prod", run_id="r", probes=asked
            )
            return sample

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("application/x-ndjson", "lines of JSON, the last piece in the last line"),
        ("application/stream+json; charset=utf-8", "lines of JSON, the last piece in the last line"),
        ("application/json", "lines of JSON, the last piece in the last line"),
        ("text/plain", "lines of JSON, the last piece in the last line"),
        ("text/event-stream", "pieces until data says so"),
        ("text/plain", "pieces until data says so"),
    ],
)
def test_a_stream_is_cut_into_events_by_its_type_or_as_it_was_asked_for(kind: str, shape: str) -> None:
    response, raw, _ = SHAPES[shape]
    sample = fired(stream([raw[:20], raw[20:]], headers={"content-type": kind}), response)
    assert (sample.failure, sample.answer) == (None, ANSWER)
    assert sample.timing.first_token_s is not None


OPEN = {"stream": {"answer": "$.d", "ends_with_connection": True}}


def test_a_stream_that_ends_with_its_connection_is_whole_only_where_http_says_that_it_is() -> None:
    pieces = [piece(sse({"d": "Grüße "})), piece(sse({"d": "aus Köln"}))]
    start = head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    assert fired([start, *pieces, LAST_CHUNK], OPEN).answer == ANSWER
    cut = fired([start, *pieces, Reset()], OPEN)
    assert cut.answer is None
    assert cut.failure is not None
    assert cut.failure.kind is FailureClass.STREAM_TRUNCATED
