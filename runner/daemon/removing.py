"""What is left to do where the schedule runs a place no more: close its alerts, free its share of the budget.

Feeds ``reloading``. Runs, evidence and baseline stay stored: a suite that comes back goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from probes.suite import Owner
from reports.alerts.machine import AlertState, Transition
from reports.alerts.telling import told_to_all
from reports.messages.message import notice
from reports.notice import AlertEvent
from reports.summary import RunRecord
from runner.alerting.no_run import no_run
from runner.alerting.silencing import end_recovered
from runner.pages import latest
from runner.schedule.beats import Place
from runner.store.base import OutboxEntry, Store

GONE = "the suite runs here no more"


def close(store: Store, place: Place, now: datetime, *, owner: Owner, report_link: Callable[[RunRecord], str]) -> int:
    """Close a place in one transaction; how many incidents were open.

    Raises:
        StoreError: it cannot be written, and nothing of it was.
    """
    with store.exclusive():
        before = store.alert_states(*place)
        told = [one for state in before for one in _closed(state, now)]
        after = tuple(_quiet(state) for state in before)
        outbox = _notices(store, place, told, owner, report_link)
        if before:
            store.save_alerts(*place, after, outbox, at=now)
            end_recovered(store, before, after, now)
        store.forget_scheduled(*place)
    return len({one.key for one in told})


def _closed(state: AlertState, now: datetime) -> tuple[Transition, ...]:
    if not state.live or state.untold:
        return ()
    return told_to_all(state, AlertEvent.RESOLVED, now, reason=GONE)


def _quiet(state: AlertState) -> AlertState:
    return AlertState(key=state.key, notifier=state.notifier, kind=state.kind, state="quiet", severity=state.severity)


def _notices(
    store: Store, place: Place, told: Sequence[Transition], owner: Owner, report_link: Callable[[RunRecord], str]
) -> list[OutboxEntry]:
    wanted = [one for one in told if one.notifier]
    if not wanted:
        return []
    found = latest(store, *place)
    record = found or no_run(place, wanted[0].at)
    link = report_link(found) if found else ""
    return [
        OutboxEntry(notifier=one.notifier, notice=notice(one, record, None, owner, report=link, replay=""))
        for one in wanted
    ]
