"""The part of every store's contract that is about what the daemon's schedule runs. Part of ``Store``; feeds
``reloading``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

Place = tuple[str, str]


class ScheduleStore(Protocol):
    """Every method may raise ``StoreError``."""

    def scheduled(self) -> frozenset[Place]:
        """Suites and endpoints that the daemon's schedule runs, as it was told last."""
        ...

    def last_run(self, suite: str, endpoint: str, trigger: str) -> datetime | None:
        """When the newest stored run began that this made (``schedule``, ...); None where there is none."""
        ...

    def save_scheduled(self, places: Collection[Place]) -> None:
        """Add suites and endpoints that the schedule runs from now on."""
        ...

    def forget_scheduled(self, suite: str, endpoint: str) -> None:
        """The schedule runs it no more: it leaves the installation's budget of false alarms, too."""
        ...
