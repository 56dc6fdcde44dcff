"""A real LiteLLM proxy in front of the fake endpoint: what it says of route, limits and cache is read, and believed.

One proxy serves all tests. Its cache is on, so that a probe which could come from it would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace
from tests.acceptance.real import free_port, needs, server

SUITE = """\
version: 1
suite: gateway
monitor: [gateway]
endpoints:
  gateway:
    protocol: openai-chat
    gateway: litellm
    base_url: ${GATEWAY}/v1
    model: support-bot
    api_key: ${GATEWAY_KEY}
    stream: true
    concurrency: 4
  whole: {like: gateway, stream: false}
  cached: {like: gateway, cache: allow, concurrency: 1}
  cached-whole: {like: cached, stream: false}
  fragile: {like: gateway, model: fragile-bot}
  fragile-whole: {like: fragile, stream: false}
  limited: {like: gateway, model: limited-bot, concurrency: 1, retries: 1}
  unknown: {like: gateway, model: nobody}
  stranger: {like: gateway, api_key: "${WRONG_KEY}"}
  responses: {like: gateway, protocol: openai-responses}
  messages: {like: gateway, protocol: anthropic-messages, params: {max_tokens: 200}}
defaults:
  samples: 3
probes:
  - {id: capital, prompt: "What is the capital of Australia? Answer in one sentence.", checks: [contains: Canberra]}
  - {id: warranty, prompt: "Does the warranty cover water damage?"}
  - {id: refund-window, prompt: "How do I return a keyboard bought two weeks ago?"}
"""
KEY = "sk-a-long-and-random-enough-key-4711"
BROKEN = "broken-upstream"
"""A model that the upstream always fails for."""

# one worker runs them all: a proxy takes seconds to start and half a gigabyte
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("litellm")]


def config_text(upstream: str, deployments: Sequence[str]) -> str:
    """A LiteLLM configuration with several deployments of one model name, a fallback, a rate limit and a cache."""
    models = [("support-bot", name, "") for name in deployments]
    models += [
        ("fragile-bot", BROKEN, ""),
        ("spare-bot", "spare-upstream", ""),
        ("limited-bot", "slow-lane", ", rpm: 1"),
    ]
    entries = "".join(
        f"  - model_name: {model}\n"
        f"    litellm_params: {{model: openai/{name}, api_base: {upstream}, api_key: upstream-key{more}}}\n"
        f"    model_info: {{id: {name}}}\n"
        for model, name, more in models
    )
    return (
        f"model_list:\n{entries}"
        "router_settings:\n"
        "  routing_strategy: simple-shuffle\n"
        "  enable_pre_call_checks: true\n"
        "  num_retries: 0\n"
        "  fallbacks: [{fragile-bot: [spare-bot]}]\n"
        "litellm_settings:\n"
        "  cache: true\n"
        "  cache_params: {type: local}\n"
    )


@contextmanager
def litellm(folder: Path, upstream: str, deployments: Sequence[str]) -> Iterator[str]:
    """A running proxy; gives its address."""
    command, port = needs("HOLDFAST_LITELLM", "litellm"), free_port()
    config = folder / f"litellm-{'-'.join(deployments)}.yaml"
    config.write_text(config_text(upstream, deployments), encoding="utf-8")
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": KEY,
        "NO_PROXY": "*",
    }
    arguments = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    with server(
        [command, *arguments],
        ready_url=f"http://127.0.0.1:{port}/health/liveliness",
        env=environ,
        log=folder / "litellm.log",
        patience_s=180,
    ):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def upstream() -> Iterator[RunningEndpoint]:
    """What the proxy asks. One model always fails there."""
    with RunningEndpoint(seed=7, latency_scale=2) as running:
        running.change(trouble={"kind": "server", "times": None, "models": [BROKEN]})
        yield running


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: RunningEndpoint) -> Iterator[str]:
    """The one proxy."""
    with litellm(tmp_path_factory.mktemp("litellm"), upstream.base_url, ["deployment-a", "deployment-b"]) as address:
        yield address


@pytest.fixture
def place(tmp_path: Path, proxy: str) -> Workplace:
    """A folder with the suite, pointed at the proxy."""
    (tmp_path / "gateway.yaml").write_text(SUITE, encoding="utf-8")
    return Workplace(folder=tmp_path, environ={"GATEWAY": proxy, "GATEWAY_KEY": KEY, "WRONG_KEY": "sk-of-nobody-4711"})


def samples(place: Workplace, endpoint: str, *options: str) -> list[dict[str, Any]]:
    """The samples of one run at an endpoint of the suite."""
    told = place.json("run", "gateway.yaml", "--endpoint", endpoint, *options)
    return [sample for run in told["runs"] for probe in run["probes"] for sample in probe["samples"]]


def test_a_deployment_swapped_behind_a_real_gateway_is_found_from_its_headers(
    place: Workplace, upstream: RunningEndpoint
) -> None:
    captured = place.json("baseline", "capture", "gateway.yaml", "--rounds", "20")
    assert captured["exit_code"] == 0
    served = {
        sample["route"]["deployment"]
        for run in captured["runs"]
        for probe in run["probes"]
        for sample in probe["samples"]
    }
    assert served == {"deployment-a", "deployment-b"}
    quiet = place.json("run", "gateway.yaml", "--rounds", "3")
    assert all(route_of(run)["state"] != "alarm" for run in quiet["runs"])

    with litellm(place.folder, upstream.base_url, ["deployment-a", "deployment-c"]) as address:
        elsewhere = Workplace(folder=place.folder, environ={**place.environ, "GATEWAY": address})
        after = elsewhere.json("run", "gateway.yaml", "--rounds", "10")
    assert after["exit_code"] == 1
    assert route_of(after["runs"][-1])["state"] == "alarm"
    others = [d for d in after["runs"][-1]["drift"] if d["stream"] not in ("route",) and d["state"] == "alarm"]
    assert not others, "only the route moved"


def route_of(run: dict[str, object]) -> dict[str, object]:
    """The pooled route stream of a run."""
    drift = run["drift"]
    assert isinstance(drift, list)
    return next(entry for entry in drift if entry["stream"] == "route" and entry["scope"] == "suite")


def test_a_stream_through_the_proxy_is_timed_counted_and_says_who_served_it(place: Workplace) -> None:
    for sample in samples(place, "gateway"):
        assert sample["failure"] is None
        timing, usage = sample["timing"], sample["usage"]
        assert 0 < timing["first_byte_s"] <= timing["first_token_s"] < timing["total_s"]
        assert usage["input_tokens"] > 5 and usage["output_tokens"] > 5
        assert sample["route"]["deployment"] in ("deployment-a", "deployment-b")
        assert (sample["route"]["fallbacks"], sample["route"]["attempts"]) == (0, 1)
        assert sample["finish"] == "stop"


@pytest.mark.parametrize(("endpoint", "model"), [("fragile", "spare-bot"), ("fragile-whole", "spare-upstream")])
def test_a_fallback_is_answered_and_told(place: Workplace, endpoint: str, model: str) -> None:
    """LiteLLM names the group in streams and the upstream's model in whole replies (seen live, 1.106)."""
    for sample in samples(place, endpoint, "--samples", "1"):
        assert sample["failure"] is None and sample["answer_chars"] > 0
        assert sample["route"]["fallbacks"] == 1
        assert (sample["route"]["deployment"], sample["route"]["model"]) == ("spare-upstream", model)


