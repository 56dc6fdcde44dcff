"""Silences and acknowledgements in SQLite, ended ones included: they belong to the story of an incident. Feeds
``sqlite``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pydantic import TypeAdapter

from reports.alerts.silences import Acknowledgement, Silence
from runner.store.columns import Codec, in_utc, instant_text, to_json
from runner.store.database import SqliteDatabase
from runner.store.rows import Row

_SILENCE = Codec(TypeAdapter(Silence))
_ACK = Codec(TypeAdapter(Acknowledgement))
STANDING = "SELECT * FROM silences WHERE ended_at IS NULL AND expires_at > ? ORDER BY created_at, silence_id"
SINCE = (
    "SELECT * FROM silences WHERE COALESCE(ended_at, expires_at) >= ? AND created_at <= ? "
    "ORDER BY created_at, silence_id"
)
ACKS = "SELECT * FROM acknowledgements WHERE incident_id IN (SELECT value FROM json_each(?)) ORDER BY at"


def save(db: SqliteDatabase, silence: Silence) -> None:
    """Write a silence, or what became of it. The caller holds the transaction."""
    row = {
        "silence_id": silence.silence_id,
        "created_at": instant_text(silence.created_at),
        "expires_at": instant_text(silence.expires_at),
        "ended_at": None if silence.ended_at is None else instant_text(silence.ended_at),
        "silence": _SILENCE.dump(silence),
    }
    db.insert_all("silences", [row], replace=True)


def standing(db: SqliteDatabase, now: datetime) -> tuple[Silence, ...]:
    """Those in force at this instant, the oldest first."""
    return tuple(map(_silence, db.read(STANDING, [instant_text(now)])))


def between(db: SqliteDatabase, since: datetime, until: datetime) -> tuple[Silence, ...]:
    """Those that were in force at any time between two instants, the oldest first."""
    return tuple(map(_silence, db.read(SINCE, [instant_text(since), instant_text(until)])))


def acknowledge(db: SqliteDatabase, ack: Acknowledgement) -> None:
    """Write who looks after an incident; the newest word counts. The caller holds the transaction."""
    row = {"incident_id": ack.incident_id, "at": instant_text(ack.at), "acknowledgement": _ACK.dump(ack)}
    db.insert_all("acknowledgements", [row], replace=True)


def acknowledged(db: SqliteDatabase, incident_ids: Collection[str]) -> dict[str, Acknowledgement]:
    """By incident: who looks after it, or did."""
    found = db.read(ACKS, [to_json(sorted(incident_ids))])
    return {row["incident_id"]: in_utc(_ACK.load(row["acknowledgement"])) for row in found}


def _silence(row: Row) -> Silence:
    return in_utc(_SILENCE.load(row["silence"]))
