"""The part of every store's contract about alert states between runs. Part of ``Store``; feeds the alert clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from reports.alerts.incident import AlertState

if TYPE_CHECKING:
    from runner.store.base import OutboxEntry


class AlertStore(Protocol):
    """Every method may raise ``StoreError``."""

    def save_alerts(
        self, suite: str, endpoint: str, alerts: Sequence[AlertState], outbox: Sequence[OutboxEntry], *, at: datetime
    ) -> None:
        """Write what time alone changed, and the notices of it, or nothing.

        ``alerts``: each replaces the stored one of the same key and notifier; the others stay. ``at``: when it changed.
        """
        ...

    def alerts_due(self, now: datetime) -> Mapping[tuple[str, str], tuple[AlertState, ...]]:
        """By suite and endpoint: alert states that time alone may change by now (their ``due_at`` is reached)."""
        ...

    def open_at(self, suites: Collection[str]) -> tuple[AlertState, ...]:
        """States of incidents that are open now at any endpoint of these suites."""
        ...

    def muted_for(self, reason: str) -> tuple[AlertState, ...]:
        """States of incidents that are muted for exactly this reason, of every suite."""
        ...

    def alert_endpoints(self, suite: str) -> frozenset[str]:
        """Endpoints of a suite of which any alert state is known."""
        ...
