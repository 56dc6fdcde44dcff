"""Looks for what was perhaps sent and never marked, before it is sent again: after a crash, or an answer that never
came. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

import structlog

from probes.errors import DeliveryError
from reports.notice import Delivery, FindingNotifier, Notifier
from runner.delivery.grouping import Telling
from runner.delivery.sending import BrokenNotifier, aside, sent
from runner.store.base import Store
from runner.store.outbox_store import WaitingNotice

_log = structlog.get_logger(__name__)


LOOKS = 5
"""Attempts after which a message is sent again without anybody having been able to look for it."""


async def recovered(
    store: Store, name: str, notifier: Notifier, telling: Telling, now: datetime, timeout_s: float
) -> tuple[int, DeliveryError | None]:
    """Mark what earlier attempts have told already; how many notices that settled, and why the rest must wait.

    Args:
        store: Where it is marked.
        name: Of the notifier.
        notifier: Its channel. Where messages cannot be found in it, nothing is settled.
        telling: The message about to be sent.
        now: The present instant.
        timeout_s: Seconds one look may take.

    Raises:
        StoreError: the store cannot be written.
    """
    if not isinstance(notifier, FindingNotifier):
        return 0, None
    settled, unsure = 0, None
    for mark, rows in _perhaps_sent(telling):
        looked = await sent(_look(notifier, mark, min(now, *(row.at for row in rows))), timeout_s, _nothing)
        if isinstance(looked, DeliveryError):
            if not isinstance(looked, BrokenNotifier) and max(row.attempts for row in rows) < LOOKS:
                unsure = DeliveryError(f"it may have been posted, and could not be looked for: {looked}")
            continue
        if not looked.receipt:
            continue
        ids = [row.outbox_id for row in rows]
        if rows[0].sent_as:
            await aside(store.told_together, ids, now, looked.receipt, rows[0].sent_as)
        else:
            await aside(store.delivered, ids[0], now, looked.receipt)
        settled += len(ids)
        _log.info("notices_found", notifier=name, notices=len(ids))
    return settled, unsure


def _perhaps_sent(telling: Telling) -> Iterator[tuple[str, list[WaitingNotice]]]:
    """What of a message may have been sent before, each earlier message with the mark it carries."""
    tried = [row for row in telling.rows if not row.updates and (row.attempts or row.leased_until)]
    for mark, rows in groupby(sorted(tried, key=_mark), key=_mark):
        yield mark, list(rows)


def _mark(row: WaitingNotice) -> str:
    return row.sent_as or f"incident {row.incident_id}"


async def _look(notifier: FindingNotifier, mark: str, since: datetime) -> Delivery:
    return Delivery(receipt=await notifier.find(mark, since) or {})


async def _nothing(_delivery: Delivery) -> None:
    """Looking leaves nothing to keep."""
