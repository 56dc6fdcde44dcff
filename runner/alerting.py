"""The alerts of a run: their states after it, and the notices that go out. Feeds ``engine``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reports.alerts import AlertState, Transition, step
from reports.message import notice
from reports.ownership import conditions_told, owner_of
from reports.summary import RunRecord
from runner.orders import RunOrder
from runner.records import replay_command
from runner.store.base import OutboxEntry, Store


def decided_alerts(
    store: Store, order: RunOrder, record: RunRecord, caps_reached: Sequence[str] | None, new_id: Callable[[], str]
) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
    """The alert states after a run, and what changed."""
    if not (order.alerting and order.whole):
        return (), ()  # what a partial run did not ask must not count as well
    suite = order.prepared.suite
    states = store.alert_states(suite.name, order.endpoint)
    return step(
        states,
        conditions_told(record, suite.alerts, suite.owners, caps_reached=caps_reached),
        suite.alerts,
        now=record.started_at,
        new_incident_id=new_id,
        owners=suite.owners,
    )


def notices_of(
    store: Store,
    order: RunOrder,
    record: RunRecord,
    transitions: Sequence[Transition],
    report_link: Callable[[RunRecord], str],
) -> tuple[OutboxEntry, ...]:
    """What each notifier is to be told of it."""
    told = [transition for transition in transitions if transition.notifier]
    if not told:
        return ()
    suite = order.prepared.suite
    baseline = store.baseline(suite.name, order.endpoint)
    return tuple(
        OutboxEntry(
            notifier=transition.notifier,
            notice=notice(
                transition,
                record,
                baseline,
                owner_of(transition.faults, suite.owners, suite.owner),
                report=report_link(record),
                replay=replay_command(order.prepared.file, record),
            ),
        )
        for transition in told
    )
