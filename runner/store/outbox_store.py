"""What a store does for channels: who waits, what was sent lately, what a digest told. Part of the store's contract.

Feeds ``base``; read by the outbox worker, which plans from it what goes into which message.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from reports.notice import AlertEvent, Notice

if TYPE_CHECKING:
    from runner.store.base import PendingDelivery

WAITING_MAX = 1000
"""Waiting notices looked at for one channel at once; the rest follows when these are settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingNotice:
    """What planning needs to know of a notice that waits, without its texts."""

    outbox_id: int
    incident_id: str
    event: AlertEvent
    severity: str
    at: datetime
    """When it happened."""
    seen_at: datetime | None = None
    """When a worker first saw it: its group wait begins. None until then."""
    due_at: datetime | None = None
    """When it is to be tried again; None before the first failure."""
    attempts: int = 0
    leased_until: datetime | None = None
    """Set from the first attempt on: after that nobody can be sure that it was not sent."""
    updates: bool = False
    """True where the incident has a message in the channel that this notice would update."""
    digest_id: str = ""
    """Of the digest in which that message tells of the incident; empty where it has one of its own."""
    sent_as: str = ""
    """Of a notice that was tried before: the id of the digest that it was tried in; empty where it went by itself."""
    alone: bool = False
    """True where a digest with it was refused: it goes by itself."""
    key: str = ""
    """``suite/endpoint/kind`` of its incident."""
    heard: bool = False
    """True where the channel took a notice of the incident before."""
    said: bool = False
    """True where it says what people said: who looks after the incident, who silenced it."""
    past: bool = False
    """True where it tells of a time that was over already when it was told: that no daemon ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a channel was sent lately."""

    opened: tuple[datetime, ...] = ()
    """When openings were told, newest first; a digest counts every incident it opened."""
    pages: tuple[datetime, ...] = ()
    """Those of them that were pages."""
    sent: tuple[datetime, ...] = ()
    """When messages went out, newest first; a digest is one."""
    quiet_until: datetime | None = None
    """The channel asked for quiet until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadChannel:
    """A channel that refused a notice for good and has taken none since."""

    notifier: str
    since: datetime
    error: str
    """Why, in words without secrets."""
    told_at: datetime | None = None
    """When others were last told of it."""


class OutboxStore(Protocol):
    """The part of a store that speaks of channels. Every method may raise ``StoreError``."""

    def due(
        self,
        now: datetime,
        *,
        limit: int = 50,
        lease_s: float = 60.0,
        notifiers: Collection[str] | None = None,
    ) -> tuple[PendingDelivery, ...]:
        """Lease undelivered notices that are due. Of one incident and notifier only the oldest undelivered one.

        ``notifiers``: only notices for these names; all others stay untouched. None means all.
        """
        ...

    def delivered(self, outbox_id: int, at: datetime, receipt: Mapping[str, str]) -> None:
        """Mark a notice delivered and keep what the channel returned for the incident."""
        ...

    def retry(self, outbox_id: int, at: datetime, error: str) -> None:
        """Count a failed attempt; the notice is due again at ``at``."""
        ...

    def give_up(self, outbox_id: int, at: datetime, error: str) -> None:
        """Mark a notice undeliverable, as of ``at``; it stays for people to see."""
        ...

    def given_up(self, since: datetime) -> int:
        """Notices given up at or after this instant, by any process."""
        ...

    def undelivered(self) -> int:
        """Notices still waiting: delivered and given-up ones do not count."""
        ...

    def undelivered_by_notifier(self) -> Mapping[str, int]:
        """The same by notifier; a notifier for which nothing waits is left out."""
        ...

    def waiting(self, notifier: str) -> tuple[WaitingNotice, ...]:
        """The oldest notices that wait for one channel, oldest first; at most ``WAITING_MAX``.

        Where more wait, those of incidents that page are among them before all others.
        """
        ...

    def seen(self, outbox_ids: Sequence[int], at: datetime) -> None:
        """A worker saw these for the first time. A notice keeps the earliest such instant."""
        ...

    def traffic(self, notifier: str, *, opened_since: datetime, sent_since: datetime) -> Traffic:
        """What the channel took from these instants on, by all processes."""
        ...

    def claim(self, outbox_ids: Sequence[int], now: datetime, lease_s: float, digest_id: str = "") -> tuple[int, ...]:
        """Lease these for ``lease_s`` seconds: those of them that still wait and that nobody else has leased.

        One that comes after another of its incident, which waits and is not leased along, is not leased either.

        ``digest_id``: of the digest that is about to tell them, kept with them; empty where one goes by itself.
        """
        ...

    def notices(self, outbox_ids: Sequence[int]) -> tuple[tuple[Notice, Mapping[str, str] | None], ...]:
        """Notices by id, in this order, each with what the channel returned for its incident before."""
        ...

    def told_together(
        self, outbox_ids: Sequence[int], at: datetime, receipt: Mapping[str, str], digest_id: str
    ) -> None:
        """Mark notices delivered by one digest, and keep its receipt for all incidents that it ever told of."""
        ...

    def told_in(self, digest_id: str, notifier: str) -> tuple[Notice, ...]:
        """Of every incident that this digest told of, the newest notice that was delivered."""
        ...

    def retry_together(self, outbox_ids: Sequence[int], at: datetime, error: str, *, alone: bool = False) -> None:
        """Count a failed attempt of all of them; due again at ``at``, each by itself where ``alone``."""
        ...

    def withdraw(self, outbox_ids: Sequence[int], at: datetime) -> None:
        """Settle notices that nobody is to be told: over before their group wait was. Leased ones stay."""
        ...

    def quiet(self, notifier: str, until: datetime) -> None:
        """The channel asked for quiet until then."""
        ...

    def channel_died(self, notifier: str, at: datetime, error: str) -> None:
        """The channel refused a notice for good. Its next delivery takes this back."""
        ...

    def dead_told(self, notifier: str, at: datetime) -> None:
        """Others were told of the dead channel."""
        ...

    def dead_channels(self) -> tuple[DeadChannel, ...]:
        """Channels that refused a notice for good and have taken none since."""
        ...

    def fellows(self, key: str, notifier: str, since: datetime) -> tuple[str, ...]:
        """Other channels that have had notices under this alert key since then."""
        ...
