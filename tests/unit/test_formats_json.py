"""The JSON object is exactly the published one, with nothing invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from checks.drift.result import Effect, StreamState
from probes.sample import Timing
from reports.formats import json_format
from reports.summary import RunRecord
from tests.fakes.records import a_probe, a_run, a_sample, a_stream, failing_run, healthy_run, hostile_run, unknown_run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "runs.schema.json").read_text("utf-8"))
RUNS = {"failing": failing_run, "healthy": healthy_run, "unknown": unknown_run, "hostile": hostile_run, "bare": a_run}


def told(*records: RunRecord) -> Any:
    return json.loads(json_format.render(records, exit_code=0))


@pytest.mark.parametrize("name", RUNS)
def test_every_run_keeps_to_the_published_schema(name: str) -> None:
    whole = told(RUNS[name]())
    jsonschema.Draft202012Validator(SCHEMA).validate(whole)
    assert whole["schema"] == "holdfast.runs/1"


def test_the_schema_refuses_a_missing_key() -> None:
    whole = told(failing_run())
    del whole["runs"][0]["probes"][0]["samples"][0]["usage"]
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(whole)


def test_keys_stand_in_the_published_order() -> None:
    run = told(failing_run())["runs"][0]
    keys = "run_id suite endpoint trigger started_at duration_s health probes drift alerts cost_usd usage"
    assert list(run) == keys.split()
    sample = run["probes"][0]["samples"][0]
    assert list(sample) == (
        ["sample_id", "trace_id", "failure", "route", "timing", "usage", "cost_usd", "finish", "answer_chars"]
    )
    assert list(sample["timing"]) == ["connect_s", "first_byte_s", "first_token_s", "total_s", "longest_gap_s"]


def test_a_failure_is_told_with_class_message_and_status() -> None:
    sample = told(unknown_run())["runs"][0]["probes"][0]["samples"][0]
    assert sample["failure"] == {"class": "auth", "message": "invalid api key", "status": 401}
    assert sample["answer_chars"] is None
    assert sample["finish"] is None


def test_what_nobody_said_is_null_and_not_zero() -> None:
    run = told(unknown_run())["runs"][0]
    assert run["cost_usd"] is None
    assert set(run["usage"].values()) == {None}


def test_usage_and_cost_are_sums_over_the_samples() -> None:
    run = told(a_run([a_probe(samples=[a_sample(index=0), a_sample(index=1)])]))["runs"][0]
    assert run["usage"]["output_tokens"] == 60 + 61
    assert run["cost_usd"] == pytest.approx(0.00084)


def test_instants_end_in_z() -> None:
    assert told(a_run())["runs"][0]["started_at"] == "2026-03-14T09:15:00Z"


@pytest.mark.parametrize(("score", "written"), [(81.256, 81.26), (99.999, 99.99), (100.0, 100.0)])
def test_scores_have_two_decimals_and_only_an_alarm_reads_100(score: float, written: float) -> None:
    run = a_run(drift=[a_stream("answers", StreamState.WARN, score)])
    assert told(run)["runs"][0]["drift"][0]["score"] == written


def test_a_collecting_stream_has_no_score() -> None:
    run = a_run(drift=[a_stream("answers", StreamState.COLLECTING, runs=3)])
    entry = told(run)["runs"][0]["drift"][0]
    assert entry == {
        "stream": "answers",
        "scope": "suite",
        "state": "collecting",
        "score": None,
        "baseline_size": 3,
        "effect": None,
    }


def test_numbers_that_json_cannot_say_become_null() -> None:
    run = a_run(
        [a_probe(samples=[a_sample(timing=Timing(total_s=float("nan")))])],
        drift=[a_stream("answers", effect=Effect(kind="ratio", value=float("inf")))],
    )
    entry = told(run)["runs"][0]
    assert entry["probes"][0]["samples"][0]["timing"]["total_s"] is None
    assert entry["drift"][0]["effect"]["value"] is None


def test_no_runs_is_an_empty_list() -> None:
    assert told()["runs"] == []
