"""Which waiting notices of one channel go now, and in which message. Pure; ``now`` is an argument. Feeds ``outbox``.

Grouping after Alertmanager: an incident waits ``group_wait`` for company, what is over by then is not told at all,
and in a storm later openings wait for ``group_interval``, pages behind pages alone. Unlike there, the wait is renewed
while more comes (``company``), and notices that only turn a message which is already there into its new version are
nobody's storm: they go as soon as they may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reports.notice import SEVERITIES, AlertEvent
from runner.delivery.company import by_incident, fresh, over_before_told, waits
from runner.delivery.pacing import Pace
from runner.store.outbox_store import Traffic, WaitingNotice

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One message that goes now."""

    rows: tuple[WaitingNotice, ...]
    """The notices it settles; of a message about one incident always one."""
    digest: bool = False
    digest_id: str = ""
    """Of the digest whose message is turned into its new version; empty for a new message."""

    @property
    def told_as(self) -> str:
        """The id of the digest that this is; empty of a message about one incident."""
        return self.digest_id or (f"digest-{self.rows[0].incident_id}" if self.digest else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of a channel's queue now."""

    withdrawn: tuple[int, ...] = ()
    """Notices nobody is to be told."""
    tellings: tuple[Telling, ...] = ()
    """Messages in the order in which they go."""
    next_at: datetime | None = None
    """When to look again, as far as what waits decides it; None where nothing waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incident:
    """What waits about one incident."""

    rows: tuple[WaitingNotice, ...]
    ready_at: datetime
    """When it goes by itself."""
    joins_at: datetime
    """From when on it goes along where others go."""

    @property
    def first(self) -> WaitingNotice:
        return self.rows[0]


def plan(
    queue: Sequence[WaitingNotice],
    traffic: Traffic,
    pace: Pace,
    now: datetime,
    *,
    digests: bool,
    hurry: bool = False,
) -> Plan:
    """Decide over one channel's queue.

    Args:
        queue: What waits, oldest first, each with ``seen_at``.
        traffic: What the channel took lately.
        pace: How fast it may be told.
        now: The present instant.
        digests: True where the channel takes digests.
        hurry: True where nobody will be here to send later: nothing waits for company. Limits hold all the same.
    """
    withdrawn, waiting = _sorted_out(queue, pace, digests=digests, hurry=hurry)
    incidents = _incidents(waiting, traffic, pace, now, digests=digests, hurry=hurry)
    tellings = _tellings(incidents, pace, now, digests=digests)
    going, free_at = _within_limits(tellings, traffic, pace, now, digests=digests)
    settled = {row.outbox_id for telling in going for row in telling.rows}
    left = [one for one in incidents if one.rows[-1].outbox_id not in settled]
    later = (max(filter(None, (one.ready_at, now, free_at))) for one in left)
    return Plan(withdrawn=withdrawn, tellings=going, next_at=min(later, default=None))


# ------------------------------------------------------------------------------------------------ when
def _sorted_out(
    queue: Sequence[WaitingNotice], pace: Pace, *, digests: bool, hurry: bool
) -> tuple[tuple[int, ...], list[tuple[WaitingNotice, ...]]]:
    """What nobody is to be told, and what waits, by incident."""
    withdrawn: list[int] = []
    waiting: list[tuple[WaitingNotice, ...]] = []
    for rows in by_incident(queue):
        over = over_before_told(rows, _wait(rows[0], pace, digests=digests, hurry=hurry))
        withdrawn += [row.outbox_id for row in over]
        if left := rows[len(over) :]:
            waiting.append(left)
    return tuple(withdrawn), waiting


def _incidents(
    waiting: Sequence[tuple[WaitingNotice, ...]],
    traffic: Traffic,
    pace: Pace,
    now: datetime,
    *,
    digests: bool,
    hurry: bool,
) -> list[_Incident]:
    """When each of them goes, oldest first."""
    calm = not digests or hurry
    holds = {page: None if calm else _storm_until(traffic, pace, now, page=page) for page in (True, False)}
    renewed = {} if calm else waits([rows[0] for rows in waiting if _new(rows[0])], pace)
    incidents: list[_Incident] = []
    for rows in waiting:
        first = rows[0]
        alone_until = (first.seen_at or now) + _wait(first, pace, digests=digests, hurry=hurry)
        held = holds[first.severity == "page"] if first.event is AlertEvent.OPENED else None
        over_at = renewed.get(first.incident_id, alone_until)
        incidents.append(_timed(rows, over_at, held, traffic.quiet_until, now))
    return sorted(incidents, key=lambda one: one.first.outbox_id)


def _wait(row: WaitingNotice, pace: Pace, *, digests: bool, hurry: bool) -> timedelta:
    return timedelta(seconds=0.0 if hurry else pace.wait_s(row.severity, digests=digests))


def _new(row: WaitingNotice) -> bool:
    """True where it would be a new message, and has company to wait for."""
    return fresh(row) and not row.updates and not row.alone


def _timed(
    rows: tuple[WaitingNotice, ...], over_at: datetime, hold: datetime | None, quiet: datetime | None, now: datetime
) -> _Incident:
    """``over_at``: when its wait for company is over."""
    first = rows[0]
    if fresh(first):
        joins = first.seen_at or now
        lone_edition = first.updates and not first.digest_id  # has no company to wait for
        ready = joins if lone_edition else over_at
    else:
        joins = first.leased_until or now
        ready = max(first.due_at or joins, joins)
    return _Incident(
        rows=rows,
        ready_at=max(filter(None, (ready, hold, quiet))),
        joins_at=max(filter(None, (joins, hold, quiet))),
    )


def _storm_until(traffic: Traffic, pace: Pace, now: datetime, *, page: bool) -> datetime | None:
    """When fewer openings than make a storm will be left in the interval; None where it is calm. A page waits behind
    other pages only: a storm of tickets is no reason to sleep through it."""
    interval = timedelta(seconds=pace.group_interval_s)
    recent = sorted((at for at in (traffic.pages if page else traffic.opened) if at > now - interval), reverse=True)
    return recent[pace.digest_over] + interval if len(recent) > pace.digest_over else None


# ------------------------------------------------------------------------------------------------ in which message
def _tellings(incidents: Sequence[_Incident], pace: Pace, now: datetime, *, digests: bool) -> list[Telling]:
    ready = [one for one in incidents if one.ready_at <= now]
    updates = [_single(one) for one in ready if one.first.updates and not one.first.digest_id]
    tellings = [*_posts(incidents, pace, now, digests=digests), *updates, *_editions(incidents, ready, now)]
    return sorted(tellings, key=_loudest_first)


def _editions(incidents: Sequence[_Incident], ready: Sequence[_Incident], now: datetime) -> list[Telling]:
    """New versions of digests: one each, but for news with which one was refused."""
    alone = [_digest([one], one.first.digest_id) for one in ready if one.first.digest_id and one.first.alone]
    due = sorted({one.first.digest_id for one in ready if not one.first.alone} - {""})
    joint = [one for one in incidents if one.joins_at <= now and not one.first.alone]
    return [*(_digest([one for one in joint if one.first.digest_id == name], name) for name in due), *alone]


def _posts(incidents: Sequence[_Incident], pace: Pace, now: datetime, *, digests: bool) -> list[Telling]:
    """New messages. Where one incident goes, all that may go along do, and many are one digest."""
    posts = [one for one in incidents if not one.first.updates]
    ready = [one for one in posts if one.ready_at <= now]
    if not digests or not ready:
        return _singles(ready)
    company = [one for one in posts if one.joins_at <= now and not one.first.alone]
    if len(company) > pace.digest_over:
        return [_digest(company), *_singles(one for one in ready if one.first.alone)]
    return _singles(one for one in posts if one in ready or (one in company and fresh(one.first)))


def _singles(incidents: Iterable[_Incident]) -> list[Telling]:
    return [_single(one) for one in sorted(incidents, key=_worst_first)]


def _worst_first(one: _Incident) -> tuple[int, int]:
    return _calm(one.first), one.first.outbox_id


def _loudest_first(telling: Telling) -> int:
    return min(map(_calm, telling.rows))


def _calm(row: WaitingNotice) -> int:
    return -SEVERITIES.index(row.severity) if row.severity in SEVERITIES else 0


def _single(one: _Incident) -> Telling:
    return Telling(rows=(one.first,))


def _digest(incidents: Iterable[_Incident], digest_id: str = "") -> Telling:
    rows = sorted((row for one in incidents for row in one.rows), key=lambda row: row.outbox_id)
    return Telling(rows=tuple(rows), digest=True, digest_id=digest_id)


# ------------------------------------------------------------------------------------------------ how many
def _within_limits(
    tellings: Sequence[Telling], traffic: Traffic, pace: Pace, now: datetime, *, digests: bool
) -> tuple[tuple[Telling, ...], datetime | None]:
    """What the minute has room for, and when it has room again where that is not all of it."""
    recent = sorted(at for at in traffic.sent if at > now - MINUTE)
    room = max(0, pace.per_minute - len(recent))
    if len(tellings) > room and digests and room:
        tellings = _folded(tellings)
    if len(tellings) <= room:
        return tuple(tellings), None
    return tuple(tellings[:room]), (recent[0] if recent else now) + MINUTE


def _folded(tellings: Sequence[Telling]) -> list[Telling]:
    """New messages about single incidents as one digest: there is no room for each."""
    single = [one for one in tellings if not one.digest and not one.rows[0].updates and not one.rows[0].alone]
    if len(single) < 2:
        return list(tellings)
    rows = sorted((row for one in single for row in one.rows), key=lambda row: row.outbox_id)
    return [Telling(rows=tuple(rows), digest=True), *(one for one in tellings if one not in single)]
