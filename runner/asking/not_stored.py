"""A run that was measured and could not be stored: an error that carries it. Feeds ``run`` and the daemon."""

from __future__ import annotations

from dataclasses import replace

from probes.errors import StoreError
from reports.summary import RunRecord


class NotStored(StoreError):
    """The store could not take a run. Nothing of it is stored, and nobody was told of it."""

    def __init__(self, reason: str, record: RunRecord) -> None:
        self.record = replace(record, note="; ".join(filter(None, (f"not stored: {reason}", record.note))), alerts=())
        """What was measured, marked; without alerts, for those are decided by what is stored."""
        super().__init__(reason)
