"""The request half of ``protocol: http``: templates to addresses, headers and bodies, and what of them is hashed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.conversation import Said, ToolResult
from probes.endpoint import Endpoint
from probes.failure import FailureClass
from probes.fire import fire_all, request_hash
from probes.outgoing import hash_of
from probes.probe import Probe
from probes.protocols.http import Http
from probes.protocols.protocol import Unbuildable, WireRequest
from probes.sample import Sample, ToolCall
from probes.script import first_question
from probes.suite import Suite
from probes.transport import Transport
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer, Received, whole

KEY = "sk-http-0123456789"
ASKED = {"prompt": "Where is order 4?"}


def endpoint(request: dict[str, Any], **fields: Any) -> Endpoint:
    return Endpoint.model_validate(
        {
            "protocol": "http",
            "base_url": "https://rag.example.com/v1",
            "request": request,
            "response": {"answer": "$.answer"},
            **fields,
        }
    )


def probe(**fields: Any) -> Probe:
    return Probe.model_validate({"id": "p", **(fields or ASKED)})


def built(request: dict[str, Any], asked: Probe | None = None, conversation_id: str = "", **fields: Any) -> WireRequest:
    return Http().build(endpoint(request, **fields), first_question(asked or probe(), conversation_id))


# ------------------------------------------------------------------------------------------------ bodies
def test_a_text_that_is_one_expression_becomes_that_value_and_any_other_becomes_text() -> None:
    body = {
        "list": "{{ messages }}",
        "number": " {{ vars.k }} ",
        "truth": "{{ vars.k > 2 }}",
        "nothing": "{{ vars.none | default(none) }}",
        "text": "{{ vars.k }} of {{ prompt }}",
        "words": "{% for turn in turns %}<{{ turn }}>{% endfor %}",
        "deep": [{"model": "{{ model }}"}, 7, None, "as written"],
    }
    asked = probe(messages=[{"role": "system", "content": "Brief."}, {"role": "user", "content": "Hi"}], vars={"k": 3})
    assert built({"body": body}, asked, model="m").body == {
        "list": [{"role": "system", "content": "Brief."}, {"role": "user", "content": "Hi"}],
        "number": 3,
        "truth": True,
        "nothing": None,
        "text": "3 of Hi",
        "words": "<Hi>",
        "deep": [{"model": "m"}, 7, None, "as written"],
    }


def test_a_prompt_is_a_value_and_never_a_template_itself() -> None:
    asked = probe(messages=[{"role": "user", "content": "{{ params }} {% set x %}"}])
    assert built({"body": {"q": "{{ prompt }}", "t": "ask: {{ prompt }}"}}, asked).body == {
        "q": "{{ params }} {% set x %}",
        "t": "ask: {{ params }} {% set x %}",
    }


def test_the_probe_goes_before_the_endpoint_in_params_and_seed() -> None:
    body = {"options": "{{ params }}", "seed": "{{ seed }}", "q": "{{ prompt }}"}
    asked = probe(**ASKED, params={"k": 9}, seed=4)
    request = built({"body": body}, asked, params={"k": 1, "t": 0.5}, seed=1)
    assert request.body == {"options": {"k": 9, "t": 0.5}, "seed": 4, "q": "Where is order 4?"}


def test_tools_and_their_results_go_in_the_form_of_openai() -> None:
    asked = probe(**ASKED, tools=[{"name": "get_order", "results": [{"result": "shipped"}]}])
    question = first_question(asked)
    call = ToolCall(id="c1", name="get_order", arguments='{"id": 4}')
    items = (*question.items, Said(text="", tool_calls=(call,)), ToolResult(call=call, text="shipped"))
    later = Http().build(
        endpoint({"body": {"m": "{{ messages }}", "tools": "{{ tools }}"}}),
        type(question)(items=items, tools=asked.tools),
    )
    assert [message["role"] for message in later.body["m"]] == ["user", "assistant", "tool"]
    assert later.body["tools"][0]["function"]["name"] == "get_order"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ vars.items }}", "no value"),
        ("{{ vars.k.missing }}", "no attribute 'missing'"),
        ("{{ none }} and more", "is null"),
        ("{{ prompt * 999999999 }}", "numbers only"),
    ],
)
def test_a_template_that_cannot_be_rendered_says_where_and_why(template: str, said: str) -> None:
    with pytest.raises(Unbuildable, match=said) as broken:
        built({"body": {"q": ["{{ prompt }}", template]}}, probe(**ASKED, vars={"k": {}}))
    assert broken.value.fault.path == ("request", "body", "q", 1)
    assert str(broken.value).startswith("request.body.q.1: ")


# ------------------------------------------------------------------------------------------------ addresses
def test_values_in_a_path_stay_within_their_segment() -> None:
    asked = probe(prompt="a/b ü?#", vars={"up": ".."})
    request = built({"method": "GET", "path": "/find/{{ vars.up }}/{{ prompt }}/all"}, asked)
    assert request.url == "https://rag.example.com/v1/find/%2E%2E/a%2Fb%20%C3%BC%3F%23/all"
    assert (request.method, request.body) == ("GET", None)


def test_parameters_are_encoded_repeated_where_they_are_lists_and_left_out_where_they_are_null() -> None:
    query = {"q": "{{ prompt }}", "tag": "{{ vars.tags }}", "seed": "{{ seed }}", "fast": "{{ vars.fast }}", "k": "5"}
    asked = probe(prompt="a&b=c", vars={"tags": ["x", "y z"], "fast": True})
    request = built({"method": "GET", "query": query}, asked, base_url="https://rag.example.com/v1?version=2")
    assert request.url == "https://rag.example.com/v1?version=2&q=a%26b%3Dc&tag=x&tag=y+z&fast=true&k=5"


@pytest.mark.parametrize(
    ("base_url", "path", "url"),
    [
        ("https://rag.example.com/ask/", "", "https://rag.example.com/ask/"),
        ("https://rag.example.com/", "/ask/", "https://rag.example.com/ask/"),
        ("https://rag.example.com?v=1", "/ask", "https://rag.example.com/ask?v=1"),
    ],
)
def test_slashes_stay_as_their_author_wrote_them(base_url: str, path: str, url: str) -> None:
    assert built({"path": path, "body": "{{ prompt }}"}, base_url=base_url).url == url


@given(text=st.text(max_size=30).filter(str.strip))
def test_no_prompt_leaves_its_place_in_address_or_header(text: str) -> None:
    asked = Probe.model_construct(**{**probe().__dict__, "prompt": text})
    request = built(
        {
            "method": "GET",
            "path": "/q/{{ prompt }}",
            "query": {"q": "{{ prompt }}"},
            "headers": {"X-Q": "{{ prompt }}"},
        },
        asked,
    )
    path, _, query = request.url.removeprefix("https://rag.example.com/v1/q/").partition("?")
    assert set(path + query) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%-._~+=*")
    assert "/" not in path
    assert request.headers["x-q"].isascii()
    assert request.headers["x-q"].isprintable()


# ------------------------------------------------------------------------------------------------ hash and credentials
def test_what_is_asked_is_hashed_wherever_it_stands_and_conversation_and_address_are_not() -> None:
    def digest(path: str, prompt: str, conversation_id: str = "", header: str = "fixed") -> str:
        request = {"method": "GET", "path": path, "headers": {"X-Topic": header}}
        wire = built({**request, "query": {"c": "{{ conversation_id }}"}}, probe(prompt=prompt), conversation_id)
        return hash_of("http", wire)

    assert digest("/a/{{ prompt }}", "x") != digest("/a/{{ prompt }}", "y")
    assert digest("/a/{{ prompt }}", "x") == digest("/b/{{ prompt }}", "x")
    assert digest("/a", "x", header="{{ prompt }}") != digest("/a", "y", header="{{ prompt }}")
    target = endpoint({"path": "/{{ prompt }}", "body": {"id": "{{ conversation_id }}"}})
    assert request_hash(target, probe()) == request_hash(target, probe())


def test_the_api_key_is_a_bearer_token_and_never_in_body_or_repr() -> None:
    request = built({"body": {"q": "{{ prompt }}"}}, api_key=KEY)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(request)


def test_a_template_knows_whether_the_reply_is_to_be_streamed_and_the_accept_header_says_how() -> None:
    request = {"body": {"q": "{{ prompt }}", "live": "{{ stream }}"}}
    lines = {"answer": "$.a", "stream": {"format": "json-lines", "done": {"path": "$.done"}}}
    plain, streamed = built(request), built(request, response=lines)
    quiet = built(request, response=lines, stream=False)
    assert [wire.body["live"] for wire in (plain, streamed, quiet)] == [False, True, False]
    assert [wire.streamed for wire in (plain, streamed, quiet)] == [False, True, False]
    assert streamed.framing == "json-lines"
    assert "application/x-ndjson" in streamed.headers["accept"]
    assert plain.headers["accept"] == quiet.headers["accept"] == "application/json"


# ------------------------------------------------------------------------------------------------ over the wire
def fired(asked: dict[str, Any], replies: list[Any], **fields: Any) -> tuple[Sample, list[Received]]:
    async def run() -> tuple[Sample, list[Received]]:
        async with FakeServer(*replies) as server, Transport(clock=(clock := FakeClock())) as transport:
            target = {"protocol": "http", "base_url": server.url, "response": {"answer": "$.answer"}, **fields}
            suite = Suite.model_validate(
                {"version": 1, "suite": "s", "endpoints": {"prod": target}, "probes": [{"id": "p", **asked}]}
            )
            (sample,) = await fire_all(
                transport=transport,
                clock=clock,
                suite=suite,
                endpoint_name="prod",
                run_id="r",
                probes=[(suite.probes[0], 1)],
            )
            return sample, server.requests

    return asyncio.run(run())


def test_a_conversation_goes_on_under_the_name_the_endpoint_gave_it() -> None:
    sample, (first, second) = fired(
        {"turns": [{"prompt": "Hello?"}, {"prompt": "And then?"}]},
        [whole({"answer": "Hi.", "session": "s/1 ü"}), whole({"answer": "Bye."})],
        request={
            "path": "/talk/{{ conversation_id if turns | length > 1 else 'new' }}",
            "headers": {"X-Session": "{{ conversation_id }}"},
            "body": {"say": "{{ prompt }}", "turn": "{{ turns | length }}"},
        },
        response={"answer": "$.answer", "conversation_id": "$.session"},
    )
    assert (sample.failure, sample.answer) == (None, "Bye.")
    assert (first.target, second.target) == ("/v1/talk/new", "/v1/talk/s%2F1%20%C3%BC")
    assert first.headers["x-session"] == sample.sample_id
    assert second.headers["x-session"] == "s/1 %C3%BC"
    assert second.json == {"say": "And then?", "turn": 2}


def test_a_request_with_put_and_one_with_get_arrive_as_written() -> None:
    put, (received,) = fired(ASKED, [whole({"answer": "a"})], request={"method": "PUT", "body": {"q": "{{ prompt }}"}})
    assert (put.answer, received.method, received.json) == ("a", "PUT", {"q": "Where is order 4?"})
    got, (asked,) = fired(ASKED, [whole({"answer": "b"})], request={"method": "GET", "query": {"q": "{{ prompt }}"}})
    assert (got.answer, asked.method, asked.body) == ("b", "GET", b"")
    assert asked.target == "/v1?q=Where+is+order+4%3F"


def test_what_an_endpoint_said_can_make_a_later_turn_impossible_and_that_is_a_failure_of_the_sample() -> None:
    sample, requests = fired(
        {"turns": [{"prompt": "Hello?"}, {"prompt": "And then?"}]},
        [whole({"answer": "Hi.", "session": "abc"})],
        request={"body": {"say": "{{ prompt }}", "n": "{{ 1 / (conversation_id | length - 3) }}"}},
        response={"answer": "$.answer", "conversation_id": "$.session"},
    )
    assert len(requests) == 1
    assert sample.failure is not None
    assert sample.failure.kind is FailureClass.BAD_REQUEST
    assert "in turn 2: request.body.n: the template cannot be rendered" in sample.failure.message
