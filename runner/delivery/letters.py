"""What goes out in one message: a notice, or many as a digest, read from the store. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reports.alerts.silences import Acknowledgement, acknowledged_words, is_of_silence, silenced
from reports.alerts.telling import Muting, never_muted
from reports.notice import AlertEvent, Delivery, Digest, DigestNotifier, Notice, Notifier
from runner.delivery.grouping import Telling
from runner.store.base import Store

NEVER_TOLD = "that it began could not be told here"
_LATER = (AlertEvent.UPDATED, AlertEvent.REMINDER, AlertEvent.RESOLVED)
"""Events that mean something to those only who heard of the incident before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message, ready to send."""

    told: Mapping[int, Notice]
    """The notices it settles, by outbox id, oldest first."""
    digest: Digest | None
    """None: it tells the one notice, in full."""
    alone: bool
    """True where nothing else in it can be why it is refused: one notice, or the news of one incident in its digest."""
    receipt: Mapping[str, str] | None
    attempts: int
    """Deliveries tried so far of what was tried most."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Outbox ids of what it settles."""
        return tuple(self.told)

    def names_for(self, notifier: str, notices: int) -> dict[str, str | int]:
        """What a log line may say of it: which notice, or how many of a digest."""
        if self.digest is not None:
            return {"notifier": notifier, "notices": notices}
        return {**names_of(notifier, self.told[self.ids[0]])}

    def deliver_by(self, notifier: Notifier) -> Awaitable[Delivery]:
        """Send it. A digest needs a notifier that takes digests: the plan makes none for others."""
        if self.digest is None:
            return notifier.deliver(self.told[self.ids[0]], self.receipt)
        assert isinstance(notifier, DigestNotifier)
        return notifier.deliver_digest(self.digest, self.receipt)


def letter_of(
    store: Store, notifier: str, telling: Telling, ids: Sequence[int], now: datetime, *, reach: str = ""
) -> Letter:
    """Read what a message is to tell.

    Args:
        store: Holds the notices.
        notifier: Name of the channel's notifier.
        telling: The message as planned.
        ids: Those of its notices that are leased to us, at least one.
        now: The present instant.
        reach: What commands need to find the store; may be empty.
    """
    found = store.notices(ids)
    unheard = _unheard(store, notifier, [notice for notice, _ in found])
    acks = store.acknowledgements({notice.incident_id for notice, _ in found})
    quiet = silenced(store.silences(now), now) if any(notice.silenced for notice, _ in found) else never_muted
    now_so = (_as_silenced(_with_acknowledgement(notice, acks), quiet) for notice, _ in found)
    told = {
        outbox_id: as_first_heard(each) if each.incident_id in unheard else each
        for outbox_id, each in zip(ids, now_so, strict=True)
    }
    attempts = max(row.attempts for row in telling.rows)
    receipts = [receipt for _, receipt in found if receipt]
    if not telling.digest:
        return Letter(told=told, digest=None, receipt=receipts[0] if receipts else None, attempts=attempts, alone=True)
    news = _newest(told.values())
    before = store.told_in(telling.digest_id, notifier) if telling.digest_id else ()
    whole = {notice.incident_id: notice for notice in (*before, *news)}
    digest = Digest(digest_id=telling.told_as, at=now, notices=tuple(whole.values()), news=news, reach=reach)
    receipt = receipts[0] if telling.digest_id and receipts else None
    alone = all(row.alone for row in telling.rows)
    return Letter(told=told, digest=digest, receipt=receipt, attempts=attempts, alone=alone)


def _unheard(store: Store, notifier: str, notices: Sequence[Notice]) -> frozenset[str]:
    """Incidents of which this notifier was to be told before, and whatever was to be told of them was given up."""
    later = {notice.incident_id for notice in notices if notice.event in _LATER}
    became = {
        incident_id: {told.state for told in entries if told.notifier == notifier}
        for incident_id, entries in (store.told(later) if later else {}).items()
    }
    return frozenset(name for name, states in became.items() if "given_up" in states and "delivered" not in states)


def _with_acknowledgement(notice: Notice, acks: Mapping[str, Acknowledgement]) -> Notice:
    """A notice with who looks after its incident now: the last who took it, whatever was so when it was written."""
    ack = acks.get(notice.incident_id)
    if ack is None or notice.event is AlertEvent.RESOLVED:
        return notice
    return replace(notice, acknowledged=acknowledged_words(ack), acknowledge="")


def _as_silenced(notice: Notice, quiet: Muting) -> Notice:
    """A notice of a silence as that stands now: it may have expired while the notice waited for its channel."""
    if not is_of_silence(notice.silenced):
        return notice
    return replace(notice, silenced=quiet(notice.key, notice.kind, notice.severity))


def as_first_heard(notice: Notice) -> Notice:
    """A notice of an incident that this notifier has never heard of: its end says so, what is news opens it."""
    if notice.event is AlertEvent.RESOLVED:
        return replace(notice, headline=f"{notice.headline} ({NEVER_TOLD})")
    return replace(notice, event=AlertEvent.OPENED) if notice.event in _LATER else notice


def _newest(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Of each incident its newest notice; one that nobody heard of before is news as an opening, whatever followed."""
    newest: dict[str, Notice] = {}
    for notice in notices:
        first = newest.get(notice.incident_id)
        opening = first is not None and first.event is AlertEvent.OPENED
        newest[notice.incident_id] = _unopened(notice) if opening else notice
    return tuple(newest.values())


def _unopened(notice: Notice) -> Notice:
    """What follows an opening that nobody has heard of."""
    over = notice.event is AlertEvent.RESOLVED
    return as_first_heard(notice) if over else replace(notice, event=AlertEvent.OPENED)


def names_of(notifier: str, notice: Notice) -> dict[str, str]:
    """What a log line may say of a notice: who and which, never its texts."""
    return {
        "notifier": notifier,
        "incident": notice.incident_id,
        "notice_event": notice.event.value,
        "key": notice.key,
    }
