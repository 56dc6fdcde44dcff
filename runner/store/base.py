"""The contract of every store: what is written together, and what can be read back.

Everything a run changes (result, stream states, alert states, outbox) travels in one ``RunWrite`` and lands in one
transaction. The same tests run over every implementation (``tests/contract/test_stores.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from checks.drift.observation import RunObservation
from checks.drift.result import StreamKey
from reports.alerts.machine import AlertState
from reports.canary.record import CanaryRecord
from reports.notice import Notice
from reports.summary import RunRecord, StreamPoint
from runner.store.alert_store import AlertStore
from runner.store.baseline_store import BaselineStore
from runner.store.house_store import HouseStore
from runner.store.incident_store import IncidentStore
from runner.store.outbox_store import OutboxStore
from runner.store.schedule_store import ScheduleStore
from runner.store.watch_store import WatchStore

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One notice on its way to one notifier."""

    notifier: str
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDelivery:
    """An outbox row that is due, leased to the caller."""

    outbox_id: int
    entry: OutboxEntry
    attempts: int
    """Deliveries tried so far."""
    receipt: Mapping[str, str] | None
    """What the channel returned for an earlier notice of the same incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What requests used, added up."""

    requests: int = 0
    """Requests that were sent, whatever came of them."""
    tokens: int = 0
    """Input and output."""
    usd: float = 0.0
    estimated: int = 0
    """Requests among them that were answered without a word on tokens or price: counted by an estimate."""

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            requests=self.requests + other.requests,
            tokens=self.tokens + other.tokens,
            usd=self.usd + other.usd,
            estimated=self.estimated + other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one run used on one day (UTC): retries and failed requests included, as far as the endpoint told."""

    run_id: str
    suite: str
    endpoint: str
    at: datetime
    """Instant of the first request of that day."""
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWrite:
    """All that one run changes."""

    record: RunRecord
    observation: RunObservation
    plan: Json
    """The judge's plan (thresholds, tolerances) the run was judged under: part of what a replay needs."""
    in_baseline: bool
    """True where the run was learned from as baseline."""
    streams: Mapping[StreamKey, Json] = field(default_factory=dict)
    """Stream states after the run; replaces what is stored for this suite and endpoint."""
    alerts: Sequence[AlertState] = ()
    """Alert states after the run; each replaces the stored one of the same key and notifier."""
    outbox: Sequence[OutboxEntry] = ()
    spending: Sequence[Spending] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineAct:
    """A person's decision about what is normal."""

    suite: str
    endpoint: str
    kind: str
    """``capture``, ``accept``, ``mark``, ``reset``, ``freeze`` or ``import``."""
    at: datetime
    author: str
    reason: str
    streams: tuple[StreamKey, ...] = ()
    """The streams it spoke of; empty means all."""
    after_run: str | None = None
    """Newest run stored when it was decided: what a replay goes by. The store fills it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of one probe in the stored runs of a suite at an endpoint."""

    probe: str
    request_hash: str
    runs: int
    since: datetime
    """When the first of these runs began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One suite at one endpoint that shares the installation's false-alarm budget."""

    suite: str
    endpoint: str
    streams: int
    runs_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """The line of a run in a list."""

    run_id: str
    suite: str
    endpoint: str
    trigger: str
    started_at: datetime
    duration_s: float
    health: str
    in_baseline: bool
    maintenance: str = ""
    """Why it was made in a maintenance window; empty where it was not."""
    offline: str = ""
    """What says that our own network was lost; empty where it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObservation:
    """A run as the judge saw it, with the plan it was judged under."""

    observation: RunObservation
    plan: Json
    in_baseline: bool
    texts_expired: bool
    """True where answers are gone, so that answer streams cannot be replayed."""


class Store(AlertStore, BaselineStore, HouseStore, IncidentStore, OutboxStore, ScheduleStore, WatchStore, Protocol):
    """Where runs, evidence, alerts and undelivered notices live. Every method may raise ``StoreError``.

    Any thread may call any method; calls of one store take turns.
    """

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the store for one reading, judging and writing: no other thread or process writes in between.

        Everything written inside lands together when the block ends, or not at all where it raises. May be nested.
        Keep it short and never wait for a network inside.
        """
        ...

    def save_run(self, write: RunWrite) -> None:
        """Write one run and everything it changes, or nothing."""
        ...

    def save_spending(self, spending: Sequence[Spending]) -> None:
        """All that runs used so far: of one under way, or of one that was cancelled and leaves nothing else.

        It takes the place of what was written of the same runs before; ``save_run`` takes its place in turn.
        """
        ...

    def prove_writable(self) -> None:
        """Write something that changes nothing, so that a store that takes no more is known before anything is sent."""
        ...

    def spent(
        self, since: datetime, *, without_runs: Collection[str] = (), suites: Collection[str] | None = None
    ) -> Mapping[str, Spent]:
        """What each suite used from this instant on, by all processes; a suite that used nothing is left out.

        ``without_runs``: ids of runs whose part the caller knows better. ``suites``: only these, and all together under
        the empty name.
        """
        ...

    def save_installed(self, installed: Installed) -> None:
        """Insert or replace the entry of one suite and endpoint."""
        ...

    def installed(self) -> tuple[Installed, ...]:
        """All suites and endpoints that share the budget."""
        ...

    def stream_states(self, suite: str, endpoint: str) -> dict[StreamKey, dict[str, Any]]:
        """Current stream states, exactly as they were saved (floats to the last digit)."""
        ...

    def alert_states(self, suite: str, endpoint: str) -> tuple[AlertState, ...]:
        """Current alert states of one suite at one endpoint."""
        ...

    def run(self, run_id: str) -> RunRecord | None:
        """One whole run; texts are empty where they have expired."""
        ...

    def runs(self, *, suite: str | None = None, endpoint: str | None = None, limit: int = 20) -> tuple[RunHeader, ...]:
        """The newest runs, newest first."""
        ...

    def observations(self, suite: str, endpoint: str, *, since_run: str | None = None) -> Iterator[StoredObservation]:
        """Runs as the judge saw them, in the order it saw them, optionally from one run on (that run included).

        Raises ``StoreError`` where ``since_run`` is not stored for this suite and endpoint.
        """
        ...

    def history(self, suite: str, endpoint: str, *, limit: int = 500) -> dict[StreamKey, tuple[StreamPoint, ...]]:
        """Scores of every stream over the newest ``limit`` runs, oldest first."""
        ...

    def save_canary(self, record: CanaryRecord) -> None:
        """Write a finished canary."""
        ...

    def canary(self, canary_id: str) -> CanaryRecord | None:
        """A canary by its id; what quoted answers is empty where it has expired."""
        ...

    def canaries(self, suite: str, *, limit: int = 20) -> tuple[CanaryRecord, ...]:
        """The newest canaries of a suite, newest first."""
        ...

    def close(self) -> None:
        """Release the database."""
        ...
