"""Instants that the clock cannot have given, because somebody set it back: they hold nothing up. Feeds ``queueing``.

Without this, what waits would wait as long as the clock was set back. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from runner.delivery.sending import LEASE_S, LONGEST_BACKOFF_S, LONGEST_QUIET_S
from runner.store.outbox_store import Traffic, WaitingNotice


def believed(row: WaitingNotice, now: datetime) -> WaitingNotice:
    """The notice without a retry or a lease that is further away than any can be; ``seen_at`` is now at the latest."""
    due = _within(row.due_at, now, LONGEST_BACKOFF_S)
    # a lease stays a lease that has ended: the notice may have been sent
    lease = row.leased_until and (_within(row.leased_until, now, LEASE_S) or now)
    return replace(row, seen_at=min(row.seen_at or now, now), due_at=due, leased_until=lease)


def believed_traffic(traffic: Traffic, now: datetime) -> Traffic:
    """What was sent by now, and a quiet that a channel can have asked for."""
    return Traffic(
        opened=tuple(at for at in traffic.opened if at <= now),
        pages=tuple(at for at in traffic.pages if at <= now),
        sent=tuple(at for at in traffic.sent if at <= now),
        quiet_until=_within(traffic.quiet_until, now, LONGEST_QUIET_S),
    )


def _within(at: datetime | None, now: datetime, most_s: float) -> datetime | None:
    return at if at is not None and at <= now + timedelta(seconds=most_s) else None
