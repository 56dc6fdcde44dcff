"""What was used and paid for, by run and day, in SQLite. Feeds ``sqlite``; spending caps are kept by its sums."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from runner.store.base import Spending, Spent
from runner.store.columns import instant_text, to_json
from runner.store.database import SqliteDatabase

SUMS = """
    SELECT suite, sum(requests) AS requests, sum(tokens) AS tokens, sum(usd) AS usd, sum(estimated) AS estimated
    FROM spending WHERE at >= ? AND run_id NOT IN (SELECT value FROM json_each(?)) GROUP BY suite ORDER BY suite
"""


def save(db: SqliteDatabase, spending: Sequence[Spending]) -> None:
    """Write all that these runs used, instead of what was written of them before. The caller holds the transaction."""
    for run_id in {entry.run_id for entry in spending}:
        db.change("DELETE FROM spending WHERE run_id = ?", [run_id])
    db.insert_all(
        "spending",
        [
            {
                "run_id": entry.run_id,
                "suite": entry.suite,
                "endpoint": entry.endpoint,
                "at": instant_text(entry.at),
                "requests": entry.spent.requests,
                "tokens": entry.spent.tokens,
                "usd": entry.spent.usd,
                "estimated": entry.spent.estimated,
            }
            for entry in spending
        ],
    )


def spent(db: SqliteDatabase, since: datetime, without_runs: Collection[str]) -> dict[str, Spent]:
    """Sums by suite from an instant on."""
    rows = db.read(SUMS, [instant_text(since), to_json(sorted(without_runs))])
    return {
        row["suite"]: Spent(requests=row["requests"], tokens=row["tokens"], usd=row["usd"], estimated=row["estimated"])
        for row in rows
    }
