"""Gateways are asked not to answer from a cache, and an answer that came from one all the same is not timed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from checks.drift.observation import observe
from checks.verdict import Health, probe_health
from probes.cache_bypass import bypass_headers, bypassing
from probes.endpoint import Endpoint
from probes.fire import request_hash
from probes.probe import Probe
from probes.protocols.protocol import WireRequest
from probes.route import Route
from probes.sample import Timing, TokenUsage
from reports import verdict_words
from tests.fakes.chat import chat_body, chat_stream
from tests.fakes.clock import FakeClock
from tests.fakes.firing import fire_suite, fired, suite_for
from tests.fakes.http_server import FakeServer, Received, stream, whole
from tests.fakes.records import a_probe, a_run, a_sample, healthy_run
from tests.fakes.samples import answered

GOOD = stream(chat_stream("Paris"))
ALL = {
    "cache-control": "no-cache",
    "cf-aig-skip-cache": "true",
    "helicone-cache-enabled": "false",
    "x-openrouter-cache": "false",
    "x-portkey-cache-force-refresh": "true",
}


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": "https://gateway.example.com/v1", **fields})


def sent(**fields: Any) -> Received:
    _, server = fired(GOOD, **fields)
    return server.requests[0]


# ------------------------------------------------------------------------------------------------ headers
def test_every_gateway_we_know_is_told_in_its_own_words_by_default() -> None:
    headers = sent().headers
    assert {name: headers.get(name) for name in ALL} == ALL


@pytest.mark.parametrize(
    ("gateway", "own"),
    [
        ("cloudflare", {"cf-aig-skip-cache": "true"}),
        ("helicone", {"helicone-cache-enabled": "false"}),
        ("openrouter", {"x-openrouter-cache": "false"}),
        ("portkey", {"x-portkey-cache-force-refresh": "true"}),
        ("litellm", {}),
        ("vllm", {}),
    ],
)
def test_a_gateway_that_is_named_is_told_alone(gateway: str, own: dict[str, str]) -> None:
    assert bypass_headers(endpoint(gateway=gateway)) == {"cache-control": "no-cache", **own}


@pytest.mark.parametrize("fields", [{"protocol": "azure-openai"}, {"base_url": "https://x.openai.azure.com/openai/v1"}])
def test_azure_itself_gets_no_headers_of_other_gateways(fields: dict[str, Any]) -> None:
    assert bypass_headers(endpoint(**fields)) == {"cache-control": "no-cache"}


def test_an_address_that_cannot_be_read_is_no_azure() -> None:
    assert bypass_headers(endpoint(base_url="http://[bad")) == ALL


def test_where_a_cache_is_allowed_nothing_is_said() -> None:
    headers = sent(cache="allow").headers
    assert not set(ALL) & set(headers)


def test_headers_of_the_suite_go_before_ours() -> None:
    headers = sent(headers={"Cache-Control": "max-age=60", "Helicone-Cache-Enabled": "true"}).headers
    assert (headers["cache-control"], headers["helicone-cache-enabled"]) == ("max-age=60", "true")
    assert headers["cf-aig-skip-cache"] == "true"


# ------------------------------------------------------------------------------------------------ LiteLLM's field
def test_litellm_is_told_in_the_body_where_the_suite_names_it_and_nobody_else_is() -> None:
    assert sent(gateway="litellm").json["cache"] == {"no-cache": True, "no-store": True}
    assert "cache" not in sent().json
    assert "cache" not in sent(gateway="litellm", cache="allow").json
    assert sent(gateway="litellm", params={"cache": {"ttl": 9}}).json["cache"] == {"ttl": 9}


def test_bodies_that_litellm_only_passes_on_stay_as_they_are() -> None:
    wire = WireRequest(url="u", headers={}, body={"contents": []})
    assert bypassing(endpoint(gateway="litellm", protocol="gemini"), wire) is wire
    blank = WireRequest(url="u", headers={}, body=None)
    assert bypassing(endpoint(gateway="litellm"), blank) is blank


def test_how_a_cache_is_bypassed_is_no_part_of_what_is_asked() -> None:
    probe = Probe.model_validate({"id": "p", "prompt": "x"})
    hashes = {
        request_hash(endpoint(**fields), probe)
        for fields in ({}, {"gateway": "litellm"}, {"cache": "allow"}, {"gateway": "vllm"})
    }
    assert len(hashes) == 1


# ------------------------------------------------------------------------------------------------ hits all the same
def test_a_hit_marks_the_sample() -> None:
    (sample,), _ = fired(whole(chat_body(), headers={"cf-aig-cache-status": "HIT"}))
    assert sample.route.cache == "hit"


def test_hits_bring_neither_latency_nor_tokens_nor_route_to_the_judge_and_misses_do() -> None:
    timed = answered(timing=Timing(first_token_s=0.2, total_s=0.9), usage=TokenUsage(output_tokens=7))
    samples = [replace(timed, route=Route(cache=cache)) for cache in ("hit", "miss", None)]
    run = observe(run_id="r", started_at=timed.started_at, probes=[("p", "h", samples, (), [False] * 3)])
    facts = run.probes[0].samples
    assert [(fact.first_token_s, fact.total_s) for fact in facts] == [(None, None), (0.2, 0.9), (0.2, 0.9)]
    assert [fact.output_tokens for fact in facts] == [None, 7, 7]
    assert [fact.route for fact in facts] == [None, "unknown", "unknown"]
    assert [fact.failed for fact in facts] == [False] * 3


def test_a_run_says_how_many_answers_came_from_a_cache() -> None:
    hit, miss = replace(a_sample(), route=Route(cache="hit")), replace(a_sample(), route=Route(cache="miss"))
    told = verdict_words.verdict_reason(a_run([a_probe("p", samples=[hit, miss, hit])]))
    assert told.endswith("; 2 of 3 answers came from a cache, their latency is not judged")
    assert "cache" not in verdict_words.verdict_reason(healthy_run())


# ------------------------------------------------------------------------------------------------ retries
def test_a_pass_after_a_retry_is_degraded() -> None:
    busy = whole({"error": {"message": "slow down"}}, 429)

    async def run(*replies: Any) -> Health:
        async with FakeServer(*replies) as server:
            samples = await fire_suite(suite_for(server.url), clock=FakeClock())
        assert [sample.answer for sample in samples] == ["Paris"]
        return probe_health("p0", samples, (), ())

    assert asyncio.run(run(busy, GOOD)) is Health.DEGRADED
    assert asyncio.run(run(GOOD)) is Health.HEALTHY
