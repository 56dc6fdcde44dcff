"""What the SQLite store knows of channels: the part ``OutboxStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from reports.notice import Notice
from runner.store import channel_states, channel_table
from runner.store.database import SqliteDatabase
from runner.store.outbox_store import DeadChannel, Traffic, WaitingNotice


class SqliteOutbox:
    """Methods over ``_db``, which the whole store opens."""

    _db: SqliteDatabase

    def waiting(self, notifier: str) -> tuple[WaitingNotice, ...]:
        return channel_table.waiting(self._db, notifier)

    def seen(self, outbox_ids: Sequence[int], at: datetime) -> None:
        with self._db.write():
            channel_table.seen(self._db, outbox_ids, at)

    def traffic(self, notifier: str, *, opened_since: datetime, sent_since: datetime) -> Traffic:
        return channel_table.traffic(self._db, notifier, opened_since, sent_since)

    def claim(self, outbox_ids: Sequence[int], now: datetime, lease_s: float, digest_id: str = "") -> tuple[int, ...]:
        with self._db.write():
            return channel_table.claim(self._db, outbox_ids, now, lease_s, digest_id)

    def notices(self, outbox_ids: Sequence[int]) -> tuple[tuple[Notice, Mapping[str, str] | None], ...]:
        return channel_table.notices(self._db, outbox_ids)

    def told_together(
        self, outbox_ids: Sequence[int], at: datetime, receipt: Mapping[str, str], digest_id: str
    ) -> None:
        with self._db.write():
            channel_table.told_together(self._db, outbox_ids, at, receipt, digest_id)

    def told_in(self, digest_id: str, notifier: str) -> tuple[Notice, ...]:
        return channel_table.told_in(self._db, digest_id, notifier)

    def retry_together(self, outbox_ids: Sequence[int], at: datetime, error: str, *, alone: bool = False) -> None:
        with self._db.write():
            channel_table.retry_together(self._db, outbox_ids, at, error, alone)

    def withdraw(self, outbox_ids: Sequence[int], at: datetime) -> None:
        with self._db.write():
            channel_table.withdraw(self._db, outbox_ids, at)

    def quiet(self, notifier: str, until: datetime) -> None:
        with self._db.write():
            channel_states.quiet(self._db, notifier, until)

    def channel_died(self, notifier: str, at: datetime, error: str) -> None:
        with self._db.write():
            channel_states.died(self._db, notifier, at, error)

    def dead_told(self, notifier: str, at: datetime) -> None:
        with self._db.write():
            channel_states.dead_told(self._db, notifier, at)

    def dead_channels(self) -> tuple[DeadChannel, ...]:
        return channel_states.dead(self._db)

    def fellows(self, key: str, notifier: str, since: datetime) -> tuple[str, ...]:
        return channel_states.fellows(self._db, key, notifier, since)
