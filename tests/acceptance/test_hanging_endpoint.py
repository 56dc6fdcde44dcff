"""What an on-call person sees of an endpoint that hangs: in hours of virtual time, and once with real processes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from reports.summary import RunRecord
from runner.demo.control import ControlChange
from runner.demo.endpoint import RunningEndpoint
from runner.store import open_store
from tests.acceptance.conftest import Workplace
from tests.acceptance.daemon_process import daemon_place as daemon_place
from tests.acceptance.daemon_process import eventually, logged, running_daemon
from tests.fakes.house import HOUR_S, House
from tests.fakes.slack import FakeSlack

MINUTE_S = 60.0


@pytest.fixture
def house(tmp_path: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house with one suite, whose runs may take less time than one request."""
    house = House(folder=tmp_path, slack=slack, patch=monkeypatch)
    house.suite("bot", every="5m, timeout: 20s", rule="after: 2 of 3, resolve_after: 2")
    return house


def hanging(house: House, *, is_so: bool) -> None:
    """From now on every endpoint hangs, or none does."""
    house.network.hangs = lambda _endpoint: is_so


def nothing() -> None:
    """An act that only lets time pass."""


def runs(house: House) -> list[RunRecord]:
    """All runs, oldest first."""
    with closing(open_store(str(house.folder / "holdfast.db"))) as store:
        found = (store.run(header.run_id) for header in store.runs(suite="bot", endpoint="production", limit=500))
        return [record for record in found if record is not None][::-1]


def cut_off(house: House) -> list[RunRecord]:
    """Those in which a request was under way when their time was over."""
    return [record for record in runs(house) if "under way" in record.note]


def test_an_endpoint_that_hangs_is_told_as_not_available_and_as_available_again(house: House) -> None:
    house.live(
        (30 * MINUTE_S, lambda: hanging(house, is_so=True)),
        (HOUR_S, lambda: hanging(house, is_so=False)),
        (30 * MINUTE_S, nothing),
    )
    told = house.rows("SELECT event, notice ->> 'key', notice ->> 'severity' FROM outbox ORDER BY id")
    assert told == [
        ("opened", "bot/production/availability", "page"),
        ("resolved", "bot/production/availability", "page"),
    ], "no missing data, and no drift of what an outage leaves behind"
    ((facts, told_of),) = house.rows(
        "SELECT notice ->> 'facts', notice ->> 'run_id' FROM outbox WHERE event = 'opened'"
    )
    assert "1 of 1 sample failed" in facts
    assert "no complete answer within 20s, then the run's time limit of 20s was over" in facts
    assert list(house.headers()) == ["✅ RESOLVED bot at production: available again after 1h"]
    hung = cut_off(house)
    assert (len(hung), hung[1].run_id) == (12, told_of), "it opens with the second of them"
    assert {sample.failure.kind for run in hung for sample in run.samples if sample.failure} == {"timeout_total"}
    assert len(house.events("run_cut_off")) == 12


def test_runs_that_hang_longer_than_several_slots_are_no_missing_data_besides(house: House) -> None:
    file = house.suite("bot", every="20s", rule="after: 1")
    patient = "model: m, retries: 0, timeout: {first_token: 101s, total: 110s}"
    file.write_text(file.read_text(encoding="utf-8").replace("model: m", patient), encoding="utf-8")
    house.live((10 * MINUTE_S, lambda: hanging(house, is_so=True)), (HOUR_S, nothing))
    told = house.rows("SELECT event, notice ->> 'key' FROM outbox ORDER BY id")
    assert told == [("opened", "bot/production/availability")]


def test_no_stream_but_that_of_failures_sees_what_was_cut_off(house: House) -> None:
    house.suite("bot", every="1m, timeout: 20s")
    house.live((40 * MINUTE_S, lambda: hanging(house, is_so=True)), (20 * MINUTE_S, nothing))
    states = {str(result.key): result.state.value for result in runs(house)[-1].drift if result.key.scope == "suite"}
    assert states.pop("failures") == "alarm"
    assert {name for name in states if name.startswith("latency")}, "they are there"
    assert set(states.values()) <= {"quiet", "collecting"}


def test_requests_that_hang_in_a_lost_network_of_our_own_are_no_endpoints_fault(house: House) -> None:
    house.more = 'connectivity: ["192.0.2.1:443"]'

    def lost() -> None:
        house.own_network_works = False
        hanging(house, is_so=True)

    house.live((20.0, lost), (30 * MINUTE_S, nothing))
    keys = {key for (key,) in house.rows("SELECT DISTINCT notice ->> 'key' FROM outbox")}
    assert keys == {"installation/connectivity/no-data"}
    assert {bool(run.offline) for run in cut_off(house)} == {True}


def test_runs_that_confirm_an_endpoint_that_hangs_have_the_same_time(house: House) -> None:
    file = house.suite("bot", every="5m, timeout: 20s", rule="after: 3")
    text = file.read_text(encoding="utf-8")
    text = text.replace("- {id: capital", "- {id: capital, samples: 10").replace(
        "alerts:", "drift: {confirm: {runs: 2, within: 4m}}\nalerts:"
    )
    file.write_text(text, encoding="utf-8")
    house.live((32 * MINUTE_S, lambda: hanging(house, is_so=True)), (8 * MINUTE_S, nothing))
    assert [record.trigger for record in cut_off(house)][:3] == ["schedule", "confirm", "confirm"]
    assert house.rows("SELECT event FROM outbox") == [("opened",)]


@pytest.mark.parametrize(("limit", "ends"), [("20s", True), ("10m", False)])
def test_a_daemon_that_is_told_to_stop_waits_for_a_run_to_come_to_its_limit_but_not_for_ever(
    house: House, limit: str, ends: bool
) -> None:
    house.suite("bot", every=f"5m, timeout: {limit}")
    house.live((30 * MINUTE_S, lambda: hanging(house, is_so=True)), (10.0, nothing))
    assert [line["runs_under_way"] for line in house.events("stopping")] == [1]
    assert [(run.duration_s, run.health.value) for run in cut_off(house)] == [(20.0, "unknown")] * ends
    assert len(house.events("run_given_up")) == (not ends)
    assert house.events("stopped")
    used = house.rows("SELECT sum(requests) FROM spending")
    assert used == [(len(runs(house)) + (not ends),)], "what was given up counts as spent"


def test_a_real_daemon_tells_of_an_endpoint_that_hangs_and_ends_while_it_does(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack
) -> None:
    file = daemon_place.folder / "suites" / "watched.yaml"
    text = file.read_text(encoding="utf-8").replace("{every: 500ms}", "{every: 500ms, timeout: 1500ms}")
    file.write_text(text.replace("after: 2 of 3", "on: availability, after: 2 of 3"), encoding="utf-8")

    def told(word: str) -> bool:
        return any(word in message.header for message in slack.messages)

    with running_daemon(daemon_place):
        eventually(lambda: endpoint.request_count > 4, "healthy runs")
        endpoint.endpoint.change(ControlChange(latency_scale=1000))
        eventually(lambda: told("not available"), "people are told that it hangs")
        endpoint.endpoint.change(ControlChange(latency_scale=1))
        eventually(lambda: told("RESOLVED"), "and that it answers again")
        endpoint.endpoint.change(ControlChange(latency_scale=1000))
        before = endpoint.request_count
        eventually(lambda: endpoint.request_count > before, "a run is under way")
    (message,) = slack.messages
    assert "available again" in message.header
    lines = logged(daemon_place)
    assert {line["class"] for line in lines if line["event"] == "sample_failed"} == {"timeout_total"}
    assert lines[-1]["event"] == "stopped"
