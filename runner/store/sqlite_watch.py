"""What the SQLite store knows of the daemon itself: the part ``WatchStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from reports.alerts.silences import Silence
from runner.store.columns import instant, instant_text, to_json
from runner.store.database import SqliteDatabase

OLDEST = """
    SELECT json_extract(notice, '$.key') AS key, MIN(created_at) AS oldest FROM outbox
    WHERE state = 'waiting' AND (attempts > 0 OR seen_at IS NULL)
      AND notifier IN (SELECT value FROM json_each(?))
    GROUP BY key
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

    def oldest_undelivered(self, notifiers: Collection[str], silences: Sequence[Silence] = ()) -> datetime | None:
        found = self._db.read(OLDEST, [to_json(sorted(notifiers))])
        late = [row["oldest"] for row in found if not any(silence.about(row["key"]) for silence in silences)]
        return instant(min(late)) if late else None
