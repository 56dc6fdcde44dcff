"""The part of every store's contract that is about the daemon itself: that it lives, and what it leaves undelivered.

Part of ``Store``; feeds ``runner.daemon.watching``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from reports.alerts.silences import Silence


class WatchStore(Protocol):
    """Every method may raise ``StoreError``."""

    def mark_alive(self, name: str, at: datetime) -> None:
        """Note that somebody (``daemon``) is alive at this instant; it takes the place of what was noted before."""
        ...

    def last_alive(self, name: str) -> datetime | None:
        """What was noted last; None where nothing ever was."""
        ...

    def oldest_undelivered(self, notifiers: Collection[str], silences: Sequence[Silence] = ()) -> datetime | None:
        """When the oldest notice for these notifiers was made that no worker has looked at, or that was tried in vain.

        Those that wait for company, for quiet, or for one of these ``silences`` to end are not late. None where nothing
        is.
        """
        ...
