"""Runs as the one JSON object ``holdfast.runs/1``. Feeds scripts, CI steps and whoever stores results elsewhere.

Every key is always there, null where nothing is known. The schema is ``docs/runs.schema.json``. The output is pure
ASCII, so that no text of an endpoint can steer a terminal; lone surrogates, which are no characters, become U+FFFD.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from checks.drift.result import StreamResult
from checks.finding import Finding
from probes.failure import Failure
from probes.fault import FAULT_OF_FAILURE
from probes.sample import Sample
from reports import tally
from reports.attribution import faults
from reports.attribution.causes import cause_object, causes
from reports.cohorts import tables as cohort_tables
from reports.cohorts.cohorts import cohorts
from reports.formats.json_judge import judge_object
from reports.summary import ProbeRecord, RunRecord

SCHEMA = "holdfast.runs/1"
_USAGE = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
_TIMING = (
    "client_wait_s",
    "dns_s",
    "tls_s",
    "connect_s",
    "first_byte_s",
    "first_token_s",
    "total_s",
    "longest_gap_s",
    "reused",
    "stamped",
)
_ROUTE = (
    "model",
    "fingerprint",
    "provider",
    "deployment",
    "region",
    "tier",
    "cache",
    "fallbacks",
    "attempts",
    "retries",
    "gateway",
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(records: Sequence[RunRecord], *, exit_code: int) -> str:
    """One object and nothing else; numbers are seconds, US dollars and counts, instants ISO 8601 in UTC."""
    whole = {"schema": SCHEMA, "exit_code": exit_code, "runs": [run_object(record) for record in records]}
    return json_text(whole)


def json_text(value: dict[str, Any]) -> str:
    """Any object of ours as such text: indented, pure ASCII, ended by a line feed."""
    return json.dumps(_plain(value), indent=2, allow_nan=False).replace("\x7f", "\\u007f") + "\n"


def run_object(record: RunRecord) -> dict[str, Any]:
    """One entry of ``runs``."""
    return {
        "run_id": record.run_id,
        "suite": record.suite,
        "endpoint": record.endpoint,
        "trigger": record.trigger,
        "started_at": _instant(record.started_at),
        "duration_s": record.duration_s,
        "health": record.health.value,
        "probes": [_probe(probe) for probe in record.probes],
        "drift": [_stream(record, result) for result in record.drift],
        "alerts": [
            {
                "key": alert.key,
                "kind": alert.kind,
                "severity": alert.severity,
                "state": alert.state,
                "muted": alert.muted or None,
            }
            for alert in record.alerts
        ],
        "cost_usd": tally.cost_usd(record.charged),
        "usage": {field: tally.tokens(record.samples, field) for field in _USAGE},
        "note": record.note,
        "maintenance": record.maintenance or None,
        "offline": record.offline or None,
        "judge": judge_object(record),
        "faults": dict(faults.of_run(record)),
        "cohorts": [cohort_tables.json_object(cohort) for cohort in cohorts(record)],
        "causes": [cause_object(cause) for cause in causes(record)],
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _probe(probe: ProbeRecord) -> dict[str, Any]:
    return {
        "probe": probe.probe,
        "labels": dict(probe.labels),
        "health": probe.health.value,
        "samples": [_sample(sample) for sample in probe.samples],
        "checks": [_check(finding) for finding in probe.findings],
        "faults": dict(faults.of_probe(probe)),
    }


def _sample(sample: Sample) -> dict[str, Any]:
    failure = sample.failure
    return {
        "sample_id": sample.sample_id,
        "trace_id": sample.trace_id,
        "told_trace_id": sample.told_trace_id,
        "failure": failure and _failure(failure),
        "route": {field: getattr(sample.route, field) for field in _ROUTE},
        "timing": {field: getattr(sample.timing, field) for field in _TIMING},
        "tokens_per_second": sample.tokens_per_second,
        "usage": {field: getattr(sample.usage, field) for field in _USAGE},
        "cost_usd": sample.cost_usd,
        "finish": sample.finish and sample.finish.value,
        "answer_chars": sample.chars,
        "documents": None if sample.documents is None else [document.id for document in sample.documents],
        "status": sample.status,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "class": failure.kind.value,
        "fault": FAULT_OF_FAILURE[failure.kind].value,
        "message": failure.message,
        "status": failure.status,
    }


def _check(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "argument": finding.argument,
        "mode": finding.mode,
        "status": finding.status.value,
        "passed": finding.passed,
        "total": finding.total,
        "reason": finding.reason,
        "turn": finding.turn,
        "class": finding.fault and finding.fault.value,
    }


def _stream(record: RunRecord, result: StreamResult) -> dict[str, Any]:
    effect, began = result.effect, record.began.get(result.since or "")
    return {
        "stream": result.key.dimension,
        "scope": result.key.scope,
        "state": result.state.value,
        "score": _score(result.score),
        "baseline_size": result.baseline_size,
        "effect": effect and {"kind": effect.kind, "value": effect.value, "low": effect.low, "high": effect.high},
        "since": result.since,
        "since_at": began and _instant(began.at),
        "note": result.note,
    }


def _score(score: float | None) -> float | None:
    """Two decimals; a score short of the alarm never reads 100."""
    if score is None:
        return None
    return round(score, 2) if score >= 100 else min(round(score, 2), 99.99)


def _plain(value: Any) -> Any:
    """Only what JSON can say: numbers that are no numbers become null, half characters U+FFFD."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {_plain(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value
