"""What every wire dialect must do, whoever wrote it. A new dialect adds one entry to ``EXAMPLES`` and is covered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.conversation import Said, ToolResult
from probes.errors import UsageError
from probes.failure import FailureClass
from probes.outgoing import render
from probes.protocols import PROTOCOLS, all_protocols, protocol_named
from probes.protocols.protocol import Protocol, Reply
from probes.protocols.sse import SseSplitter
from probes.sample import Finish
from probes.script import first_question
from probes.suite import Endpoint, Probe
from tests.contract.dialects import (
    anthropic_messages,
    azure_openai,
    gemini,
    http,
    openai_chat,
    openai_embeddings,
    openai_responses,
)
from tests.contract.dialects.example import ANSWER, TOOL_ARGUMENTS, Example

KEY = "sk-contract-0123456789"


EXAMPLES: dict[str, Example] = {
    "anthropic-messages": anthropic_messages.EXAMPLE,
    "gemini": gemini.EXAMPLE,
    "http": http.EXAMPLE,
    "openai-chat": openai_chat.EXAMPLE,
    "openai-responses": openai_responses.EXAMPLE,
    "azure-openai": azure_openai.EXAMPLE,
    "openai-embeddings": openai_embeddings.EXAMPLE,
}
STREAMING = sorted(name for name, told in EXAMPLES.items() if told.stream)

each_dialect = pytest.mark.parametrize("name", sorted(PROTOCOLS))
each_streaming_dialect = pytest.mark.parametrize("name", STREAMING)


def example(name: str) -> tuple[Protocol, Example]:
    return PROTOCOLS[name], EXAMPLES[name]


def endpoint(name: str, **fields: object) -> Endpoint:
    return Endpoint.model_validate(
        {
            "protocol": name,
            "base_url": "https://gateway.example.com/v1",
            "model": "m",
            "api_key": KEY,
            **EXAMPLES[name].fields,
            **fields,
        }
    )


PROBE = Probe.model_validate(
    {"id": "p", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where?"}]}
)


TOOLED = Probe.model_validate(
    {
        "id": "tooled",
        "prompt": "Where is order no. 4?",
        "tools": [
            {
                "name": "get_order",
                "description": "Looks an order up.",
                "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
                "results": [{"result": "shipped on Tuesday"}],
            }
        ],
    }
)
QUESTION = first_question(PROBE)


def whole(dialect: Protocol, *, status: int, headers: dict[str, str], body: bytes) -> Reply:
    return dialect.read_reply(endpoint(dialect.name), status=status, headers=headers, body=body)


def read_stream(dialect: Protocol, *pieces: bytes) -> Reply:
    splitter, reader = SseSplitter(), dialect.stream_reader(endpoint(dialect.name))
    for piece in pieces:
        for event in splitter.feed(piece):
            reader.feed(event)
    return reader.finish()


def test_every_dialect_has_an_example_and_its_own_name() -> None:
    assert EXAMPLES.keys() == PROTOCOLS.keys()
    assert all(dialect.name == name for name, dialect in PROTOCOLS.items())
    assert all_protocols().keys() >= PROTOCOLS.keys()


def test_a_dialect_nobody_knows_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'telegraph'.*openai-chat"):
        protocol_named("telegraph")


@each_dialect
def test_the_body_is_json_that_holds_the_question_and_no_credential(name: str) -> None:
    request = PROTOCOLS[name].build(endpoint(name), QUESTION)
    raw = render(request.body).decode()
    assert "Be brief." in raw
    assert "Where?" in raw
    assert KEY not in raw + repr(request)
    assert any(KEY in value for value in request.headers.values())
    assert request.url.startswith("https://gateway.example.com/v1")


@each_dialect
def test_building_twice_gives_the_same_request_and_changes_no_input(name: str) -> None:
    params = {"stop": ["x"], "nested": {"a": 1}}
    asked = endpoint(name, params=params)
    assert PROTOCOLS[name].build(asked, QUESTION) == PROTOCOLS[name].build(asked, QUESTION)
    assert asked.params == params


@each_dialect
def test_whole_replies_and_streams_say_the_same(name: str) -> None:
    dialect, sample = example(name)
    replies = [whole(dialect, status=200, headers={}, body=sample.body)]
    replies += [read_stream(dialect, *sample.stream)] if sample.stream else []
    for reply in replies:
        assert (reply.answer, reply.finish, reply.failure) == (sample.answer, sample.finish, None)
        assert reply.usage.input_tokens
        assert reply.usage.output_tokens if sample.finish else reply.usage.output_tokens == 0
        assert reply.model


@pytest.mark.parametrize("name", sorted(PROTOCOLS.keys() - set(STREAMING)))
def test_a_dialect_that_never_streams_asks_for_none_and_takes_none(name: str) -> None:
    dialect, sample = example(name)
    asked = endpoint(name, stream=True)
    assert not dialect.build(asked, QUESTION).streamed
    reply = read_stream(dialect, b"data: " + sample.body + b"\n\n", b"data: [DONE]\n\n")
    assert reply.failure is not None and reply.failure.kind is FailureClass.PROTOCOL


@each_streaming_dialect
def test_a_finish_reason_nobody_knows_is_unknown_and_kept(name: str) -> None:
    dialect, sample = example(name)
    reply = whole(dialect, status=200, headers={}, body=sample.unknown_finish)
    assert reply.finish is Finish.UNKNOWN
    assert reply.finish_raw
    assert reply.finish_raw in sample.unknown_finish.decode()


@each_streaming_dialect
def test_content_is_told_from_what_comes_before_it(name: str) -> None:
    dialect, sample = example(name)
    splitter, reader = SseSplitter(), dialect.stream_reader(endpoint(name))
    content = [reader.feed(event) for piece in sample.stream for event in splitter.feed(piece)]
    assert content.index(True) == sample.quiet


@each_streaming_dialect
def test_a_stream_cut_at_any_byte_before_it_is_complete_is_truncated_and_never_an_answer(name: str) -> None:
    dialect, sample = example(name)
    raw = b"".join(sample.stream)
    complete_from = len(b"".join(sample.stream[: sample.complete_after]))
    for cut in range(len(raw) + 1):
        reply = read_stream(dialect, raw[:cut])
        if cut < complete_from:
            assert reply.failure is not None
            assert reply.failure.kind is FailureClass.STREAM_TRUNCATED
            assert reply.answer is None
        else:
            assert (reply.answer, reply.failure) == (ANSWER, None)


@each_streaming_dialect
def test_a_stream_split_at_any_byte_reads_the_same(name: str) -> None:
    dialect, sample = example(name)
    raw = b"".join(sample.stream)
    whole = read_stream(dialect, raw)
    assert all(read_stream(dialect, raw[:cut], raw[cut:]) == whole for cut in range(len(raw) + 1))


@each_dialect
def test_a_whole_reply_cut_at_any_byte_is_never_an_answer(name: str) -> None:
    dialect, sample = example(name)
    for cut in range(len(sample.body)):
        reply = whole(dialect, status=200, headers={}, body=sample.body[:cut])
        assert reply.failure is not None
        assert reply.failure.kind is FailureClass.PROTOCOL


@each_dialect
def test_a_refused_key_is_an_auth_failure_with_the_words_of_the_endpoint(name: str) -> None:
    dialect, sample = example(name)
    failure = dialect.read_error(status=401, headers={}, body=sample.unauthorized)
    assert (failure.kind, failure.status) == (FailureClass.AUTH, 401)
    assert "no such key" in failure.message
    assert whole(dialect, status=401, headers={}, body=sample.unauthorized).failure == failure


@each_dialect
@given(raw=st.binary(max_size=200), status=st.sampled_from([200, 204, 301, 400, 401, 404, 429, 500, 503]))
def test_no_bytes_make_a_reader_raise(name: str, raw: bytes, status: int) -> None:
    dialect = PROTOCOLS[name]
    assert whole(dialect, status=status, headers={}, body=raw).failure is not None
    assert read_stream(dialect, b"data: " + raw + b"\n\n").answer is None


@each_dialect
def test_a_tool_call_is_read_and_its_result_goes_back_with_what_was_said(name: str) -> None:
    dialect, sample = example(name)
    if sample.tool_call is None:
        assert dialect.refusals(endpoint(name), [TOOLED])[0].key[0] == "tools"
        return
    reply = whole(dialect, status=200, headers={}, body=sample.tool_call)
    (call,) = reply.tool_calls
    assert (reply.failure, reply.finish, call.name) == (None, Finish.TOOL_CALLS, "get_order")
    assert json.loads(call.arguments) == TOOL_ARGUMENTS
    asked = first_question(TOOLED)
    said = Said(text=reply.answer or "", tool_calls=reply.tool_calls, native=reply.native)
    later = replace(asked, items=(*asked.items, said, ToolResult(call=call, text="shipped on Tuesday")))
    first, second = (render(dialect.build(endpoint(name), question).body).decode() for question in (asked, later))
    assert "get_order" in first
    assert "shipped on Tuesday" not in first
    assert "shipped on Tuesday" in second
    assert "4471" in second
    assert second.index("Where is order") < second.index("4471") < second.index("shipped on Tuesday")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@each_dialect
@given(data=st.data())
def test_no_value_in_any_place_of_a_good_reply_makes_a_reader_raise(name: str, data: st.DataObject) -> None:
    """Swaps one value anywhere in the tree for an arbitrary one: the reply is read, or fails as a value."""
    dialect, sample = example(name)
    tree = json.loads(sample.body)
    holder, key = data.draw(st.sampled_from(_places(tree)))
    holder[key] = data.draw(json_values)
    raw = json.dumps(tree).encode()
    for reply in (
        whole(dialect, status=200, headers={}, body=raw),
        read_stream(dialect, b"data: " + raw + b"\n\n", *sample.stream),
    ):
        assert (reply.answer is None) == (reply.failure is not None)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every holder in a JSON tree with each of its keys or indexes."""
    if not isinstance(tree, (dict, list)):
        return []
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    return [(tree, key) for key in keys] + [place for key in keys for place in _places(tree[key])]
