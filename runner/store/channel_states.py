"""What channels are like now, in SQLite: quiet for a while, dead, well again, and who else is told. Feeds
``sqlite_outbox`` and ``channel_table``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runner.store.columns import instant, instant_text
from runner.store.database import SqliteDatabase
from runner.store.outbox_store import DeadChannel

QUIET = """
    INSERT INTO channels (notifier, quiet_until) VALUES (?, ?)
    ON CONFLICT (notifier) DO UPDATE SET quiet_until = excluded.quiet_until
"""
DIED = """
    INSERT INTO channels (notifier, dead_since, error) VALUES (?, ?, ?)
    ON CONFLICT (notifier) DO UPDATE SET dead_since = COALESCE(dead_since, excluded.dead_since), error = excluded.error
"""
FELLOWS = """
    SELECT DISTINCT notifier FROM outbox
    WHERE created_at >= ? AND notifier != ? AND json_extract(notice, '$.key') = ? ORDER BY notifier
"""


def quiet(db: SqliteDatabase, notifier: str, until: datetime) -> None:
    """Keep how long a channel wants to hear nothing."""
    db.change(QUIET, [notifier, instant_text(until)])


def died(db: SqliteDatabase, notifier: str, at: datetime, error: str) -> None:
    """Keep since when a channel takes nothing, and why."""
    db.change(DIED, [notifier, instant_text(at), error])


def well(db: SqliteDatabase, outbox_ids: str) -> None:
    """A channel took one of these notices (JSON list of ids): it is not dead any more."""
    db.change(
        "UPDATE channels SET dead_since = NULL, error = NULL WHERE dead_since IS NOT NULL "
        "AND notifier IN (SELECT notifier FROM outbox WHERE id IN (SELECT value FROM json_each(?)))",
        [outbox_ids],
    )


def dead_told(db: SqliteDatabase, notifier: str, at: datetime) -> None:
    """Others know."""
    db.change("UPDATE channels SET told_at = ? WHERE notifier = ?", [instant_text(at), notifier])


def dead(db: SqliteDatabase) -> tuple[DeadChannel, ...]:
    """Channels that take nothing now."""
    found = db.read("SELECT * FROM channels WHERE dead_since IS NOT NULL ORDER BY notifier")
    return tuple(map(_dead, found))


def _dead(row: dict[str, Any]) -> DeadChannel:
    return DeadChannel(
        notifier=row["notifier"],
        since=instant(row["dead_since"]),
        error=row["error"] or "",
        told_at=instant(row["told_at"]) if row["told_at"] else None,
    )


def fellows(db: SqliteDatabase, key: str, notifier: str, since: datetime) -> tuple[str, ...]:
    """Other channels that hear of this key."""
    return tuple(row["notifier"] for row in db.read(FELLOWS, [instant_text(since), notifier, key]))
