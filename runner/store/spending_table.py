"""What was used and paid for, by run and day, in SQLite. Feeds ``sqlite``; spending caps are kept by its sums."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta

from runner.store.base import Spending, Spent
from runner.store.columns import instant_text, to_json
from runner.store.database import SqliteDatabase

# whole days by their sums, a day that began before by its entries; the runs left out are taken off again
SUMS = """
    WITH parts AS (
        SELECT suite, entries, requests, tokens, usd, estimated FROM spending_days WHERE day >= ?2
        UNION ALL
        SELECT suite, 1, requests, tokens, usd, estimated FROM spending WHERE at >= ?1 AND at < ?2
        UNION ALL
        SELECT suite, -1, -requests, -tokens, -usd, -estimated FROM spending
        WHERE run_id IN (SELECT value FROM json_each(?3)) AND at >= ?1
    )
    SELECT suite, sum(entries) AS entries, sum(requests) AS requests, sum(tokens) AS tokens, sum(usd) AS usd,
      sum(estimated) AS estimated
    FROM parts WHERE ?4 IS NULL OR suite IN (SELECT value FROM json_each(?4)) GROUP BY suite
    UNION ALL
    SELECT '', sum(entries), sum(requests), sum(tokens), sum(usd), sum(estimated) FROM parts WHERE ?4 IS NOT NULL
    ORDER BY suite
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


def spent(
    db: SqliteDatabase, since: datetime, without_runs: Collection[str], suites: Collection[str] | None = None
) -> dict[str, Spent]:
    """Sums by suite from an instant on; with ``suites``, of these, and of all suites under the empty name.

    Exact, dollars but for what adding fractions in another order changes.
    """
    start = since.astimezone(UTC)
    midnight = datetime.combine(start.date(), time(), UTC)
    whole = midnight if midnight == start else midnight + timedelta(days=1)
    named = None if suites is None else to_json(sorted(suites))
    rows = db.read(SUMS, [instant_text(since), whole.date().isoformat(), to_json(sorted(without_runs)), named])
    return {
        row["suite"]: Spent(
            requests=row["requests"], tokens=row["tokens"], usd=max(row["usd"], 0.0), estimated=row["estimated"]
        )
        for row in rows
        if row["entries"]
    }
