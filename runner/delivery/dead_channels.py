"""Tells of a channel that refuses everything: those who hear of the same incidents elsewhere. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from reports.notice import AlertEvent, Notice
from runner.store.base import OutboxEntry, Store

TOLD_AGAIN = timedelta(days=1)
LOOK_BACK = timedelta(days=30)
"""Who had notices under the same alert key in this time counts as one who hears of the same incidents."""
KIND = "no-data"


def channel_refused(
    store: Store, channel: str, lost: Notice, error: str, now: datetime, notifiers: Collection[str]
) -> tuple[str, ...]:
    """Keep that a channel refused a notice for good, and have the other channels of its incident told.

    Args:
        store: Where it is kept.
        channel: Name of the notifier that refused.
        lost: The notice nobody was told by it.
        error: Why, in words without secrets.
        now: The present instant.
        notifiers: Those this process knows.

    Returns:
        The notifiers that will be told: none where all were within the last day, or there is nobody else.

    Raises:
        StoreError: the store cannot be read or written.
    """
    with store.exclusive():
        store.channel_died(channel, now, error)
        dead = {one.notifier: one for one in store.dead_channels()}
        told_at = dead[channel].told_at
        if told_at is not None and timedelta() <= now - told_at < TOLD_AGAIN:
            return ()
        fellows = store.fellows(lost.key, channel, now - LOOK_BACK)
        others = tuple(name for name in fellows if name in notifiers and name not in dead)
        if others:
            notice = notice_of(channel, lost, error, now)
            entries = [OutboxEntry(notifier=name, notice=notice) for name in others]
            store.save_alerts(lost.suite, lost.endpoint, (), entries, at=now)
            store.dead_told(channel, now)
        return others


def notice_of(channel: str, lost: Notice, error: str, now: datetime) -> Notice:
    """What is told. Its key is that of no other alert, so that it never resolves or updates one."""
    return Notice(
        incident_id=f"dead-{channel}-{now:%Y%m%dT%H%M%SZ}",
        key=f"{lost.suite}/{lost.endpoint}/dead-channel",
        event=AlertEvent.OPENED,
        kind=KIND,
        severity=lost.severity,
        suite=lost.suite,
        endpoint=lost.endpoint,
        run_id=lost.run_id,
        at=now,
        opened_at=now,
        headline=f"The notifier {channel} takes no notices: {error}",
        facts=(
            f"Not told there: {lost.event} {lost.key}, incident {lost.incident_id}.",
            "Notices for it are given up until it is mended. This is told at most once a day, and never as resolved.",
        ),
        team=lost.team,
        contact=lost.contact,
        runbook=lost.runbook,
        report=lost.report,
    )
