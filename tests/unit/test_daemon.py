"""The daemon keeps its schedule over restarts, its chores over bugs, and its word when it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.clock import SystemClock
from probes.errors import DeliveryError, StoreError
from probes.suite import Schedule
from reports.alerts.incident import AlertState
from reports.notice import Delivery, Notice
from reports.summary import RunRecord
from runner.asking.not_stored import NotStored
from runner.daemon.chores import Chore, Troubles, keep_doing
from runner.daemon.daemon import Daemon
from runner.daemon.last_resort import LastResort, notice_of
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare
from runner.schedule.beats import Beat, first_due, grace_s, newest_scheduled
from runner.store import open_store
from runner.store.base import Store
from tests.fakes.clock import FakeClock
from tests.fakes.daemons import living_for
from tests.fakes.one_daemon import PLACE, SUITE, Channel, FakeEngine, a_daemon, until
from tests.fakes.records import a_run
from tests.fakes.stored import entry, numbered, written
from tests.fakes.virtual_time import VirtualClock, living

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOURLY = Schedule.model_validate({"every": "1h"})
SECRET = "sk-planted-4711"


@pytest.fixture
def suite(tmp_path: Path) -> Callable[[str], PreparedSuite]:
    def made(schedule: str) -> PreparedSuite:
        file = tmp_path / "suite.yaml"
        file.write_text(SUITE.format(schedule=schedule), encoding="utf-8")
        return prepare(file, {}, None)

    return made


def serve(daemon: Daemon, meanwhile: Callable[[], Awaitable[Any]]) -> None:
    """Let the daemon serve while something happens, then stop it."""

    async def both() -> None:
        serving = asyncio.create_task(daemon.serve())
        try:
            await meanwhile()
        finally:
            daemon.stop()
            await serving

    asyncio.run(both())


# ------------------------------------------------------------------------------------------------ time
def test_what_time_brings_to_incidents_is_told_without_a_run(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    rule = "alerts: [{notify: slack, after: 10m}]\n"
    file.write_text(SUITE.format(schedule="{every: 1h}") + rule, encoding="utf-8")
    since = datetime.now(UTC) - timedelta(minutes=10)
    waiting = AlertState(
        key="support-bot/production/contract",
        notifier="slack",
        kind="contract",
        state="pending",
        severity="page",
        outcomes=(True,),
        incident_id="incident-1",
        bad_since=since,
    )
    store.save_run(written(a_run(started_at=since), alerts=[waiting]))
    channel = Channel()
    daemon = a_daemon(store, prepare(file, {}, None), slack=channel)
    serve(daemon, lambda: until(lambda: channel.told))
    assert channel.told == ["incident-1"]
    assert [state.state for state in store.alert_states(*PLACE)] == ["open"]


# ------------------------------------------------------------------------------------------------ schedule
@pytest.mark.parametrize(
    ("newest_minutes_ago", "first_in_minutes"), [(None, 0), (10, 50), (60, 0), (6000, 0), (-6000, 60)]
)
def test_an_interval_goes_on_as_if_there_had_been_no_restart(
    newest_minutes_ago: int | None, first_in_minutes: int
) -> None:
    newest = None if newest_minutes_ago is None else NOW - timedelta(minutes=newest_minutes_ago)
    assert first_due(HOURLY, PLACE, NOW, newest) == NOW + timedelta(minutes=first_in_minutes)


def test_suites_that_start_together_spread_within_their_jitter_and_keep_their_place() -> None:
    schedule = Schedule.model_validate({"every": "1h", "jitter": "30s"})
    starts = [first_due(schedule, ("suite", str(number)), NOW, None) for number in range(20)]
    assert all(start and NOW <= start <= NOW + timedelta(seconds=30) for start in starts)
    assert len(set(starts)) == 20
    assert starts == [first_due(schedule, ("suite", str(number)), NOW, None) for number in range(20)]


def test_runs_made_by_hand_do_not_move_the_schedule(store: Store) -> None:
    store.save_run(written(numbered(1)))
    store.save_run(written(numbered(2, trigger="manual")))
    assert newest_scheduled(store, PLACE) == numbered(1).started_at
    assert newest_scheduled(store, ("support-bot", "elsewhere")) is None


def test_however_many_extra_runs_of_what_fails_came_since_the_schedule_goes_on_from_its_own(store: Store) -> None:
    store.save_run(written(numbered(1)))
    for number in range(2, 130):
        store.save_run(written(numbered(number, trigger="while-failing")))
    assert newest_scheduled(store, PLACE) == numbered(1).started_at


def test_a_suite_without_jitter_runs_at_once_and_not_an_interval_later(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    engine = FakeEngine()
    serve(a_daemon(store, suite("{every: 1h}"), engine), lambda: until(lambda: engine.ended))
    assert engine.ended == ["production"]


def test_a_suite_that_ran_a_moment_ago_waits_for_its_interval(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    store.save_run(written(numbered(1, started_at=datetime.now(UTC) - timedelta(minutes=1))))
    engine = FakeEngine()
    daemon = a_daemon(store, suite("{every: 1h}"), engine)
    serve(daemon, lambda: asyncio.sleep(0.2))
    due = daemon.beats[PLACE].due_at
    assert engine.began == []
    assert due is not None and timedelta(minutes=58) < due - datetime.now(UTC) < timedelta(minutes=60)


def test_a_run_that_is_due_while_one_is_out_is_skipped_counted_and_logged(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    at_once: list[int] = []

    async def slowly(_order: RunOrder) -> RunRecord:
        at_once.append(len(engine.began) - len(engine.ended))
        await asyncio.sleep(0.35)
        return a_run()

    engine = FakeEngine(slowly)
    daemon = a_daemon(store, suite("{every: 100ms}"), engine)
    with capture_logs() as logs:
        serve(daemon, lambda: until(lambda: len(engine.ended) == 2))
    assert set(at_once) == {1}, "two runs of one suite at one endpoint at once"
    assert {line["reason"] for line in logs if line["event"] == "run_not_made"} == {"overlap"}
    assert b'holdfast_skipped_runs_total{endpoint="production",reason="overlap"' in daemon.metrics.text()


# ------------------------------------------------------------------------------------------------ stopping
def test_a_run_under_way_finishes_when_the_daemon_is_stopped(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    async def slowly(_order: RunOrder) -> RunRecord:
        await asyncio.sleep(0.4)
        return a_run()

    engine = FakeEngine(slowly)
    with capture_logs() as logs:
        serve(a_daemon(store, suite("{every: 1h}"), engine), lambda: until(lambda: engine.began))
    assert engine.ended == ["production"]
    told = [line["event"] for line in logs if line["log_level"] != "debug"]
    assert told == ["started", "stopping", "run", "stopped"]


def test_a_run_that_does_not_finish_in_time_is_given_up_and_said(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    async def never(_order: RunOrder) -> RunRecord:
        await asyncio.Event().wait()
        return a_run()

    engine = FakeEngine(never)
    daemon = a_daemon(store, suite("{every: 1h}"), engine)
    daemon.stop_runs_s = 0.05
    with capture_logs() as logs:
        serve(daemon, lambda: until(lambda: engine.began))
    assert engine.ended == []
    assert [line["event"] for line in logs][-2:] == ["run_given_up", "stopped"]


def test_a_second_signal_leaves_at_once(store: Store, suite: Callable[[str], PreparedSuite]) -> None:
    async def never(_order: RunOrder) -> RunRecord:
        await asyncio.Event().wait()
        return a_run()

    store.save_run(written(numbered(1), outbox=[entry()]))
    engine, channel = FakeEngine(never), Channel(takes_s=60)
    daemon = a_daemon(store, suite("{every: 1h}"), engine, slack=channel)

    async def two_signals() -> None:
        await until(lambda: engine.began and channel.told)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.1)
        assert not daemon.hurried
        os.kill(os.getpid(), signal.SIGINT)
        await until(lambda: daemon.hurried)

    began = SystemClock().monotonic()
    serve(daemon, two_signals)
    assert SystemClock().monotonic() - began < 5
    assert store.undelivered() == 1


def test_a_stop_waits_for_the_delivery_under_way_and_keeps_its_receipt(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    store.save_run(written(numbered(1), outbox=[entry()]))
    slow = Channel(takes_s=0.6)
    serve(a_daemon(store, suite("{every: 1h}"), slack=slow), lambda: until(lambda: slow.told))
    assert slow.told == ["incident-1"]
    assert store.undelivered() == 0


def test_a_store_that_breaks_at_the_end_does_not_keep_the_daemon_from_stopping(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    daemon = a_daemon(store, suite("{every: 1h}"))

    async def break_it() -> None:
        await until(lambda: daemon.metrics.registry.get_sample_value("holdfast_outbox_pending") == 0)
        for method in ("undelivered", "due", "waiting"):
            setattr(store, method, _refuse)

    with capture_logs() as logs:
        serve(daemon, break_it)
    assert logs[-1]["event"] == "stopped" and logs[-1]["undelivered"] is None


def test_a_store_whose_file_is_gone_at_the_end_does_not_say_that_nothing_waits(
    tmp_path: Path, suite: Callable[[str], PreparedSuite]
) -> None:
    file = tmp_path / "gone.db"
    with closing(open_store(str(file))) as opened, capture_logs() as logs:
        daemon = a_daemon(opened, suite("{every: 1h}"))

        async def remove() -> None:
            await until(lambda: daemon.phase == "serving")
            file.unlink()

        serve(daemon, remove)
    assert logs[-1]["event"] == "stopped" and logs[-1]["undelivered"] is None
    assert "outbox_unreadable" in {line["event"] for line in logs}


def _refuse(*_: Any, **__: Any) -> None:
    raise StoreError("the disk is full")


# ------------------------------------------------------------------------------------------------ trouble
def test_a_bug_in_a_run_is_counted_told_by_its_type_and_the_schedule_goes_on(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    async def first_breaks(_order: RunOrder) -> RunRecord:
        if len(engine.began) == 1:
            raise KeyError(SECRET)
        if len(engine.began) == 2:
            sick.extend(daemon.sickness())
        return a_run()

    sick: list[str] = []
    engine = FakeEngine(first_breaks)
    daemon = a_daemon(store, suite("{every: 100ms}"), engine)
    with capture_logs() as logs:
        serve(daemon, lambda: until(lambda: len(engine.ended) >= 2))
    assert sick == ["support-bot at production: a bug in holdfast (KeyError)"]
    assert daemon.sickness() == (), "its own success takes it back"
    assert b"holdfast_run_errors_total" in daemon.metrics.text()
    assert SECRET not in str(logs)


def test_missing_data_of_runs_that_a_bug_loses_says_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_order: RunOrder) -> RunRecord:
        raise KeyError(SECRET)

    clock = VirtualClock(NOW)
    file = tmp_path / "suite.yaml"
    rule = "alerts: [{notify: slack, after: 1}]\n"
    file.write_text(SUITE.format(schedule="{every: 20s, jitter: 0s}") + rule, encoding="utf-8")
    daemon = a_daemon(store, prepare(file, {}, None), FakeEngine(breaks), clock=clock)
    with capture_logs() as logs:
        living(clock, living_for(daemon, clock, (118.0, lambda: None)), monkeypatch)
    (state,) = store.alert_states(*PLACE)
    assert (state.kind, state.state) == ("no-data", "open")
    assert state.facts == (
        "no run has ever been measured here",
        "runs are made and lost, 6 runs until 2026-11-20 12:01 UTC: a bug in holdfast (KeyError)",
    )
    assert SECRET not in str(logs)


@pytest.mark.parametrize(("error", "words"), [(StoreError("full"), "full"), (KeyError(SECRET), "(KeyError)")])
def test_a_chore_survives_what_goes_wrong_in_it_and_tells_it_once(error: Exception, words: str) -> None:
    troubles, ending, seen = Troubles(), asyncio.Event(), []

    async def work() -> None:
        seen.append(troubles.lines())
        if len(seen) == 4:
            ending.set()
        if len(seen) < 4:
            raise error

    with capture_logs() as logs:
        asyncio.run(keep_doing(Chore(name="sweeping", every_s=1, work=work), FakeClock(), troubles, ending))
    assert seen[0] == () and all("sweeping: " in lines[0] and words in lines[0] for lines in seen[1:])
    assert troubles.lines() == ()
    assert [line["event"] for line in logs] == ["chore_failed"]
    assert SECRET not in str(logs)


def test_a_chore_that_failed_is_done_again_within_half_a_minute_and_then_at_its_own_pace() -> None:
    clock, ending, times = FakeClock(), asyncio.Event(), []

    async def work() -> None:
        times.append(clock.monotonic())
        if len(times) == 4:
            ending.set()
        if len(times) < 3:
            raise StoreError("read-only")

    with capture_logs():
        asyncio.run(keep_doing(Chore(name="housekeeping", every_s=600, work=work), clock, Troubles(), ending))
    assert [later - earlier for earlier, later in pairwise(times)] == [30.0, 30.0, 600.0]


def test_each_source_of_trouble_is_cleared_by_its_own_success_only() -> None:
    troubles = Troubles()
    assert troubles.tell("outbox", "stuck") and troubles.tell("bot at prod", "full")
    assert not troubles.tell("outbox", "stuck")
    troubles.tell("bot at prod", "")
    troubles.tell("expiry of texts", "")
    assert troubles.lines() == ("outbox: stuck",)


def test_notices_given_up_and_notices_without_a_notifier_are_trouble(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    store.save_run(written(numbered(1), outbox=[entry(), entry(incident="incident-2", to="pager")]))
    (first,) = store.due(datetime.now(UTC) + timedelta(days=400), lease_s=0, notifiers=["slack"])
    store.give_up(first.outbox_id, datetime.now(UTC), "token revoked")
    daemon = a_daemon(store, suite("{every: 1h}"), slack=Channel())
    daemon.here.outbox._max_age_s = float(10**9)
    serve(daemon, lambda: until(daemon.sickness))
    assert daemon.sickness() == (
        "notices given up: 1 in the last hour, which nobody was told",
        "notices without a notifier: 1 waiting for notifiers that the settings do not name",
    )


def test_housekeeping_that_fails_is_trouble_and_does_not_stop_deliveries(
    store: Store, suite: Callable[[str], PreparedSuite], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "forget_texts", _refuse)
    store.save_run(written(numbered(1), outbox=[entry()]))
    daemon = a_daemon(store, suite("{every: 1h}"), settings={"privacy": {"retain": {"text": "14d"}}}, slack=Channel())
    serve(daemon, lambda: until(lambda: daemon.sickness() and not store.undelivered()))
    assert daemon.sickness() == ("housekeeping: the disk is full",)


def test_many_channels_that_hang_in_threads_keep_no_other_from_being_told(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    released = threading.Event()

    class Stuck(Channel):
        async def deliver(self, notice: Notice, _receipt: Mapping[str, str] | None) -> Delivery:
            self.told.append(notice.incident_id)
            await asyncio.to_thread(released.wait, 10)
            return Delivery(receipt={})

    stuck, fast = {f"stuck-{n}": Stuck() for n in range(40)}, Channel()
    store.save_run(written(numbered(1), outbox=[*(entry(to=name) for name in stuck), entry(to="fast")]))

    async def told() -> None:
        await until(lambda: all(channel.told for channel in stuck.values()))
        store.save_run(written(numbered(2), outbox=[entry(incident="incident-2", to="fast")]))
        await until(lambda: fast.told == ["incident-1", "incident-2"])
        assert store.undelivered() >= 40
        released.set()

    serve(a_daemon(store, suite("{every: 1h}"), fast=fast, **stuck), told)


# ------------------------------------------------------------------------------------------------ overdue
def test_a_cron_line_with_gaps_is_not_overdue_in_its_gap(store: Store, suite: Callable[[str], PreparedSuite]) -> None:
    daemon = a_daemon(store, suite('{cron: "*/15 9-17 * * mon-fri"}'))
    serve(daemon, lambda: until(lambda: daemon.beats))
    friday_evening = datetime(2026, 11, 20, 17, 45, tzinfo=UTC)
    monday_morning = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    beat = replace(daemon.beats[PLACE], due_at=monday_morning)
    assert not beat.overdue(friday_evening + timedelta(hours=40))
    assert not beat.overdue(monday_morning + timedelta(seconds=60))
    assert beat.overdue(monday_morning + timedelta(minutes=12))
    due = daemon.beats[PLACE].due_at
    assert due is not None and due > datetime.now(UTC) and (due.minute % 15, due.weekday() < 5) == (0, True)


def test_a_place_that_began_no_run_by_its_instant_and_the_grace_is_overdue(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    daemon = a_daemon(store, suite("{every: 1m}"))
    grace = grace_s(Schedule.model_validate({"every": "1m"}))
    late = datetime.now(UTC) - timedelta(seconds=grace + 1)
    daemon.beats[PLACE] = Beat(due_at=late, grace_s=grace)
    assert daemon.sickness() == ("support-bot at production is overdue",)
    daemon.beats[PLACE] = Beat(due_at=late + timedelta(seconds=10), grace_s=grace)
    assert daemon.sickness() == ()


# ------------------------------------------------------------------------------------------------ blind
RULES = "alerts: [{notify: [slack, pager], on: [contract]}]\n"


def full_disk(failing: int) -> FakeEngine:
    """An engine whose first run is stored and the next ones are not."""

    async def making(_order: RunOrder) -> RunRecord:
        if len(engine.began) in range(2, 2 + failing):
            raise NotStored("the disk is full", a_run())
        return a_run()

    engine = FakeEngine(making)
    return engine


def health(daemon: Daemon) -> set[str]:
    """What the metrics say the health is now."""
    samples = next(m for m in daemon.metrics.registry.collect() if m.name == "holdfast_health").samples
    return {sample.labels["health"] for sample in samples if sample.value == 1}


def test_a_daemon_that_cannot_store_shows_no_health_until_it_can_again(
    store: Store, suite: Callable[[str], PreparedSuite]
) -> None:
    engine = full_disk(failing=3)
    daemon = a_daemon(store, suite("{every: 100ms}"), engine)
    seen: list[tuple[set[str], bool, tuple[str, ...]]] = []

    def reached(runs: int) -> bool:
        return len(engine.began) >= runs

    async def watch() -> None:
        for runs in (1, 2, 5):
            await until(partial(reached, runs))
            await asyncio.sleep(0.03)
            seen.append((health(daemon), daemon.blind(PLACE), daemon.sickness()))

    serve(daemon, watch)
    before, during, after = seen
    assert not before[1] and before[0] == after[0] != {"unknown"}
    assert during == ({"unknown"}, True, ("support-bot at production: the disk is full",))
    assert not after[1] and after[2] == ()


def test_what_cannot_be_stored_is_told_directly_and_at_most_once_an_hour(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE.format(schedule="{every: 50ms}") + RULES, encoding="utf-8")
    engine = full_disk(failing=1000)
    slack, pager = Channel(), Broken()
    daemon = a_daemon(store, prepare(file, {}, frozenset({"slack", "pager"})), engine, slack=slack, pager=pager)
    serve(daemon, lambda: until(lambda: len(engine.began) >= 6))
    assert slack.told == ["not-stored-support-bot-production"]
    assert pager.asked == 1


class Broken:
    """A notifier that takes nothing."""

    def __init__(self) -> None:
        self.asked = 0

    async def deliver(self, _notice: Notice, _receipt: Mapping[str, str] | None) -> Delivery:
        self.asked += 1
        raise DeliveryError("no such key", permanent=True)


def test_a_notice_that_needs_no_store_says_so_and_is_due_again_after_an_hour(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE.format(schedule="{every: 1h}") + RULES, encoding="utf-8")
    told = prepare(file, {}, frozenset({"slack", "pager"})).suite
    clock, slack = FakeClock(), Channel()
    last = LastResort(notifiers={"slack": slack}, clock=clock)

    async def scenario() -> None:
        for pause_s in (0, 3599, 1):
            clock.advance(pause_s)
            await last.tell(told, "production", "the disk is full")

    asyncio.run(scenario())
    assert len(slack.told) == 2
    notice = notice_of(told, "production", "the disk is full", NOW)
    assert notice.headline == (
        "support-bot at production: results cannot be stored, so nothing is judged - the disk is full"
    )
    assert "Told directly, without the store" in notice.facts[1]
