"""The daemon's schedule over days of virtual time: clock changes, clock steps, sleeping machines, slow endpoints."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.endpoint import Endpoint
from probes.suite import Schedule
from runner.daemon.daemon import Daemon
from runner.daemon.timetable import Timetable
from runner.daemon.turns import Turns
from runner.preparing.orders import RunOrder
from runner.schedule.pace import time_s
from runner.store.base import Store
from tests.fakes.clock import FakeClock
from tests.fakes.daemons import ToldEngine, a_daemon, a_suite, living_for, prepared, scheduling_for
from tests.fakes.stored import numbered, written
from tests.fakes.virtual_time import VirtualClock, living

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR_S, DAY_S = 3600.0, 86_400.0
NOWHERE = "http://127.0.0.1:9"


def skipped(daemon: Daemon, suite: str, reason: str) -> float:
    """How many runs were not made."""
    labels = {"suite": suite, "endpoint": "production", "reason": reason}
    return daemon.metrics.registry.get_sample_value("holdfast_skipped_runs_total", labels) or 0.0


def nothing() -> None:
    """An act that only lets time pass."""


# ------------------------------------------------------------------------------------------------ the clock
@pytest.mark.parametrize(
    ("night", "hours"),
    [(datetime(2026, 3, 28, 12, tzinfo=UTC), 23), (datetime(2026, 10, 24, 12, tzinfo=UTC), 25)],
    ids=["spring", "autumn"],
)
def test_a_living_daemon_fires_both_nights_of_a_clock_change_exactly_as_promised(
    night: datetime, hours: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(night - timedelta(minutes=1))
    engine = ToldEngine(clock)
    files = [
        a_suite(tmp_path, "quarters", '{cron: "*/15 * * * *", timezone: Europe/Berlin}'),
        a_suite(tmp_path, "daily", '{cron: "30 2 * * *", timezone: Europe/Berlin}'),
        a_suite(tmp_path, "interval", "{every: 5m}"),
    ]
    daemon = a_daemon(store, prepared(files), engine)
    living(clock, scheduling_for(daemon, clock, (hours * HOUR_S, nothing)), monkeypatch)
    assert len(engine.began["quarters"]) == hours * 4
    assert {later - earlier for earlier, later in pairwise(engine.began["quarters"])} == {QUARTER}
    assert len(engine.began["daily"]) == 1
    assert len(engine.began["interval"]) == hours * 12
    assert skipped(daemon, "quarters", "missed") == skipped(daemon, "daily", "missed") == 0
    late = daemon.metrics.registry.get_sample_value("holdfast_run_lateness_seconds_sum")
    assert late is not None and late < 0.01


def test_a_clock_that_is_set_back_stops_no_interval_and_a_line_follows_the_wall(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON - timedelta(minutes=1))
    engine = ToldEngine(clock)
    began_s: list[float] = []
    engine.takes_s = lambda order: began_s.append(clock.passed_s) or 0.0 if order.prepared.suite.name == "ten" else 0.0  # type: ignore[func-returns-value]
    files = [a_suite(tmp_path, "ten", "{every: 10m}"), a_suite(tmp_path, "line", '{cron: "0 * * * *"}')]
    daemon = a_daemon(store, prepared(files), engine)
    with capture_logs() as logs:
        acts = ((1.5 * HOUR_S, lambda: clock.set_by(-HOUR_S)), (2 * HOUR_S, nothing))
        living(clock, scheduling_for(daemon, clock, *acts), monkeypatch)
    assert max(later - earlier for earlier, later in pairwise(began_s)) <= 606
    assert len(began_s) == 21
    assert [at.hour for at in engine.began["line"]] == [12, 13, 13, 14]
    assert [line["seconds"] for line in logs if line["event"] == "clock_stepped"] == [-HOUR_S]
    assert not any(beat.overdue(clock.now()) for beat in daemon.beats.values())


@pytest.mark.parametrize("how", ["suspend", "set_by"])
def test_a_machine_that_slept_runs_what_is_not_long_past_and_counts_what_is(
    how: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON - timedelta(seconds=30))
    engine = ToldEngine(clock)
    files = [a_suite(tmp_path, "quarters", '{cron: "*/15 * * * *"}'), a_suite(tmp_path, "hours", '{cron: "0 * * * *"}')]
    daemon = a_daemon(store, prepared(files), engine)
    with capture_logs() as logs:
        # at 12:05 it sleeps until 20:50: the slot of 20:45 is made up for, that of 20:00 is too old
        acts = ((330.0, lambda: getattr(clock, how)(8.75 * HOUR_S)), (330.0, nothing), (900.0, nothing))
        living(clock, scheduling_for(daemon, clock, *acts), monkeypatch)
    quarters = engine.began["quarters"]
    assert [at.strftime("%H:%M") for at in quarters] == ["12:00", "20:50", "21:00"]
    assert (quarters[1] - datetime(2026, 11, 20, 20, 50, tzinfo=UTC)).total_seconds() <= 5
    assert [at.strftime("%H:%M") for at in engine.began["hours"]] == ["12:00", "21:00"]
    assert (skipped(daemon, "quarters", "missed"), skipped(daemon, "hours", "missed")) == (34, 8)
    told = {line["suite"]: line["runs"] for line in logs if line["event"] == "run_not_made"}
    assert told == {"quarters": 34, "hours": 8}
    assert [line["suite"] for line in logs if line["event"] == "run_late"] == ["quarters"]


def test_small_corrections_of_the_clock_are_no_steps() -> None:
    clock = VirtualClock(NOON)

    async def called(_call: Any) -> None: ...

    async def scenario() -> list[float]:
        table = Timetable(clock, called)
        table.start()
        jumps = []
        for correction_s in (0.0, 0.4, -0.4, 1.5, 0.0, 3.0, 0.0):
            clock.set_by(correction_s)
            clock.passed_s += 5
            jumps.append(round(table.follow_clock(), 3))
        table.stop()
        return jumps

    assert asyncio.run(scenario()) == [0, 0, 0, 0, 0, 3.0, 0]


# ------------------------------------------------------------------------------------------------ restarts
@pytest.mark.parametrize(
    ("down_minutes", "made", "missed"), [(1, ["13:00"], 0), (5, ["12:05", "13:00"], 0), (50, ["13:00"], 1)]
)
def test_a_cron_line_that_was_due_while_no_daemon_ran_is_made_up_for_unless_it_is_long_past(
    down_minutes: int, made: list[str], missed: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = NOON if down_minutes == 1 else NOON - timedelta(hours=1)
    store.save_run(written(numbered(1, suite="line", started_at=newest)))
    clock = VirtualClock(NOON + timedelta(minutes=down_minutes))
    engine = ToldEngine(clock)
    suites = prepared([a_suite(tmp_path, "line", '{cron: "0 * * * *"}')])
    daemon = a_daemon(store, suites, engine)
    living(clock, scheduling_for(daemon, clock, (HOUR_S, nothing)), monkeypatch)
    assert [at.strftime("%H:%M") for at in engine.began["line"]] == made
    assert skipped(daemon, "line", "missed") == missed


# ------------------------------------------------------------------------------------------------ spreading
def test_ten_thousand_suites_without_jitter_do_not_fire_together_and_keep_their_places() -> None:
    clock = FakeClock(NOON)

    async def called(_call: Any) -> None: ...

    def dues() -> list[float]:
        table = Timetable(clock, called)
        schedule = Schedule.model_validate({"every": "15m"})
        for number in range(10_000):
            table.put((f"suite-{number}", "production"), schedule, newest=None, spread_s=1000.0)
        places = [(f"suite-{number}", "production") for number in range(10_000)]
        return [(table.due_at(place) - NOON).total_seconds() for place in places]  # type: ignore[operator]

    first = dues()
    seconds = [0] * 901
    for due in first:
        seconds[int(due)] += 1
    assert max(first) <= 900
    assert max(seconds) < 40  # 11 a second on average
    assert first == dues()


def test_one_suite_alone_begins_at_once_whatever_its_interval(store: Store, tmp_path: Path) -> None:
    engine = ToldEngine(FakeClock(NOON))
    daemon = a_daemon(store, prepared([a_suite(tmp_path, "alone", "{every: 1d}")]), engine)
    daemon.rounds.put(daemon.suites[0], "production", newest=None, places=1)
    due = daemon.beats["alone", "production"].due_at
    assert due is not None and due - NOON <= timedelta(seconds=0.1)


# ------------------------------------------------------------------------------------------------ slow endpoints
def test_a_slow_endpoint_with_many_suites_starves_nobody(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON)
    engine = ToldEngine(clock, lambda order: 550.0 if order.prepared.suite.name.startswith("slow") else 1.0)
    slow = [a_suite(tmp_path, f"slow-{n}", "{every: 1m}", "http://slow.example:1/v1") for n in range(30)]
    quick = [a_suite(tmp_path, f"quick-{n}", "{every: 1m}", f"http://quick-{n}.example:1/v1") for n in range(3)]
    daemon = a_daemon(store, prepared([*slow, *quick]), engine, settings={"runs_at_once": 4})
    living(clock, scheduling_for(daemon, clock, (HOUR_S / 2, nothing)), monkeypatch)
    assert all(29 <= len(engine.began[f"quick-{n}"]) <= 31 for n in range(3))
    assert engine.most_at_once <= 8
    slow_runs = [len(engine.began.get(f"slow-{n}", [])) for n in range(30)]
    assert sum(slow_runs) >= 4 * 3
    assert skipped(daemon, "slow-0", "overlap") > 0


def test_a_run_that_waits_for_its_turn_is_late_and_at_last_overdue(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON)
    engine = ToldEngine(clock, lambda _order: 400.0)
    files = [a_suite(tmp_path, name, "{every: 1h, jitter: 0s}") for name in ("first", "second")]
    daemon = a_daemon(store, prepared(files), engine, settings={"runs_at_once": 1})
    seen: list[tuple[str, ...]] = []
    with capture_logs() as logs:
        acts = ((390.0, lambda: seen.append(daemon.sickness())), (900.0, lambda: seen.append(daemon.sickness())))
        living(clock, scheduling_for(daemon, clock, *acts), monkeypatch)
    assert [line["late_s"] for line in logs if line["event"] == "run_late"] == [400.0]
    assert seen == [(), ()], "an hour's schedule has eleven minutes of grace"


def test_what_is_overdue_says_what_it_is_about(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock(NOON)
    engine = ToldEngine(clock, lambda order: 400.0 if order.prepared.suite.name == "long" else 1.0)
    files = [a_suite(tmp_path, name, "{every: 20s, jitter: 0s}") for name in ("long", "next")]
    daemon = a_daemon(store, prepared(files), engine, settings={"runs_at_once": 1})
    seen: list[tuple[str, ...]] = []
    acts = ((170.0, lambda: seen.append(daemon.sickness())), (232.0, lambda: seen.append(daemon.sickness())))
    living(clock, scheduling_for(daemon, clock, *acts), monkeypatch)
    assert seen == [
        (
            "long at production is overdue (its run has been under way for 2m 50s)",
            "next at production is overdue (it waits for its turn: 1 of 1 places taken, longest by long at production)",
        ),
        ("long at production is overdue (its last run was under way for 6m 40s)",),
    ]


def test_a_daemon_that_stops_misses_no_data_of_runs_that_waited_and_its_clock_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON)
    engine = ToldEngine(clock, lambda order: 400.0 if order.prepared.suite.name == "slow" else 1.0)
    rule = "alerts: [{notify: slack, after: 1}]\n"
    files = [a_suite(tmp_path, name, "{every: 20s, jitter: 0s}", more=rule) for name in ("slow", "waits")]
    daemon = a_daemon(store, prepared(files, frozenset({"slack"})), engine, settings={"runs_at_once": 1})
    daemon.stop_runs_s = 60.0
    with capture_logs() as logs:
        living(clock, living_for(daemon, clock, (390.0, nothing)), monkeypatch)
    assert [line["suite"] for line in logs if line["event"] == "run"] == ["slow"], "it finished while we stopped"
    assert {line["event"] for line in logs} & {"chore_failed", "alert"} == set()


def test_of_waiting_hosts_the_one_with_the_fewest_runs_goes_first() -> None:
    async def scenario() -> list[str]:
        turns, order = Turns(2), []
        ends = {name: asyncio.Event() for name in ("a1", "a2", "a3", "a4", "b1", "b2")}

        async def run(name: str) -> None:
            async with turns.turn(name[0]):
                order.append(name)
                await ends[name].wait()

        tasks = []
        for name in ends:
            tasks.append(asyncio.create_task(run(name)))
            await asyncio.sleep(0)
        assert order == ["a1", "a2", "b1"], "a host without a run waits for nobody"
        assert turns.waiting == 3
        for name in ("a1", "a2", "b1", "b2", "a3", "a4"):
            ends[name].set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert turns.waiting == 0
        return order

    assert asyncio.run(scenario())[3:] == ["a3", "b2", "a4"]


def test_whoever_gives_up_waiting_keeps_nobody_from_a_turn() -> None:
    async def scenario() -> bool:
        turns, end = Turns(1), asyncio.Event()

        async def hold() -> None:
            async with turns.turn("a"):
                await end.wait()

        holding = [asyncio.create_task(hold()) for _ in range(3)]
        await asyncio.sleep(0)
        holding[1].cancel()
        await asyncio.sleep(0)
        assert turns.waiting == 1
        end.set()
        await asyncio.gather(*holding, return_exceptions=True)
        return holding[2].done() and not holding[2].cancelled()

    assert asyncio.run(scenario())


def test_a_run_that_waits_for_its_turn_does_not_begin_once_the_daemon_stops_or_its_suite_goes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON)
    engine = ToldEngine(clock, lambda _order: 30.0)
    files = [a_suite(tmp_path, name, "{every: 1h, jitter: 0s}") for name in ("first", "goes", "waits")]
    daemon = a_daemon(store, prepared(files), engine, settings={"runs_at_once": 1})
    acts = ((10.0, lambda: daemon.rounds.drop(("goes", "production"))), (10.0, nothing))
    with capture_logs() as logs:
        living(clock, living_for(daemon, clock, *acts), monkeypatch)
    assert list(engine.began) == ["first"]
    assert [line["suite"] for line in logs if line["event"] == "run"] == ["first"], "what was under way is finished"
    assert "run_given_up" not in [line["event"] for line in logs]


# ------------------------------------------------------------------------------------------------ time limits
def test_a_run_that_never_ends_is_left_told_and_its_place_is_free_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON)

    def takes_s(_order: RunOrder) -> float:
        return 1e9 if len(engine.began["stuck"]) == 1 else 1.0

    engine = ToldEngine(clock, takes_s)
    daemon = a_daemon(store, prepared([a_suite(tmp_path, "stuck", "{every: 1m, timeout: 2m}")]), engine)
    seen: list[tuple[str, ...]] = []
    acts = ((180.5, lambda: seen.append(daemon.sickness())), (600.0, lambda: seen.append(daemon.sickness())))
    with capture_logs() as logs:
        living(clock, scheduling_for(daemon, clock, *acts), monkeypatch)
    assert "stuck at production: it did not end in time" in seen[0]
    assert seen[1] == ()
    assert len(engine.began["stuck"]) >= 10
    labels = {"suite": "stuck", "endpoint": "production", "reason": "timeout"}
    assert daemon.metrics.registry.get_sample_value("holdfast_run_errors_total", labels) == 1
    assert [line["error"] for line in logs if line["event"] == "run_not_stored"] == ["it did not end in time"]


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ({"every": "15m"}, 1800),
        ({"every": "10s"}, 600),
        ({"cron": "0 3 * * sun"}, DAY_S),
        ({"every": "15m", "timeout": "3m"}, 180),
    ],
)
def test_a_run_has_two_intervals_of_time_unless_its_suite_says_otherwise(
    schedule: dict[str, str], seconds: float
) -> None:
    assert time_s(Schedule.model_validate(schedule), Endpoint.model_validate({"base_url": NOWHERE})) == seconds


def test_a_run_has_at_least_the_time_that_one_request_may_take() -> None:
    patient = Endpoint.model_validate({"base_url": NOWHERE, "timeout": {"total": "20m"}})
    assert time_s(Schedule.model_validate({"every": "10s"}), patient) == 1200


def test_a_run_has_at_least_the_time_that_its_own_limit_of_requests_makes_it_take() -> None:
    slow = Endpoint.model_validate({"base_url": NOWHERE, "requests_per_minute": 1})
    assert time_s(Schedule.model_validate({"every": "5m"}), slow, requests=30) == 29 * 60 + 120
