"""A reply that is no JSON is told with what came instead, in every dialect, without what a terminal would obey."""

from __future__ import annotations

import pytest

from probes.endpoint import Endpoint
from probes.json_fields import MalformedReply, parse_json
from probes.protocols import all_protocols
from probes.sealing import Seal

CHATTING = ("openai-chat", "azure-openai", "openai-responses", "anthropic-messages", "gemini")
BASE = "http://127.0.0.1:9/v1"


def told(name: str, body: bytes, content_type: str = "text/html; charset=utf-8") -> str:
    endpoint = Endpoint.model_validate({"protocol": name, "base_url": BASE, "model": "m"})
    reply = all_protocols()[name].read_reply(endpoint, status=200, headers={"content-type": content_type}, body=body)
    assert reply.failure is not None
    return reply.failure.message


@pytest.mark.parametrize("name", CHATTING)
def test_the_beginning_of_a_reply_that_is_no_json_is_quoted_with_its_content_type(name: str) -> None:
    message = told(name, b"<html>\r\n<title>502 Bad\x1b[31m Gateway\x00</title>")
    assert message == (
        "the reply is not JSON (content type text/html); it begins: <html> <title>502 Bad\\x1b[31m Gateway\\x00</title>"
    )


@pytest.mark.parametrize("name", CHATTING)
def test_an_empty_reply_is_called_empty(name: str) -> None:
    assert told(name, b" \n") == "the reply is not JSON (content type text/html): it is empty"


def test_bytes_that_are_no_utf_8_are_written_out() -> None:
    with pytest.raises(MalformedReply) as refused:
        parse_json(b"\xff\xfe{")
    assert str(refused.value) == "the reply is not UTF-8; it begins: \\xff\\xfe{"


def test_a_broken_event_of_a_stream_is_called_one() -> None:
    with pytest.raises(MalformedReply, match="an event of the stream is not JSON; it begins: oops"):
        parse_json(b"oops", "an event of the stream")


def test_a_content_type_that_is_none_is_not_repeated() -> None:
    assert told("openai-chat", b"oops", "<b>" * 40) == "the reply is not JSON; it begins: oops"


@pytest.mark.parametrize("before", [0, 200, 290, 1990, 5000])
def test_no_half_of_a_secret_is_left_wherever_the_quote_is_cut(before: int) -> None:
    secret = "sk-planted-4711-0815-quite-long"
    with pytest.raises(MalformedReply) as refused:
        parse_json(b"<" + b"x" * before + secret.encode())
    from probes.failure import Failure, FailureClass

    message = Seal((secret,)).failure(Failure(kind=FailureClass.PROTOCOL, message=str(refused.value))).message
    assert "sk-plant" not in message and len(message) <= 300
