"""Azure OpenAI: the address, the key, what the filters say; all else is OpenAI chat and tested there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.failure import FailureClass
from probes.fire import request_hash
from probes.protocols.azure_openai import AzureOpenAI
from probes.protocols.openai_chat import OpenAIChat
from probes.protocols.openai_filters import add_answer_filters, add_prompt_filters, filters_of_error
from probes.protocols.protocol import Reply, WireRequest
from probes.protocols.sse import SseSplitter
from probes.sample import Finish
from probes.script import first_question
from probes.suite import Endpoint, Probe
from tests.contract.dialects.azure_openai import EXAMPLE, FIRST, filtered_body, filtered_chunk
from tests.fakes.chat import DONE, chunk
from tests.fakes.firing import fire_suite, suite_for
from tests.fakes.http_server import FakeServer, event, stream, whole

AZURE = AzureOpenAI()
PROBE = Probe.model_validate({"id": "p", "prompt": "Hello?"})
BLOCKED = {
    "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                "hate": {"filtered": False, "severity": "safe"},
                "jailbreak": {"filtered": True, "detected": True},
            },
        },
    }
}
JAILBREAK = {"prompt.hate": "safe", "prompt.jailbreak": "detected, filtered"}


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate(
        {
            "protocol": "azure-openai",
            "base_url": "https://shop.openai.azure.com",
            "model": "gpt",
            "api_version": "2024-10-21",
            **fields,
        }
    )


def built(**fields: Any) -> WireRequest:
    return AZURE.build(endpoint(**fields), first_question(PROBE))


def read(body: object, status: int = 200) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return AZURE.read_reply(endpoint(), status=status, headers={}, body=raw)


def read_stream(*events: bytes) -> tuple[Reply, list[bool]]:
    splitter, reader = SseSplitter(), AZURE.stream_reader(endpoint())
    content = [reader.feed(each) for raw in events for each in splitter.feed(raw)]
    return reader.finish(), content


# ------------------------------------------------------------------------------------------------ asking
@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://shop.openai.azure.com", "https://shop.openai.azure.com/openai/deployments/gpt/chat/completions"),
        ("https://shop.openai.azure.com/", "https://shop.openai.azure.com/openai/deployments/gpt/chat/completions"),
        ("https://apim.example.com/openai", "https://apim.example.com/openai/deployments/gpt/chat/completions"),
        ("https://apim.example.com/llm", "https://apim.example.com/llm/openai/deployments/gpt/chat/completions"),
    ],
)
def test_deployment_and_version_stand_in_the_address(base: str, url: str) -> None:
    assert built(base_url=base).url == f"{url}?api-version=2024-10-21"


def test_a_query_of_the_address_stays_before_the_version() -> None:
    url = built(base_url="https://apim.example.com/openai?team=a").url
    assert url.endswith("/openai/deployments/gpt/chat/completions?team=a&api-version=2024-10-21")


def test_the_deployment_goes_before_the_model_and_is_escaped() -> None:
    wire = built(deployment="blue/green 1", api_version="2025-01-01 preview&x")
    assert "/deployments/blue%2Fgreen%201/" in wire.url
    assert wire.url.endswith("?api-version=2025-01-01%20preview%26x")
    assert wire.body["model"] == "gpt"


def test_the_body_is_that_of_openai_chat() -> None:
    fields = {"params": {"temperature": 0}, "seed": 3}
    plain = OpenAIChat().build(endpoint(**fields), first_question(PROBE))
    assert built(**fields).body == plain.body


def test_the_key_goes_into_its_own_header_and_a_token_takes_its_place() -> None:
    assert built(api_key="azure-key-1").headers == {"api-key": "azure-key-1"}
    token = {"token_url": "https://login.example.com/t", "client_id": "c", "client_secret": "s"}
    assert built(api_key="azure-key-1", oauth2=token).headers == {}
    assert built().headers == {}


def test_another_deployment_or_version_is_another_question() -> None:
    hashes = {
        request_hash(endpoint(**fields), PROBE)
        for fields in ({}, {"deployment": "other"}, {"api_version": "2025-01-01"}, {"api_key": "azure-key-1"})
    }
    assert len(hashes) == 3


# ------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("fields", "key", "message", "hint"),
    [
        ({"api_version": None}, "api_version", "needs an api_version", 'api_version: "2024-10-21"'),
        ({"model": None}, "deployment", "needs a deployment", "deployment: NAME"),
        ({"base_url": "https://x.openai.azure.com/openai/v1/"}, "base_url", "by itself", "openai-chat"),
        ({"base_url": "https://x.openai.azure.com/openai/deployments/d"}, "base_url", "by itself", "keep only"),
    ],
)
def test_what_is_missing_is_told_with_an_example(fields: dict[str, Any], key: str, message: str, hint: str) -> None:
    (refusal,) = AZURE.refusals(endpoint(**fields), [PROBE])
    assert (refusal.key, refusal.probe) == ((key,), None)
    assert message in refusal.message
    assert hint in refusal.hint


def test_a_whole_endpoint_is_not_refused_and_files_are_as_in_chat() -> None:
    assert AZURE.refusals(endpoint(), [PROBE]) == ()
    assert AZURE.refusals(endpoint(model=None, deployment="d"), [PROBE]) == ()
    fetched = Probe.model_validate({"id": "p", "prompt": "?", "files": ["https://example.com/a.pdf"]})
    (refusal,) = AZURE.refusals(endpoint(), [fetched])
    assert refusal.message == "azure-openai cannot have a file fetched by its address"


# ------------------------------------------------------------------------------------------------ what filters say
@pytest.mark.parametrize(
    ("name", "said", "word"),
    [
        ("hate", {"filtered": False, "severity": "safe"}, "safe"),
        ("self_harm", {"filtered": True, "severity": "medium"}, "medium, filtered"),
        ("jailbreak", {"filtered": False, "detected": True}, "detected"),
        ("indirect_attack", {"filtered": False, "detected": False}, "not detected"),
        ("protected_material_text", {"filtered": True, "detected": True}, "detected, filtered"),
        (
            "protected_material_code",
            {"filtered": False, "detected": True, "citation": {"URL": "https://x.example", "license": "MIT"}},
            "detected",
        ),
        ("custom_blocklists", {"filtered": True, "details": [{"filtered": True, "id": "b1"}]}, "filtered"),
        ("custom_blocklists", {"filtered": False}, "not filtered"),
        ("custom_blocklists", [{"filtered": False, "id": "b1"}, {"filtered": True, "id": "b2"}], "filtered"),
        ("custom_blocklists", [], "not filtered"),
        ("error", {"code": "content_filter_error", "message": "The contents are not filtered"}, "content_filter_error"),
        ("error", {}, "error"),
    ],
)
def test_each_filter_is_told_in_its_own_word(name: str, said: object, word: str) -> None:
    assert read(filtered_body("x", {name: said})).filters[f"answer.{name}"] == word


@pytest.mark.parametrize("said", [None, "safe", 7, {}, {"severity": 3}, {"filtered": "yes"}, {"detected": "no"}])
def test_a_filter_that_says_nothing_readable_is_left_out(said: object) -> None:
    reply = read(filtered_body("x", {"violence": said}))
    assert (reply.answer, "answer.violence" in reply.filters) == ("x", False)


def test_prompt_and_answer_are_told_apart() -> None:
    reply = read(filtered_body("x", {"hate": {"filtered": False, "severity": "low"}}))
    assert (reply.filters["prompt.hate"], reply.filters["answer.hate"]) == ("safe", "low")
    assert reply.filters["prompt.jailbreak"] == "not detected"


def test_a_filtered_answer_is_an_answer_cut_by_a_filter() -> None:
    reply = read(filtered_body("I ha", {"hate": {"filtered": True, "severity": "high"}}, "content_filter"))
    assert (reply.failure, reply.answer, reply.finish) == (None, "I ha", Finish.CONTENT_FILTER)
    assert reply.filters["answer.hate"] == "high, filtered"


def test_a_blocked_prompt_is_a_content_filter_failure_that_says_which_filter() -> None:
    reply = read(BLOCKED, 400)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.failure.status) == (FailureClass.CONTENT_FILTER, 400)
    assert (reply.answer, reply.filters) == (None, JAILBREAK)


def test_a_blocked_prompt_behind_litellm_is_the_same() -> None:
    inner = BLOCKED["error"]["innererror"]
    error = {"message": "blocked", "code": "400", "provider_specific_fields": {"innererror": inner}}
    reply = read({"error": error}, 400)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.filters) == (FailureClass.CONTENT_FILTER, JAILBREAK)


def test_a_block_that_is_not_json_is_still_a_block() -> None:
    reply = read(b"blocked by the content management policy", 400)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.filters) == (FailureClass.CONTENT_FILTER, {})


# ------------------------------------------------------------------------------------------------ streams
def test_the_first_chunk_with_the_prompts_report_is_neither_content_nor_usage() -> None:
    reply, content = read_stream(FIRST)
    assert content == [False]
    assert reply.filters == {"prompt.hate": "safe", "prompt.jailbreak": "not detected"}
    assert reply.usage.input_tokens is None
    assert reply.failure is not None
    assert reply.failure.kind is FailureClass.STREAM_TRUNCATED


def test_the_worst_report_of_a_stream_counts() -> None:
    def hate(severity: str, *, filtered: bool = False) -> dict[str, Any]:
        return {"hate": {"filtered": filtered, "severity": severity}}

    rising = [filtered_chunk("a", **hate("safe")), filtered_chunk("b", **hate("medium"))]
    end = [filtered_chunk("c", **hate("safe")), chunk({}, "stop"), DONE]
    assert read_stream(*rising, *end)[0].filters == {"answer.hate": "medium"}
    acted = [filtered_chunk("a", **hate("low", filtered=True)), filtered_chunk("b", **hate("high"))]
    assert read_stream(*acted, *end)[0].filters == {"answer.hate": "low, filtered"}


def test_reports_that_come_after_the_text_they_are_about_are_not_content() -> None:
    late = event(
        {
            "choices": [
                {
                    "index": 0,
                    "finish_reason": None,
                    "content_filter_results": {"violence": {"filtered": False, "severity": "low"}},
                    "content_filter_offsets": {"check_offset": 0, "start_offset": 0, "end_offset": 5},
                }
            ]
        }
    )
    reply, content = read_stream(filtered_chunk("Paris"), late, chunk({}, "stop"), late, DONE)
    assert content == [True, False, False, False, False]
    assert (reply.answer, reply.filters["answer.violence"]) == ("Paris", "low")


def test_reports_are_kept_where_the_stream_breaks() -> None:
    broken = event({"error": {"message": "died", "code": "500"}})
    reply, _ = read_stream(FIRST, filtered_chunk("half"), broken)
    assert (reply.answer, reply.filters["prompt.hate"]) == (None, "safe")


# ------------------------------------------------------------------------------------------------ hostile
def test_a_flood_of_filters_is_bounded() -> None:
    flood = {f"filter {number}": {"filtered": True, "severity": "high"} for number in range(5000)}
    assert len(read(filtered_body("x", flood)).filters) <= 50


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "content_filter_results",
                    "prompt_filter_results",
                    "error",
                    "innererror",
                    "hate",
                    "severity",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(tree=json_values)
def test_no_report_makes_the_reader_of_filters_raise(tree: object) -> None:
    found: dict[str, str] = {}
    holder = tree if isinstance(tree, dict) else {"content_filter_results": tree, "prompt_filter_results": tree}
    add_prompt_filters(found, holder)
    add_answer_filters(found, holder)
    found |= filters_of_error(tree)
    assert all(name.startswith(("prompt.", "answer.")) and word for name, word in found.items())


# ------------------------------------------------------------------------------------------------ over the wire
def test_a_sample_from_a_server_says_what_the_filters_said() -> None:
    async def run() -> tuple[Any, Any, str, str]:
        async with FakeServer(stream(EXAMPLE.stream), whole(BLOCKED, 400)) as server:
            suite = suite_for(
                server.url.removesuffix("/v1"),
                samples=2,
                protocol="azure-openai",
                api_version="2024-10-21",
                deployment="blue",
                concurrency=1,
            )
            good, blocked = await fire_suite(suite)
            return good, blocked, server.requests[0].target, server.requests[0].headers["api-key"]

    good, blocked, target, key = asyncio.run(run())
    assert target == "/openai/deployments/blue/chat/completions?api-version=2024-10-21"
    assert key == "sk-live-0123456789abcdef"
    assert (good.failure, good.filters["prompt.hate"], good.filters["answer.jailbreak"]) == (
        None,
        "safe",
        "not detected",
    )
    assert (blocked.failure.kind, blocked.filters) == (FailureClass.CONTENT_FILTER, JAILBREAK)
    assert len(blocked.attempts) == 1
