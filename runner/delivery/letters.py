"""What goes out in one message: a notice, or many as a digest, read from the store. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reports.messages.notice import AlertEvent, Delivery, Digest, DigestNotifier, Notice, Notifier
from runner.delivery.grouping import Telling
from runner.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message, ready to send."""

    told: Mapping[int, Notice]
    """The notices it settles, by outbox id, oldest first."""
    digest: Digest | None
    """None: it tells the one notice, in full."""
    receipt: Mapping[str, str] | None
    attempts: int
    """Deliveries tried so far of what was tried most."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Outbox ids of what it settles."""
        return tuple(self.told)

    def deliver_by(self, notifier: Notifier) -> Awaitable[Delivery]:
        """Send it. A digest needs a notifier that takes digests: the plan makes none for others."""
        if self.digest is None:
            return notifier.deliver(self.told[self.ids[0]], self.receipt)
        assert isinstance(notifier, DigestNotifier)
        return notifier.deliver_digest(self.digest, self.receipt)


def letter_of(store: Store, notifier: str, telling: Telling, ids: Sequence[int], now: datetime) -> Letter:
    """Read what a message is to tell.

    Args:
        store: Holds the notices.
        notifier: Name of the channel's notifier.
        telling: The message as planned.
        ids: Those of its notices that are leased to us, at least one.
        now: The present instant.
    """
    found = store.notices(ids)
    told = dict(zip(ids, (notice for notice, _ in found), strict=True))
    attempts = max(row.attempts for row in telling.rows)
    receipts = [receipt for _, receipt in found if receipt]
    if not telling.digest:
        return Letter(told=told, digest=None, receipt=receipts[0] if receipts else None, attempts=attempts)
    news = _newest(told.values())
    before = store.told_in(telling.digest_id, notifier) if telling.digest_id else ()
    whole = {notice.incident_id: notice for notice in (*before, *news)}
    digest = Digest(digest_id=telling.told_as, at=now, notices=tuple(whole.values()), news=news)
    receipt = receipts[0] if telling.digest_id and receipts else None
    return Letter(told=told, digest=digest, receipt=receipt, attempts=attempts)


def _newest(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Of each incident its newest notice; one that nobody heard of before is news as an opening, whatever followed."""
    newest: dict[str, Notice] = {}
    for notice in notices:
        first = newest.get(notice.incident_id)
        opening = first is not None and first.event is AlertEvent.OPENED and notice.event is not AlertEvent.RESOLVED
        newest[notice.incident_id] = replace(notice, event=AlertEvent.OPENED) if opening else notice
    return tuple(newest.values())


def names_of(notifier: str, notice: Notice) -> dict[str, str]:
    """What a log line may say of a notice: who and which, never its texts."""
    return {
        "notifier": notifier,
        "incident": notice.incident_id,
        "notice_event": notice.event.value,
        "key": notice.key,
    }
