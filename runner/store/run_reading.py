"""Runs out of SQLite: lists, whole records, histories, and what the judge saw. Feeds ``sqlite``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from checks.drift.result import StreamKey
from probes.errors import StoreError
from reports.summary import Began, ProbeRecord, RunRecord, StreamPoint
from runner.store import baseline_tables, consultation_table, observation_rows, rows, sample_rows
from runner.store.base import RunHeader, StoredObservation
from runner.store.columns import instant
from runner.store.database import SqliteDatabase
from runner.store.declared import declared, declaring
from runner.store.rows import Row

PAGE = 100
"""Observations read at a time: a year of runs passes through without the lock being held for long."""


# ------------------------------------------------------------------------------------------------ lists and histories
def newest(db: SqliteDatabase, suite: str | None, endpoint: str | None, limit: int) -> tuple[RunHeader, ...]:
    """The lines of the newest runs, newest first."""
    named = {name: value for name, value in (("suite", suite), ("endpoint", endpoint)) if value is not None}
    where = f"WHERE {' AND '.join(f'{name} = ?' for name in named)}" if named else ""
    sql = f"SELECT * FROM runs {where} ORDER BY started_at DESC, seq DESC LIMIT ?"  # noqa: S608  column names only
    return tuple(map(rows.header, db.read(sql, [*named.values(), max(limit, 0)])))


HISTORY = """
    SELECT r.run_id, r.started_at, d.scope, d.dimension, d.score, d.state, d.ln_m, d.ln_c
    FROM (SELECT seq, run_id, started_at FROM runs WHERE suite = ? AND endpoint = ? ORDER BY seq DESC LIMIT ?) AS r
    JOIN drift AS d ON d.run = r.seq
    ORDER BY r.seq, d.position
"""


def history(db: SqliteDatabase, suite: str, endpoint: str, limit: int) -> dict[StreamKey, tuple[StreamPoint, ...]]:
    """Scores of every stream over the newest runs, oldest first."""
    points: dict[StreamKey, list[StreamPoint]] = defaultdict(list)
    for run_id, group in groupby(db.read(HISTORY, [suite, endpoint, max(limit, 0)]), key=itemgetter("run_id")):
        results = list(group)
        started_at = instant(results[0]["started_at"])
        for row in results:
            point = StreamPoint(
                run_id=run_id,
                started_at=started_at,
                score=row["score"],
                state=row["state"],
                ln_m=row["ln_m"],
                ln_c=row["ln_c"],
            )
            points[StreamKey(scope=row["scope"], dimension=row["dimension"])].append(point)
    return {key: tuple(line) for key, line in points.items()}


BEGAN = """
    SELECT r.run_id, r.started_at, (
        SELECT COUNT(*) FROM runs AS later
        WHERE later.suite = r.suite AND later.endpoint = r.endpoint AND later.seq > r.seq AND later.seq <= ?
    ) AS later
    FROM runs AS r WHERE r.suite = ? AND r.endpoint = ? AND r.run_id = ? AND r.seq <= ?
"""
_NEWEST = 2**62


def began(
    db: SqliteDatabase, suite: str, endpoint: str, run_ids: Collection[str], *, of: int | None = None
) -> dict[str, Began]:
    """When runs began, and how many runs before the one stored as number ``of``; None: before the next one."""
    until, ahead = (_NEWEST, 1) if of is None else (of, 0)
    found = [row for name in sorted(run_ids) for row in db.read(BEGAN, [until, suite, endpoint, name, until])]
    return {row["run_id"]: Began(at=instant(row["started_at"]), runs_ago=row["later"] + ahead) for row in found}


# ------------------------------------------------------------------------------------------------ one whole run
SAMPLES = """
    SELECT s.*, t.answer, t.refusal, t.tool_calls, t.documents, t.citations, t.steps FROM samples AS s
    LEFT JOIN texts AS t ON t.run = s.run AND t.position = s.position
    WHERE s.run = ? ORDER BY s.position
"""
FINDINGS = """
    SELECT f.*, t.reason, t.reasons FROM findings AS f
    LEFT JOIN reasons AS t ON t.run = f.run AND t.position = f.position
    WHERE f.run = ? ORDER BY f.position
"""
PROBES = """
    SELECT p.*, CASE WHEN r.texts_expired THEN NULL ELSE c.messages END AS messages
    FROM probes AS p JOIN runs AS r ON r.seq = p.run
    LEFT JOIN conversations AS c ON c.suite = r.suite AND c.probe = p.probe AND c.request_hash = p.request_hash
    WHERE p.run = ? ORDER BY p.position
