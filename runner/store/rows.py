"""Runs, their probes, findings and drift results as rows, and back. Feeds every store; knows no database.

A row is a flat dict of column to scalar. Children carry ``run`` (the number the store gave the run) and
``position`` (their place in the record), which together are their primary key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from checks.drift.result import Effect, StreamKey, StreamResult, StreamState
from checks.finding import Finding, Outcome, SampleOutcome, Status
from checks.verdict import Health
from probes.fault import Fault
from probes.sample import Sample
from probes.suite import Message
from reports.summary import AlertView, ProbeRecord, RunRecord
from runner.store.base import RunHeader
from runner.store.columns import Codec, from_json, instant, instant_text, to_json

Row = Mapping[str, Any]
CONVERSATION = Codec(TypeAdapter(tuple[Message, ...]))
ALERT_VIEWS = Codec(TypeAdapter(tuple[AlertView, ...]))


# ------------------------------------------------------------------------------------------------ runs
def run_row(record: RunRecord, *, in_baseline: bool) -> dict[str, Any]:
    """The line of one run: what lists show, and what is too small for a table of its own."""
    return {
        "run_id": record.run_id,
        "suite": record.suite,
        "endpoint": record.endpoint,
        "trigger": record.trigger,
        "started_at": instant_text(record.started_at),
        "duration_s": record.duration_s,
        "health": record.health.value,
        "note": record.note,
        "alerts": ALERT_VIEWS.dump(record.alerts),
        "in_baseline": in_baseline,
        "texts_expired": False,
        "maintenance": record.maintenance,
        "offline": record.offline,
    }


def header(row: Row) -> RunHeader:
    """The line of a run in a list."""
    return RunHeader(
        run_id=row["run_id"],
        suite=row["suite"],
        endpoint=row["endpoint"],
        trigger=row["trigger"],
        started_at=instant(row["started_at"]),
        duration_s=row["duration_s"],
        health=row["health"],
        in_baseline=bool(row["in_baseline"]),
        maintenance=row["maintenance"] or "",
        offline=row["offline"] or "",
    )


def run_record(row: Row, *, probes: tuple[ProbeRecord, ...], drift: tuple[StreamResult, ...]) -> RunRecord:
    """The whole run from its line and its parts."""
    return RunRecord(
        run_id=row["run_id"],
        suite=row["suite"],
        endpoint=row["endpoint"],
        trigger=row["trigger"],
        started_at=instant(row["started_at"]),
        duration_s=row["duration_s"],
        health=Health(row["health"]),
        probes=probes,
        drift=drift,
        alerts=ALERT_VIEWS.load(row["alerts"]),
        note=row["note"],
        maintenance=row["maintenance"] or "",
        offline=row["offline"] or "",
    )


# ------------------------------------------------------------------------------------------------ probes
def probe_row(probe: ProbeRecord, *, run: int, position: int) -> dict[str, Any]:
    """One probe of a run. What was asked is a row of its own, shared by all runs that asked it."""
    return {
        "run": run,
        "position": position,
        "probe": probe.probe,
        "labels": to_json(dict(probe.labels)),
        "request_hash": probe.request_hash,
        "health": probe.health.value,
    }


def conversation_row(suite: str, probe: ProbeRecord) -> dict[str, Any]:
    """What a probe asks, once for each distinct request."""
    return {
        "suite": suite,
        "probe": probe.probe,
        "request_hash": probe.request_hash,
        "messages": CONVERSATION.dump(probe.conversation),
    }


def probe_record(row: Row, *, samples: tuple[Sample, ...], findings: tuple[Finding, ...]) -> ProbeRecord:
    """One probe from its row (with ``messages``, null where they have expired) and its parts."""
    return ProbeRecord(
        probe=row["probe"],
        labels=from_json(row["labels"]),
        request_hash=row["request_hash"],
        conversation=CONVERSATION.load(row["messages"]) if row["messages"] else (),
        health=Health(row["health"]),
        samples=samples,
        findings=findings,
    )


# ------------------------------------------------------------------------------------------------ findings
def finding_row(finding: Finding, *, run: int, position: int, probe_position: int) -> dict[str, Any]:
    """One finding without its reasons: those quote answers, and expire with them."""
    return {
        "run": run,
        "position": position,
        "probe_position": probe_position,
        "check_name": finding.check,
        "argument": finding.argument,
        "mode": finding.mode,
        "policy": finding.policy,
        "status": finding.status.value,
        "passed": finding.passed,
        "total": finding.total,
        "turn": finding.turn,
        "severity": finding.severity,
        "fault": finding.fault and finding.fault.value,
        "outcomes": to_json([_outcome_parts(entry) for entry in finding.outcomes]),
    }


def _outcome_parts(entry: SampleOutcome) -> list[Any]:
    """Its sample, its status, where it has them the span, and where one is given its class."""
    span, fault = entry.outcome.span, entry.outcome.fault
    return [entry.sample_id, entry.outcome.status.value, *(span or ()), *([] if fault is None else [fault.value])]


def _outcome(parts: list[Any], reason: str) -> SampleOutcome:
    sample_id, status, *rest = parts
    start_end = [place for place in rest if isinstance(place, int)]
    classes = [Fault(name) for name in rest if isinstance(name, str)]
    return SampleOutcome(
        sample_id=sample_id,
        outcome=Outcome(
            status=Status(status),
            reason=reason,
            span=(start_end[0], start_end[1]) if start_end else None,
            fault=classes[0] if classes else None,
        ),
    )


def reason_row(finding: Finding, *, run: int, position: int) -> dict[str, Any] | None:
    """The reasons of one finding, in the order of its outcomes; None where there is nothing to say."""
    reasons = [entry.outcome.reason for entry in finding.outcomes]
    if not finding.reason and not any(reasons):
        return None
    return {"run": run, "position": position, "reason": finding.reason, "reasons": to_json(reasons)}


def outcomes(row: Row, told: str | None = None) -> tuple[SampleOutcome, ...]:
    """What one finding says of each sample. ``told``: their reasons as JSON; without them the reasons are empty."""
    parts = from_json(row["outcomes"])
    reasons = from_json(told) if told else [""] * len(parts)
    return tuple(_outcome(part, why) for part, why in zip(parts, reasons, strict=True))


def finding(row: Row, *, probe: str) -> Finding:
    """One finding from its row, joined with ``reason`` and ``reasons`` (null where expired or empty)."""
    return Finding(
        probe=probe,
        check=row["check_name"],
        argument=row["argument"],
        mode=row["mode"],
        policy=bool(row["policy"]),
        status=Status(row["status"]),
        passed=row["passed"],
        total=row["total"],
        reason=row["reason"] or "",
        outcomes=outcomes(row, row["reasons"]),
        turn=row["turn"],
        severity=row["severity"],
        fault=Fault(row["fault"]) if row["fault"] else None,
    )


# ------------------------------------------------------------------------------------------------ drift
def drift_row(result: StreamResult, *, run: int, position: int) -> dict[str, Any]:
    """The judge's word on one stream after one run, numbers as columns."""
    effect = result.effect
    return {
        "run": run,
        "position": position,
        "scope": result.key.scope,
        "dimension": result.key.dimension,
        "state": result.state.value,
        "score": result.score,
        "ln_m": result.ln_m,
        "ln_c": result.ln_c,
        "baseline_size": result.baseline_size,
        "effect_kind": effect.kind if effect else None,
        "effect_value": effect.value if effect else None,
        "effect_low": effect.low if effect else None,
        "effect_high": effect.high if effect else None,
        "since": result.since,
        "opened": result.opened,
        "supported": result.supported,
        "note": result.note,
    }


def stream_result(row: Row) -> StreamResult:
    """The judge's word from its row."""
    effect = None
    if row["effect_kind"] is not None:
        effect = Effect(
            kind=row["effect_kind"], value=row["effect_value"], low=row["effect_low"], high=row["effect_high"]
        )
    return StreamResult(
        key=StreamKey(scope=row["scope"], dimension=row["dimension"]),
        state=StreamState(row["state"]),
        score=row["score"],
        ln_m=row["ln_m"],
        ln_c=row["ln_c"],
        baseline_size=row["baseline_size"],
        effect=effect,
        since=row["since"],
        opened=bool(row["opened"]),
        supported=bool(row["supported"]),
        note=row["note"],
    )
