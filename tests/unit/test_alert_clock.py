"""The alert clock over a real store: what time brings is written once, with its notices, whatever fails in between."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from probes.errors import StoreError
from reports.alerts.silences import Acknowledgement, Silence
from runner.alerting.incidents import Wanted, incident_named, incidents
from runner.preparing.prepare import prepare
from tests.benchmarks.alert_clock import measured
from tests.fakes.alert_clock import BY_TIME, Here
from tests.fakes.stored import numbered, written

AT_ONCE = "alerts: [{notify: slack, resolve_after: 1}]\n"


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


# ------------------------------------------------------------------------------------------------ time
def test_what_is_due_between_two_runs_is_told_about_the_last_run_that_found_it_bad(here: Here) -> None:
    here.add(BY_TIME)
    here.run()
    assert here.look(9) == []
    here.clock.advance(60)
    asyncio.run(here.alerts.look())
    ((name, notice),) = here.notices()
    assert (name, notice.event, notice.run_id, notice.suite) == ("slack", "opened", "run-0001", "bot")
    assert "refund-window contains" in notice.headline
    assert notice.facts


def test_each_thing_is_told_once_however_often_anybody_looks_and_restarts(here: Here) -> None:
    here.add(BY_TIME)
    here.run()
    told = []
    for _ in range(25):
        told += here.look(4)
        here.restart()
    assert told == ["slack opened bot", "pager escalated bot", "slack reminder bot", "pager reminder bot"]


def test_an_acknowledged_incident_is_not_escalated(here: Here) -> None:
    here.add(BY_TIME)
    here.run()
    assert here.look(10) == ["slack opened bot"]
    (state,) = [state for state in here.store.open_alerts() if state.notifier == "slack"]
    here.store.save_acknowledgement(
        Acknowledgement(incident_id=state.incident_id, key=state.key, author="ana", reason="on it", at=here.clock.now())
    )
    assert here.look(30) == []


def test_where_nothing_is_due_nothing_is_written(here: Here) -> None:
    here.add(AT_ONCE)
    here.run()
    assert here.look() == ["slack opened bot"]
    with closing(sqlite3.connect(here.folder / "store.db")) as watching:
        (before,) = watching.execute("PRAGMA data_version").fetchone()
        for _ in range(5):
            here.look(10)
        assert watching.execute("PRAGMA data_version").fetchone() == (before,)


def test_a_run_that_was_pruned_meanwhile_loses_no_notice(here: Here) -> None:
    here.add(BY_TIME)
    here.run()
    with closing(sqlite3.connect(here.folder / "store.db", isolation_level=None)) as other:
        other.execute("PRAGMA foreign_keys = ON")
        other.execute("DELETE FROM runs")
    assert here.look(10) == ["slack opened bot"]


def test_the_end_of_one_that_flapped_is_remembered_although_the_next_is_on_its_way(here: Here) -> None:
    here.add("alerts: [{notify: slack, after: 2 of 2, resolve_after: 1, flap: {transitions: 3, in: 1h}}]\n")
    for letter in "xxoxxox":
        here.run(good=letter == "o")
        here.clock.advance(60)
    (before,) = here.store.open_alerts()
    assert before.flapping
    assert here.look(61)[-1:] == ["slack resolved bot"]
    listed = incidents(here.store, Wanted(past_since=here.clock.now() - timedelta(hours=1)), here.clock.now())
    assert [(one.state, one.incident_id == before.incident_id) for one in listed][:2] == [
        ("pending", False),
        ("resolved", True),
    ]
    assert incident_named(here.store, before.incident_id, here.clock.now()).state == "resolved"


def test_a_suite_of_which_one_place_could_not_be_read_is_looked_at_again_as_a_whole(here: Here) -> None:
    here.add("alerts: [{notify: slack}]\n")
    here.run()
    assert here.look() == ["slack opened bot"]
    both = (
        'monitor: [staging, production]\nendpoints: {staging: {base_url: "http://127.0.0.1:9", model: m}, production:'
    )
    file = here.folder / "bot.yaml"
    here.add("")
    file.write_text(file.read_text(encoding="utf-8").replace("endpoints: {production:", both), encoding="utf-8")
    here.suites["bot"] = prepare(file, {}, None)
    with closing(sqlite3.connect(here.folder / "store.db", isolation_level=None)) as other:
        other.execute("CREATE TRIGGER refuse BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(StoreError):
            here.look()
        other.execute("DROP TRIGGER refuse")
    assert here.look() == ["slack resolved bot"]


def test_a_rule_that_changes_is_looked_at_without_waiting_for_a_run(here: Here) -> None:
    here.add("alerts: [{notify: slack, after: 3h}]\n")
    here.run()
    assert here.look(11) == []
    here.add(BY_TIME)
    assert here.look() == ["slack opened bot"]
    here.add("alerts: [{notify: other}]\n")
    assert here.look() == ["slack resolved bot"]


# ------------------------------------------------------------------------------------------------ held
def test_in_a_maintenance_window_nothing_moves(here: Here) -> None:
    begins = here.clock.now()
    window = (
        f"maintenance: [{{from: {begins.isoformat()}, until: {(begins + timedelta(hours=1)).isoformat()}, reason: x}}]"
    )
    here.add(BY_TIME + window + "\n")
    here.run()
    before = here.store.alert_states("bot", "production")
    assert here.look(30) == []
    assert here.store.alert_states("bot", "production") == before


def test_while_the_newest_run_says_that_our_own_network_was_lost_nothing_moves(here: Here) -> None:
    here.add(BY_TIME)
    here.run()
    lost = numbered(99, suite="bot", started_at=here.clock.now(), offline="nothing answers")
    here.store.save_run(written(lost, alerts=here.store.alert_states("bot", "production")))
    assert here.look(10) == []


# ------------------------------------------------------------------------------------------------ muted
def silence(here: Here, hours: float) -> None:
    now = here.clock.now()
    here.store.save_silence(
        Silence(
            silence_id="s1",
            target="bot",
            reason="deploy",
            author="ana",
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )


def test_what_is_still_open_when_a_silence_ends_is_told_then(here: Here) -> None:
    here.add(AT_ONCE)
    silence(here, 1)
    here.run()
    assert [here.look(30), here.look(29), here.look(1)] == [[], [], ["slack opened bot"]]
    here.run(good=True)
    assert here.told() == ["slack resolved bot"]


def test_incidents_wait_while_what_they_depend_on_is_broken_and_are_told_by_their_next_bad_run(here: Here) -> None:
    here.add(AT_ONCE, "gateway")
    here.add("depends_on: gateway\n" + AT_ONCE)
    here.run(name="gateway")
    here.run()
    assert here.look() == ["slack opened gateway"]
    (waiting,) = here.store.muted_for("inhibited by gateway/production")
    assert waiting.key == "bot/production/contract"
    here.run(name="gateway")
    ((_, notice),) = here.notices()
    assert notice.event == "updated"
    assert notice.facts[-1] == "holds back the alerts of 1 that depend on it: bot at production"
    here.run(good=True, name="gateway")
    assert here.told() == ["slack resolved gateway"]
    assert here.look(5) == [], "its evidence is from before that"
    here.run()
    assert here.told() == ["slack opened bot"]


def test_what_was_broken_with_what_it_depends_on_is_never_told_where_its_next_run_is_well(here: Here) -> None:
    here.add(AT_ONCE, "gateway")
    here.add("depends_on: gateway\n" + AT_ONCE)
    here.run(name="gateway")
    here.run()
    here.run(good=True, name="gateway")
    assert here.look(5) == ["slack opened gateway", "slack resolved gateway"]
    here.restart()
    assert here.look(5) == []
    here.run(good=True)
    assert here.told() == [] and here.look(5) == []


def test_what_ends_before_that_is_never_told(here: Here) -> None:
    here.add(AT_ONCE, "gateway")
    here.add("depends_on: gateway/production\n" + AT_ONCE)
    here.run(name="gateway")
    here.run()
    here.run(good=True)
    here.run(good=True, name="gateway")
    assert here.look() == ["slack opened gateway", "slack resolved gateway"]


def test_of_two_that_depend_on_each_other_the_first_is_told_and_none_is_lost(here: Here) -> None:
    here.add("depends_on: b\n" + AT_ONCE, "a")
    here.add("depends_on: a\n" + AT_ONCE, "b")
    here.run(name="b")
    here.run(name="a")
    assert here.look() == ["slack opened b"]
    here.run(good=True, name="b")
    assert here.look() == ["slack resolved b"]
    here.run(name="a")
    assert here.told() == ["slack opened a"]


# ------------------------------------------------------------------------------------------------ failing writes
@pytest.mark.parametrize("table", ["alerts", "alert_events", "outbox"])
@pytest.mark.parametrize("event", ["opening by time", "opening by a run", "end by a run"])
def test_whichever_write_fails_nothing_is_lost_and_nothing_told_twice(here: Here, table: str, event: str) -> None:
    by_time = event == "opening by time"
    here.add(f"alerts: [{{notify: slack, after: {'10m' if by_time else '1 of 1'}, resolve_after: 1}}]\n")
    if event != "opening by a run":
        here.run()
    told = here.told()
    before = here.store.alert_states("bot", "production")
    with closing(sqlite3.connect(here.folder / "store.db", isolation_level=None)) as other:
        other.execute(f"CREATE TRIGGER sabotage BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk'); END")
        with pytest.raises(StoreError):
            here.look(10) if by_time else here.run(good=event == "end by a run")
        assert (here.store.alert_states("bot", "production"), here.told()) == (before, [])
        other.execute("DROP TRIGGER sabotage")
    here.restart()
    told += here.look()
    if event == "opening by a run":
        here.run()
    here.run(good=True)
    told += here.look(5) + here.look(5)
    assert told == ["slack opened bot", "slack resolved bot"]


# ------------------------------------------------------------------------------------------------ many
def test_with_many_places_a_look_where_nothing_is_due_reads_none_of_them(tmp_path: Path) -> None:
    looks = {look.what: look for look in measured(tmp_path, 60)}
    assert [look.told for look in looks.values()] == [0] * 6
    busy, idle = looks["first look, every suite new"], looks["nothing due"]
    assert idle.cpu_s < busy.cpu_s
    waiting = looks["all wait for a run"]
    assert waiting.cpu_s < busy.cpu_s
