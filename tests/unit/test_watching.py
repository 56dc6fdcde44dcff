"""The daemon's watch put together: absence, lost network, quicker runs, and what /healthz and /readyz make of it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from structlog.testing import capture_logs

from probes.endpoint import Spend
from probes.errors import Problem
from probes.failure import FailureClass
from reports.metrics.metrics import Metrics
from reports.summary import AlertView, RunRecord
from runner.asking.connectivity import OwnNetwork
from runner.asking.withholding import WHILE_FAILING
from runner.daemon.cadence import failing
from runner.daemon.daemon import Daemon
from runner.daemon.gauging import gauge
from runner.daemon.health import Standing, health_of
from runner.daemon.roster import Refused, Roster
from runner.daemon.vitals import DAEMON
from runner.daemon.watching import ABSENT_S, absence
from runner.daemon.web import bound, listening
from runner.delivery.outbox import OutboxWorker
from runner.limits.holding import Limits
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare
from runner.settings.settings import Settings
from runner.store.base import Spending, Spent, Store
from runner.wiring import Installation
from tests.fakes.clock import FakeClock
from tests.fakes.one_daemon import PLACE, Channel, until
from tests.fakes.records import a_failed_sample, a_sample, failing_run, healthy_run
from tests.fakes.spending import an_order
from tests.fakes.stored import numbered, written
from tests.fakes.web import get

NOON = FakeClock().now()
BROKEN = replace(failing_run(), alerts=())
GONE = [a_failed_sample(FailureClass.DNS_TLS, "name not known")]


class Failing:
    """An engine in the place of the real one whose runs find a broken contract, or none."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.made, self.broken = clock, list[str](), True

    async def run(self, order: RunOrder) -> RunRecord:
        self.made.append(order.trigger)
        record = BROKEN if self.broken else healthy_run()
        return replace(record, run_id=f"r{len(self.made)}", started_at=self.clock.now(), trigger=order.trigger)


def a_suite(folder: Path, **parts: Any) -> PreparedSuite:
    tree = {
        "version": 1,
        "suite": PLACE[0],
        "schedule": {"every": "15m", "while_failing": "2m"},
        "endpoints": {PLACE[1]: {"base_url": "http://127.0.0.1:9", "model": "m"}},
        "probes": [{"id": "capital", "prompt": "What is the capital of Australia?"}],
        "alerts": [{"notify": ["slack", "pager"]}, {"notify": "slack"}],
        **parts,
    }
    file = folder / "suite.yaml"
    with file.open("w", encoding="utf-8") as out:
        YAML().dump(tree, out)
    return prepare(file, {}, None)


def a_daemon(store: Store, prepared: PreparedSuite, clock: FakeClock, **parts: Any) -> tuple[Daemon, Failing]:
    engine, none = Failing(clock), None
    here = Installation(
        settings=Settings(),
        store=store,
        transport=none,  # type: ignore[arg-type]
        engine=engine,  # type: ignore[arg-type]
        outbox=OutboxWorker(store, {"slack": Channel(), "pager": Channel()}, clock),
        clock=clock,
        limits=parts.pop("limits", None) or Limits(store, clock),
        accesses=none,  # type: ignore[arg-type]
        **parts,
    )
    return Daemon(here, [prepared], Metrics("1")), engine


def told(store: Store, notifier: str = "slack") -> list[tuple[str, str, str, str]]:
    ids = [row.outbox_id for row in store.waiting(notifier)]
    return [(str(one.event), one.key, one.severity, one.headline) for one, _ in store.notices(ids)]


# ------------------------------------------------------------------------------------------------ absence
def test_that_no_daemon_ran_is_told_once_to_everybody_and_is_over_with_the_first_data(
    store: Store, tmp_path: Path
) -> None:
    clock = FakeClock()
    store.mark_alive(DAEMON, clock.now() - timedelta(hours=9))
    daemon, _ = a_daemon(store, a_suite(tmp_path), clock)

    async def scenario() -> None:
        await daemon.watching.begin()
        await daemon.watching.look()
        assert [event for event, *_ in told(store)] == ["opened"]
        daemon.watching.ran(numbered(1, started_at=clock.now()))
        await daemon.watching.look()

    asyncio.run(scenario())
    opened, resolved = told(store)
    assert opened[:3] == ("opened", "installation/daemon/no-data", "ticket")
    assert "no daemon ran for 9h" in opened[3]
    assert resolved[0] == "resolved" and len(told(store, "pager")) == 2
    assert store.last_alive(DAEMON) == clock.now()


