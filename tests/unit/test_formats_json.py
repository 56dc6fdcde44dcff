"""The JSON object is exactly the published one, with nothing invented."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from checks.drift.result import Effect, StreamState
from probes.sample import Document, Timing, TokenUsage
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
    keys = "run_id suite endpoint trigger started_at duration_s health probes drift alerts cost_usd usage note"
    assert list(run) == [*keys.split(), "maintenance", "offline", "judge", "faults", "cohorts", "causes"]
    sample = run["probes"][0]["samples"][0]
    keys = "sample_id trace_id told_trace_id failure route timing tokens_per_second usage cost_usd finish answer_chars"
    assert list(sample) == [*keys.split(), "documents", "status"]
    keys = "client_wait_s dns_s tls_s connect_s first_byte_s first_token_s total_s longest_gap_s reused stamped"
    assert list(sample["timing"]) == keys.split()


def test_a_sample_tells_how_its_connection_came_about_and_how_fast_it_was_written() -> None:
    timing = Timing(client_wait_s=0.002, connect_s=0.05, dns_s=0.01, tls_s=0.03, first_token_s=1.0, total_s=3.0)
    one = a_sample(timing=replace(timing, reused=False), usage=TokenUsage(output_tokens=41))
    sample = told(a_run([a_probe(samples=[one])]))["runs"][0]["probes"][0]["samples"][0]
    assert {name: sample["timing"][name] for name in ("client_wait_s", "dns_s", "tls_s", "reused")} == {
        "client_wait_s": 0.002,
        "dns_s": 0.01,
        "tls_s": 0.03,
        "reused": False,
    }
    assert sample["tokens_per_second"] == 20.0


@pytest.mark.parametrize(
    ("documents", "ids"),
    [(None, None), ((), []), ((Document(id="faq-9", text="hidden", score=0.5), Document(id="b")), ["faq-9", "b"])],
)
def test_documents_are_told_by_their_ids_and_nothing_found_is_not_nothing_known(
    documents: tuple[Document, ...] | None, ids: list[str] | None
) -> None:
    run = a_run([a_probe(samples=[a_sample(documents=documents, told_trace_id="t-1")])])
    whole = told(run)
    jsonschema.Draft202012Validator(SCHEMA).validate(whole)
    sample = whole["runs"][0]["probes"][0]["samples"][0]
    assert (sample["documents"], sample["told_trace_id"]) == (ids, "t-1")
    assert "hidden" not in json.dumps(whole)


def test_a_failure_is_told_with_both_its_classes_message_and_status() -> None:
    sample = told(unknown_run())["runs"][0]["probes"][0]["samples"][0]
    assert sample["failure"] == {"class": "auth", "fault": "auth", "message": "invalid api key", "status": 401}
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
        "since": None,
        "since_at": None,
        "note": "",
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
