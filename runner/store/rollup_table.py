"""Sums by hour and day in SQLite: runs are added in the order of saving, each once. Feeds ``sqlite_house``."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from reports.rollup import Rollup, Sketch
from runner.store.columns import from_json, instant, instant_text, to_json
from runner.store.database import SqliteDatabase
from runner.store.rows import Row

ROLLED = "rolled_up"
"""The fact that says how far sums have come: the number of the last run in them."""
SIZES = ("hour", "day")
_MOST_WHOLE = 2**63 - 1
SUMS = (
    "runs",
    "samples",
    "failed",
    "passed",
    "checked",
    "input_tokens",
    "output_tokens",
    "priced",
    "cost_usd",
)
MOST = {**dict.fromkeys(SUMS, _MOST_WHOLE), "cost_usd": sys.float_info.max}
"""What a column can hold. Beyond it a sum stays there: counts are told by others, and no sum may stop the rest."""
NEXT = "SELECT seq, suite, endpoint, started_at, health FROM runs WHERE seq > ? ORDER BY seq LIMIT ?"
PROBES = "SELECT position, probe, health FROM probes WHERE run = ? ORDER BY position"
SAMPLES = """
    SELECT probe_position, failure_class, total_s, first_token_s, input_tokens, output_tokens, cost_usd
    FROM samples WHERE run = ? ORDER BY position
"""
CHECKED = """
    SELECT probe_position, SUM(passed) AS passed, SUM(total) AS total FROM findings WHERE run = ?
    GROUP BY probe_position
"""
SCORES = "SELECT scope, MAX(score) AS score FROM drift WHERE run = ? GROUP BY scope"
ONE = "SELECT * FROM rollups WHERE suite = ? AND endpoint = ? AND probe = ? AND size = ? AND start = ?"
SINCE = """
    SELECT * FROM rollups WHERE suite = ? AND endpoint = ? AND probe = ? AND size = ? AND start >= ? ORDER BY start
"""


def roll_up(db: SqliteDatabase, most: int) -> int:
    """Add the next runs. The caller holds the transaction: sums and how far they have come move together."""
    found = db.read("SELECT value FROM facts WHERE name = ?", [ROLLED])
    runs = db.read(NEXT, [int(found[0]["value"]) if found else 0, most])
    for run in runs:
        for part in _of_run(db, run):
            _add(db, part)
    if runs:
        db.insert_all("facts", [{"name": ROLLED, "value": str(runs[-1]["seq"])}], replace=True)
    return len(runs)


def since(
    db: SqliteDatabase, suite: str, endpoint: str, *, size: str, since: datetime, probe: str
) -> tuple[Rollup, ...]:
    """Sums from the hour or day on that holds this instant, oldest first."""
    return tuple(map(_rollup, db.read(SINCE, [suite, endpoint, probe, size, instant_text(_start(since, size))])))


def _start(at: datetime, size: str) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole.replace(hour=0) if size == "day" else whole


def _of_run(db: SqliteDatabase, run: Row) -> Iterator[Rollup]:
    """One run as sums: of all together, and of each probe, by hour and by day."""
    samples: dict[int, list[Row]] = defaultdict(list)
    for row in db.read(SAMPLES, [run["seq"]]):
        samples[row["probe_position"]].append(row)
    checked = {row["probe_position"]: row for row in db.read(CHECKED, [run["seq"]])}
    scores = {row["scope"]: row["score"] for row in db.read(SCORES, [run["seq"]])}
    every = [row for rows in samples.values() for row in rows]
    highest = max((score for score in scores.values() if score is not None), default=None)
    at = instant(run["started_at"])
    for size in SIZES:
        start = _start(at, size)
        yield _sums(run, "", size, start, every, checked.values(), run["health"], highest)
        for row in db.read(PROBES, [run["seq"]]):
            mine = [checked[row["position"]]] if row["position"] in checked else []
            told = samples[row["position"]]
            yield _sums(run, row["probe"], size, start, told, mine, row["health"], scores.get(row["probe"]))


def _sums(
    run: Row,
    probe: str,
    size: str,
    start: datetime,
    samples: Sequence[Row],
    checked: Iterable[Row],
    health: str,
    drift: float | None,
) -> Rollup:
    verdicts = list(checked)
    priced = [row["cost_usd"] for row in samples if row["cost_usd"] is not None]
    answered = [row for row in samples if row["failure_class"] is None]
    return Rollup(
        suite=run["suite"],
        endpoint=run["endpoint"],
        probe=probe,
        size=size,
        start=start,
        runs=1,
        samples=len(samples),
        failed=len(samples) - len(answered),
        failures=Counter(row["failure_class"] for row in samples if row["failure_class"] is not None),
        healths={health: 1},
        passed=sum(row["passed"] for row in verdicts),
        checked=sum(row["total"] for row in verdicts),
        total_s=Sketch.of(row["total_s"] for row in answered if row["total_s"] is not None),
        first_token_s=Sketch.of(row["first_token_s"] for row in answered if row["first_token_s"] is not None),
        input_tokens=sum(row["input_tokens"] or 0 for row in samples),
        output_tokens=sum(row["output_tokens"] or 0 for row in samples),
        cost_usd=sum(priced),
        priced=len(priced),
        drift=drift,
    )


def _add(db: SqliteDatabase, part: Rollup) -> None:
    found = db.read(ONE, [part.suite, part.endpoint, part.probe, part.size, instant_text(part.start)])
    db.insert_all("rollups", [_row(_rollup(found[0]) + part if found else part)], replace=True)


def _row(sums: Rollup) -> dict[str, Any]:
    return {
        "suite": sums.suite,
        "endpoint": sums.endpoint,
        "probe": sums.probe,
        "size": sums.size,
        "start": instant_text(sums.start),
        "failures": to_json(dict(sums.failures)),
        "healths": to_json(dict(sums.healths)),
        "total_s": _sketch_text(sums.total_s),
        "first_token_s": _sketch_text(sums.first_token_s),
        **{name: min(getattr(sums, name), MOST[name]) for name in SUMS},
        "drift": sums.drift,
    }


def _rollup(row: Row) -> Rollup:
    return Rollup(
        suite=row["suite"],
        endpoint=row["endpoint"],
        probe=row["probe"],
        size=row["size"],
        start=instant(row["start"]),
        failures=from_json(row["failures"]),
        healths=from_json(row["healths"]),
        total_s=_sketch(row["total_s"]),
        first_token_s=_sketch(row["first_token_s"]),
        **{name: row[name] for name in SUMS},
        drift=row["drift"],
    )


def _sketch_text(sketch: Sketch) -> str:
    return to_json([sketch.total_s, *(pair for pair in sorted(sketch.buckets.items()))])


def _sketch(text: str) -> Sketch:
    total_s, *pairs = from_json(text)
    return Sketch(total_s=total_s, buckets=dict(pairs))
