"""What is open is said again to channels that forget, out of the store, over restarts, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from probes.errors import DeliveryError
from reports.messages.notice import Notifier, RefreshingNotifier
from reports.notifiers import NOTIFIERS
from reports.notifiers.alertmanager import AlertmanagerNotifier
from runner.daemon.refreshing import Refreshing
from runner.delivery.outbox import OutboxWorker
from runner.store import open_store
from runner.store.base import Store
from tests.contract.test_stores import NOW, alert, entry, numbered, written
from tests.fakes.clock import FakeClock
from tests.fakes.receivers import FakeReceivers
from tests.fakes.slack import Trouble

TO = "alertmanager"
DAYS = timedelta(days=30)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(":memory:")
    yield opened
    opened.close()


@pytest.fixture
def fake() -> Iterator[FakeReceivers]:
    with FakeReceivers() as running:
        yield running


def channel(fake: FakeReceivers) -> dict[str, Notifier]:
    """As a process that has just started would have it."""
    return {TO: AlertmanagerNotifier(url=fake.alertmanager_url)}


def opened(store: Store, fake: FakeReceivers, *, deliver: bool = True, state: str = "open") -> None:
    told = alert(state, notifier=TO, told_at=NOW)
    store.save_run(written(numbered(1), alerts=[told], outbox=[entry(to=TO)]))
    if deliver:
        asyncio.run(OutboxWorker(store, channel(fake), FakeClock(NOW)).deliver_due())


def refreshed(store: Store, fake: FakeReceivers, notifiers: dict[str, Notifier] | None = None) -> list[str]:
    """Severities that fire a month later, after one refresh."""
    clock = FakeClock(NOW + DAYS)
    asyncio.run(Refreshing(store=store, notifiers=notifiers or channel(fake), clock=clock).refresh())
    return [held.labels["severity"] for held in fake.alerts.values() if held.open_at(clock.now())]


def test_an_open_incident_is_said_again_by_a_process_that_did_not_open_it(store: Store, fake: FakeReceivers) -> None:
    opened(store, fake)
    assert refreshed(store, fake) == ["page"]
    (held,) = fake.alerts.values()
    assert held.annotations["summary"] == "tokens.output moved"


def test_a_notice_that_still_waits_is_left_to_the_outbox(store: Store, fake: FakeReceivers) -> None:
    opened(store, fake, deliver=False)
    assert refreshed(store, fake) == [] and fake.requests == []


def test_an_incident_that_is_over_is_not_said_again(store: Store, fake: FakeReceivers) -> None:
    opened(store, fake)
    store.save_run(written(numbered(2), alerts=[alert("quiet", notifier=TO, incident_id="", told_at=None)]))
    assert refreshed(store, fake) == []


def test_what_another_notifier_was_told_is_not_said_here(store: Store, fake: FakeReceivers) -> None:
    store.save_run(written(numbered(1), alerts=[alert(told_at=NOW)], outbox=[entry()]))
    assert refreshed(store, fake) == [] and fake.requests == []


def test_an_incident_whose_texts_expired_is_said_again_in_short(store: Store, fake: FakeReceivers) -> None:
    opened(store, fake)
    store.expire_texts(NOW + DAYS)
    assert refreshed(store, fake) == ["page"]
    (held,) = fake.alerts.values()
    assert held.annotations["description"] == "tokens moved"


def test_a_channel_that_fails_is_named_and_keeps_no_other_from_its_turn(store: Store, fake: FakeReceivers) -> None:
    opened(store, fake)
    with FakeReceivers() as broken:
        broken.script(Trouble(status=503))
        both: dict[str, Notifier] = {"broken": AlertmanagerNotifier(url=broken.alertmanager_url), **channel(fake)}
        store.save_run(written(numbered(2), alerts=[alert(notifier="broken", told_at=NOW)]))
        with pytest.raises(DeliveryError, match=r"^notifier broken: Alertmanager refused the notice: HTTP 503$"):
            refreshed(store, fake, both)
    assert len(fake.requests) == 2


def test_there_is_a_chore_only_where_a_channel_forgets(store: Store, fake: FakeReceivers) -> None:
    def chores(**notifiers: Notifier) -> list[str]:
        clock = FakeClock(NOW)
        return [chore.name for chore in Refreshing(store=store, notifiers=notifiers, clock=clock).chores()]

    assert chores(alertmanager=channel(fake)[TO]) == ["refresh of alerts"]
    assert chores(console=NOTIFIERS["console"](), slack=NOTIFIERS["slack"](webhook_url="http://127.0.0.1:9")) == []
    assert isinstance(channel(fake)[TO], RefreshingNotifier)
