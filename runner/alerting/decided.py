"""The alerts of a run: their states after it, and the notices that go out. Feeds ``engine``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from probes.suite import Suite
from reports.alerts.inhibition import held_back, reason_of, with_dependents
from reports.alerts.machine import AlertState, Transition, step
from reports.alerts.ownership import conditions_told, owner_of
from reports.alerts.silences import acknowledged_words
from reports.messages.message import notice
from reports.summary import BaselineView, RunRecord
from runner.alerting.letterhead import Letterhead
from runner.alerting.muting import muting
from runner.alerting.no_run import no_run
from runner.alerting.silencing import end_recovered
from runner.asking.records import replay_command
from runner.asking.withholding import WHILE_FAILING
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite
from runner.store.base import OutboxEntry, Store


def decided_alerts(
    store: Store, order: RunOrder, record: RunRecord, caps_reached: Sequence[str] | None, new_id: Callable[[], str]
) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
    """The alert states after a run, and what is told of it. Inside the transaction that writes them."""
    if not (order.alerting and order.whole):
        return (), ()  # what a partial run did not ask must not count as well
    suite = order.prepared.suite
    states = store.alert_states(suite.name, order.endpoint)
    spoken = conditions_told(record, suite.alerts, suite.owners, caps_reached=caps_reached, states=states)
    if order.trigger == WHILE_FAILING:  # an extra run is not judged, so that it says nothing of drift
        spoken = tuple(condition for condition in spoken if condition.kind != "drift")
    if any(condition.bad for condition in spoken):
        waiting = store.muted_for(reason_of((suite.name, order.endpoint)))
        spoken = with_dependents(spoken, held_back(waiting))
    after, told = step(
        states,
        spoken,
        suite.alerts,
        now=record.started_at,
        new_incident_id=new_id,
        owners=suite.owners,
        muted=muting(store, suite, order.endpoint, record.started_at),
        acknowledged=store.acknowledgements([state.incident_id for state in states if state.live]),
        run_id=record.run_id,
    )
    end_recovered(store, states, after, record.started_at)
    return after, told


def notices_of(
    store: Store,
    order: RunOrder,
    record: RunRecord,
    transitions: Sequence[Transition],
    letterhead: Letterhead,
) -> tuple[OutboxEntry, ...]:
    """What each notifier is to be told of it."""
    return _written(store, order.prepared, order.endpoint, transitions, letterhead, lambda _transition: record)


def notices_between(
    store: Store,
    prepared: PreparedSuite,
    endpoint: str,
    transitions: Sequence[Transition],
    letterhead: Letterhead,
) -> tuple[OutboxEntry, ...]:
    """What each notifier is to be told of what time alone brought about: about the last run that found it bad."""
    run, place = lru_cache(store.run), (prepared.suite.name, endpoint)  # several notifiers are told of one run

    def found(transition: Transition) -> RunRecord:
        return (run(transition.run_id) if transition.run_id else None) or no_run(place, transition.at)

    return _written(store, prepared, endpoint, transitions, letterhead, found)


def _written(
    store: Store,
    prepared: PreparedSuite,
    endpoint: str,
    transitions: Sequence[Transition],
    letterhead: Letterhead,
    run_of: Callable[[Transition], RunRecord],
) -> tuple[OutboxEntry, ...]:
    told = [transition for transition in transitions if transition.notifier]
    if not told:
        return ()
    baseline = store.baseline(prepared.suite.name, endpoint)
    write = _writer(store, prepared, baseline, letterhead, told)
    return tuple(write(transition, run_of(transition)) for transition in told)


def _host(suite: Suite, endpoint: str) -> str:
    """Only the host of an address: its path and user may be secret."""
    return urlsplit(suite.endpoints[endpoint].base_url).hostname or "" if endpoint in suite.endpoints else ""


def _writer(
    store: Store,
    prepared: PreparedSuite,
    baseline: BaselineView | None,
    letterhead: Letterhead,
    told: Sequence[Transition],
) -> Callable[[Transition, RunRecord], OutboxEntry]:
    """Writes a notice of a transition that a run brought about."""
    suite = prepared.suite
    acks = store.acknowledgements({transition.incident_id for transition in told})

    def write(transition: Transition, record: RunRecord) -> OutboxEntry:
        ack = acks.get(transition.incident_id)
        told = notice(
            transition,
            record,
            baseline,
            owner_of(transition.faults, suite.owners, suite.owner),
            report=letterhead.report_link(record),
            replay=replay_command(record, letterhead.reach) if record.run_id else "",
            false_alarms_per_year=letterhead.false_alarms_per_year,
            reach=letterhead.reach,
            acknowledged=acknowledged_words(ack) if ack else "",
        )
        return OutboxEntry(notifier=transition.notifier, notice=replace(told, host=_host(suite, record.endpoint)))

    return write
