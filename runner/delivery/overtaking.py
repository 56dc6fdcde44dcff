"""Updates and reminders that a newer one of the same incident has overtaken in the queue of a channel. Pure. Feeds
``queueing``.

A channel that was down, or that a silence kept quiet, would else be told old news first.
"""

from __future__ import annotations

from collections.abc import Iterable

from reports.notice import AlertEvent
from runner.delivery.company import by_incident
from runner.store.outbox_store import WaitingNotice

_NEWS = (AlertEvent.UPDATED, AlertEvent.REMINDER)
"""Events whose notice says all that is so of an incident, whatever was told before."""


def overtaken(queue: Iterable[WaitingNotice]) -> frozenset[int]:
    """Outbox ids of what nobody is to be told, because a newer notice says what is so."""
    gone: set[int] = set()
    for rows in by_incident(queue):
        news = [row for row in rows if row.event in _NEWS]
        free = [row for row in news[:-1] if row.leased_until is None]  # else somebody may have been told
        # what people said is no older for news that does not know of it
        gone |= {row.outbox_id for row in free if news[-1].said or not row.said}
    return frozenset(gone)
