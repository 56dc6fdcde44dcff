"""Whole replies of ``protocol: http``: what stands where, what is missing, what is an error under HTTP 200."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.endpoint import Endpoint
from probes.failure import FailureClass
from probes.json_paths import compile_path, first
from probes.protocols.http import Http
from probes.protocols.protocol import Reply
from probes.sample import Document, Finish, ToolCall

REQUEST = {"body": {"q": "{{ prompt }}"}}


def read(tree: Any, response: dict[str, Any], *, status: int = 200, **fields: Any) -> Reply:
    endpoint = Endpoint.model_validate(
        {
            "protocol": "http",
            "base_url": "https://rag.example.com",
            "request": REQUEST,
            "response": response,
            **fields,
        }
    )
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return Http().read_reply(endpoint, status=status, headers={}, body=body)


def failure_of(tree: Any, response: dict[str, Any], **fields: Any) -> tuple[FailureClass, str]:
    reply = read(tree, response, **fields)
    assert reply.failure is not None
    assert reply.answer is None
    return reply.failure.kind, reply.failure.message


# ------------------------------------------------------------------------------------------------ the answer
@pytest.mark.parametrize(
    ("tree", "path", "answer"),
    [
        ({"a": "Hi"}, "$.a", "Hi"),
        ({"a": ""}, "$.a", ""),
        ({"parts": [{"t": "Gr"}, {"t": None}, {"t": "üße"}]}, "$.parts[*].t", "Grüße"),
        ({"a": {"total": 12.5, "ü": [1]}}, "$.a", '{"total": 12.5, "ü": [1]}'),
        ({"a": False}, "$.a", "false"),
        ("just text", "$", "just text"),
        ([["x", "y"]], "$[0][1]", "y"),
        ({"a": "half \ud800 a pair"}, "$.a", "half � a pair"),
    ],
)
def test_the_answer_is_what_stands_at_its_path_and_json_where_it_is_no_text(tree: Any, path: str, answer: str) -> None:
    reply = read(tree, {"answer": path})
    assert (reply.failure, reply.answer, reply.finish) == (None, answer, None)


@pytest.mark.parametrize("tree", [{}, {"a": None}, {"b": "Hi"}, [], "a", 7, None, {"a": {}}])
def test_a_reply_without_an_answer_is_a_protocol_failure_that_names_the_path(tree: Any) -> None:
    kind, message = failure_of(tree, {"answer": "$.a.text"})
    assert (kind, message) == (FailureClass.PROTOCOL, "the reply has nothing at $.a.text")


def test_a_whole_reply_where_only_streams_have_an_answer_is_no_answer() -> None:
    response = {"stream": {"answer": "$.delta", "done": {"data": "[DONE]"}}}
    assert failure_of({"text": "Hi"}, response) == (FailureClass.PROTOCOL, "the reply has nothing at $.delta")


def test_everything_that_is_mapped_is_read_and_what_is_missing_is_none() -> None:
    response = {
        "answer": "$.a",
        "model": "$.m",
        "finish": "$.f",
        "finishes": {"complete": "stop"},
        "input_tokens": "$.u.i",
        "cached_input_tokens": "$.u.c",
        "output_tokens": "$.u.o",
        "reasoning_tokens": "$.u.r",
        "cost_usd": "$.cost",
        "citations": "$.cited[*].url",
        "trace_id": "$.t",
        "conversation_id": "$.s",
    }
    full = {
        "a": "Hi",
        "m": "m-1",
        "f": "complete",
        "u": {"i": 9, "c": 4.0, "o": 7, "r": "many"},
        "cost": 0.002,
        "cited": [{"url": "https://a.example.com"}, {"url": 7}, {"url": {"no": 1}}],
        "t": "t-1",
        "s": 17,
    }
    reply, bare = read(full, response), read({"a": "Hi"}, response)
    assert (reply.model, reply.finish, reply.finish_raw) == ("m-1", Finish.STOP, "complete")
    usage = reply.usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (9, 4, 7)
    assert usage.reasoning_tokens is None
    assert (reply.cost_usd, reply.trace_id, reply.conversation_id) == (0.002, "t-1", "17")
    assert reply.citations == ("https://a.example.com", "7")
    assert bare == Reply(answer="Hi")


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("eos", Finish.STOP),
        (True, Finish.STOP),
        ("length", Finish.LENGTH),
        ("stop", Finish.STOP),
        ("STOP", Finish.UNKNOWN),
        (7, Finish.UNKNOWN),
        (None, None),
        ([], None),
    ],
)
def test_a_finish_reason_is_known_by_the_suites_map_or_as_it_stands_and_else_unknown(
    raw: Any, finish: Finish | None
) -> None:
    response = {"answer": "$.a", "finish": "$.f", "finishes": {"eos": "stop", "true": "stop"}}
    assert read({"a": "Hi", "f": raw}, response).finish is finish


def test_a_refusal_is_an_answer_of_its_kind() -> None:
    response = {"answer": "$.a", "refusal": "$.refused.why"}
    reply = read({"a": None, "refused": {"why": "Not that."}}, response)
    assert (reply.failure, reply.answer, reply.refusal, reply.finish) == (None, "", "Not that.", Finish.REFUSAL)
    assert read({"a": "Hi", "refused": {"why": None}}, response).refusal is None


def test_tool_calls_shaped_like_openais_are_read_without_further_paths() -> None:
    calls = [{"id": "c1", "function": {"name": "get", "arguments": '{"a": '}}, {"function": {"name": "put"}}]
    reply = read({"calls": calls}, {"answer": "$.a", "tool_calls": {"path": "$.calls[*]"}})
    assert reply.tool_calls == (
        ToolCall(id="c1", name="get", arguments='{"a": '),
        ToolCall(id="", name="put", arguments=""),
    )
    assert reply.answer == ""
    kind, _ = failure_of({"calls": [{"id": "c1"}]}, {"answer": "$.a", "tool_calls": {"path": "$.calls"}})
    assert kind is FailureClass.PROTOCOL


# ------------------------------------------------------------------------------------------------ documents
DOCUMENTS = {"documents": {"path": "$.hits[*]", "text": "$.body", "score": "$.score"}}


def test_documents_keep_their_order_and_an_endpoint_that_only_retrieves_answers_nothing() -> None:
    hits = [{"id": "b", "body": "B", "score": 0.1}, {"id": 7, "score": "high"}, {"id": "a", "body": "A", "score": 2}]
    reply = read({"hits": hits}, DOCUMENTS)
    assert (reply.failure, reply.answer) == (None, None)
    assert reply.documents == (
        Document(id="b", text="B", score=0.1),
        Document(id="7"),
        Document(id="a", text="A", score=2.0),
    )


@pytest.mark.parametrize("path", ["$.hits", "$.hits[*]", "$['hits'][*]", "$.hits[?@.id]"])
def test_documents_are_found_by_the_path_of_their_list_or_of_themselves(path: str) -> None:
    found = read({"hits": [{"id": "x"}]}, {"documents": {"path": path}}).documents
    assert found == (Document(id="x"),)


@pytest.mark.parametrize("path", ["$.hits", "$.hits[*]"])
def test_nothing_retrieved_is_a_result_and_no_list_at_all_is_a_failure(path: str) -> None:
    response = {"documents": {"path": path}}
    assert read({"hits": []}, response).documents == ()
    for broken in ({}, {"hits": None}, {"error": None, "took": 3}):
        assert failure_of(broken, response) == (FailureClass.PROTOCOL, f"the reply has nothing at {path}")
    assert read({"a": "Hi"}, {"answer": "$.a", **response}).documents is None


def test_documents_without_ids_are_told_apart_by_their_text_or_are_ids_themselves() -> None:
    response = {"documents": {"path": "$.hits", "text": "$.body", "score": "$.score"}}
    one, again = ({"hits": [{"body": "B", "score": score}]} for score in (0.1, 0.2))
    first_found, second_found = read(one, response).documents, read(again, response).documents
    assert first_found and second_found
    assert first_found[0].id == second_found[0].id
    assert first_found[0].id.startswith("sha256:")
    assert read({"hits": ["a", 2]}, response).documents == (Document(id="a"), Document(id="2"))
    kind, message = failure_of({"hits": [{"title": "B"}]}, response)
    assert (kind, message) == (FailureClass.PROTOCOL, "a retrieved document has nothing at $.id")


# ------------------------------------------------------------------------------------------------ errors
@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ("retriever is down", FailureClass.SERVER, "retriever is down"),
        ({"message": "slow down", "code": "rate_limit_exceeded"}, FailureClass.RATE_LIMIT_SHORT, "slow down"),
        ({"message": "no", "code": 401}, FailureClass.AUTH, "no"),
        ("overloaded_error", FailureClass.OVERLOADED, "overloaded_error"),
        (503, FailureClass.SERVER, ""),
        (True, FailureClass.SERVER, ""),
        (["first", "second"], FailureClass.SERVER, ""),
    ],
)
def test_an_error_under_http_200_is_a_failure_with_a_class_by_its_own_words(
    error: Any, kind: FailureClass, message: str
) -> None:
    found = failure_of({"a": "Hi", "status": {"problem": error}}, {"answer": "$.a", "error": "$.status.problem"})
    assert found[0] is kind
    assert message in found[1]


@pytest.mark.parametrize("error", [None, "", [], {}, False, 0])
def test_an_error_field_that_is_empty_is_no_error(error: Any) -> None:
    assert read({"a": "Hi", "problem": error}, {"answer": "$.a", "error": "$.problem"}).failure is None
    assert read({"a": "Hi", "error": error}, {"answer": "$.a"}).failure is None


def test_an_error_at_the_top_is_an_error_unless_the_suite_says_where_errors_stand() -> None:
    tree = {"a": "Hi", "error": "disk full"}
    assert failure_of(tree, {"answer": "$.a"}) == (FailureClass.SERVER, "disk full")
    assert read(tree, {"answer": "$.a", "error": "$.problem"}).answer == "Hi"


def test_a_conversation_id_too_long_to_repeat_is_a_failure() -> None:
    kind, message = failure_of({"a": "Hi", "s": "x" * 5000}, {"answer": "$.a", "conversation_id": "$.s"})
    assert (kind, message) == (FailureClass.PROTOCOL, "the conversation id is longer than 4096 characters")


# ------------------------------------------------------------------------------------------------ the route
def test_paths_of_the_route_tell_names_and_whether_a_cache_answered() -> None:
    route = {"body": {"deployment": "$.by.id", "cache": "$.cached", "fallbacks": "$.tries", "region": "$.by"}}
    tree = {"a": "Hi", "by": {"id": "gpu-7\n"}, "cached": True, "tries": 2}
    told = read(tree, {"answer": "$.a"}, route=route).told
    assert told == {"deployment": "gpu-7", "cache": "true", "fallbacks": "2"}
    assert read({"a": "Hi", "cached": False}, {"answer": "$.a"}, route=route).told == {"cache": "false"}


def test_a_route_path_in_a_reply_too_deep_to_search_tells_nothing_and_breaks_nothing() -> None:
    deep: dict[str, Any] = {"a": "Hi"}
    for _ in range(300):
        deep = {"a": "Hi", "in": deep}
    reply = read(deep, {"answer": "$.a"}, route={"body": {"region": "$..region"}})
    assert (reply.answer, reply.told) == ("Hi", {})
    kind, message = failure_of(deep, {"answer": "$..b"})
    assert (kind, message) == (FailureClass.PROTOCOL, "the reply is nested too deeply to look for $..b")


# ------------------------------------------------------------------------------------------------ paths
def test_an_answer_found_many_times_over_is_bounded() -> None:
    tree: Any = {"t": "x" * 200_000}
    for _ in range(60):
        tree = {"in": tree}
    kind, message = failure_of(tree, {"answer": "$..*"})
    assert kind is FailureClass.PROTOCOL
    assert "longer than" in message


plain_steps = st.lists(st.one_of(st.sampled_from(["a", "b"]), st.integers(0, 2)), max_size=4)
trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=10,
)


@given(steps=plain_steps, tree=trees.filter(lambda tree: isinstance(tree, (dict, list))))
def test_plain_paths_find_what_the_library_finds(steps: list[str | int], tree: Any) -> None:
    """Plain paths are walked by ourselves; in brackets they are the library's to search."""
    dotted = "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    bracketed = "$" + "".join(f"[{step!r}]" for step in steps) + ("" if steps else "..a")
    if steps and any(isinstance(step, str) for step in steps):
        assert compile_path(dotted)(tree) == compile_path(bracketed)(tree)
    assert first("$", tree) == tree


@pytest.mark.parametrize("path", ["", "a", "$.", "$.a[", "$[?", "$.a b", "$a"])
def test_what_is_no_jsonpath_is_refused_in_a_sentence(path: str) -> None:
    with pytest.raises(ValueError, match=r"is not a JSONPath: .+; write it like \$"):
        compile_path(path)
