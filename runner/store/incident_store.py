"""The part of every store's contract that is about incidents: silences, acknowledgements, their stories. Part of
``Store``; feeds the alert decisions and ``holdfast alerts``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from reports.alerts.machine import AlertState
from reports.alerts.silences import Acknowledgement, Silence
from reports.alerts.story import ChangeRow, StreamScore, Told


class IncidentStore(Protocol):
    """Every method may raise ``StoreError``."""

    def save_silence(self, silence: Silence) -> None:
        """Insert a silence, or replace the one of the same id."""
        ...

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """Silences in force at this instant, the oldest first."""
        ...

    def silences_between(self, since: datetime, until: datetime) -> tuple[Silence, ...]:
        """Silences that were in force at any time between two instants, the oldest first; ended ones included."""
        ...

    def save_acknowledgement(self, ack: Acknowledgement) -> None:
        """Keep who looks after an incident; the newest word counts."""
        ...

    def acknowledgements(self, incident_ids: Collection[str]) -> Mapping[str, Acknowledgement]:
        """By incident: who looks after it, or did."""
        ...

    def open_alerts(self) -> tuple[AlertState, ...]:
        """States of all incidents that are open now, of every suite and notifier."""
        ...

    def pending_alerts(self) -> tuple[AlertState, ...]:
        """States of all incidents that wait to open, of every suite and notifier."""
        ...

    def alert_changes(self, *, since: datetime | None = None, incident_id: str = "") -> tuple[ChangeRow, ...]:
        """Changes of incidents in the order they happened: all of those keys and notifiers for which anything
        changed since an instant, or to which one incident belongs."""
        ...

    def incident_ids(self, beginning: str) -> tuple[str, ...]:
        """Ids of incidents that begin so, 20 at most."""
        ...

    def told(self, incident_ids: Collection[str]) -> Mapping[str, tuple[Told, ...]]:
        """By incident: its notices with what became of them, oldest first; without those whose texts expired."""
        ...

    def stream_scores(self, run_id: str) -> tuple[StreamScore, ...]:
        """Streams of a run at watch, warn or alarm, the highest score first; nothing of a run that is not stored."""
        ...
