"""The outbox in SQLite: notices wait here until a channel took them, in order for each incident. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from runner.store import alert_rows, channel_states
from runner.store.base import PendingDelivery
from runner.store.columns import instant_text, to_json
from runner.store.database import SqliteDatabase

# Of one incident and notifier only the oldest waiting notice: a resolve never overtakes its alarm.
DUE = """
    SELECT o.*, r.receipt FROM outbox AS o
    LEFT JOIN receipts AS r ON r.incident_id = o.incident_id AND r.notifier = o.notifier
    WHERE o.id IN (SELECT MIN(id) FROM outbox WHERE state = 'waiting' GROUP BY incident_id, notifier)
      AND (o.due_at IS NULL OR o.due_at <= ?1) AND (o.leased_until IS NULL OR o.leased_until <= ?1)
      AND (?2 IS NULL OR o.notifier IN (SELECT value FROM json_each(?2)))
    ORDER BY o.id LIMIT ?3
"""
GIVEN_UP = "SELECT COUNT(*) AS lost FROM outbox WHERE state = 'given_up' AND given_up_at >= ?"
WAITING = "SELECT notifier, COUNT(*) AS waiting FROM outbox WHERE state = 'waiting' GROUP BY notifier"


def lease(
    db: SqliteDatabase, now: datetime, limit: int, lease_s: float, notifiers: Collection[str] | None
) -> tuple[PendingDelivery, ...]:
    """Take what is due to these notifiers for ``lease_s`` seconds. The caller holds the transaction."""
    at, until = instant_text(now), instant_text(now + timedelta(seconds=lease_s))
    found = db.read(DUE, [at, _names(notifiers), limit])
    for row in found if lease_s else ():  # a look leaves no mark that it may have been sent
        db.change("UPDATE outbox SET leased_until = ? WHERE id = ?", [until, row["id"]])
    return tuple(map(alert_rows.pending, found))


def delivered(db: SqliteDatabase, outbox_id: int, at: datetime, receipt: Mapping[str, str]) -> None:
    """Settle a notice; an empty receipt does not wipe out what an earlier notice brought."""
    settled = db.change(
        "UPDATE outbox SET state = 'delivered', delivered_at = ?, leased_until = NULL, error = NULL, digest_id = NULL "
        "WHERE id = ? AND state != 'delivered'",
        [instant_text(at), outbox_id],
    )
    channel_states.well(db, to_json([outbox_id]))
    if settled and receipt:
        db.change(
            "INSERT OR REPLACE INTO receipts (incident_id, notifier, receipt, at) "
            "SELECT incident_id, notifier, ?, ? FROM outbox WHERE id = ?",
            [to_json(dict(receipt)), instant_text(at), outbox_id],
        )


def retry(db: SqliteDatabase, outbox_id: int, at: datetime, error: str) -> None:
    """Count an attempt and wait until ``at``. A notice that was settled meanwhile stays settled."""
    db.change(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?, leased_until = NULL, error = ? "
        "WHERE id = ? AND state = 'waiting'",
        [instant_text(at), error, outbox_id],
    )


def give_up(db: SqliteDatabase, outbox_id: int, at: datetime, error: str) -> None:
    """Settle a notice as undeliverable, and let the next of its incident go."""
    db.change(
        "UPDATE outbox SET state = 'given_up', attempts = attempts + 1, leased_until = NULL, given_up_at = ?, "
        "error = ? WHERE id = ? AND state = 'waiting'",
        [instant_text(at), error, outbox_id],
    )


def given_up(db: SqliteDatabase, since: datetime) -> int:
    """Notices given up at or after this instant."""
    return int(db.read(GIVEN_UP, [instant_text(since)])[0]["lost"])


def waiting(db: SqliteDatabase) -> dict[str, int]:
    """Notices not yet settled, by notifier."""
    return {row["notifier"]: row["waiting"] for row in db.read(WAITING)}


def _names(notifiers: Collection[str] | None) -> str | None:
    """Names as one parameter, however many there are; null means all."""
    return None if notifiers is None else to_json(sorted(notifiers))
