"""Step 0015: remembers what the daemon's schedule runs. Feeds ``migrations``."""

from __future__ import annotations

from sqlite_utils import Database


def scheduled(db: Database) -> None:
    """Suites and endpoints that the daemon runs: one that is there no more was removed, even while it was down."""
    db.table("scheduled").create({"suite": str, "endpoint": str}, pk=("suite", "endpoint"))