def test_a_machine_that_slept_is_told_once_and_not_place_by_place(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    daemon, _ = a_daemon(store, a_suite(tmp_path), clock)

    async def scenario() -> None:
        await daemon.watching.begin()
        daemon.watching.ran(numbered(1, started_at=clock.now()))
        await daemon.watching.look()
        clock.advance(8 * 3600)
        await daemon.watching.look()
        assert [key for _, key, *_ in told(store)] == ["installation/daemon/no-data"]
        clock.advance(15)
        daemon.watching.ran(numbered(2, started_at=clock.now()))
        await daemon.watching.look()

    asyncio.run(scenario())
    assert [(event, key) for event, key, *_ in told(store)] == [
        ("opened", "installation/daemon/no-data"),
        ("resolved", "installation/daemon/no-data"),
    ]


def test_a_short_absence_a_first_start_and_one_in_which_nothing_was_due_are_not_told(tmp_path: Path) -> None:
    suite = a_suite(tmp_path).suite
    daily = a_suite(tmp_path, schedule={"cron": "0 3 * * *"}).suite
    assert absence([suite], None, NOON) is None
    assert absence([suite], NOON - timedelta(seconds=ABSENT_S - 1), NOON) is None
    assert absence([daily], NOON - timedelta(hours=8), NOON) is None
    found = absence([suite, daily], NOON - timedelta(hours=10), NOON)
    assert found is not None and found.places == 2


# ------------------------------------------------------------------------------------------------ our own network
def test_a_lost_network_pages_everybody_once_and_says_when_it_is_back(store: Store, tmp_path: Path) -> None:
    clock, reached = FakeClock(), [True]

    async def reaching(_host: str, _port: int) -> bool:
        return reached[0]

    guard = OwnNetwork(clock=clock, targets=("192.0.2.7:53",), reaching=reaching)
    daemon, _ = a_daemon(store, a_suite(tmp_path), clock, guard=guard)

    async def scenario() -> None:
        await daemon.watching.look_at_network()
        assert told(store) == []
        reached[0] = False
        clock.advance(10)
        await guard.lost(an_order(daemon.suites[0]), GONE)
        for _ in range(5):
            await daemon.watching.look_at_network()
        assert [event for event, *_ in told(store)] == ["opened"]
        reached[0] = True
        for _ in range(8):
            clock.advance(10)
            await daemon.watching.look_at_network()

    asyncio.run(scenario())
    opened, resolved = told(store)
    assert opened[1:3] == ("installation/connectivity/no-data", "page")
    assert "own network is lost" in opened[3] and resolved[0] == "resolved"
    (page, _), *_ = store.notices([row.outbox_id for row in store.waiting("slack")])
    assert any("correct connectivity in the settings: see holdfast doctor" in fact for fact in page.facts)


def test_a_network_that_came_back_while_no_daemon_ran_is_told_as_back(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()

    async def nowhere(_host: str, _port: int) -> bool:
        return False

    guard = OwnNetwork(clock=clock, targets=("192.0.2.7:53",), reaching=nowhere)
    first, _ = a_daemon(store, a_suite(tmp_path), clock, guard=guard)

    async def cut() -> None:
        await guard.lost(an_order(first.suites[0]), GONE)
        await first.watching.look_at_network()

    asyncio.run(cut())
    again = OwnNetwork(clock=clock)
    second, _ = a_daemon(store, a_suite(tmp_path), clock, guard=again)
    asyncio.run(second.watching.look_at_network())
    assert [event for event, *_ in told(store)] == ["opened"], "nobody was heard yet"
    asyncio.run(again.lost(an_order(second.suites[0]), [a_sample()]))
    asyncio.run(second.watching.look_at_network())
    assert [event for event, *_ in told(store)] == ["opened", "resolved"]


def test_a_daemon_that_starts_in_a_lost_network_blames_no_endpoint_for_it(store: Store, tmp_path: Path) -> None:
    async def nowhere(_host: str, _port: int) -> bool:
        return False

    def a_guard() -> OwnNetwork:
        return OwnNetwork(clock=FakeClock(), targets=("192.0.2.7:53",), reaching=nowhere)

    first, again, blaming = a_guard(), a_guard(), a_guard()

    async def lost_in(guard: OwnNetwork) -> str:
        daemon, _ = a_daemon(store, a_suite(tmp_path), FakeClock(), guard=guard)
        await daemon.watching.begin()
        return await guard.lost(an_order(daemon.suites[0]), GONE)

    async def scenario() -> None:
        assert await lost_in(blaming) == "", "a witness that nobody ever reached"
        daemon, _ = a_daemon(store, a_suite(tmp_path), FakeClock(), guard=first)
        await first.lost(an_order(daemon.suites[0]), GONE)
        await daemon.watching.look_at_network()
        assert await lost_in(again), "the daemon before this one has told so"

    asyncio.run(scenario())


def test_targets_that_prove_nothing_are_a_note_and_make_nothing_red(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    guard = OwnNetwork(clock=clock, targets=("127.0.0.1:9",))
    daemon, _ = a_daemon(store, a_suite(tmp_path), clock, guard=guard)
    asyncio.run(daemon.watching.look_at_network())
    standing = health_of(daemon)
    assert (standing.status, standing.reasons) == ("degraded", ())
    assert standing.notes == (
        "connectivity: none of 127.0.0.1:9 can be reached, so they do not show whether our own network is there",
    )


# ------------------------------------------------------------------------------------------------ pace
def paced(daemon: Daemon, clock: FakeClock, minutes: int) -> list[int]:
    """Minutes after the begin at which extra runs began, with the pace looked at every 10 s."""
    began: list[int] = []

    async def scenario() -> None:
        daemon.rounds.put(daemon.suites[0], PLACE[1], newest=None, places=1)
        for _ in range(minutes * 6):
            before = len(daemon.here.engine.made)  # type: ignore[attr-defined]
            await daemon.watching.pace.look()
            await asyncio.gather(*daemon.rounds.out.values())
            if len(daemon.here.engine.made) > before:  # type: ignore[attr-defined]
                began.append(round((clock.now() - NOON).total_seconds() / 60))
            clock.advance(10)

    asyncio.run(scenario())
    return began


def quickened(daemon: Daemon) -> float | None:
    """What a scrape says of the place."""
    gauge(daemon)
    labels = {"suite": PLACE[0], "endpoint": PLACE[1]}
    return daemon.metrics.registry.get_sample_value("holdfast_quickened", labels)


def test_while_something_fails_runs_come_sooner_and_stop_when_it_is_well(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    daemon, engine = a_daemon(store, a_suite(tmp_path), clock)
    store.save_run(written(replace(BROKEN, started_at=NOON)))
    assert paced(daemon, clock, 9) == [2, 4, 6, 8]
    assert quickened(daemon) == 1
    engine.broken = False
    assert paced(daemon, clock, 9) == [10]
    assert quickened(daemon) == 0
    assert set(engine.made) == {WHILE_FAILING}


def test_after_a_restart_the_pace_goes_on_from_what_is_stored(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    store.save_run(written(replace(BROKEN, started_at=NOON - timedelta(minutes=1))))
    daemon, _ = a_daemon(store, a_suite(tmp_path), clock)
    assert paced(daemon, clock, 4) == [1, 3]


def test_near_a_spending_cap_the_normal_pace_is_kept_and_said(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    limits = Limits(store, clock, Spend.model_validate({"tokens_per_day": 1000}))
    spent = Spending(run_id="x", suite="other", endpoint="e", at=NOON, spent=Spent(requests=1, tokens=810))
    store.save_spending([spent])
    prepared = a_suite(tmp_path)
    daemon, engine = a_daemon(store, prepared, clock, limits=limits)
    store.save_run(written(replace(BROKEN, started_at=NOON)))

    async def known() -> None:
        order = RunOrder(prepared=prepared, endpoint=PLACE[1], probes=())
        (await limits.hold(order, "r")).end()

    asyncio.run(known())
    with capture_logs() as logs:
        assert paced(daemon, clock, 9) == [] and engine.made == []
    note = "it is failing and keeps its normal pace: 81% of the installation's spending cap for today is used"
    assert daemon.watching.pace.notes.lines() == (f"support-bot at production: {note}",)
    assert [line["event"] for line in logs] == ["pace_kept"], "said once"
    assert quickened(daemon) == 0


def test_no_extra_run_begins_shortly_before_the_schedule_makes_one_that_is_judged(store: Store, tmp_path: Path) -> None:
    daemon, _ = a_daemon(store, a_suite(tmp_path), FakeClock())
    cadence = daemon.watching.pace.cadence
    cadence.expect([(PLACE, daemon.suites[0].suite.schedule)])
    cadence.ran(replace(BROKEN, started_at=NOON, duration_s=3.0))
    now = NOON + timedelta(minutes=2)
    due = [cadence.due(PLACE, now, now + timedelta(seconds=after)) for after in (59, 61)]
    assert due == [False, True]
    cadence.ran(replace(BROKEN, started_at=NOON, duration_s=200.0))
    assert not cadence.due(PLACE, now, now + timedelta(seconds=240)), "a run that takes long needs more room"


def test_runs_of_a_window_or_without_a_network_quicken_nothing(store: Store, tmp_path: Path) -> None:
    daemon, _ = a_daemon(store, a_suite(tmp_path), FakeClock())
    cadence = daemon.watching.pace.cadence
    cadence.expect([(PLACE, daemon.suites[0].suite.schedule)])
    for record, quick in (
        (BROKEN, (PLACE,)),
        (replace(BROKEN, maintenance="x"), ()),
        (replace(BROKEN, offline="x"), ()),
    ):
        cadence.ran(record)
        assert cadence.failing == quick


# ------------------------------------------------------------------------------------------------ health
def asked(daemon: Daemon, *paths: str) -> list[tuple[int, dict[str, Any]]]:
    async def ask() -> list[tuple[int, dict[str, Any]]]:
        listener = bound("127.0.0.1", 0)
        async with listening(daemon, listener):
            replies = [await get(listener.getsockname()[1], path) for path in paths]
        return [(status, json.loads(body)) for status, body in replies]

    return asyncio.run(ask())


def test_readyz_is_red_while_the_daemon_starts_and_stops_and_healthz_is_not(store: Store, tmp_path: Path) -> None:
    daemon, _ = a_daemon(store, a_suite(tmp_path), FakeClock())
    for phase, status in (("starting", 503), ("stopping", 503)):
        daemon.phase = phase  # type: ignore[assignment]
        (alive, _), (ready, body) = asked(daemon, "/healthz", "/readyz")
        assert (alive, ready) == (200, status)
        assert body["reasons"] == [f"the daemon is {phase}"]


def test_both_are_red_with_reasons_for_what_is_wrong_and_green_with_notes_for_what_is_to_be_known(
    store: Store, tmp_path: Path
) -> None:
    daemon, _ = a_daemon(store, a_suite(tmp_path), FakeClock())
    daemon.phase = "serving"
    problem = Problem(file="b.yaml", line=1, column=1, message="unknown key 'sk-planted'")
    refused = Refused(path=Path("suites/b.yaml"), problems=(problem,), instead=None)
    daemon.reloading.roster = Roster(refused=(refused,))
    (status, body), _ = asked(daemon, "/healthz", "/readyz")
    assert (status, body["status"]) == (503, "sick"), "its scheduler was never started"
    assert body["reasons"] == ["scheduler: it is not running"]

    async def started() -> None:
        daemon.rounds.table.start()
        assert daemon.sickness() == ()
        daemon.troubles.tell("event loop", "it lagged by 7.0 s within the last minute")
        assert daemon.sickness() == ("event loop: it lagged by 7.0 s within the last minute",)
        daemon.rounds.table.stop()

    asyncio.run(started())
    assert body["notes"] == ["suite file b.yaml: it cannot be used, nothing of it runs"]
    assert health_of(daemon).status == "sick" and Standing(notes=("x",)).status == "degraded"


def test_a_daemon_that_serves_becomes_ready_and_leaves_a_sign_of_life(store: Store, tmp_path: Path) -> None:
    from tests.unit.test_daemon import FakeEngine, serve
    from tests.unit.test_daemon import a_daemon as a_real_one

    daemon = a_real_one(store, a_suite(tmp_path, alerts=[]), FakeEngine())
    phases = [daemon.phase]

    async def watch() -> None:
        await until(lambda: daemon.phase == "serving")
        assert daemon.sickness() == ()

    serve(daemon, watch)
    phases.append(daemon.phase)
    assert phases == ["starting", "stopping"]
    alive = store.last_alive(DAEMON)
    assert alive is not None and datetime.now(UTC) - alive < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "kind", "quick"),
    [
        ("pending", "contract", True),
        ("open", "availability", True),
        ("muted", "policy", True),
        ("resolved", "contract", False),
        ("muted", "drift", False),
    ],
)
def test_runs_come_sooner_while_an_incident_stands_whether_it_is_told_or_muted(
    state: str, kind: str, quick: bool
) -> None:
    view = AlertView(key=f"{PLACE[0]}/{PLACE[1]}/{kind}", kind=kind, severity="page", state=state)
    assert failing(healthy_run(), [view]) is quick
    assert failing(replace(healthy_run(), maintenance="upgrade"), [view]) is False
