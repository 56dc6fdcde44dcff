"""What goes out in one message: a notice, or many as a digest, read from the store. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reports.notice import AlertEvent, Delivery, Digest, DigestNotifier, FindingNotifier, Notice, Notifier
from runner.grouping import Telling
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
    perhaps_sent: bool = False
    """True where an earlier attempt may have arrived: it failed without a clear word, or its process died."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Outbox ids of what it settles."""
        return tuple(self.told)

    async def deliver_by(self, notifier: Notifier) -> Delivery:
        """Send it, or turn what was perhaps sent before into it where the channel can find that.

        A digest needs a notifier that takes digests: the plan makes none for others.

        Raises:
            DeliveryError: not delivered.
        """
        receipt, first = self.receipt, self.told[self.ids[0]]
        if receipt is None and self.perhaps_sent and isinstance(notifier, FindingNotifier):
            mark = self.digest.digest_id if self.digest else f"incident {first.incident_id}"
            receipt = await notifier.find(mark, min(notice.at for notice in self.told.values()))
        if self.digest is None:
            return await notifier.deliver(first, receipt)
        assert isinstance(notifier, DigestNotifier)
        return await notifier.deliver_digest(self.digest, receipt)


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
    perhaps_sent = any(row.attempts or row.leased_until for row in telling.rows)
    receipts = [receipt for _, receipt in found if receipt]
    if not telling.digest:
        return Letter(
            told=told,
            digest=None,
            receipt=receipts[0] if receipts else None,
            attempts=attempts,
            perhaps_sent=perhaps_sent,
        )
    news = _newest(told.values())
    before = store.told_in(telling.digest_id, notifier) if telling.digest_id else ()
    whole = {notice.incident_id: notice for notice in (*before, *news)}
    digest = Digest(
        digest_id=telling.digest_id or f"digest-{news[0].incident_id}", at=now, notices=tuple(whole.values()), news=news
    )
    receipt = receipts[0] if telling.digest_id and receipts else None
    return Letter(told=told, digest=digest, receipt=receipt, attempts=attempts, perhaps_sent=perhaps_sent)


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
