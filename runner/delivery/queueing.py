"""One channel's queue looked at: the plan for it now, with what planning settles already kept. Feeds ``outbox``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from reports.alerts.silences import Silence
from reports.notice import AlertEvent, DigestNotifier, Notifier
from runner.delivery.clock_steps import believed, believed_traffic
from runner.delivery.grouping import MINUTE, Plan, plan
from runner.delivery.overtaking import overtaken
from runner.delivery.pacing import Pace
from runner.delivery.withholding import withheld
from runner.store.base import Store
from runner.store.outbox_store import WaitingNotice

_log = structlog.get_logger(__name__)


def plan_for(store: Store, name: str, notifier: Notifier, pace: Pace, now: datetime, *, hurry: bool) -> Plan:
    """What goes to a notifier now. Stamps what is seen for the first time, and settles what nobody is to be told.

    Raises:
        StoreError: the store cannot be read or written.
    """
    digests = isinstance(notifier, DigestNotifier)
    queue = store.waiting(name)
    if not queue:
        return Plan()
    if unseen := [row.outbox_id for row in queue if row.seen_at is None or row.seen_at > now]:
        store.seen(unseen, now)
    # a channel that takes no digests cannot turn one into its new version, whoever sent it
    stamped = [replace(believed(row, now), digest_id=row.digest_id if digests else "") for row in queue]
    outdated = overtaken(stamped)
    sorted_out = withheld(
        [row for row in stamped if row.outbox_id not in outdated], _silences(store, stamped, now), now
    )
    interval = timedelta(seconds=pace.group_interval_s)
    traffic = store.traffic(name, opened_since=now - interval, sent_since=now - MINUTE)
    planned = plan(sorted_out.going, believed_traffic(traffic, now), pace, now, digests=digests, hurry=hurry)
    planned = replace(planned, withdrawn=(*sorted(outdated), *sorted_out.withdrawn, *planned.withdrawn))
    if planned.withdrawn:
        store.withdraw(planned.withdrawn, now)
        _log.info("notices_withdrawn", notifier=name, notices=len(planned.withdrawn))
    return planned


def _silences(store: Store, queue: Sequence[WaitingNotice], now: datetime) -> tuple[Silence, ...]:
    """Those in force now, and those that were since something in the queue ended."""
    ends = [row.at for row in queue if row.event is AlertEvent.RESOLVED]
    earlier = store.silences_between(min(ends), now) if ends else ()
    return (*store.silences(now), *earlier)
