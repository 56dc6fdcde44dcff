"""Samples as rows, and back: numbers in columns, texts apart so that they can expire sooner. Feeds every store."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter

from probes.errors import StoreError
from probes.failure import Failure, FailureClass
from probes.route import Route
from probes.sample import Attempt, Document, Finish, Sample, Step, Timing, TokenUsage, ToolCall
from reports.summary import ProbeRecord, RunRecord
from runner.store.columns import Codec, finite, from_json, instant, instant_text, real_number, to_json, whole_number
from runner.store.rows import Row

ATTEMPTS = Codec(TypeAdapter(tuple[Attempt, ...]))
TOOL_CALLS = Codec(TypeAdapter(tuple[ToolCall, ...]))

TIMING_SECONDS = tuple(field.name for field in fields(Timing) if field.name.endswith("_s"))
TIMING_FLAGS = ("reused", "stamped")
TOKEN_COUNTS = tuple(field.name for field in fields(TokenUsage) if field.name.endswith("_tokens"))
ROUTE_NAMES = ("model", "fingerprint", "provider", "deployment", "region", "tier", "cache", "gateway")
DOCUMENTS = Codec(TypeAdapter(tuple[Document, ...]))
STEPS = Codec(TypeAdapter(tuple[Step, ...]))


def check_identity(record: RunRecord, probe: ProbeRecord, sample: Sample) -> None:
    """A sample inherits run, suite, endpoint and probe from where it hangs; refuse one that says otherwise.

    Raises:
        StoreError: it does. A bug of the caller, told before anything is written.
    """
    told = (sample.run_id, sample.suite, sample.endpoint, sample.probe)
    if told != (record.run_id, record.suite, record.endpoint, probe.probe):
        raise StoreError(f"sample {sample.sample_id!r} does not belong to run {record.run_id!r}: it names {told}")


def sample_row(sample: Sample, *, probe: ProbeRecord, run: int, position: int, probe_position: int) -> dict[str, Any]:
    """One sample without its texts. ``request_hash`` is null where it is the probe's (always, but for bugs)."""
    return {
        "run": run,
        "position": position,
        "probe_position": probe_position,
        "sample_id": sample.sample_id,
        "sample_index": sample.index,
        "request_hash": None if sample.request_hash == probe.request_hash else sample.request_hash,
        "trace_id": sample.trace_id,
        "started_at": instant_text(sample.started_at),
        **{name: real_number(getattr(sample.timing, name)) for name in TIMING_SECONDS},
        **{name: getattr(sample.timing, name) for name in TIMING_FLAGS},
        **{name: whole_number(getattr(sample.usage, name)) for name in TOKEN_COUNTS},
        "usage_raw": to_json(finite(sample.usage.raw)) if sample.usage.raw else None,
        **_route_columns(sample.route),
        "finish": sample.finish.value if sample.finish else None,
        "finish_raw": sample.finish_raw,
        **_failure_columns(sample.failure),
        "attempts": ATTEMPTS.dump(sample.attempts) if sample.attempts else None,
        "cost_usd": real_number(sample.cost_usd),
        "status": whole_number(sample.status),
        "headers": to_json(dict(sample.headers)) if sample.headers else None,
        "filters": to_json(dict(sample.filters)) if sample.filters else None,
        "told_trace_id": sample.told_trace_id,
        "answer_chars": sample.answer_chars,
    }


def _route_columns(route: Route) -> dict[str, Any]:
    names = {f"route_{name}": getattr(route, name) for name in ROUTE_NAMES}
    counts = {"route_fallbacks": whole_number(route.fallbacks), "route_retries": whole_number(route.retries)}
    return {**names, **counts, "route_attempts": route.attempts}


def _failure_columns(failure: Failure | None) -> dict[str, Any]:
    return {
        "failure_class": failure.kind.value if failure else None,
        "failure_message": failure.message if failure else None,
        "failure_status": failure.status if failure else None,
        "failure_retry_after_s": real_number(failure.retry_after_s) if failure else None,
    }


def text_row(sample: Sample, *, run: int, position: int) -> dict[str, Any] | None:
    """What the endpoint said, to be kept for a shorter time; None where it said nothing."""
    told = (sample.answer, sample.refusal, sample.documents)
    if told == (None, None, None) and not (sample.tool_calls or sample.citations or sample.steps):
        return None
    return {
        "run": run,
        "position": position,
        "answer": sample.answer,
        "refusal": sample.refusal,
        "tool_calls": TOOL_CALLS.dump(sample.tool_calls) if sample.tool_calls else None,
        "documents": None if sample.documents is None else DOCUMENTS.dump(sample.documents),
        "citations": to_json(list(sample.citations)) if sample.citations else None,
        "steps": STEPS.dump(sample.steps) if sample.steps else None,
    }


def sample(row: Row, *, run: Row, probe: Row) -> Sample:
    """One sample from its row (joined with its texts, null where they have expired), its run's and its probe's."""
    return Sample(
        sample_id=row["sample_id"],
        run_id=run["run_id"],
        suite=run["suite"],
        endpoint=run["endpoint"],
        probe=probe["probe"],
        index=row["sample_index"],
        request_hash=row["request_hash"] or probe["request_hash"],
        trace_id=row["trace_id"],
        started_at=instant(row["started_at"]),
        timing=Timing(
            **{name: row[name] for name in TIMING_SECONDS},
            **{name: None if row[name] is None else bool(row[name]) for name in TIMING_FLAGS},
        ),
        usage=TokenUsage(
            **{name: row[name] for name in TOKEN_COUNTS},
            raw=from_json(row["usage_raw"]) if row["usage_raw"] else {},
        ),
        route=route(row),
        answer=row["answer"],
        answer_chars=row["answer_chars"],
        refusal=row["refusal"],
        tool_calls=TOOL_CALLS.load(row["tool_calls"]) if row["tool_calls"] else (),
        documents=DOCUMENTS.load(row["documents"]) if row["documents"] else None,
        citations=tuple(from_json(row["citations"])) if row["citations"] else (),
        filters=from_json(row["filters"]) if row["filters"] else {},
        steps=STEPS.load(row["steps"]) if row["steps"] else (),
        told_trace_id=row["told_trace_id"],
        finish=Finish(row["finish"]) if row["finish"] else None,
        finish_raw=row["finish_raw"],
        failure=_failure(row),
        attempts=ATTEMPTS.load(row["attempts"]) if row["attempts"] else (),
        cost_usd=row["cost_usd"],
        status=row["status"],
        headers=from_json(row["headers"]) if row["headers"] else {},
    )


def route(row: Row) -> Route:
    """Who answered, from a sample's row."""
    names = {name: row[f"route_{name}"] for name in ROUTE_NAMES}
    counts = {name: row[f"route_{name}"] for name in ("fallbacks", "retries", "attempts")}
    return Route(**names, **counts)


def _failure(row: Row) -> Failure | None:
    if row["failure_class"] is None:
        return None
    return Failure(
        kind=FailureClass(row["failure_class"]),
        message=row["failure_message"],
        status=row["failure_status"],
        retry_after_s=row["failure_retry_after_s"],
    )
