"""Confirmation runs: which runs ask for them, how many there may be, and what they cost the budget of false alarms.

Feeds ``holdfast run``, the daemon and the engine's plan. A confirmation run is a run like any other with the trigger
``confirm``, under the same spending caps. How many there may be is read from the store before each of them, so that
neither a restart nor a second process begins to count anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from checks.drift.result import StreamResult, StreamState
from checks.drift.streams import TIMED
from probes.clock import Clock
from probes.suite import Confirm
from reports import tally
from reports.summary import RunRecord
from runner.preparing.orders import RunOrder
from runner.schedule.beats import ASSUMED
from runner.schedule.schedule import interval_s
from runner.store.base import Store

CONFIRM = "confirm"
"""Trigger of a confirmation run."""
_ASKING = frozenset({"manual", "schedule"})
_LOOKED_BACK = 500
"""Runs looked through for confirmation runs; where all of them lie within ``rest``, there is no further one."""

Making = Callable[[RunOrder], Awaitable[RunRecord]]
Pausing = Callable[[float], Awaitable[bool]]


def asks(record: RunRecord) -> bool:
    """True where a run leaves it open whether something moved: a stream at watch or warn, or a run that failed as a
    whole without being an alarm yet. Streams of time do not ask: runs at once share one moment's load."""
    if record.maintenance or record.offline:
        return False  # nothing of it is judged, and nothing that is confirmed now would be
    if _failed_whole(record):
        return True
    return any(result.state in (StreamState.WATCH, StreamState.WARN) and _may_ask(result) for result in record.drift)


def _may_ask(result: StreamResult) -> bool:
    return not result.key.golden and not result.key.measured.startswith(TIMED)


def _failed_whole(record: RunRecord) -> bool:
    lost = tally.lost(record.samples)
    if not lost or any(sample.failure is None for sample in record.samples) or tally.capped(record.samples):
        return False
    failures = next((r for r in record.drift if str(r.key) == "failures"), None)
    return failures is not None and failures.state not in (StreamState.ALARM, StreamState.COLLECTING)


async def confirmed(
    order: RunOrder, record: RunRecord, *, make: Making, store: Store, clock: Clock, pause: Pausing | None = None
) -> AsyncIterator[RunRecord]:
    """The confirmation runs that a run just made asks for, one after the other, until nothing is open any more.

    Args:
        order: What the run was made from.
        record: The run.
        make: Makes another one.
        store: Where confirmation runs are counted.
        clock: Tells when the time for them is over.
        pause: Waits so many seconds, false where nothing is to follow: the runs are then spread evenly over the time
            they have, at most half the time between runs. None: they follow at once.

    Raises:
        StoreError: what was stored cannot be read.
    """
    confirm = order.prepared.suite.drift.confirm
    if confirm is None or record.trigger not in _ASKING or not order.whole or order.capturing:
        return
    began, until = record.started_at, record.started_at + timedelta(seconds=confirm.within_s)
    again = replace(order, trigger=CONFIRM)
    for number in range(1, confirm.runs + 1):
        if not asks(record) or _capped(record) or clock.now() > until:
            return
        if pause and not await pause((began - clock.now()).total_seconds() + number * _apart_s(order, confirm)):
            return
        since = clock.now() - timedelta(seconds=confirm.rest_s)
        if await asyncio.to_thread(made_lately, store, order, since) >= confirm.runs:
            return
        record = await make(again)
        yield record


def _apart_s(order: RunOrder, confirm: Confirm) -> float:
    """Runs are apart as far as there is time: what lasts a minute should not be measured three times."""
    return min(confirm.within_s, interval_s(order.prepared.suite.schedule or ASSUMED) / 2) / confirm.runs


def _capped(record: RunRecord) -> bool:
    """A spending cap held questions back: it would hold back the next ones too."""
    return bool(tally.capped(record.samples))


def made_lately(store: Store, order: RunOrder, since: datetime) -> int:
    """Confirmation runs of a place after an instant; as many as there may be where the store cannot tell.

    Raises:
        StoreError: what was stored cannot be read.
    """
    suite = order.prepared.suite
    found = store.runs(suite=suite.name, endpoint=order.endpoint, limit=_LOOKED_BACK)
    lately = [header for header in found if header.started_at > since]
    if len(lately) == _LOOKED_BACK and suite.drift.confirm is not None:
        return suite.drift.confirm.runs
    return sum(header.trigger == CONFIRM for header in lately)
