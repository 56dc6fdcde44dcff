"""What is told about one incident at one moment: the channel-free content that every notifier renders.

Made by ``alerts`` and ``message``; kept in the outbox as JSON; rendered by ``notifiers``. Texts from endpoints in it
are hostile: each notifier escapes them for its own channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from probes.fault import Fault


class AlertEvent(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    UPDATED = "updated"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one channel about one incident."""

    incident_id: str
    """Stable over all notices of an incident: a repeat updates, never posts anew."""
    key: str
    """``suite/endpoint/kind``."""
    event: AlertEvent
    kind: str
    severity: str
    suite: str
    endpoint: str
    run_id: str
    at: datetime
    opened_at: datetime
    headline: str
    """One line: what is wrong (or that it is over)."""
    facts: tuple[str, ...]
    """What moved and by how much, one line each, worst first."""
    before: str = ""
    """One normal answer; empty where answers are not the point or may not be told."""
    after: str = ""
    """One answer of now."""
    failures: tuple[str, ...] = ()
    """Failure classes with counts."""
    faults: tuple[Fault, ...] = ()
    """Classes of what broke, worst first."""
    team: str = ""
    contact: str = ""
    runbook: str = ""
    report: str = ""
    """Where the evidence page is: a URL or a path."""
    replay: str = ""
    """The command that recomputes the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a channel said when it took a notice."""

    receipt: Mapping[str, str]
    """What a later notice of the same incident needs to update this one (Slack: channel and ts). May be empty."""


class Notifier(Protocol):
    """One channel, ready to send."""

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Send one notice.

        Args:
            notice: What to tell.
            receipt: What the channel returned for the incident's first notice, if one was delivered.

        Raises:
            DeliveryError: not delivered; says whether trying again can help and when.
        """
        ...
