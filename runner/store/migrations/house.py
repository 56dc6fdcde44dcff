"""Steps 0012 and 0017, housekeeping: facts of the store itself, sums by hour and day, what was pruned, which texts are
left. Feeds ``migrations``."""

from __future__ import annotations

from sqlite_utils import Database

_TEXTS = ("suite", "endpoint", "probe", "size", "start")
_JSON = ("failures", "healths", "total_s", "first_token_s")
_COUNTS = ("runs", "samples", "failed", "passed", "checked", "input_tokens", "output_tokens", "priced")
_REALS = ("cost_usd", "drift")


def housekeeping(db: Database) -> None:
    """``facts`` holds the salt of hashes and how far sums have come; ``rollups`` has a row a place, probe and hour."""
    db.table("facts").create({"name": str, "value": str}, pk="name", not_null={"value"})
    # how long an answer was stays when its text goes
    db.table("samples").add_column("answer_chars", int)
    columns = {**dict.fromkeys((*_TEXTS, *_JSON), str), **dict.fromkeys(_COUNTS, int), **dict.fromkeys(_REALS, float)}
    db.table("rollups").create(columns, pk=_TEXTS, not_null=set(columns) - {"drift"})
    db.table("rollups").create_index(["start"])
    gone = {"suite": str, "endpoint": str, "runs": int, "until": str}
    db.table("pruned").create(gone, pk=("suite", "endpoint"), not_null={"runs", "until"})


def messages_of_failures(db: Database) -> None:
    """Runs whose texts expired (1) may still hold what endpoints said of failures: they are found as due until 2."""
    db.execute("DROP INDEX idx_runs_with_texts")
    db.execute("CREATE INDEX idx_runs_with_texts ON runs (started_at) WHERE texts_expired < 2")
