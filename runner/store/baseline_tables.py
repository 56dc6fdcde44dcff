"""The baseline in SQLite: decisions about it, which runs are in it, and what those runs show. Feeds ``sqlite``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.drift.result import StreamKey
from checks.finding import Status
from probes.errors import StoreError
from probes.privacy import is_hashed
from probes.sample import Document
from reports.summary import BaselineView, ProbeNormal
from runner.store import alert_rows, rows, sample_rows
from runner.store.base import Asked, BaselineAct, Json
from runner.store.columns import instant
from runner.store.database import SqliteDatabase
from runner.store.rows import Row
from runner.store.run_tables import replace_streams

DIMENSIONS = {
    "latency.first_token": "first_token_s",
    "latency.total": "total_s",
    "tokens.output": "output_tokens",
    "tokens.input": "input_tokens",
}
"""Which column draws which dimension."""

# A probe that was edited asks something else: only samples of its request as last asked in the baseline count.
SAMPLES = """
    WITH chosen AS (SELECT seq FROM runs WHERE suite = ? AND endpoint = ? AND in_baseline = 1 AND run_id <> ?),
    latest AS (
        SELECT p.probe, p.request_hash, MAX(p.run) FROM probes AS p JOIN chosen ON chosen.seq = p.run GROUP BY p.probe
    )
    SELECT p.probe, t.answer, t.documents, s.* FROM chosen
    JOIN probes AS p ON p.run = chosen.seq
    JOIN latest ON latest.probe = p.probe AND latest.request_hash = p.request_hash
    JOIN samples AS s ON s.run = p.run AND s.probe_position = p.position
    LEFT JOIN texts AS t ON t.run = s.run AND t.position = s.position
    WHERE s.failure_class IS NULL AND s.request_hash IS NULL
    ORDER BY s.run, s.position
"""
NEWEST_RUN = "SELECT run_id FROM runs WHERE suite = ? AND endpoint = ? ORDER BY seq DESC LIMIT 1"
# Runs in which a probe was asked as it was last asked, and those in which it passed as reports/cohorts means it.
KEPT = """
    WITH chosen AS (SELECT seq FROM runs WHERE suite = ? AND endpoint = ? AND in_baseline = 1 AND run_id <> ?),
    latest AS (
        SELECT p.probe, p.request_hash, MAX(p.run) FROM probes AS p JOIN chosen ON chosen.seq = p.run GROUP BY p.probe
    ),
    failed AS (
        SELECT DISTINCT f.run, f.probe_position AS position FROM findings AS f JOIN chosen ON chosen.seq = f.run
        WHERE f.status = 'fail' AND (f.mode = 'contract' OR 2 * f.passed < f.total)
    ),
    answered AS (
        SELECT DISTINCT s.run, s.probe_position AS position FROM samples AS s JOIN chosen ON chosen.seq = s.run
        WHERE s.failure_class IS NULL
    )
    SELECT p.probe, COUNT(*) AS runs, SUM(answered.run IS NOT NULL AND failed.run IS NULL) AS well FROM chosen
    JOIN probes AS p ON p.run = chosen.seq
    JOIN latest ON latest.probe = p.probe AND latest.request_hash = p.request_hash
    LEFT JOIN failed ON failed.run = p.run AND failed.position = p.position
    LEFT JOIN answered ON answered.run = p.run AND answered.position = p.position
    GROUP BY p.probe
"""
# What each contract that was not kept by every sample said of each.
BROKEN = """
    SELECT f.outcomes FROM findings AS f JOIN runs AS r ON r.seq = f.run
    WHERE r.suite = ? AND r.endpoint = ? AND r.in_baseline = 1 AND r.run_id <> ?
    AND f.mode = 'contract' AND f.passed < f.total
"""
ANSWERS = SAMPLES.replace("t.documents, s.* FROM", "s.position FROM").replace(
    "WHERE s.", "WHERE t.answer IS NOT NULL AND s."
)


REQUESTS = """
    SELECT p.probe, p.request_hash, COUNT(*) AS runs, MIN(r.started_at) AS since FROM probes AS p
    JOIN runs AS r ON r.seq = p.run WHERE r.suite = ? AND r.endpoint = ?
    GROUP BY p.probe, p.request_hash ORDER BY MAX(p.run), MIN(p.position)
