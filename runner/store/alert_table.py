"""Alert states in SQLite: written with a run or between runs, found again by when they are due. Feeds ``sqlite``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from reports.alerts.incident import AlertState
from runner.store import alert_rows
from runner.store.base import OutboxEntry
from runner.store.columns import instant_text, to_json
from runner.store.database import SqliteDatabase

Place = tuple[str, str]

STATES = "SELECT state FROM alerts WHERE suite = ? AND endpoint = ? ORDER BY key, notifier"
DUE = """
    SELECT suite, endpoint, state FROM alerts WHERE due_at IS NOT NULL AND due_at <= ?
    ORDER BY suite, endpoint, key, notifier
"""
OPEN_AT = """
    SELECT state FROM alerts WHERE phase = 'open' AND suite IN (SELECT value FROM json_each(?))
    ORDER BY suite, endpoint, key, notifier
"""
MUTED_FOR = "SELECT state FROM alerts WHERE muted = ? ORDER BY key, notifier"
ENDPOINTS = "SELECT DISTINCT endpoint FROM alerts WHERE suite = ?"


def save(
    db: SqliteDatabase,
    place: Place,
    alerts: Sequence[AlertState],
    outbox: Sequence[OutboxEntry],
    *,
    at: datetime,
    run: int | None,
) -> None:
    """Write states, what changed by them, and the notices of it. The caller holds the transaction.

    ``place``: suite and endpoint. ``run``: number of the run that changed them; None: time alone did.
    """
    suite, endpoint = place
    before = {(state.key, state.notifier): state for state in states(db, suite, endpoint)}
    moved = [
        row
        for state in alerts
        for row in alert_rows.event_rows(before.get((state.key, state.notifier)), state, run=run, at=at)
    ]
    db.insert_all("alert_events", moved)
    now = [alert_rows.alert_row(state, suite=suite, endpoint=endpoint) for state in alerts]
    db.insert_all("alerts", now, replace=True)
    db.insert_all("outbox", [alert_rows.outbox_row(entry, run=run) for entry in outbox])


def states(db: SqliteDatabase, suite: str, endpoint: str) -> tuple[AlertState, ...]:
    """Current alert states, by key and notifier."""
    return _states(db, STATES, [suite, endpoint])


def due(db: SqliteDatabase, now: datetime) -> dict[Place, tuple[AlertState, ...]]:
    """States that are due, by suite and endpoint."""
    found: dict[Place, list[AlertState]] = defaultdict(list)
    for row in db.read(DUE, [instant_text(now)]):
        found[row["suite"], row["endpoint"]].append(alert_rows.alert_state(row))
    return {place: tuple(due_states) for place, due_states in found.items()}


def open_at(db: SqliteDatabase, suites: Collection[str]) -> tuple[AlertState, ...]:
    """Open states at all endpoints of these suites."""
    return _states(db, OPEN_AT, [to_json(sorted(suites))])


def muted_for(db: SqliteDatabase, reason: str) -> tuple[AlertState, ...]:
    """States with this mute."""
    return _states(db, MUTED_FOR, [reason])


def endpoints(db: SqliteDatabase, suite: str) -> frozenset[str]:
    """Endpoints of a suite with any state."""
    return frozenset(row["endpoint"] for row in db.read(ENDPOINTS, [suite]))


def _states(db: SqliteDatabase, sql: str, params: Sequence[str]) -> tuple[AlertState, ...]:
    return tuple(alert_rows.alert_state(row) for row in db.read(sql, params))
