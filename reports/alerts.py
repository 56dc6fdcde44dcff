"""The alert state machine: run results in, incident states and transitions out. Pure; ``now`` is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is remembered of one possible incident for one notifier. JSON-able; stored after every run."""

    key: str
    """``suite/endpoint/kind``: survives edits of rules and texts."""
    notifier: str
    """Name of the notifier; empty where a suite names none (the incident is then only shown)."""
    kind: str
    state: Literal["quiet", "pending", "open"]
    severity: str
    outcomes: tuple[bool, ...] = ()
    """Newest last: True for bad runs. Unknown runs leave no mark."""
    incident_id: str = ""
    """Set while pending or open."""
    opened_at: datetime | None = None
    last_notice_at: datetime | None = None
    facts: tuple[str, ...] = ()
    """Facts of the last notice, to see whether an update says anything new."""
