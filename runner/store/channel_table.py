"""What channels are to be told and were told lately, in SQLite. Feeds ``sqlite_outbox``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from reports.notice import AlertEvent, Notice
from runner.store import alert_rows, channel_states
from runner.store.columns import from_json, instant, instant_text, to_json
from runner.store.database import SqliteDatabase
from runner.store.outbox_store import WAITING_MAX, Traffic, WaitingNotice
from runner.store.rows import Row

# Rows without their texts are sorted, and the texts are read of those alone that are looked at.
WAITING = """
    SELECT o.id, o.incident_id, o.event, json_extract(o.notice, '$.severity') AS severity, o.created_at, o.seen_at,
        o.due_at, o.attempts, o.leased_until, o.alone, o.digest_id AS sent_as,
        r.incident_id IS NOT NULL AS updates, r.digest_id, json_extract(o.notice, '$.key') AS key,
        COALESCE(json_extract(o.notice, '$.acknowledged'), '') != ''
          OR COALESCE(json_extract(o.notice, '$.silenced'), '') != '' AS said,
        json_extract(o.notice, '$.key') = 'installation/daemon/no-data' AS past,
        EXISTS (
            SELECT 1 FROM outbox AS b WHERE b.incident_id = o.incident_id AND b.notifier = o.notifier
              AND b.state = 'delivered') AS heard
    FROM outbox AS o LEFT JOIN receipts AS r ON r.incident_id = o.incident_id AND r.notifier = o.notifier
    WHERE o.id IN (
        SELECT id FROM outbox WHERE state = 'waiting' AND notifier = ?1
        ORDER BY incident_id IN (
            SELECT incident_id FROM outbox
            WHERE state = 'waiting' AND notifier = ?1 AND json_extract(notice, '$.severity') = 'page') DESC, id
        LIMIT ?2)
    ORDER BY o.id
"""
OPENED = """
    SELECT delivered_at, json_extract(notice, '$.severity') AS severity FROM outbox
    WHERE state = 'delivered' AND notifier = ? AND delivered_at > ? AND event = 'opened'
    ORDER BY delivered_at DESC
"""
SENT = """
    SELECT MAX(delivered_at) AS at FROM outbox WHERE state = 'delivered' AND notifier = ? AND delivered_at > ?
    GROUP BY COALESCE(digest_id || delivered_at, id) ORDER BY at DESC
"""
NOTICES = """
    SELECT o.id, o.notice, r.receipt FROM outbox AS o
    LEFT JOIN receipts AS r ON r.incident_id = o.incident_id AND r.notifier = o.notifier
    WHERE o.id IN (SELECT value FROM json_each(?))
"""
# what was given up was not told then, and is what is so now
TOLD_IN = """
    SELECT notice FROM outbox WHERE id IN (
        SELECT MAX(id) FROM outbox WHERE state IN ('delivered', 'given_up') AND notifier = ?1 AND incident_id IN (
            SELECT incident_id FROM receipts WHERE digest_id = ?2 AND notifier = ?1)
        GROUP BY incident_id)
    ORDER BY id
"""
SEEN = "UPDATE outbox SET seen_at = MIN(COALESCE(seen_at, ?1), ?1) WHERE id = ?2"
ASKED_FOR = """
    SELECT o.id, o.incident_id, EXISTS (
        SELECT 1 FROM outbox AS b WHERE b.incident_id = o.incident_id AND b.notifier = o.notifier AND b.id < o.id
          AND b.state = 'waiting' AND b.id NOT IN (SELECT value FROM json_each(?1))) AS behind
    FROM outbox AS o WHERE o.state = 'waiting' AND o.id IN (SELECT value FROM json_each(?1)) ORDER BY o.id
"""
CLAIM = """
    UPDATE outbox SET leased_until = ?1, digest_id = ?2
    WHERE id = ?3 AND state = 'waiting' AND (leased_until IS NULL OR leased_until <= ?4 OR leased_until > ?1)
"""
# One incident may be told to several notifiers, each in a digest of its own under the same id.
SHARED = """
    UPDATE receipts SET receipt = ?, at = ? WHERE digest_id = ?
      AND notifier IN (SELECT notifier FROM outbox WHERE id IN (SELECT value FROM json_each(?)))
