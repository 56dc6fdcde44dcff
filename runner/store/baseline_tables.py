"""The baseline in SQLite: decisions about it, which runs are in it, and what those runs show. Feeds ``sqlite``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.drift.result import StreamKey
from probes.errors import StoreError
from reports.summary import BaselineView
from runner.store import alert_rows, sample_rows
from runner.store.base import BaselineAct, Json
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
    WITH chosen AS (SELECT seq FROM runs WHERE suite = ? AND endpoint = ? AND in_baseline = 1),
    latest AS (
        SELECT p.probe, p.request_hash, MAX(p.run) FROM probes AS p JOIN chosen ON chosen.seq = p.run GROUP BY p.probe
    )
    SELECT p.probe, t.answer, s.* FROM chosen
    JOIN probes AS p ON p.run = chosen.seq
    JOIN latest ON latest.probe = p.probe AND latest.request_hash = p.request_hash
    JOIN samples AS s ON s.run = p.run AND s.probe_position = p.position
    LEFT JOIN texts AS t ON t.run = s.run AND t.position = s.position
    WHERE s.failure_class IS NULL AND s.request_hash IS NULL
    ORDER BY s.run, s.position
"""
NEWEST_RUN = "SELECT run_id FROM runs WHERE suite = ? AND endpoint = ? ORDER BY seq DESC LIMIT 1"
ANSWERS = SAMPLES.replace("s.* FROM", "s.position FROM").replace("WHERE s.", "WHERE t.answer IS NOT NULL AND s.")


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
    for row in db.read(ANSWERS, [suite, endpoint]):
        said[row["probe"]].append(row["answer"])
    return {probe: tuple(texts) for probe, texts in said.items()}


def view(db: SqliteDatabase, suite: str, endpoint: str) -> BaselineView | None:
    """What the baseline runs show; None where there are none."""
    counted = "SELECT COUNT(*) AS runs FROM runs WHERE suite = ? AND endpoint = ? AND in_baseline = 1"
    runs = int(db.read(counted, [suite, endpoint])[0]["runs"])
    if not runs:
        return None
    samples = db.read(SAMPLES, [suite, endpoint])
    origin = _origin(acts(db, suite, endpoint))
    return BaselineView(
        runs=runs,
        captured_at=origin.at,
        author=origin.author,
        reason=origin.reason,
        values=_values(samples),
        answers=_counted(samples),
        routes=dict(Counter(sample_rows.route(row).key for row in samples).most_common()),
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
        if act.kind == "reset":
            origin = origin if act.streams else _Origin()
        else:
            origin = _Origin(at=act.at, author=act.author, reason=act.reason)
    return origin


def _values(samples: Sequence[Row]) -> dict[str, tuple[float, ...]]:
    values = {dimension: _column(samples, dimension, column) for dimension, column in DIMENSIONS.items()}
    return {dimension: found for dimension, found in values.items() if found}


def _column(samples: Sequence[Row], dimension: str, column: str) -> tuple[float, ...]:
    latency = dimension.startswith("latency")  # a cached reply says nothing about speed, as in checks' observe
    asked = (row for row in samples if not (latency and row["route_cache"] == "hit"))
    return tuple(float(row[column]) for row in asked if row[column] is not None)


def _counted(samples: Sequence[Row]) -> dict[str, tuple[tuple[str, int], ...]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in samples:
        if row["answer"] is not None:
            counts[row["probe"]][row["answer"]] += 1
    return {probe: tuple(counter.most_common()) for probe, counter in counts.items()}
