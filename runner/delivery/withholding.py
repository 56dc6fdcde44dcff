"""Notices that were queued before somebody silenced what they are about: who waits on, who is never told. Pure. Feeds
``queueing``.

The alert machine queues nothing new while a silence stands; what it queued before may still wait here for company, for
room in the minute or for a channel that is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reports.alerts.silences import Silence
from reports.notice import AlertEvent
from runner.delivery.company import by_incident, fresh
from runner.store.outbox_store import WaitingNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What silences make of a channel's queue."""

    withdrawn: tuple[int, ...] = ()
    """Notices nobody is to be told: their incident ended while it was silenced."""
    going: tuple[WaitingNotice, ...] = ()
    """What may be told now. All others wait for the silence to end."""


def withheld(queue: Sequence[WaitingNotice], silences: Iterable[Silence], now: datetime) -> Withheld:
    """Sort a queue by what people silenced.

    An incident that nobody heard of and that ended while it was silenced is told to nobody; one that was heard of is
    told as over, and nothing else while the silence stands but what people say about it.

    Args:
        queue: What waits for one channel.
        silences: Those in force now, or at any time since the first of it ended.
        now: The present instant.
    """
    known = tuple(silences)
    withdrawn: list[int] = []
    going: list[WaitingNotice] = []
    for rows in by_incident(queue):
        over = _over_in_silence(rows, known)
        withdrawn += over
        left = [row for row in rows if row.outbox_id not in over]
        if left and not _waits(left, known, now):
            going += left
    return Withheld(withdrawn=tuple(withdrawn), going=tuple(sorted(going, key=lambda row: row.outbox_id)))


def _over_in_silence(rows: Sequence[WaitingNotice], silences: Sequence[Silence]) -> tuple[int, ...]:
    """What of an incident is settled because it ended while it was silenced."""
    end = next((place for place, row in enumerate(rows) if row.event is AlertEvent.RESOLVED), None)
    if end is None or not any(_outlived(one, rows[end]) for one in silences):
        return ()
    before = rows[:end]
    if any(row.leased_until is not None for row in before):
        return ()  # somebody may have been told, or is being told at this moment
    unheard = bool(before) and not rows[end].heard and all(map(fresh, before))
    return tuple(row.outbox_id for row in rows[: end + unheard])


def _outlived(silence: Silence, end: WaitingNotice) -> bool:
    """True where the incident was over when the silence ended. One that this very end ends counts."""
    return silence.about(end.key) and end.at <= (silence.ended_at or silence.expires_at)


def _waits(rows: Sequence[WaitingNotice], silences: Sequence[Silence], now: datetime) -> bool:
    """True where an incident that is not over waits for a silence to end."""
    first = rows[0]
    edit = first.event is AlertEvent.UPDATED and first.heard and first.said
    if edit or any(row.event is AlertEvent.RESOLVED for row in rows):
        return False
    if first.leased_until is not None and first.leased_until > now:
        return False  # it is being told at this moment
    return any(silence.stands(now) and silence.about(first.key) for silence in silences)
