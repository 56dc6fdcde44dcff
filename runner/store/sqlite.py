"""The SQLite store: every method of ``Store`` over one file. Feeds the engine, the outbox, reports and commands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from checks.drift.result import StreamKey
from reports.canary.record import CanaryRecord
from reports.consultation import CalibrationResult, Served
from reports.summary import BaselineView, Began, RunRecord, StreamPoint
from runner.store import (
    alert_rows,
    baseline_tables,
    canary_table,
    consultation_table,
    outbox_table,
    run_reading,
    run_tables,
    spending_table,
)
from runner.store.base import (
    Asked,
    BaselineAct,
    Installed,
    Json,
    PendingDelivery,
    RunHeader,
    RunWrite,
    Spending,
    Spent,
    StoredObservation,
)
from runner.store.database import SqliteDatabase
from runner.store.sqlite_alerts import SqliteAlerts
from runner.store.sqlite_house import SqliteHouse
from runner.store.sqlite_incidents import SqliteIncidents
from runner.store.sqlite_outbox import SqliteOutbox
from runner.store.sqlite_schedule import SqliteSchedule
from runner.store.sqlite_watch import SqliteWatch


class SqliteStore(SqliteAlerts, SqliteHouse, SqliteIncidents, SqliteOutbox, SqliteSchedule, SqliteWatch):
    """One file for one machine. Threads take turns at one connection; several processes queue for writing."""

    def __init__(self, path: str) -> None:
        """Open or create. Raises StoreError with the path and plain words."""
        self._db = SqliteDatabase(path)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._db.write():
            yield

    # -------------------------------------------------------------------------------------------- writing
    def save_run(self, write: RunWrite) -> None:
        with self._db.write():
            run_tables.save(self._db, write)
            spending_table.save(self._db, write.spending)

    def save_spending(self, spending: Sequence[Spending]) -> None:
        with self._db.write():
            spending_table.save(self._db, spending)

    def prove_writable(self) -> None:
        with self._db.write():
            (row,) = self._db.read("PRAGMA user_version")
            # written although it is the same; a row would be one that is never needed
            self._db.change(f"PRAGMA user_version = {int(row['user_version'])}")

    def save_act(
        self, act: BaselineAct, streams: Mapping[StreamKey, Json], *, baseline_runs: Sequence[str] | None
    ) -> None:
        with self._db.write():
            baseline_tables.save_act(self._db, act, streams, baseline_runs)

    def save_installed(self, installed: Installed) -> None:
        with self._db.write():
            self._db.insert_all("installed", [alert_rows.installed_row(installed)], replace=True)

    # -------------------------------------------------------------------------------------------- what is true now
    def installed(self) -> tuple[Installed, ...]:
        return tuple(map(alert_rows.installed, self._db.read("SELECT * FROM installed ORDER BY suite, endpoint")))

    def spent(
        self, since: datetime, *, without_runs: Collection[str] = (), suites: Collection[str] | None = None
    ) -> Mapping[str, Spent]:
        return spending_table.spent(self._db, since, without_runs, suites)

    def stream_states(self, suite: str, endpoint: str) -> dict[StreamKey, dict[str, Any]]:
        return run_tables.stream_states(self._db, suite, endpoint)

    # -------------------------------------------------------------------------------------------- what was
    def run(self, run_id: str) -> RunRecord | None:
        with self._db.snapshot():
            return run_reading.whole(self._db, run_id)

    def runs(self, *, suite: str | None = None, endpoint: str | None = None, limit: int = 20) -> tuple[RunHeader, ...]:
        return run_reading.newest(self._db, suite, endpoint, limit)

    def observations(self, suite: str, endpoint: str, *, since_run: str | None = None) -> Iterator[StoredObservation]:
        return run_reading.observations(self._db, suite, endpoint, since_run)

    def history(self, suite: str, endpoint: str, *, limit: int = 500) -> dict[StreamKey, tuple[StreamPoint, ...]]:
        return run_reading.history(self._db, suite, endpoint, limit)

    def began(self, suite: str, endpoint: str, run_ids: Collection[str]) -> Mapping[str, Began]:
        return run_reading.began(self._db, suite, endpoint, run_ids)

    def acts(self, suite: str, endpoint: str) -> tuple[BaselineAct, ...]:
        return baseline_tables.acts(self._db, suite, endpoint)

    def baseline(self, suite: str, endpoint: str, *, without_run: str = "") -> BaselineView | None:
        with self._db.snapshot():
            return baseline_tables.view(self._db, suite, endpoint, without_run)

    def baseline_answers(self, suite: str, endpoint: str) -> Mapping[str, tuple[str, ...]]:
        return baseline_tables.answers(self._db, suite, endpoint)

    def requests(self, suite: str, endpoint: str) -> tuple[Asked, ...]:
        return baseline_tables.requests(self._db, suite, endpoint)

    def judges(self, suite: str, endpoint: str) -> tuple[Served, ...]:
        return consultation_table.served(self._db, suite, endpoint)

    def calibration(self, suite: str, endpoint: str) -> CalibrationResult | None:
        return consultation_table.latest_calibration(self._db, suite, endpoint)

    def save_canary(self, record: CanaryRecord) -> None:
        with self._db.write():
            canary_table.save(self._db, record)

    def canary(self, canary_id: str) -> CanaryRecord | None:
        return canary_table.one(self._db, canary_id)

    def canaries(self, suite: str, *, limit: int = 20) -> tuple[CanaryRecord, ...]:
        return canary_table.newest(self._db, suite, limit)

    # -------------------------------------------------------------------------------------------- the outbox
    def due(
        self,
        now: datetime,
        *,
        limit: int = 50,
        lease_s: float = 60.0,
        notifiers: Collection[str] | None = None,
    ) -> tuple[PendingDelivery, ...]:
        with self._db.write():
            return outbox_table.lease(self._db, now, limit, lease_s, notifiers)

    def delivered(self, outbox_id: int, at: datetime, receipt: Mapping[str, str]) -> None:
        with self._db.write():
            outbox_table.delivered(self._db, outbox_id, at, receipt)

    def retry(self, outbox_id: int, at: datetime, error: str) -> None:
        with self._db.write():
            outbox_table.retry(self._db, outbox_id, at, error)

    def give_up(self, outbox_id: int, at: datetime, error: str) -> None:
        with self._db.write():
            outbox_table.give_up(self._db, outbox_id, at, error)

    def given_up(self, since: datetime) -> int:
        return outbox_table.given_up(self._db, since)

    def undelivered(self) -> int:
        return sum(outbox_table.waiting(self._db).values())

    def undelivered_by_notifier(self) -> Mapping[str, int]:
        return outbox_table.waiting(self._db)

    def close(self) -> None:
        self._db.close()