"""


def requests(db: SqliteDatabase, suite: str, endpoint: str) -> tuple[Asked, ...]:
    """Every request of every probe, the one asked last at the end."""
    return tuple(
        Asked(probe=row["probe"], request_hash=row["request_hash"], runs=row["runs"], since=instant(row["since"]))
        for row in db.read(REQUESTS, [suite, endpoint])
    )


def save_act(
    db: SqliteDatabase, act: BaselineAct, streams: Mapping[StreamKey, Json], baseline_runs: Sequence[str] | None
) -> None:
    """Record a decision and what follows from it. The caller holds the transaction."""
    newest = db.read(NEWEST_RUN, [act.suite, act.endpoint])
    db.insert("acts", {**alert_rows.act_row(act), "after_run": newest[0]["run_id"] if newest else None})
    replace_streams(db, act.suite, act.endpoint, streams)
    if baseline_runs is not None:
        _mark(db, act.suite, act.endpoint, baseline_runs)


def _mark(db: SqliteDatabase, suite: str, endpoint: str, run_ids: Sequence[str]) -> None:
    place = [suite, endpoint]
    db.change("UPDATE runs SET in_baseline = 0 WHERE suite = ? AND endpoint = ? AND in_baseline = 1", place)
    for run_id in dict.fromkeys(run_ids):
        sql = "UPDATE runs SET in_baseline = 1 WHERE run_id = ? AND suite = ? AND endpoint = ?"
        if not db.change(sql, [run_id, *place]):
            raise StoreError(f"run {run_id!r} cannot be baseline: it is not stored for {suite} at {endpoint}")


def acts(db: SqliteDatabase, suite: str, endpoint: str) -> tuple[BaselineAct, ...]:
    """Decisions, oldest first."""
    found = db.read("SELECT * FROM acts WHERE suite = ? AND endpoint = ? ORDER BY id", [suite, endpoint])
    return tuple(map(alert_rows.act, found))


def answers(db: SqliteDatabase, suite: str, endpoint: str) -> dict[str, tuple[str, ...]]:
    """By probe: answers of the baseline runs, repeats kept."""
    said: dict[str, list[str]] = defaultdict(list)
    for row in db.read(ANSWERS, [suite, endpoint, ""]):
        if not is_hashed(row["answer"]):  # nothing to compare with: the checks say that there is no baseline
            said[row["probe"]].append(row["answer"])
    return {probe: tuple(texts) for probe, texts in said.items()}


def view(db: SqliteDatabase, suite: str, endpoint: str, without_run: str = "") -> BaselineView | None:
    """What the baseline runs but one show; None where there are none."""
    counted = "SELECT COUNT(*) AS runs FROM runs WHERE suite = ? AND endpoint = ? AND in_baseline = 1 AND run_id <> ?"
    runs = int(db.read(counted, [suite, endpoint, without_run])[0]["runs"])
    if not runs:
        return None
    samples = db.read(SAMPLES, [suite, endpoint, without_run])
    failed = db.read(BROKEN, [suite, endpoint, without_run])
    origin = _origin(acts(db, suite, endpoint))
    return BaselineView(
        runs=runs,
        captured_at=origin.at,
        author=origin.author,
        reason=origin.reason,
        values=_values(samples),
        answers=_counted(samples),
        broken=_broken(samples, failed),
        documents=_retrieved(samples),
        routes=dict(Counter(sample_rows.route(row).key for row in samples).most_common()),
        probes=_probes(db.read(KEPT, [suite, endpoint, without_run]), samples),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    at: datetime | None = None
    author: str = ""
    reason: str = ""


def _origin(decisions: Sequence[BaselineAct]) -> _Origin:
    """Whose decision the baseline is: the newest capture or accept since the last reset of everything."""
    origin = _Origin()
    for act in decisions:
        if act.kind in ("reset", "mark"):
            origin = origin if act.streams else _Origin()
        elif act.kind != "freeze":
            origin = _Origin(at=act.at, author=act.author, reason=act.reason)
    return origin


def _values(samples: Sequence[Row]) -> dict[str, tuple[float, ...]]:
    values = {dimension: _column(samples, dimension, column) for dimension, column in DIMENSIONS.items()}
    return {dimension: found for dimension, found in values.items() if found}


def _column(samples: Sequence[Row], dimension: str, column: str) -> tuple[float, ...]:
    latency = dimension.startswith("latency")  # a cached reply says nothing about speed, as in checks' observe
    asked = (row for row in samples if not (latency and row["route_cache"] == "hit"))
    return tuple(float(row[column]) for row in asked if row[column] is not None)


def _probes(kept: Sequence[Row], samples: Sequence[Row]) -> dict[str, ProbeNormal]:
    own: dict[str, list[Row]] = defaultdict(list)
    for row in samples:
        own[row["probe"]].append(row)
    return {
        row["probe"]: ProbeNormal(
            runs=row["runs"],
            well=row["well"],
            first_token_s=_column(own[row["probe"]], "latency.first_token", "first_token_s"),
            total_s=_column(own[row["probe"]], "latency.total", "total_s"),
            output_tokens=_column(own[row["probe"]], "tokens.output", "output_tokens"),
        )
        for row in kept
    }


def _counted(samples: Sequence[Row]) -> dict[str, tuple[tuple[str, int], ...]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in samples:
        if row["answer"] is not None:
            counts[row["probe"]][row["answer"]] += 1
    return {probe: tuple(counter.most_common()) for probe, counter in counts.items()}


def _broken(samples: Sequence[Row], failed: Sequence[Row]) -> dict[str, frozenset[str]]:
    """By probe: answers of which every sample broke a contract. One that was only slow at times is not among them."""
    entries = (entry for row in failed for entry in rows.outcomes(row))
    ids = {entry.sample_id for entry in entries if entry.outcome.status is Status.FAIL}
    told: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in samples:
        if row["answer"] is not None:
            told[row["probe"]][row["answer"]] = row["sample_id"] in ids and told[row["probe"]].get(row["answer"], True)
    return {probe: frozenset(text for text, bad in texts.items() if bad) for probe, texts in told.items()}


def _retrieved(samples: Sequence[Row]) -> dict[str, tuple[tuple[Document, ...], ...]]:
    """Each list of a probe's documents once (as its ids tell them apart), the most frequent first."""
    counts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    lists: dict[tuple[str, tuple[str, ...]], tuple[Document, ...]] = {}
    for row in samples:
        if row["documents"] is not None:
            documents = sample_rows.DOCUMENTS.load(row["documents"])
            ids = tuple(document.id for document in documents)
            counts[row["probe"]][ids] += 1
            lists[row["probe"], ids] = documents
    return {probe: tuple(lists[probe, ids] for ids, _ in told.most_common()) for probe, told in counts.items()}
