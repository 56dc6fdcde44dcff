"""OpenAI responses: what is asked, what whole responses say, and what this dialect cannot do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from probes.conversation import Question, Said, ToolResult
from probes.failure import FailureClass
from probes.fire import request_hash
from probes.protocols.openai_responses import OpenAIResponses
from probes.protocols.protocol import Reply
from probes.sample import Document, Finish, ToolCall
from probes.script import first_question
from probes.suite import Endpoint, Probe
from tests.fakes.http_server import whole
from tests.fakes.responses import REASONING, USAGE, called, declined, response, spoken
from tests.fakes.scripts import played

RESPONSES = OpenAIResponses()
BASE = "https://gateway.example.com/v1"
PICTURE, PAPER = "data:image/png;base64,AAAA", "data:application/pdf;base64,BBBB"
TOOL = {"name": "get_order", "description": "Looks an order up.", "parameters": {"type": "object"}}


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"protocol": "openai-responses", "base_url": BASE, "model": "m", **fields})


def probe(**fields: Any) -> Probe:
    asks = {} if {"messages", "turns"} & fields.keys() else {"prompt": "Hello?"}
    return Probe.model_validate({"id": "p", **asks, **fields})


def body(asked: Endpoint, asking: Probe) -> dict[str, Any]:
    return dict(RESPONSES.build(asked, first_question(asking)).body)


def items(*said: Any) -> list[dict[str, Any]]:
    return list(RESPONSES.build(endpoint(), Question(items=said)).body["input"])


def read(reply: object, status: int = 200, **fields: Any) -> Reply:
    raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return RESPONSES.read_reply(endpoint(**fields), status=status, headers={}, body=raw)


def kind_of(reply: Reply) -> FailureClass | None:
    return None if reply.failure is None else reply.failure.kind


# ------------------------------------------------------------------------------------------------ asking
def test_a_prompt_is_one_message_of_the_user() -> None:
    assert body(endpoint(), probe()) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "Hello?"}],
        "stream": True,
    }


def test_the_address_and_the_key_are_as_everywhere_at_openai() -> None:
    wire = RESPONSES.build(endpoint(api_key="sk-very-secret"), first_question(probe()))
    assert (wire.url, wire.headers) == (f"{BASE}/responses", {"authorization": "Bearer sk-very-secret"})
    assert "sk-very-secret" not in repr(wire) + json.dumps(wire.body)


def test_params_lie_over_the_body_and_switch_the_stream_off() -> None:
    params = {"temperature": 0, "store": False, "text": {"format": {"type": "json_object"}}, "stream": False}
    wire = RESPONSES.build(endpoint(params={"temperature": 1}), first_question(probe(params=params)))
    assert wire.body.items() >= params.items()
    assert wire.streamed is False


def test_every_role_is_an_item_of_its_own() -> None:
    said = [{"role": role, "content": role.upper()} for role in ("system", "developer", "user", "assistant")]
    built = body(endpoint(), probe(messages=[*said, {"role": "user", "content": "And?"}]))["input"]
    assert [(item["role"], item["content"]) for item in built[:4]] == [
        ("system", "SYSTEM"),
        ("developer", "DEVELOPER"),
        ("user", "USER"),
        ("assistant", "ASSISTANT"),
    ]


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        ({"text": "What is this?"}, {"type": "input_text", "text": "What is this?"}),
        ({"image": PICTURE}, {"type": "input_image", "image_url": PICTURE, "detail": "auto"}),
        (
            {"image": "https://example.com/a.png"},
            {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        ),
        ({"file": PAPER, "name": "a.pdf"}, {"type": "input_file", "filename": "a.pdf", "file_data": PAPER}),
        ({"file": "https://example.com/a.pdf"}, {"type": "input_file", "file_url": "https://example.com/a.pdf"}),
    ],
)
def test_each_part_goes_in_the_form_of_this_dialect(part: dict[str, str], sent: dict[str, Any]) -> None:
    (message,) = body(endpoint(), probe(messages=[{"role": "user", "content": [part]}]))["input"]
    assert message["content"] == [sent]


def test_text_parts_of_the_assistant_become_plain_text() -> None:
    said = {"role": "assistant", "content": [{"text": "One."}, {"text": "Two."}]}
    first, _ = body(endpoint(), probe(messages=[said, {"role": "user", "content": "?"}]))["input"]
    assert first["content"] == "One.\nTwo."


def test_tools_are_flat_and_never_strict_unasked() -> None:
    (declared,) = body(endpoint(), probe(tools=[TOOL]))["tools"]
    assert declared == {"type": "function", **TOOL, "strict": False}
    (strict,) = body(endpoint(), probe(tools=[{**TOOL, "strict": True}]))["tools"]
    assert strict["strict"] is True
    raw = [{"type": "web_search"}]
    assert body(endpoint(), probe(tools=[TOOL], params={"tools": raw}))["tools"] == raw


def test_what_was_said_goes_back_as_it_came_with_the_result_behind_it() -> None:
    output = [REASONING, {**spoken("Looking.", phase="commentary")}, called("get_order", "{}")]
    reply = read(response(*output))
    said = Said(text=reply.answer or "", tool_calls=reply.tool_calls, native=reply.native)
    result = ToolResult(call=reply.tool_calls[0], text="shipped")
    assert items(said, result) == [
        *output,
        {"type": "function_call_output", "call_id": "call_1", "output": "shipped"},
    ]


def test_what_was_said_is_rebuilt_where_it_is_not_known_as_it_came() -> None:
    call = ToolCall(id="call_1", name="f", arguments="{}")
    wired = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    message = {"type": "message", "role": "assistant", "content": "Hi."}
    assert items(Said(text="Hi.", tool_calls=(call,))) == [message, wired]
    assert items(Said(text="", tool_calls=(call,), native=(True,))) == [wired]
    assert items(Said(text="")) == [{**message, "content": ""}]


def test_the_result_of_a_custom_call_is_named_so() -> None:
    custom = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "call_2", "name": "shell", "input": "ls"}
    reply = read(response(custom))
    assert reply.tool_calls == (ToolCall(id="call_2", name="shell", arguments="ls"),)
    said = Said(text="", tool_calls=reply.tool_calls, native=reply.native)
    *_, result = items(said, ToolResult(call=reply.tool_calls[0], text="a b"))
    assert result == {"type": "custom_tool_call_output", "call_id": "call_2", "output": "a b"}


def test_output_nested_beyond_reason_is_not_sent_again() -> None:
    deep: object = 1
    for _ in range(300):
        deep = [deep]
    reply = read(response(spoken("Hi."), {"type": "odd", "x": deep}))
    assert (reply.answer, reply.native) == ("Hi.", None)


def test_a_hash_does_not_depend_on_the_key() -> None:
    assert request_hash(endpoint(api_key="sk-1234"), probe()) == request_hash(endpoint(), probe())


# ------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("at_endpoint", "at_probe", "key", "message"),
    [
        ({"seed": 1}, {}, ("seed",), "no seed"),
        ({}, {"seed": 1}, ("seed",), "no seed"),
        ({"params": {"background": True}}, {}, ("params", "background"), "not waited for"),
        ({}, {"params": {"background": True}}, ("params", "background"), "not waited for"),
        (
            {},
            {"messages": [{"role": "user", "content": "?"}, {"role": "tool", "content": "x"}]},
            ("messages", 1, "role"),
            "no messages of the role tool",
        ),
        (
            {},
            {"messages": [{"role": "assistant", "content": [{"image": PICTURE}]}, {"role": "user", "content": "?"}]},
            ("messages", 0, "content", 0),
            "only text",
        ),
    ],
)
def test_what_this_dialect_cannot_do_is_refused_at_its_place(
    at_endpoint: dict[str, Any], at_probe: dict[str, Any], key: tuple[str | int, ...], message: str
) -> None:
    (refusal,) = RESPONSES.refusals(endpoint(**at_endpoint), [probe(**at_probe)])
    assert (refusal.key, refusal.probe) == (key, "p" if at_probe else None)
    assert message in refusal.message
    assert refusal.hint


def test_nothing_is_refused_of_what_the_dialect_can_do() -> None:
    asking = probe(files=[PICTURE, PAPER], tools=[TOOL], params={"background": False})
    assert RESPONSES.refusals(endpoint(), [asking]) == ()


# ------------------------------------------------------------------------------------------------ whole responses
def test_a_whole_response_is_read_into_the_normal_form() -> None:
    reply = read(response(REASONING, spoken("Paris")))
    assert reply.failure is None
    assert (reply.answer, reply.refusal, reply.finish, reply.finish_raw) == ("Paris", None, Finish.STOP, "completed")
    assert (reply.model, reply.fingerprint, reply.tier, reply.conversation_id) == ("m-1", None, "default", None)
    usage = reply.usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens) == (12, 4, 7, 3)
    assert usage.raw == USAGE


def test_all_texts_of_all_messages_are_the_answer() -> None:
    two = {**spoken("Pa"), "content": [*spoken("Pa")["content"], *spoken("r")["content"]]}
    assert read(response(two, REASONING, spoken("is"))).answer == "Paris"


@pytest.mark.parametrize(
    ("phases", "answer"),
    [
        (("commentary", "final_answer"), "b"),
        (("final_answer", "commentary"), "a"),
        (("commentary", "commentary"), "ab"),
        (("commentary", None), "ab"),
        ((None, "final_answer"), "ab"),
    ],
)
def test_commentary_is_no_part_of_an_answer_that_is_marked_final(phases: tuple[str | None, ...], answer: str) -> None:
    said = [spoken(text, phase=phase) for text, phase in zip("ab", phases, strict=True)]
    assert read(response(*said)).answer == answer


@pytest.mark.parametrize(
    ("status", "reason", "finish", "raw"),
    [
        ("completed", None, Finish.STOP, "completed"),
        ("incomplete", "max_output_tokens", Finish.LENGTH, "max_output_tokens"),
        ("incomplete", "content_filter", Finish.CONTENT_FILTER, "content_filter"),
        ("incomplete", "steered", Finish.UNKNOWN, "steered"),
        ("incomplete", None, Finish.UNKNOWN, "incomplete"),
        ("brand_new", None, Finish.UNKNOWN, "brand_new"),
        (None, None, Finish.UNKNOWN, None),
    ],
)
def test_every_ending_is_known_or_unknown_and_kept_as_it_came(
    status: str | None, reason: str | None, finish: Finish, raw: str | None
) -> None:
    details = None if reason is None else {"reason": reason}
    reply = read(response(spoken("Par"), status=status, incomplete_details=details))
    assert (reply.failure, reply.finish, reply.finish_raw) == (None, finish, raw)


def test_tool_calls_make_the_ending_and_keep_broken_arguments_as_text() -> None:
    reply = read(response(called("f", '{"q": 1'), called("g", "{}", "call_2")))
    assert (reply.answer, reply.finish) == ("", Finish.TOOL_CALLS)
    assert reply.tool_calls == (
        ToolCall(id="call_1", name="f", arguments='{"q": 1'),
        ToolCall(id="call_2", name="g", arguments="{}"),
    )


def test_a_call_cut_by_the_token_limit_ended_by_length() -> None:
    cut = response(called("f", '{"q'), status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert read(cut).finish is Finish.LENGTH


def test_a_refusal_is_told_from_an_answer() -> None:
    reply = read(response(declined("I cannot help with that.")))
    assert (reply.answer, reply.refusal, reply.finish) == ("", "I cannot help with that.", Finish.REFUSAL)


def test_citations_are_addresses_and_ids_of_files_once_each() -> None:
    annotations = [
        {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1},
        {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 3},
        {"type": "container_file_citation", "file_id": "file-2", "container_id": "c", "filename": "b"},
        {"type": "url_citation", "url": "https://a.example"},
        {"type": "file_path", "file_id": "file-3", "index": 0},
        {"type": "brand_new"},
        {"type": ["odd"]},
        {"type": "url_citation", "url": 7},
        "odd",
    ]
    assert read(response(spoken("x", annotations=annotations))).citations == ("https://a.example", "file-1", "file-2")


def test_what_a_file_search_found_are_documents_where_it_tells() -> None:
    search = {"id": "fs_1", "type": "file_search_call", "status": "completed", "queries": ["returns"]}
    assert read(response({**search, "results": None}, spoken("x"))).documents is None
    found = [{"file_id": "file-1", "filename": "a.pdf", "score": 0.8, "text": "30 days"}, {"score": "high"}, 7]
    assert read(response({**search, "results": found}, spoken("x"))).documents == (
        Document(id="file-1", text="30 days", score=0.8),
        Document(id=""),
    )


def test_items_of_unknown_kinds_are_stepped_over() -> None:
    reply = read(response({"type": "brand_new", "content": 7}, {"type": ["odd"]}, {}, spoken("Paris")))
    assert (reply.answer, reply.finish) == ("Paris", Finish.STOP)


def test_content_in_the_short_form_is_text() -> None:
    assert read(response({"type": "message", "role": "assistant", "content": "Paris"})).answer == "Paris"


def test_missing_usage_is_not_known() -> None:
    usage = read(response(spoken("x"), usage=None)).usage
    assert (usage.input_tokens, usage.output_tokens, usage.raw) == (None, None, {})
    odd = read(response(spoken("x"), usage={"input_tokens": -1, "output_tokens": "7", "input_tokens_details": 3})).usage
    assert (odd.input_tokens, odd.output_tokens, odd.cached_input_tokens) == (None, None, None)


def test_a_route_the_suite_describes_is_read_from_the_response() -> None:
    assert read(response(spoken("x"), region="eu"), route={"body": {"region": "$.region"}}).told == {"region": "eu"}


# ------------------------------------------------------------------------------------------------ failures
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", FailureClass.SERVER),
        ("rate_limit_exceeded", FailureClass.RATE_LIMIT_SHORT),
        ("insufficient_quota", FailureClass.QUOTA_LONG),
        ("invalid_prompt", FailureClass.CONTENT_FILTER),
        ("bio_policy", FailureClass.CONTENT_FILTER),
        ("data_residency_mismatch", FailureClass.PERMISSION),
        ("vector_store_timeout", FailureClass.SERVER),
        ("invalid_image_format", FailureClass.BAD_REQUEST),
        ("brand_new", FailureClass.SERVER),
    ],
)
def test_a_failed_response_is_a_failure_by_its_code_with_what_it_had_used(code: str, kind: FailureClass) -> None:
    reply = read(response(spoken("half"), status="failed", error={"code": code, "message": "no luck"}))
    assert reply.failure is not None
    assert (reply.failure.kind, reply.failure.message, reply.answer) == (kind, "no luck", None)
    assert (reply.usage.output_tokens, reply.model) == (7, "m-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("failed", FailureClass.SERVER),
        ("cancelled", FailureClass.SERVER),
        ("queued", FailureClass.PROTOCOL),
        ("in_progress", FailureClass.PROTOCOL),
    ],
)
def test_a_response_that_was_not_made_is_never_an_answer(status: str, kind: FailureClass) -> None:
    reply = read(response(spoken("half"), status=status))
    assert (kind_of(reply), reply.answer) == (kind, None)


def test_an_error_object_under_http_200_is_a_failure() -> None:
    assert kind_of(read({"error": {"message": "overloaded", "code": 503}})) is FailureClass.OVERLOADED


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"object": "response", "status": "completed"}',
        b'{"status": "completed", "output": {}}',
        b'{"status": "completed", "output": [7]}',
        b'{"status": 7, "output": []}',
        b'{"status": "completed", "output": [{"type": "message", "content": 7}]}',
        b'{"status": "completed", "output": [{"type": "message", "content": [7]}]}',
        b'{"status": "completed", "output": [{"type": "message", "content": [{"type": "output_text", "text": 7}]}]}',
        b'{"status": "completed", "output": [{"type": "function_call", "arguments": {}}]}',
        b'{"status": "incomplete", "incomplete_details": 7, "output": []}',
        json.dumps({"choices": [{"index": 0, "message": {"content": "a chat reply"}}]}).encode(),
    ],
)
def test_what_is_not_a_response_is_a_protocol_failure(raw: bytes) -> None:
    reply = read(raw)
    assert (kind_of(reply), reply.answer) == (FailureClass.PROTOCOL, None)


def test_lone_surrogates_become_replacement_characters() -> None:
    raw = json.dumps(response(spoken("?"))).replace('"?"', r'"\ud83d and \ud83d\ude00"').encode()
    assert read(raw).answer == "\ufffd and \U0001f600"


# ------------------------------------------------------------------------------------------------ over the wire
def test_a_tool_loop_and_a_second_turn_send_everything_again() -> None:
    asks = {
        "turns": [{"prompt": "Where is order 4471?"}, {"prompt": "Thanks!"}],
        "tools": [{**TOOL, "results": [{"result": "shipped"}]}],
    }
    replies = (
        whole(response(REASONING, called("get_order", '{"order_id": "4471"}'))),
        whole(response(spoken("It was shipped."))),
        whole(response(spoken("You are welcome."))),
    )
    sample, server, _ = asyncio.run(played(asks, *replies, protocol="openai-responses"))
    assert (sample.failure, sample.answer) == (None, "You are welcome.")
    assert [request.target for request in server.requests] == ["/v1/responses"] * 3
    kinds = [(item["type"], item.get("role")) for item in server.requests[2].json["input"]]
    assert kinds == [
        ("message", "user"),
        ("reasoning", None),
        ("function_call", None),
        ("function_call_output", None),
        ("message", "assistant"),
        ("message", "user"),
    ]
    assert "previous_response_id" not in server.requests[2].json
