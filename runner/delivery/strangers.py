"""Notices for notifiers that the settings name no more: counted, and given up in the end. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from probes.errors import DeliveryError
from reports.notice import Notice
from runner.delivery.sending import aside
from runner.store.base import Store

BATCH = 50

GiveUp = Callable[[str, int, Notice, DeliveryError], Awaitable[None]]
"""Notifier, outbox id, notice, and why."""


async def strangers(
    store: Store, known: Collection[str], now: datetime, too_old: Callable[[Notice], bool], give_up: GiveUp
) -> int:
    """How many notices wait for notifiers that are not known. What is too old to be news is given up.

    Raises:
        StoreError: the store cannot be read or written.
    """
    waiting = await aside(store.undelivered_by_notifier)
    names = waiting.keys() - set(known)
    if not names:
        return 0
    # without a lease: whoever knows the notifier finds them as if nobody had looked
    for pending in await aside(store.due, now, limit=BATCH, lease_s=0, notifiers=names):
        if too_old(pending.entry.notice):
            missing = DeliveryError("the settings name no such notifier")
            await give_up(pending.entry.notifier, pending.outbox_id, pending.entry.notice, missing)
    return sum(waiting[name] for name in names)