def test_the_proxys_own_rate_limit_is_a_short_one_and_asked_again(place: Workplace) -> None:
    """One request a minute passes; two where a new minute begins in between, so that one of three must fail."""
    first, *later = samples(place, "limited", "--probe", "capital", "--samples", "3")
    assert first["failure"] is None
    limited = [sample for sample in later if sample["failure"] and sample["failure"]["class"] == "rate_limit_short"]
    assert limited
    assert all((s["failure"]["status"], s["route"]["attempts"]) == (429, 2) for s in limited)


def test_no_probe_is_answered_from_the_proxys_cache_while_it_is_bypassed(
    place: Workplace, upstream: RunningEndpoint
) -> None:
    for endpoint in ("cached", "cached-whole"):
        samples(place, endpoint, "--probe", "warranty", "--samples", "1")  # the answer is in the cache now
    before = upstream.request_count
    for endpoint in ("gateway", "whole"):
        fresh = samples(place, endpoint, "--probe", "warranty", "--samples", "3")
        assert [(sample["failure"], sample["route"]["cache"]) for sample in fresh] == [(None, None)] * 3
    assert upstream.request_count == before + 6


@pytest.mark.parametrize("endpoint", ["cached", "cached-whole"])
def test_an_answer_from_the_proxys_cache_is_marked_where_a_suite_allows_it(
    place: Workplace, upstream: RunningEndpoint, endpoint: str
) -> None:
    samples(place, endpoint, "--probe", "refund-window", "--samples", "1")
    before = upstream.request_count
    (again,) = samples(place, endpoint, "--probe", "refund-window", "--samples", "1")
    assert (again["failure"], again["route"]["cache"]) == (None, "hit")
    assert upstream.request_count == before


@pytest.mark.parametrize(("endpoint", "failure"), [("unknown", "not_found"), ("stranger", "auth")])
def test_a_model_or_key_the_proxy_does_not_know_is_refused_once(place: Workplace, endpoint: str, failure: str) -> None:
    (sample,) = samples(place, endpoint, "--probe", "capital", "--samples", "1")
    assert (sample["failure"]["class"], sample["route"]["attempts"]) == (failure, 1)


@pytest.mark.parametrize("endpoint", ["responses", "messages"])
def test_the_proxys_other_dialects_are_read_too(place: Workplace, endpoint: str) -> None:
    for sample in samples(place, endpoint, "--samples", "1"):
        assert sample["failure"] is None
        assert sample["finish"] == "stop" and sample["answer_chars"] > 0
        assert sample["timing"]["first_token_s"] and sample["usage"]["output_tokens"]
        assert sample["route"]["deployment"] in ("deployment-a", "deployment-b")
