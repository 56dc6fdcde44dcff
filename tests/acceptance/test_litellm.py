"""A real LiteLLM proxy in front of the fake endpoint: a swapped deployment shows only in headers, and is found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

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
    base_url: ${GATEWAY}/v1
    model: support-bot
    api_key: ${GATEWAY_KEY}
    stream: true
    concurrency: 4
defaults:
  samples: 3
probes:
  - {id: capital, prompt: "What is the capital of Australia? Answer in one sentence.", checks: [contains: Canberra]}
  - {id: warranty, prompt: "Does the warranty cover water damage?"}
  - {id: refund-window, prompt: "How do I return a keyboard bought two weeks ago?"}
"""
KEY = "sk-a-long-and-random-enough-key-4711"


def config_text(upstream: str, deployments: Sequence[str]) -> str:
    """A LiteLLM configuration with several deployments of one model name."""
    entries = "".join(
        f"  - model_name: support-bot\n"
        f"    litellm_params: {{model: openai/{name}, api_base: {upstream}, api_key: upstream-key}}\n"
        f"    model_info: {{id: {name}}}\n"
        for name in deployments
    )
    return f"model_list:\n{entries}router_settings: {{routing_strategy: simple-shuffle}}\n"


@contextmanager
def litellm(folder: Path, port: int, upstream: str, deployments: Sequence[str]) -> Iterator[None]:
    """A running proxy."""
    command = needs("HOLDFAST_LITELLM", "litellm")
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
        yield


@pytest.mark.real
@pytest.mark.slow
def test_a_deployment_swapped_behind_a_real_gateway_is_found_from_its_headers(
    tmp_path: Path, endpoint: RunningEndpoint
) -> None:
    needs("HOLDFAST_LITELLM", "litellm")
    port = free_port()
    place = Workplace(folder=tmp_path, environ={"GATEWAY": f"http://127.0.0.1:{port}", "GATEWAY_KEY": KEY})
    (tmp_path / "gateway.yaml").write_text(SUITE, encoding="utf-8")

    with litellm(tmp_path, port, endpoint.base_url, ["deployment-a", "deployment-b"]):
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

    with litellm(tmp_path, port, endpoint.base_url, ["deployment-a", "deployment-c"]):
        after = place.json("run", "gateway.yaml", "--rounds", "10")
    assert after["exit_code"] == 1
    assert route_of(after["runs"][-1])["state"] == "alarm"
    others = [d for d in after["runs"][-1]["drift"] if d["stream"] not in ("route",) and d["state"] == "alarm"]
    assert not others, "only the route moved"


def route_of(run: dict[str, object]) -> dict[str, object]:
    """The pooled route stream of a run."""
    drift = run["drift"]
    assert isinstance(drift, list)
    return next(entry for entry in drift if entry["stream"] == "route" and entry["scope"] == "suite")
