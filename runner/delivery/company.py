"""Until when a new message waits for company, renewed while more comes, and what is over by then. Feeds ``grouping``.

A hundred suites that fail together do not end their runs together, so a wait that counts from the first of them alone
tells them in pieces. All instants are those the store keeps, so a restart changes nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from reports.notice import AlertEvent
from runner.delivery.pacing import Pace
from runner.store.outbox_store import WaitingNotice


def waits(waiting: Sequence[WaitingNotice], pace: Pace) -> Mapping[str, datetime]:
    """When the wait of each incident is over, by its id.

    That is ``group_wait`` after the last that joined it, and at most ``longest_s`` after it came itself. What comes
    when its wait is over joins it no more. What begins a page is kept waiting by its like alone: no stream of
    anything calmer, nor of ends, delays it.

    Args:
        waiting: New messages that were not tried yet: of each incident its first notice. Without ``seen_at``: left out.
        pace: Of a channel that takes digests.
    """
    joined = [(row, row.seen_at) for row in waiting if row.seen_at is not None]
    everybody = [seen_at for _, seen_at in joined]
    pages = [seen_at for row, seen_at in joined if _wakes(row)]
    bursts: dict[tuple[bool, float], Mapping[datetime, datetime]] = {}
    over: dict[str, datetime] = {}
    for row, seen_at in joined:
        wakes, wait_s = _wakes(row), pace.wait_s(row.severity, digests=True)
        if (wakes, wait_s) not in bursts:
            bursts[wakes, wait_s] = _bursts(pages if wakes else everybody, timedelta(seconds=wait_s))
        renewed = bursts[wakes, wait_s][seen_at] + timedelta(seconds=wait_s)
        over[row.incident_id] = min(renewed, seen_at + timedelta(seconds=pace.longest_s(row.severity)))
    return over


def over_before_told(rows: Sequence[WaitingNotice], wait: timedelta) -> Sequence[WaitingNotice]:
    """The notices of an incident that opened and resolved inside its wait, with nothing sent in between.

    A wait that was renewed counts as it was at first: what lasted longer than ``group_wait`` is told.
    """
    first = rows[0]
    if first.event is not AlertEvent.OPENED or first.updates or first.past or not all(map(fresh, rows)):
        return ()
    for place, row in enumerate(rows):
        if row.event is AlertEvent.RESOLVED and timedelta() <= row.at - first.at < wait:
            return rows[: place + 1]
    return ()


def by_incident(queue: Iterable[WaitingNotice]) -> Iterator[tuple[WaitingNotice, ...]]:
    """What waits of each incident, oldest first."""
    ordered = sorted(queue, key=lambda row: (row.incident_id, row.outbox_id))
    return (tuple(rows) for _, rows in groupby(ordered, key=lambda row: row.incident_id))


def fresh(row: WaitingNotice) -> bool:
    """True where nobody tried to send it yet."""
    return row.attempts == 0 and row.leased_until is None


def _wakes(row: WaitingNotice) -> bool:
    return row.severity == "page" and row.event is not AlertEvent.RESOLVED


def _bursts(joined: Iterable[datetime], wait: timedelta) -> Mapping[datetime, datetime]:
    """For each instant the last one of its burst, in which every instant comes less than ``wait`` after another."""
    last: dict[datetime, datetime] = {}
    later: datetime | None = None
    for at in sorted(joined, reverse=True):
        last[at] = last[later] if later is not None and later - at < wait else at
        later = at
    return last
