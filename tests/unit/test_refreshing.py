"""What is open is said again to channels that forget, out of the store, over restarts, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from probes.errors import DeliveryError
from reports.alerts.no_data import INSTALLATION
from reports.notice import Notifier, RefreshingNotifier
from reports.notifiers import NOTIFIERS
from reports.notifiers.alertmanager import AlertmanagerNotifier
from runner.daemon.daemon import Daemon
from runner.daemon.load_alerts import PLACE as FILE
from runner.daemon.refreshing import Refreshing
from runner.daemon.removing import GONE
from runner.daemon.suite_watch import SuiteWatch
from runner.delivery.outbox import OutboxWorker
from runner.preparing.prepare import PreparedSuite, prepare
from runner.store.base import OutboxEntry, Store
from tests.fakes.clock import FakeClock
from tests.fakes.daemons import ToldEngine, a_daemon, a_suite
from tests.fakes.forgetting import expire_texts
from tests.fakes.receivers import FakeReceivers
from tests.fakes.records import NOW
from tests.fakes.slack import Trouble
from tests.fakes.stored import PLACE, alert, entry, numbered, written

TO = "alertmanager"
RULES = "alerts: [{notify: alertmanager, on: [contract, drift]}]\n"
DAYS = timedelta(days=30)


@pytest.fixture
def fake() -> Iterator[FakeReceivers]:
    with FakeReceivers() as running:
        yield running


def channel(fake: FakeReceivers) -> dict[str, Notifier]:
    """As a process that has just started would have it."""
    return {TO: AlertmanagerNotifier(url=fake.alertmanager_url)}


def opened(store: Store, fake: FakeReceivers, *, deliver: bool = True, state: str = "open") -> None:
    told = alert(state, notifier=TO, told_at=NOW)
    store.save_scheduled([PLACE])
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
    expire_texts(store, NOW + DAYS)
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


def test_what_no_schedule_runs_is_said_again_for_a_day_after_its_last_run_and_then_no_more(
    store: Store, fake: FakeReceivers
) -> None:
    opened(store, fake)
    store.forget_scheduled(*PLACE)
    before = len(fake.requests)
    for hours, said in ((1, 1), (23, 2), (25, 2), (9999, 2)):
        clock = FakeClock(numbered(1).started_at + timedelta(hours=hours))
        asyncio.run(Refreshing(store=store, notifiers=channel(fake), clock=clock).refresh())
        assert len(fake.requests) - before == said


def test_what_is_open_about_the_installation_and_about_files_is_said_again_without_any_run(
    store: Store, fake: FakeReceivers
) -> None:
    for suite, endpoint in ((INSTALLATION, "daemon"), ("bot", FILE)):
        state = alert(key=f"{suite}/{endpoint}/no-data", notifier=TO, kind="no-data", incident_id=suite, told_at=NOW)
        store.save_alerts(suite, endpoint, [state], [], at=NOW)
    assert refreshed(store, fake) == ["page", "page"]


@pytest.mark.parametrize("running", [True, False], ids=["while the daemon runs", "while none runs"])
def test_a_suite_that_is_deleted_with_its_incident_open_is_over_in_alertmanager_and_stays_so(
    running: bool, store: Store, fake: FakeReceivers, tmp_path: Path
) -> None:
    clock = FakeClock(NOW)
    stays, goes = (a_suite(tmp_path, name, "{every: 1h}", more=RULES) for name in ("stays", "goes"))

    def a_process(*files: Path) -> Daemon:
        def preparing(path: Path) -> PreparedSuite:
            return prepare(path, {}, frozenset({TO}))

        watch = SuiteWatch(find=lambda: list(files), preparing=preparing, clock=clock)
        return a_daemon(store, watch.begin(), ToldEngine(clock), watch=watch, **channel(fake))

    async def told(daemon: Daemon) -> list[str]:
        """Severities that fire once all is delivered and said again."""
        await daemon.here.outbox.deliver_due()
        clock.advance(60)
        await daemon.here.outbox.deliver_due()
        await Refreshing(store=store, notifiers=daemon.here.outbox.notifiers, clock=clock).refresh()
        return [held.labels["suite"] for held in fake.alerts.values() if held.open_at(clock.now())]

    async def scenario() -> None:
        files = [stays, goes]
        daemon = a_process(*files)
        await daemon.reloading.begin(daemon.suites)
        state = alert(key="goes/production/drift", notifier=TO, told_at=NOW)
        about = replace(entry(to=TO).notice, key=state.key, suite="goes", endpoint="production")
        outbox = [OutboxEntry(notifier=TO, notice=about)]
        store.save_run(written(numbered(1, suite="goes", endpoint="production"), alerts=[state], outbox=outbox))
        assert await told(daemon) == ["goes"]
        goes.unlink()
        if running:
            files.remove(goes)
            assert daemon.reloading.watch is not None
            daemon.reloading.watch.find = lambda: files
            daemon.reloading.ask()
            await daemon.reloading.look()
        else:
            daemon = a_process(stays)
            await daemon.reloading.begin(daemon.suites)
        assert await told(daemon) == [] and store.open_alerts() == ()
        (_, last) = store.told(["incident-1"])["incident-1"]
        assert (last.state, GONE in last.notice.headline) == ("delivered", True)
        clock.advance(7 * 86400)
        assert await told(daemon) == []

    asyncio.run(scenario())


def test_there_is_a_chore_only_where_a_channel_forgets(store: Store, fake: FakeReceivers) -> None:
    def chores(**notifiers: Notifier) -> list[str]:
        clock = FakeClock(NOW)
        return [chore.name for chore in Refreshing(store=store, notifiers=notifiers, clock=clock).chores()]

    assert chores(alertmanager=channel(fake)[TO]) == ["refresh of alerts"]
    assert chores(console=NOTIFIERS["console"](), slack=NOTIFIERS["slack"](webhook_url="http://127.0.0.1:9")) == []
    assert isinstance(channel(fake)[TO], RefreshingNotifier)
