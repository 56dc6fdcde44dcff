"""Which waiting notices of one channel go now, and in which message. Pure; ``now`` is an argument. Feeds ``outbox``.

Grouping after Alertmanager: an incident waits ``group_wait`` for company, what is over by then is not told at all,
and in a storm later openings wait for ``group_interval``, pages behind pages alone. Unlike there, notices that only
turn a message which is already there into its new version are nobody's storm: they go as soon as they may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from reports.notice import SEVERITIES, AlertEvent
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
    withdrawn, incidents = _sorted_out(queue, traffic, pace, now, digests=digests, hurry=hurry)
    tellings = _tellings(incidents, pace, now, digests=digests)
    going, free_at = _within_limits(tellings, traffic, pace, now, digests=digests)
    settled = {row.outbox_id for telling in going for row in telling.rows}
    left = [one for one in incidents if one.rows[-1].outbox_id not in settled]
    later = (max(filter(None, (one.ready_at, now, free_at))) for one in left)
    return Plan(withdrawn=withdrawn, tellings=going, next_at=min(later, default=None))


# ------------------------------------------------------------------------------------------------ when
def _sorted_out(
    queue: Sequence[WaitingNotice], traffic: Traffic, pace: Pace, now: datetime, *, digests: bool, hurry: bool
) -> tuple[tuple[int, ...], list[_Incident]]:
    """What nobody is to be told, and what waits, by incident, oldest first."""
    withdrawn: list[int] = []
    incidents: list[_Incident] = []
    calm = not digests or hurry
    holds = {page: None if calm else _storm_until(traffic, pace, now, page=page) for page in (True, False)}
    for _, found in groupby(sorted(queue, key=_by_incident), key=lambda row: row.incident_id):
        rows = tuple(found)
        wait = timedelta(seconds=0.0 if hurry else pace.wait_s(rows[0].severity, digests=digests))
        over = _over_before_told(rows, wait)
        withdrawn += [row.outbox_id for row in over]
        if rows := rows[len(over) :]:
            held = holds[rows[0].severity == "page"] if rows[0].event is AlertEvent.OPENED else None
            incidents.append(_timed(rows, wait, held, traffic.quiet_until, now))
    return tuple(withdrawn), sorted(incidents, key=lambda one: one.first.outbox_id)


def _by_incident(row: WaitingNotice) -> tuple[str, int]:
    return row.incident_id, row.outbox_id


def _fresh(row: WaitingNotice) -> bool:
    return row.attempts == 0 and row.leased_until is None


def _over_before_told(rows: Sequence[WaitingNotice], wait: timedelta) -> Sequence[WaitingNotice]:
    """The notices of an incident that opened and resolved inside its wait, with nothing sent in between."""
    first = rows[0]
    if first.event is not AlertEvent.OPENED or first.updates or first.past or not all(map(_fresh, rows)):
        return ()
    for place, row in enumerate(rows):
        if row.event is AlertEvent.RESOLVED and row.at - first.at < wait:
            return rows[: place + 1]
    return ()


def _timed(
    rows: tuple[WaitingNotice, ...], wait: timedelta, hold: datetime | None, quiet: datetime | None, now: datetime
) -> _Incident:
    first = rows[0]
    if _fresh(first):
        lone_edition = first.updates and not first.digest_id  # has no company to wait for
        seen_at = first.seen_at or now
        ready, joins = seen_at if lone_edition else seen_at + wait, seen_at
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
    due = {one.first.digest_id for one in ready} - {""}
    joint = [one for one in incidents if one.first.digest_id in due and one.joins_at <= now]
    editions = [
        _digest([one for one in joint if one.first.digest_id == digest_id], digest_id) for digest_id in sorted(due)
    ]
    return [*_posts(incidents, pace, now, digests=digests), *updates, *editions]


def _posts(incidents: Sequence[_Incident], pace: Pace, now: datetime, *, digests: bool) -> list[Telling]:
    """New messages. Where one incident goes, all that may go along do, and many are one digest."""
    posts = [one for one in incidents if not one.first.updates]
    ready = [one for one in posts if one.ready_at <= now]
    if not digests or not ready:
        return _singles(ready)
    company = [one for one in posts if one.joins_at <= now and not one.first.alone]
    if len(company) > pace.digest_over:
        return [_digest(company), *_singles(one for one in ready if one.first.alone)]
    return _singles(one for one in posts if one in ready or (one in company and _fresh(one.first)))


def _singles(incidents: Iterable[_Incident]) -> list[Telling]:
    return [_single(one) for one in sorted(incidents, key=_worst_first)]


def _worst_first(one: _Incident) -> tuple[int, int]:
    severity = one.first.severity
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 0, one.first.outbox_id


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
