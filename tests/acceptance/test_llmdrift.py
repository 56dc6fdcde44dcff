"""Real recorded answers of two versions of one model, replayed by the fake endpoint: found when the model changed.

The recordings are those of the LLMDrift study (Chen, Zaharia and Zou, arXiv 2307.09009): answers of March and of June
2023 to the same questions. They are not kept here; ``HOLDFAST_LLMDRIFT`` names a folder that holds its CSV files.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

FOLDER = os.environ.get("HOLDFAST_LLMDRIFT")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="HOLDFAST_LLMDRIFT names no folder with PRIME_FULL_EVAL.csv and SENSITIVEQ_EVAL.csv"
)
PROBES = 10
VERSIONS = {"gpt-3.5-turbo": ("0301", "0613"), "gpt-4": ("0314", "0613")}
FOUND_WITHIN = 4
"""Runs; the specification's own replay of ten probes took 2."""


def recorded(task: str, model: str, version: str) -> dict[str, str]:
    """Answers by question; a question with two recordings has the first."""
    csv.field_size_limit(10**8)
    answers: dict[str, str] = {}
    with (Path(FOLDER or "") / f"{task}.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["model"] == f"openaichat/{model}-{version}":
                answers.setdefault(row["query"], row["answer"])
    return answers


def speaks(endpoint: RunningEndpoint, answers: dict[str, str]) -> None:
    """Let the endpoint give these answers; the longest question first, for one may be part of another."""
    ordered = sorted(answers.items(), key=lambda pair: -len(pair[0]))
    endpoint.change(sayings=[{"contains": question, "says": answer} for question, answer in ordered])


def drifting(run: dict[str, object]) -> set[tuple[str, str]]:
    """Streams of one run that stand in alarm; times are those of this machine and do not count."""
    drift = run["drift"]
    assert isinstance(drift, list)
    alarms = {(entry["stream"], entry["scope"]) for entry in drift if entry["state"] == "alarm"}
    return {alarm for alarm in alarms if not alarm[0].startswith("latency")}


@pytest.mark.parametrize("task", ["PRIME_FULL_EVAL", "SENSITIVEQ_EVAL"])
@pytest.mark.parametrize("model", VERSIONS)
def test_the_real_change_from_march_to_june_is_found_and_march_again_is_not(
    place: Workplace, endpoint: RunningEndpoint, task: str, model: str, record_property: Callable[[str, object], None]
) -> None:
    march, june = (recorded(task, model, version) for version in VERSIONS[model])
    questions = [question for question in march if question in june][:PROBES]
    suite = {
        "version": 1,
        "suite": "llmdrift",
        "endpoints": {
            "production": {
                "protocol": "openai-chat",
                "base_url": endpoint.base_url,
                "model": model,
                "api_key": "${HOLDFAST_API_KEY}",
            }
        },
        "defaults": {"samples": 3},
        "probes": [{"id": f"question-{at}", "prompt": question} for at, question in enumerate(questions)],
    }
    (place.folder / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")  # JSON is YAML
    endpoint.change(latency_scale=0)
    speaks(endpoint, {question: march[question] for question in questions})
    place.json("baseline", "capture", "suite.yaml", "--rounds", "20", "--reason", "March 2023")
    again = place.json("run", "suite.yaml", "--rounds", "10")
    assert [drifting(run) for run in again["runs"]] == [set()] * 10

    speaks(endpoint, {question: june[question] for question in questions})
    after = place.json("run", "suite.yaml", "--rounds", "6")
    found = [at for at, run in enumerate(after["runs"], start=1) if ("answers", "suite") in drifting(run)]
    record_property("runs_to_alarm", found[0] if found else None)
    print(f"{task} {model}: alarm after {found[0] if found else 'more than 6'} runs")
    assert found
    assert found[0] <= FOUND_WITHIN
