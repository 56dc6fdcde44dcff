"""Every dialect from suite file to report: asked by the command, streaming and not, healthy and down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

SUITE = """\
version: 1
suite: dialects
monitor:
  - chat
  - chat-whole
  - responses
  - responses-whole
  - azure
  - azure-whole
  - messages
  - messages-whole
  - gemini
  - gemini-whole
endpoints:
  chat: {protocol: openai-chat, base_url: "${ROOT}/v1", model: bot, api_key: "${KEY}", retries: 0}
  chat-whole: {like: chat, stream: false}
  responses: {like: chat, protocol: openai-responses}
  responses-whole: {like: responses, stream: false}
  azure: {like: chat, protocol: azure-openai, base_url: "${ROOT}", deployment: bot, api_version: "2024-10-21"}
  azure-whole: {like: azure, stream: false}
  messages: {like: chat, protocol: anthropic-messages, base_url: "${ROOT}", params: {max_tokens: 300}}
  messages-whole: {like: messages, stream: false}
  gemini: {like: chat, protocol: gemini, base_url: "${ROOT}"}
  gemini-whole: {like: gemini, stream: false}
defaults:
  samples: 2
  checks:
    - finish: [stop]
    - no_refusal
probes:
  - {id: capital, prompt: "What is the capital of Australia? Answer in one sentence.", checks: [contains: Canberra]}
  - id: order
    messages:
      - {role: system, content: Be brief.}
      - {role: user, content: Where is order 4471?}
    tools:
      - name: get_order
        description: Looks an order up.
        parameters: {type: object, properties: {order_id: {type: string}}}
        results: [{when: {order_id: "4471"}, result: shipped on Tuesday}]
    checks: [contains: shipped on Tuesday]
  - id: two-turns
    turns:
      - {prompt: Does the warranty cover water damage?, checks: [contains: not covered]}
      - {prompt: "What is the capital of Australia? Answer in one sentence.", checks: [contains: Canberra]}
"""
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "azure": "/openai/deployments/bot/chat/completions",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/bot:streamGenerateContent",
    "gemini-whole": "/v1beta/models/bot:generateContent",
}
KEY = "sk-planted-dialects-4711"


@pytest.fixture
def dialects(tmp_path: Path) -> tuple[Workplace, RunningEndpoint]:
    (tmp_path / "dialects.yaml").write_text(SUITE, encoding="utf-8")
    return Workplace(folder=tmp_path, environ={"KEY": KEY}), RunningEndpoint(seed=3, api_key=KEY, models=["bot"])


def run(place: Workplace, running: RunningEndpoint) -> dict[str, dict[str, Any]]:
    """One firing at every endpoint: name to what was told."""
    elsewhere = Workplace(folder=place.folder, environ={**place.environ, "ROOT": running.root_url})
    told = elsewhere.json("run", "dialects.yaml")
    assert KEY not in str(told)
    return {run["endpoint"]: run for run in told["runs"]}


def test_every_dialect_is_asked_and_read_streaming_and_not(dialects: tuple[Workplace, RunningEndpoint]) -> None:
    place, endpoint = dialects
    with endpoint as running:
        runs = run(place, running)
        asked = {received.path for received in running.requests}
    assert asked == set(PATHS.values())
    assert len(runs) == 10
    assert {name: run["health"] for name, run in runs.items()} == dict.fromkeys(runs, "healthy")
    for name, told in runs.items():
        samples = [sample for probe in told["probes"] for sample in probe["samples"]]
        assert len(samples) == 6
        for sample in samples:
            assert (sample["failure"], sample["finish"], sample["route"]["model"]) == (None, "stop", "bot"), name
            assert sample["usage"]["input_tokens"] and sample["usage"]["output_tokens"], name
            timing = sample["timing"]
            assert timing["total_s"] > 0
            assert (timing["first_token_s"] is None) == name.endswith("-whole"), name


def test_every_dialect_that_is_down_is_overloaded_and_never_healthy(
    dialects: tuple[Workplace, RunningEndpoint],
) -> None:
    place, endpoint = dialects
    with endpoint as running:
        running.set_scenario("outage")
        runs = run(place, running)
    assert len(runs) == 10
    for name, told in runs.items():
        failures = [sample["failure"] for probe in told["probes"] for sample in probe["samples"]]
        classes = {failure["class"] for failure in failures}
        assert "overloaded" in classes and classes <= {"overloaded", "not_asked"}, name
        statuses = {failure["status"] for failure in failures if failure["class"] == "overloaded"}
        assert statuses == {529 if name.startswith("messages") else 503}, name
        assert told["health"] in ("failing", "unknown"), name
