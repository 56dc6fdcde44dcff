"""What the SQLite store knows of incidents: the part ``IncidentStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from reports.alerts.machine import AlertState
from reports.alerts.silences import Acknowledgement, Silence
from reports.alerts.story import ChangeRow, StreamScore, Told
from runner.store import incident_reading, silence_table
from runner.store.database import SqliteDatabase


class SqliteIncidents:
    """Methods over ``_db``, which the whole store opens."""

    _db: SqliteDatabase

    def save_silence(self, silence: Silence) -> None:
        with self._db.write():
            silence_table.save(self._db, silence)

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        return silence_table.standing(self._db, now)

    def silences_between(self, since: datetime, until: datetime) -> tuple[Silence, ...]:
        return silence_table.between(self._db, since, until)

    def save_acknowledgement(self, ack: Acknowledgement) -> None:
        with self._db.write():
            silence_table.acknowledge(self._db, ack)

    def acknowledgements(self, incident_ids: Collection[str]) -> Mapping[str, Acknowledgement]:
        return silence_table.acknowledged(self._db, incident_ids)

    def open_alerts(self) -> tuple[AlertState, ...]:
        return incident_reading.open_states(self._db)

    def pending_alerts(self) -> tuple[AlertState, ...]:
        return incident_reading.pending_states(self._db)

    def alert_changes(self, *, since: datetime | None = None, incident_id: str = "") -> tuple[ChangeRow, ...]:
        return incident_reading.changes(self._db, since, incident_id)

    def incident_ids(self, beginning: str) -> tuple[str, ...]:
        return incident_reading.incident_ids(self._db, beginning)

    def told(self, incident_ids: Collection[str]) -> Mapping[str, tuple[Told, ...]]:
        return incident_reading.told(self._db, incident_ids)

    def stream_scores(self, run_id: str) -> tuple[StreamScore, ...]:
        return incident_reading.stream_scores(self._db, run_id)
