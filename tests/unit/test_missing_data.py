"""A place that nobody can measure any more opens one incident of missing data, and data ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from checks.verdict import Health
from probes.failure import FailureClass
from probes.maintenance import Window
from reports.alerts.incident import AlertState
from reports.summary import RunRecord
from runner.alerting.letterhead import Letterhead
from runner.daemon.sight import Sight
from runner.preparing.prepare import PreparedSuite, prepare
from runner.schedule.beats import grace_s
from runner.store.base import Store
from tests.fakes.clock import FakeClock
from tests.fakes.records import a_failed_sample, a_probe
from tests.fakes.stored import numbered, written

PLACE = ("support-bot", "production")
QUARTER_S = 900.0
GRACE_S = 660.0


def a_suite(folder: Path, **parts: Any) -> PreparedSuite:
    tree = {
        "version": 1,
        "suite": PLACE[0],
        "schedule": {"every": "15m"},
        "endpoints": {PLACE[1]: {"base_url": "http://127.0.0.1:9", "model": "m"}},
        "probes": [{"id": "capital", "prompt": "What is the capital of Australia?"}],
        "alerts": [{"notify": "slack"}],
        **parts,
    }
    file = folder / "suite.yaml"
    with file.open("w", encoding="utf-8") as out:
        YAML().dump(tree, out)
    return prepare(file, {}, None)


class Watch:
    """One place in sight, over a clock that is turned by hand."""

    def __init__(self, store: Store, prepared: PreparedSuite, clock: FakeClock | None = None, **more: Any) -> None:
        self.store, self.clock, self.out = store, clock or FakeClock(), set[tuple[str, str]]()
        self.runs = 0
        self.sight = Sight(
            store=store,
            clock=self.clock,
            suites=lambda: [prepared],
            letterhead=Letterhead(),
            out=self.out,
            new_id=iter(f"incident-{number}" for number in range(1, 99)).__next__,
            **more,
        )
        asyncio.run(self.sight.look())  # as at the start

    def after(self, seconds: float) -> str:
        """The state of the incident after so much time and a look."""
        self.clock.advance(seconds)
        asyncio.run(self.sight.look())
        return next((state.state for state in self.states()), "none")

    def states(self) -> list[AlertState]:
        return [state for state in self.store.alert_states(*PLACE) if state.kind == "no-data"]

    def ran(self, health: Health = Health.HEALTHY) -> RunRecord:
        """A run began now."""
        self.runs += 1
        record = numbered(self.runs, started_at=self.clock.now(), health=health)
        self.store.save_run(written(record, alerts=()))
        self.sight.ran(record)
        return record

    def told(self) -> list[tuple[str, str]]:
        """Events and headlines in the outbox, in order."""
        ids = [row.outbox_id for row in self.store.waiting("slack")]
        return [(str(notice.event), notice.headline) for notice, _ in self.store.notices(ids)]


def test_a_place_without_a_run_opens_after_its_slots_and_their_grace_and_data_ends_it(
    store: Store, tmp_path: Path
) -> None:
    prepared = a_suite(tmp_path)
    assert prepared.suite.schedule is not None and grace_s(prepared.suite.schedule) == GRACE_S
    watch = Watch(store, prepared)
    watch.ran()
    assert [watch.after(0), watch.after(QUARTER_S + GRACE_S - 1), watch.after(1)] == ["none", "none", "open"]
    assert watch.after(10_000) == "open"
    watch.ran()
    assert watch.after(0) == "quiet"
    events = watch.told()
    assert [event for event, _ in events] == ["opened", "resolved"]
    assert "no run has been measured since 2026-11-20 12:00 UTC" in events[0][1]
    assert "data again" in events[1][1]
    (state,) = watch.states()
    assert state.severity == "ticket"


def test_runs_of_which_nothing_can_be_told_are_no_data(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, a_suite(tmp_path, alerts=[{"notify": "slack", "on": "no-data", "after": "3 of 3"}]))
    watch.ran()
    seen = []
    for _ in range(5):
        seen.append(watch.after(QUARTER_S))
        watch.ran(Health.UNKNOWN)
    assert seen == ["none", "none", "none", "open", "open"]
    (state,) = watch.states()
    assert state.facts[1] == "runs are made, the newest at 2026-11-20 12:45 UTC, but what came back is unknown"


def test_a_dead_endpoint_is_told_as_not_available_and_not_as_missing_data_besides(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, a_suite(tmp_path))
    for _ in range(4):
        record = watch.ran(Health.UNKNOWN)
        gone = [a_failed_sample(FailureClass.CONNECTION, "refused", run) for run in ("capital", "refund-window")]
        dead = replace(record, probes=tuple(a_probe(samples=[sample]) for sample in gone))
        watch.sight.ran(dead)
        assert watch.after(QUARTER_S) == "none"
    watch.sight.ran(replace(dead, started_at=watch.clock.now(), offline="no connection to 192.0.2.7:53 either"))
    assert watch.after(GRACE_S) == "open", "of a time without a network nobody knows anything"


def test_slots_that_came_while_a_run_was_under_way_are_not_missed(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, a_suite(tmp_path, schedule={"every": "20s"}, alerts=[{"notify": "slack", "after": 1}]))
    grace_of_20_s = 80.0
    for _ in range(3):  # each hangs for 100 s, and rests until the next slot
        watch.out.add(PLACE)
        assert watch.after(100) == "none"
        gone = a_failed_sample(FailureClass.TIMEOUT_FIRST_TOKEN, "nothing came", "capital")
        began = watch.clock.now() - timedelta(seconds=100)
        record = numbered(1, started_at=began, duration_s=100.0, health=Health.UNKNOWN)
        watch.sight.ran(replace(record, probes=(a_probe(samples=[gone]),)))
        watch.out.clear()
        assert watch.after(5) == "none"
        watch.clock.advance(15)
    assert [watch.after(grace_of_20_s - 1), watch.after(1)] == ["none", "open"]
    (state,) = watch.states()
    assert state.facts == ("no run has been measured since 2026-11-20 12:05 UTC", "no run was made since then")


def test_a_daemon_that_starts_again_knows_when_the_newest_run_was_over(store: Store, tmp_path: Path) -> None:
    record = numbered(1, started_at=FakeClock().now() - timedelta(seconds=1000), duration_s=950.0)
    store.save_run(written(record, alerts=()))
    watch = Watch(store, a_suite(tmp_path))
    assert [watch.after(QUARTER_S + GRACE_S - 1), watch.after(1)] == ["none", "open"]
    (state,) = watch.states()
    assert state.facts[0] == "no run has been measured since 2026-11-20 11:59 UTC"


def test_of_runs_that_are_lost_it_says_how_many_and_why_and_not_that_none_was_made(
    store: Store, tmp_path: Path
) -> None:
    words = "runs are made and lost, 2 runs until 2026-11-20 12:20 UTC: a bug in holdfast (KeyError)"
    watch = Watch(store, a_suite(tmp_path), lost=lambda _place: words)
    assert watch.after(QUARTER_S + GRACE_S) == "open"
    (state,) = watch.states()
    assert state.facts == ("no run has ever been measured here", words)
    ((_, headline),) = watch.told()
    assert headline == f"support-bot at production: no data - no run has ever been measured here: {words}"


def test_a_duration_counts_from_the_first_slot_without_data(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, a_suite(tmp_path, alerts=[{"notify": "slack", "on": "no-data", "after": "2h"}]))
    watch.ran()
    assert [watch.after(QUARTER_S + 7199), watch.after(1)] == ["none", "open"]


def test_the_gap_of_a_cron_line_is_no_missing_data(store: Store, tmp_path: Path) -> None:
    friday = datetime.fromisoformat("2026-11-20T17:45:00+00:00")
    watch = Watch(store, a_suite(tmp_path, schedule={"cron": "*/15 9-17 * * mon-fri"}), FakeClock(friday))
    watch.ran()
    weekend_s = (datetime.fromisoformat("2026-11-23T09:00:00+00:00") - friday).total_seconds()
    assert [watch.after(weekend_s + GRACE_S - 1), watch.after(1)] == ["none", "open"]


def test_a_restart_keeps_an_open_incident_and_gives_every_place_its_time_again(store: Store, tmp_path: Path) -> None:
    prepared = a_suite(tmp_path)
    first = Watch(store, prepared)
    first.ran()
    assert first.after(QUARTER_S + GRACE_S) == "open"
    again = Watch(store, prepared, first.clock)
    again.runs = 50
    assert again.after(100) == "open" and len(again.told()) == 1, "not told again"
    again.ran()
    assert again.after(0) == "quiet"
    again.clock.advance(30 * 86_400)
    away = Watch(store, prepared, again.clock)
    assert away.after(0) == "quiet", "that nobody was here is told once for all, not place by place"
    assert [away.after(QUARTER_S + GRACE_S - 1), away.after(1)] == ["quiet", "open"]


def test_it_is_held_in_a_window_while_a_run_is_out_and_while_our_network_is_lost(store: Store, tmp_path: Path) -> None:
    offline = False
    window = Window.model_validate({"from": "2026-11-20T12:00:00Z", "until": "2026-11-20T14:00:00Z", "reason": "move"})
    watch = Watch(store, a_suite(tmp_path), windows=[window], offline=lambda: offline)
    watch.ran()
    assert watch.after(7199) == "none"
    watch.out.add(PLACE)
    assert watch.after(10) == "none"
    watch.out.clear()
    offline = True
    assert watch.after(10) == "none"
    offline = False
    assert watch.after(10) == "none", "the lost network was told; its end is no news of every place"
    assert [watch.after(QUARTER_S + GRACE_S - 1), watch.after(1)] == ["none", "open"]


def test_a_spending_cap_that_was_told_is_not_told_as_missing_data_too(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, a_suite(tmp_path))
    record = watch.ran()
    capped = AlertState(
        key="support-bot/production/spend",
        notifier="slack",
        kind="spend",
        state="open",
        severity="ticket",
        incident_id="i-spend",
        opened_at=record.started_at,
    )
    store.save_alerts(*PLACE, [capped], (), at=record.started_at)
    assert watch.after(QUARTER_S + GRACE_S) == "none"
    store.save_alerts(*PLACE, [replace(capped, state="quiet")], (), at=record.started_at)
    assert watch.after(15) == "open"


def test_who_does_not_listen_is_not_told_and_a_rule_says_how_loudly(store: Store, tmp_path: Path) -> None:
    rules = [
        {"notify": "slack", "on": "contract"},
        {"notify": "pager", "on": "no-data", "severity": {"no-data": "page"}},
    ]
    watch = Watch(store, a_suite(tmp_path, alerts=rules))
    watch.ran()
    assert watch.after(QUARTER_S + GRACE_S) == "open"
    assert [(state.notifier, state.severity) for state in watch.states()] == [("pager", "page")]
    assert watch.told() == [] and len(store.waiting("pager")) == 1


def test_a_look_at_a_place_that_is_well_writes_nothing(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, a_suite(tmp_path))
    for _ in range(5):
        watch.ran()
        watch.after(QUARTER_S)
    assert watch.states() == []
    assert watch.clock.now() - timedelta(hours=1, minutes=15) == FakeClock().now()


def test_a_place_that_was_taken_out_and_comes_back_begins_anew(store: Store, tmp_path: Path) -> None:
    prepared = a_suite(tmp_path)
    watch, running = Watch(store, prepared), [prepared]
    watch.sight.suites = lambda: running
    watch.ran()
    assert watch.after(QUARTER_S + GRACE_S) == "open"
    running.clear()
    watch.after(15)
    closed = [replace(state, state="quiet", incident_id="") for state in watch.states()]  # as the reload does
    store.save_alerts(*PLACE, closed, (), at=watch.clock.now())
    running.append(prepared)
    assert watch.after(15) == "open"
