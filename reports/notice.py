"""What is told about one incident at one moment: the channel-free content that every notifier renders.

Made by ``alerts`` and ``message``; kept in the outbox as JSON; rendered by ``notifiers``. Texts from endpoints in it
are hostile: each notifier escapes them for its own channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from probes.fault import Fault

SEVERITIES = ("info", "ticket", "page")
"""Calm first."""


class AlertEvent(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    UPDATED = "updated"
    REMINDER = "reminder"
    RESOLVED = "resolved"
    FLAPPING = "flapping"
    """It comes and goes; it is told again once it is steady. May be the first that is told of an incident."""
    ESCALATED = "escalated"
    """Nobody acknowledged it in time; the first that this notifier is told of the incident."""


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
    host: str = ""
    """Host of the endpoint's address: what incidents of many suites may have in common."""
    replay: str = ""
    """The command that recomputes the verdict."""
    sure: str = ""
    """How sure this is: what was seen, and how often chance alone would say so."""
    since: str = ""
    """When it began to be so, as far as that is known; it may be earlier than ``opened_at``."""
    extent: str = ""
    """How many probes of how many, and which labels are clearly worse."""
    cause: str = ""
    """What it is likely to come from."""
    unmoved: str = ""
    """What was judged and has not moved."""
    closed: bool = False
    """True of an end that is no recovery: its rule or its suite is gone, and nobody looks any more."""
    acknowledged: str = ""
    """Who looks after it, since when and why; empty while nobody does."""
    silenced: str = ""
    """Who silenced it, until when and why, or who ended that early; empty where neither is news."""
    silence: str = ""
    """The command that silences it."""
    acknowledge: str = ""
    """The command by which somebody takes it."""

    @property
    def ended_as(self) -> str:
        """The word for its end: ``RESOLVED``, or ``CLOSED`` where nobody knows."""
        return "CLOSED" if self.closed else "RESOLVED"

    @property
    def said(self) -> tuple[str, ...]:
        """What people said about it, a sentence each: who looks after it, who silenced it."""
        return tuple(filter(None, (self.acknowledged, self.silenced)))

    @property
    def bearings(self) -> tuple[tuple[str, str], ...]:
        """What somebody woken at night asks, with the answers there are; a cause told as a fact is told."""
        told = {
            "how sure": self.sure,
            "began": self.since,
            "how wide": self.extent,
            "likely cause": "" if self.cause in self.facts else self.cause,
            "not moved": self.unmoved,
        }
        return tuple((title, text) for title, text in told.items() if text)

    @property
    def commands(self) -> tuple[tuple[str, str], ...]:
        """What to paste into a shell, each with what it does."""
        told = {"recompute": self.replay, "acknowledge": self.acknowledge, "silence": self.silence}
        return tuple((title, text) for title, text in told.items() if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a channel said when it took a notice."""

    receipt: Mapping[str, str]
    """What a later notice of the same incident needs to update this one (Slack: channel and ts). May be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Many incidents told in one message, so that a storm is one message."""

    digest_id: str
    """Stable over repeats and over all later versions of the message."""
    at: datetime
    notices: tuple[Notice, ...]
    """What the message says: of each incident in it the newest notice. No order."""
    news: tuple[Notice, ...]
    """Those told by this very delivery: all of them in a new message, some in a later version of it."""
    reach: str = ""
    """What commands need to find the store (`` --store PATH``); may be empty."""


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


@runtime_checkable
class DigestNotifier(Notifier, Protocol):
    """A channel read by people: in a storm it gets digests. Channels read by machines do without this method."""

    async def deliver_digest(self, digest: Digest, receipt: Mapping[str, str] | None) -> Delivery:
        """Send a digest, or turn the message of an earlier one into its new version.

        Args:
            digest: What to tell.
            receipt: What the channel returned for this digest before. Where that was empty the channel cannot update
                its messages, and later notices come as messages of their own.

        Raises:
            DeliveryError: not delivered; says whether trying again can help and when.
        """
        ...


@runtime_checkable
class RefreshingNotifier(Notifier, Protocol):
    """A channel that forgets what it is not told again."""

    async def refresh(self, notices: Sequence[Notice], now: datetime) -> None:
        """Say again what is open.

        Args:
            notices: Of each open incident the newest notice that was delivered here.
            now: When they were read.

        Raises:
            DeliveryError: not said; the next round is soon.
        """
        ...


@runtime_checkable
class TrialNotifier(Notifier, Protocol):
    """A channel where an incident that opens and ends at once would be told to nobody."""

    async def deliver_trial(self, notice: Notice) -> None:
        """Tell a test that is over by itself within minutes.

        Raises:
            DeliveryError: not delivered.
        """
        ...


@runtime_checkable
class FindingNotifier(Notifier, Protocol):
    """A channel in which a message can be found again, so that what was perhaps sent is not sent twice."""

    async def find(self, mark: str, since: datetime) -> Mapping[str, str] | None:
        """The receipt of a message that was sent and whose receipt was lost; None where there is none or nobody can
        tell.

        Args:
            mark: ``incident ID`` of a notice's message, the id of a digest's.
            since: It was not sent before this.

        Raises:
            DeliveryError: nobody can tell now. It is looked for again, a few times, before anything is sent again.
        """
        ...
