"""Incidents out of SQLite: what changed when, who was told, what stood out. Feeds ``sqlite``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from reports.alerts.machine import AlertState
from reports.alerts.story import ChangeRow, IncidentEvent, StreamScore, Told
from runner.store import alert_rows
from runner.store.columns import instant, instant_text, to_json
from runner.store.database import SqliteDatabase
from runner.store.rows import Row

OPEN = "SELECT state FROM alerts WHERE phase = 'open' ORDER BY key, notifier"
PENDING = "SELECT state FROM alerts WHERE phase = 'pending' ORDER BY key, notifier"
CHANGES = """
    SELECT e.*, r.run_id FROM alert_events AS e LEFT JOIN runs AS r ON r.seq = e.run
    WHERE (e.key, e.notifier) IN (SELECT key, notifier FROM alert_events WHERE at >= ?1 OR incident_id = ?2)
    ORDER BY e.id
"""
IDS = """
    SELECT incident_id FROM alert_events WHERE substr(incident_id, 1, length(?1)) = ?1
    UNION SELECT json_extract(state, '$.incident_id') FROM alerts
    WHERE substr(json_extract(state, '$.incident_id'), 1, length(?1)) = ?1
    LIMIT 20
"""
TOLD = "SELECT * FROM outbox WHERE incident_id IN (SELECT value FROM json_each(?)) ORDER BY id"
SCORES = """
    SELECT d.scope, d.dimension, d.score, d.state FROM drift AS d JOIN runs AS r ON r.seq = d.run
    WHERE r.run_id = ? AND d.state IN ('watch', 'warn', 'alarm') ORDER BY d.score DESC, d.position
"""


def open_states(db: SqliteDatabase) -> tuple[AlertState, ...]:
    """States of all incidents that are open now, of every suite."""
    return tuple(map(alert_rows.alert_state, db.read(OPEN)))


def pending_states(db: SqliteDatabase) -> tuple[AlertState, ...]:
    """States of all incidents that wait to open, of every suite."""
    return tuple(map(alert_rows.alert_state, db.read(PENDING)))


def changes(db: SqliteDatabase, since: datetime | None, incident_id: str) -> tuple[ChangeRow, ...]:
    """Every change of those incidents' keys that changed since an instant, or that an incident belongs to."""
    at = "9999" if since is None else instant_text(since)
    return tuple(map(_change, db.read(CHANGES, [at, incident_id or None])))


def incident_ids(db: SqliteDatabase, beginning: str) -> tuple[str, ...]:
    """Up to 20 ids that begin so."""
    return tuple(sorted(row["incident_id"] for row in db.read(IDS, [beginning]) if row["incident_id"]))


def told(db: SqliteDatabase, ids: Collection[str]) -> dict[str, tuple[Told, ...]]:
    """By incident: its notices, oldest first."""
    found: dict[str, list[Told]] = defaultdict(list)
    for row in db.read(TOLD, [to_json(sorted(ids))]):
        found[row["incident_id"]].append(_told(row))
    return {incident_id: tuple(entries) for incident_id, entries in found.items()}


def stream_scores(db: SqliteDatabase, run_id: str) -> tuple[StreamScore, ...]:
    """Streams of a run that stood out, the worst first."""
    return tuple(
        StreamScore(stream=f"{row['dimension']} of {row['scope']}", score=row["score"], state=row["state"])
        if row["scope"] != "suite"
        else StreamScore(stream=row["dimension"], score=row["score"], state=row["state"])
        for row in db.read(SCORES, [run_id])
    )


def _change(row: Row) -> ChangeRow:
    quiet = row["state"] == "quiet"
    return ChangeRow(
        key=row["key"],
        notifier=row["notifier"],
        incident_id=row["incident_id"],
        quiet=quiet,
        event=IncidentEvent(
            at=instant(row["at"]),
            state="resolved" if quiet else row["state"],
            severity=row["severity"],
            run_id=row["run_id"] or "",
        ),
    )


def _told(row: Row) -> Told:
    settled = row["delivered_at"] or row["given_up_at"]
    return Told(
        notifier=row["notifier"],
        notice=alert_rows.notice_of(row),
        state=row["state"],
        attempts=row["attempts"],
        settled_at=None if settled is None else instant(settled),
        error=row["error"] or "",
    )
