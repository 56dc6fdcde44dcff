"""Runs into SQLite: one run with all its parts, and the states of streams and alerts it leaves. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from checks.drift.result import StreamKey
from probes.errors import StoreError
from reports.summary import RunRecord
from runner.store import alert_table, consultation_table, observation_rows, rows, sample_rows
from runner.store.base import Json, RunWrite
from runner.store.columns import from_json, to_json
from runner.store.database import SqliteDatabase


# ------------------------------------------------------------------------------------------------ saving
def save(db: SqliteDatabase, write: RunWrite) -> None:
    """Write a run and all it changes. The caller holds the transaction.

    Raises:
        StoreError: the run is already stored, or its parts contradict each other.
    """
    record = write.record
    if db.read("SELECT 1 FROM runs WHERE run_id = ?", [record.run_id]):
        raise StoreError(f"run {record.run_id!r} is already stored")
    run = db.insert("runs", rows.run_row(record, in_baseline=write.in_baseline))
    _save_parts(db, record, run)
    seen = observation_rows.observation_json(write.observation)
    db.insert("observations", {"run": run, "observation": seen, "plan": to_json(dict(write.plan))})
    replace_streams(db, record.suite, record.endpoint, write.streams)
    ended = record.started_at + timedelta(seconds=record.duration_s)
    alert_table.save(db, (record.suite, record.endpoint), write.alerts, write.outbox, at=ended, run=run)


def _save_parts(db: SqliteDatabase, record: RunRecord, run: int) -> None:
    probes = record.probes
    db.insert_all("probes", [rows.probe_row(p, run=run, position=at) for at, p in enumerate(probes)])
    asked = [rows.conversation_row(record.suite, probe) for probe in probes if probe.conversation]
    db.insert_all("conversations", asked, ignore=True)
    _save_samples(db, record, run)
    _save_findings(db, record, run)
    db.insert_all("drift", [rows.drift_row(result, run=run, position=at) for at, result in enumerate(record.drift)])
    consultation_table.save(db, record, run)


def _save_samples(db: SqliteDatabase, record: RunRecord, run: int) -> None:
    samples: list[dict[str, Any]] = []
    texts: list[dict[str, Any] | None] = []
    for at, probe in enumerate(record.probes):
        for sample in probe.samples:
            sample_rows.check_identity(record, probe, sample)
            position = len(samples)
            samples.append(sample_rows.sample_row(sample, probe=probe, run=run, position=position, probe_position=at))
            texts.append(sample_rows.text_row(sample, run=run, position=position))
    db.insert_all("samples", samples)
    db.insert_all("texts", _present(texts))


def _save_findings(db: SqliteDatabase, record: RunRecord, run: int) -> None:
    found = [(at, finding) for at, probe in enumerate(record.probes) for finding in probe.findings]
    db.insert_all(
        "findings",
        [rows.finding_row(f, run=run, position=place, probe_position=at) for place, (at, f) in enumerate(found)],
    )
    reasons = [rows.reason_row(f, run=run, position=place) for place, (_, f) in enumerate(found)]
    db.insert_all("reasons", _present(reasons))


def _present(optional: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [row for row in optional if row is not None]


def replace_streams(db: SqliteDatabase, suite: str, endpoint: str, streams: Mapping[StreamKey, Json]) -> None:
    """Forget the stream states of one suite and endpoint and keep these."""
    db.change("DELETE FROM streams WHERE suite = ? AND endpoint = ?", [suite, endpoint])
    place = {"suite": suite, "endpoint": endpoint}
    db.insert_all(
        "streams",
        [
            {**place, "scope": key.scope, "dimension": key.dimension, "state": to_json(dict(state))}
            for key, state in streams.items()
        ],
    )


# ------------------------------------------------------------------------------------------------ what is true now
def stream_states(db: SqliteDatabase, suite: str, endpoint: str) -> dict[StreamKey, dict[str, Any]]:
    """Current stream states, in the order they were saved."""
    found = db.read("SELECT * FROM streams WHERE suite = ? AND endpoint = ? ORDER BY rowid", [suite, endpoint])
    return {StreamKey(scope=r["scope"], dimension=r["dimension"]): from_json(r["state"]) for r in found}
