"""What the SQLite store knows of alert states: the part ``AlertStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from reports.alerts.incident import AlertState
from runner.store import alert_table
from runner.store.base import OutboxEntry
from runner.store.database import SqliteDatabase


class SqliteAlerts:
    """Methods over ``_db``, which the whole store opens."""

    _db: SqliteDatabase

    def save_alerts(
        self, suite: str, endpoint: str, alerts: Sequence[AlertState], outbox: Sequence[OutboxEntry], *, at: datetime
    ) -> None:
        with self._db.write():
            alert_table.save(self._db, (suite, endpoint), alerts, outbox, at=at, run=None)

    def alert_states(self, suite: str, endpoint: str) -> tuple[AlertState, ...]:
        return alert_table.states(self._db, suite, endpoint)

    def alerts_due(self, now: datetime) -> Mapping[tuple[str, str], tuple[AlertState, ...]]:
        return alert_table.due(self._db, now)

    def open_at(self, suites: Collection[str]) -> tuple[AlertState, ...]:
        return alert_table.open_at(self._db, suites)

    def muted_for(self, reason: str) -> tuple[AlertState, ...]:
        return alert_table.muted_for(self._db, reason)

    def alert_endpoints(self, suite: str) -> frozenset[str]:
        return alert_table.endpoints(self._db, suite)
