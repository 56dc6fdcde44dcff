"""What the SQLite store knows of the daemon itself: the part ``WatchStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from runner.store.columns import instant, instant_text, to_json
from runner.store.database import SqliteDatabase

OLDEST = """
    SELECT MIN(created_at) AS oldest FROM outbox
    WHERE state = 'waiting' AND (attempts > 0 OR seen_at IS NULL)
      AND notifier IN (SELECT value FROM json_each(?))
"""


class SqliteWatch:
    """Methods over ``_db``, which the whole store opens."""

    _db: SqliteDatabase

    def mark_alive(self, name: str, at: datetime) -> None:
        with self._db.write():
            self._db.insert_all("alive", [{"name": name, "at": instant_text(at)}], replace=True)

    def last_alive(self, name: str) -> datetime | None:
        found = self._db.read("SELECT at FROM alive WHERE name = ?", [name])
        return instant(found[0]["at"]) if found else None

    def oldest_undelivered(self, notifiers: Collection[str]) -> datetime | None:
        at = self._db.read(OLDEST, [to_json(sorted(notifiers))])[0]["oldest"]
        return None if at is None else instant(at)
