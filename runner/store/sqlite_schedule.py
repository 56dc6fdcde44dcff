"""What the SQLite store knows of the schedule: the part ``ScheduleStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from runner.store.columns import instant
from runner.store.database import SqliteDatabase
from runner.store.schedule_store import Place

LAST_RUN = """
    SELECT started_at FROM runs WHERE suite = ? AND endpoint = ? AND "trigger" = ? ORDER BY started_at DESC LIMIT 1
"""


class SqliteSchedule:
    """Methods over ``_db``, which the whole store opens."""

    _db: SqliteDatabase

    def scheduled(self) -> frozenset[Place]:
        return frozenset((row["suite"], row["endpoint"]) for row in self._db.read("SELECT * FROM scheduled"))

    def last_run(self, suite: str, endpoint: str, trigger: str) -> datetime | None:
        found = self._db.read(LAST_RUN, [suite, endpoint, trigger])
        return instant(found[0]["started_at"]) if found else None

    def save_scheduled(self, places: Collection[Place]) -> None:
        with self._db.write():
            rows = [{"suite": suite, "endpoint": endpoint} for suite, endpoint in sorted(places)]
            self._db.insert_all("scheduled", rows, ignore=True)

    def forget_scheduled(self, suite: str, endpoint: str) -> None:
        with self._db.write():
            for table in ("scheduled", "installed"):
                self._db.change(f"DELETE FROM {table} WHERE suite = ? AND endpoint = ?", [suite, endpoint])  # noqa: S608  our own names