"""


# ------------------------------------------------------------------------------------------------ who waits
def waiting(db: SqliteDatabase, notifier: str) -> tuple[WaitingNotice, ...]:
    """The oldest waiting notices of one channel, those of incidents that page first where there are too many."""
    return tuple(map(_waiting, db.read(WAITING, [notifier, WAITING_MAX])))


def _waiting(row: Row) -> WaitingNotice:
    return WaitingNotice(
        outbox_id=row["id"],
        incident_id=row["incident_id"],
        event=AlertEvent(row["event"]),
        severity=row["severity"],
        at=instant(row["created_at"]),
        seen_at=_instant(row["seen_at"]),
        due_at=_instant(row["due_at"]),
        attempts=row["attempts"],
        leased_until=_instant(row["leased_until"]),
        updates=bool(row["updates"]),
        digest_id=row["digest_id"] or "",
        sent_as=row["sent_as"] or "",
        alone=bool(row["alone"]),
        key=row["key"],
        heard=bool(row["heard"]),
        said=bool(row["said"]),
        past=bool(row["past"]),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def seen(db: SqliteDatabase, outbox_ids: Sequence[int], at: datetime) -> None:
    """Stamp what was not stamped, or later than now: the clock was set back since."""
    for outbox_id in outbox_ids:
        db.change(SEEN, [instant_text(at), outbox_id])


def traffic(db: SqliteDatabase, notifier: str, opened_since: datetime, sent_since: datetime) -> Traffic:
    """What a channel took lately."""
    found = db.read("SELECT quiet_until FROM channels WHERE notifier = ?", [notifier])
    opened = db.read(OPENED, [notifier, instant_text(opened_since)])
    return Traffic(
        opened=tuple(instant(row["delivered_at"]) for row in opened),
        pages=tuple(instant(row["delivered_at"]) for row in opened if row["severity"] == "page"),
        sent=tuple(instant(row["at"]) for row in db.read(SENT, [notifier, instant_text(sent_since)])),
        quiet_until=_instant(found[0]["quiet_until"]) if found else None,
    )


# ------------------------------------------------------------------------------------------------ on their way
def claim(
    db: SqliteDatabase, outbox_ids: Sequence[int], now: datetime, lease_s: float, digest_id: str
) -> tuple[int, ...]:
    """Lease what still can be; a lease longer than ours is of a clock that was set back. The caller holds the
    transaction."""
    at, until = instant_text(now), instant_text(now + timedelta(seconds=lease_s))
    claimed: set[int] = set()
    held: set[str] = set()
    for row in db.read(ASKED_FOR, [to_json(list(outbox_ids))]):
        incident = row["incident_id"]
        if incident not in held and not row["behind"] and db.change(CLAIM, [until, digest_id or None, row["id"], at]):
            claimed.add(row["id"])
        else:
            held.add(incident)  # another worker tells what came before
    return tuple(one for one in outbox_ids if one in claimed)


def notices(db: SqliteDatabase, outbox_ids: Sequence[int]) -> tuple[tuple[Notice, Mapping[str, str] | None], ...]:
    """Notices with their incidents' receipts, in the order of the ids."""
    found = {row["id"]: row for row in db.read(NOTICES, [to_json(list(outbox_ids))])}
    rows = (found[outbox_id] for outbox_id in outbox_ids if outbox_id in found)
    return tuple((alert_rows.notice_of(row), from_json(row["receipt"]) if row["receipt"] else None) for row in rows)


def told_in(db: SqliteDatabase, digest_id: str, notifier: str) -> tuple[Notice, ...]:
    """The newest delivered notice of every incident of a digest."""
    return tuple(map(alert_rows.notice_of, db.read(TOLD_IN, [notifier, digest_id])))


# ------------------------------------------------------------------------------------------------ settled
def told_together(
    db: SqliteDatabase, outbox_ids: Sequence[int], at: datetime, receipt: Mapping[str, str], digest_id: str
) -> None:
    """Settle the notices of one digest. An empty receipt is not kept: such a channel can update nothing."""
    told, ids = instant_text(at), to_json(list(outbox_ids))
    db.change(
        "UPDATE outbox SET state = 'delivered', delivered_at = ?, leased_until = NULL, error = NULL, digest_id = ? "
        "WHERE state != 'delivered' AND id IN (SELECT value FROM json_each(?))",
        [told, digest_id, ids],
    )
    channel_states.well(db, ids)
    if not receipt:
        return
    kept = to_json(dict(receipt))
    db.change(SHARED, [kept, told, digest_id, ids])
    db.change(
        "INSERT OR REPLACE INTO receipts (incident_id, notifier, receipt, at, digest_id) "
        "SELECT DISTINCT incident_id, notifier, ?, ?, ? FROM outbox WHERE id IN (SELECT value FROM json_each(?))",
        [kept, told, digest_id, ids],
    )


def retry_together(db: SqliteDatabase, outbox_ids: Sequence[int], at: datetime, error: str, alone: bool) -> None:
    """Count an attempt of all of them and wait until ``at``. What was settled meanwhile stays settled."""
    db.change(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?, leased_until = NULL, error = ?, alone = MAX(alone, ?) "
        "WHERE state = 'waiting' AND id IN (SELECT value FROM json_each(?))",
        [instant_text(at), error, int(alone), to_json(list(outbox_ids))],
    )


def withdraw(db: SqliteDatabase, outbox_ids: Sequence[int], at: datetime) -> None:
    """Settle notices that nobody is to be told, but for those that are leased: somebody may have been told."""
    db.change(
        "UPDATE outbox SET state = 'withdrawn', delivered_at = ? "
        "WHERE state = 'waiting' AND leased_until IS NULL AND id IN (SELECT value FROM json_each(?))",
        [instant_text(at), to_json(list(outbox_ids))],
    )