"""


def whole(db: SqliteDatabase, run_id: str) -> RunRecord | None:
    """One run with everything that is left of it."""
    found = db.read("SELECT * FROM runs WHERE run_id = ?", [run_id])
    if not found:
        return None
    run = found[0]
    samples = _by_probe(db.read(SAMPLES, [run["seq"]]))
    findings = _by_probe(db.read(FINDINGS, [run["seq"]]))
    asked = db.read(PROBES, [run["seq"]])
    drift = db.read("SELECT * FROM drift WHERE run = ? ORDER BY position", [run["seq"]])
    consulted, calibration = consultation_table.of_run(db, run["seq"])
    record = rows.run_record(
        run,
        probes=tuple(_probe(run, row, samples[row["position"]], findings[row["position"]]) for row in asked),
        drift=tuple(map(rows.stream_result, drift)),
    )
    first = {result.since for result in record.drift if result.since is not None}
    if not first:
        return replace(record, consultations=consulted, calibration=calibration)
    place, acts = (record.suite, record.endpoint), baseline_tables.acts(db, record.suite, record.endpoint)
    named = {act.after_run for act in declaring(acts) if act.after_run is not None}
    known = began(db, *place, first | named, of=run["seq"])
    return replace(
        record,
        consultations=consulted,
        calibration=calibration,
        began={name: entry for name, entry in known.items() if name in first},
        declared=declared(acts, known),
    )


def _by_probe(found: list[dict[str, Any]]) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in found:
        groups[row["probe_position"]].append(row)
    return groups


def _probe(run: Row, row: Row, samples: list[Row], findings: list[Row]) -> ProbeRecord:
    return rows.probe_record(
        row,
        samples=tuple(sample_rows.sample(entry, run=run, probe=row) for entry in samples),
        findings=tuple(rows.finding(entry, probe=row["probe"]) for entry in findings),
    )


# ------------------------------------------------------------------------------------------------ as the judge saw it
OBSERVED = """
    SELECT r.seq, r.in_baseline, r.texts_expired, o.observation, o.plan
    FROM runs AS r JOIN observations AS o ON o.run = r.seq
    WHERE r.suite = ? AND r.endpoint = ? AND r.seq >= ? ORDER BY r.seq LIMIT ?
"""
ANSWERS = """
    SELECT s.run, p.probe, t.answer
    FROM runs AS r JOIN samples AS s ON s.run = r.seq
    JOIN probes AS p ON p.run = s.run AND p.position = s.probe_position
    LEFT JOIN texts AS t ON t.run = s.run AND t.position = s.position
    WHERE r.suite = ? AND r.endpoint = ? AND r.seq BETWEEN ? AND ? ORDER BY r.seq, s.position
"""


def observations(db: SqliteDatabase, suite: str, endpoint: str, since_run: str | None) -> Iterator[StoredObservation]:
    """Runs in the order they were saved, which is the order the judge saw them in."""
    seq = 0 if since_run is None else _seq(db, suite, endpoint, since_run)
    while page := _page(db, suite, endpoint, seq):
        for row, answers in page:
            yield observation_rows.stored_observation(row, answers)
        seq = page[-1][0]["seq"] + 1


def _page(db: SqliteDatabase, suite: str, endpoint: str, seq: int) -> list[tuple[Row, observation_rows.Answers]]:
    with db.snapshot():
        found = db.read(OBSERVED, [suite, endpoint, seq, PAGE])
        if not found:
            return []
        said = db.read(ANSWERS, [suite, endpoint, found[0]["seq"], found[-1]["seq"]])
    answers = {run: _places(group) for run, group in groupby(said, key=itemgetter("run"))}
    return [(row, answers.get(row["seq"], {})) for row in found]


def _seq(db: SqliteDatabase, suite: str, endpoint: str, run_id: str) -> int:
    found = db.read("SELECT seq FROM runs WHERE run_id = ? AND suite = ? AND endpoint = ?", [run_id, suite, endpoint])
    if not found:
        raise StoreError(f"run {run_id!r} is not stored for {suite} at {endpoint}")
    return int(found[0]["seq"])


def _places(said: Iterable[Row]) -> dict[tuple[str, int], str | None]:
    places: dict[tuple[str, int], str | None] = {}
    asked: dict[str, int] = defaultdict(int)
    for row in said:
        places[row["probe"], asked[row["probe"]]] = row["answer"]
        asked[row["probe"]] += 1
    return places
