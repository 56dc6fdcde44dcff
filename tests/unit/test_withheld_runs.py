"""Runs in windows, without a network and beside the schedule: stored and told, and no judge learns of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.drift.result import StreamState
from checks.verdict import Health
from probes.maintenance import Window
from probes.sample import Sample
from probes.transport import Transport
from reports.formats.html import IndexEntry, render_index
from reports.formats.json_format import render
from reports.formats.text import render as as_text
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.asking.confirming import asks
from runner.asking.connectivity import NO_GUARD, Guard, OwnNetwork
from runner.asking.withholding import NOT_JUDGED, WHILE_FAILING
from runner.engine import Engine
from runner.normal.baselines import accepted
from runner.normal.replay import replay_place
from runner.preparing.orders import RunOrder
from runner.store.base import Store
from tests.fakes.chat import chat_body
from tests.fakes.http_server import FakeServer, Hang, whole
from tests.fakes.records import a_stream
from tests.fakes.spending import NOON, Day, a_suite, an_order

RIGHT, WRONG = whole(chat_body("Paris")), whole(chat_body("Rome"))
PLACE = ("paid", "production")
NIGHT = Window.model_validate(
    {"from": "2026-11-20T14:00:00Z", "until": "2026-11-20T16:00:00Z", "reason": "the gateway is moved"}
)
RULES: dict[str, Any] = {"alerts": [{"notify": "slack", "on": ["contract", "availability"], "after": "2 of 2"}]}


class Lost:
    """A guard that says the network is lost."""

    async def lost(self, _order: RunOrder, _samples: Sequence[Sample]) -> str:
        return "no connection to 192.0.2.1:443 either"


def made(
    store: Store,
    folder: Path,
    replies: Sequence[Any],
    triggers: Sequence[str] = (),
    *,
    apart: timedelta = timedelta(hours=1),
    windows: Sequence[Window] = (),
    guard: Guard = NO_GUARD,
    **parts: Any,
) -> tuple[list[RunRecord], list[tuple[Any, Any]]]:
    """The runs, an hour apart from noon on, and after each the states of streams and alerts."""
    triggers = [*triggers, *["schedule"] * (len(replies) - len(triggers))]

    async def scenario() -> tuple[list[RunRecord], list[tuple[Any, Any]]]:
        clock, records, states = Day(), [], []
        async with FakeServer(*replies) as server, Transport(clock=clock) as transport:
            engine = Engine(store=store, transport=transport, clock=clock, windows=windows, guard=guard)
            checks = [{"contains": "Paris"}]
            prepared = a_suite(folder, server.url, probes=1, defaults={"checks": checks}, **{**RULES, **parts})
            for number, trigger in enumerate(triggers):
                clock.today = NOON + number * apart
                records.append(await engine.run(an_order(prepared, trigger=trigger)))
                states.append((store.stream_states(*PLACE), store.alert_states(*PLACE)))
        return records, states

    return asyncio.run(scenario())


def kinds_open(record: RunRecord) -> dict[str, str]:
    return {view.kind: view.state for view in record.alerts}


# ------------------------------------------------------------------------------------------------ maintenance
def test_in_a_window_a_broken_contract_is_labelled_and_leaves_streams_and_alerts_as_they_were(
    store: Store, tmp_path: Path
) -> None:
    records, states = made(store, tmp_path, [RIGHT, WRONG, WRONG, WRONG, WRONG], windows=[NIGHT])
    assert [record.maintenance for record in records] == ["", "", *["the gateway is moved"] * 2, ""]
    assert states[1] == states[2] == states[3]
    assert kinds_open(records[1]) == kinds_open(records[3]) == {"contract": "pending"}
    assert kinds_open(records[4]) == {"contract": "open"}, "after the window it goes on from the state before"
    assert store.undelivered() == 1
    assert all(record.health is Health.FAILING for record in records[1:]), "what was found is not hidden"


def test_a_replay_passes_over_the_runs_of_a_window_as_the_judge_did(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path, [RIGHT] * 5, windows=[NIGHT])
    rows = list(store.observations(*PLACE))
    assert [row.plan["judged"] for row in rows] == [True, True, False, False, True]
    assert [row.plan.get("withheld") for row in rows] == [None, None, "maintenance", "maintenance", None]
    assert [row.in_baseline for row in rows] == [True, True, False, False, True]
    outcome = replay_place(store, *PLACE)
    assert outcome.agrees and outcome.runs == 3
    assert replay_place(store, *PLACE, until=rows[3].observation.run_id).agrees


def test_the_window_is_kept_in_the_store_and_shown_by_text_json_and_the_list_of_suites(
    store: Store, tmp_path: Path
) -> None:
    suite_window = {"from": "2026-11-20T11:00:00Z", "until": "2026-11-20T13:00:00Z", "reason": "<b>disks</b>"}
    (record,), _ = made(store, tmp_path, [RIGHT], maintenance=[suite_window])
    assert store.run(record.run_id) == record
    assert store.runs()[0].maintenance == "<b>disks</b>"
    (told,) = json.loads(render([record], exit_code=0))["runs"]
    assert told["maintenance"] == "<b>disks</b>" and told["offline"] is None
    assert "made in a maintenance window: <b>disks</b>; " + NOT_JUDGED in record.note
    assert "maintenance window: <b>disks</b>" in as_text([record], exit_code=0, width=200)
    entry = IndexEntry(
        suite="paid", endpoint="production", health="healthy", started_at=NOON, maintenance=record.maintenance
    )
    page = render_index([entry], version="1")
    assert "&lt;b&gt;disks&lt;/b&gt;" in page and "<b>disks" not in page


def test_a_capture_in_a_window_is_what_is_normal_because_a_person_says_so(store: Store, tmp_path: Path) -> None:
    async def scenario() -> RunRecord:
        clock = Day()
        async with FakeServer(RIGHT) as server, Transport(clock=clock) as transport:
            clock.today = NOON + timedelta(hours=3)
            engine = Engine(store=store, transport=transport, clock=clock, windows=[NIGHT])
            return await engine.run(an_order(a_suite(tmp_path, server.url, probes=1), capturing=True))

    record = asyncio.run(scenario())
    assert record.maintenance == ""
    assert next(store.observations(*PLACE)).in_baseline


def test_runs_of_a_window_are_counted_apart_from_those_that_a_service_is_measured_by(
    store: Store, tmp_path: Path
) -> None:
    records, _ = made(store, tmp_path, [RIGHT, RIGHT, WRONG], windows=[NIGHT])
    metrics = Metrics("1")
    for record in records:
        metrics.ran(record)
    value = metrics.registry.get_sample_value
    place = {"suite": "paid", "endpoint": "production"}
    assert value("holdfast_runs_total", {**place, "health": "healthy"}) == 2
    assert value("holdfast_runs_total", {**place, "health": "failing"}) in (None, 0)
    assert value("holdfast_samples_total", {**place, "outcome": "answered"}) == 2
    assert value("holdfast_withheld_runs_total", {**place, "reason": "maintenance"}) == 1
    assert value("holdfast_maintenance", place) == 1
    assert value("holdfast_tokens_total", {**place, "type": "output"}) == 3 * 7, "what was paid for stays counted"


# ------------------------------------------------------------------------------------------------ beside the schedule
def test_extra_runs_open_and_end_a_contract_sooner_and_teach_the_judge_nothing(store: Store, tmp_path: Path) -> None:
    triggers = ["schedule", "schedule", *[WHILE_FAILING] * 3]
    records, states = made(store, tmp_path, [RIGHT, WRONG, WRONG, RIGHT, RIGHT], triggers)
    assert [kinds_open(record).get("contract") for record in records] == [None, "pending", "open", "open", "resolved"]
    streams = [streams for streams, _ in states]
    assert streams[1] == streams[2] == streams[4] != streams[0]
    assert [row.plan.get("withheld") for row in store.observations(*PLACE)] == [None, None, *[WHILE_FAILING] * 3]
    assert records[4].drift == records[1].drift and records[4].note == NOT_JUDGED
    assert replay_place(store, *PLACE).agrees
    assert len({json.dumps(row.plan["judge"]) for row in store.observations(*PLACE)}) == 1, "they cost no threshold"


# ------------------------------------------------------------------------------------------------ our own network
def test_a_lost_network_of_our_own_is_unknown_and_moves_nothing(store: Store, tmp_path: Path) -> None:
    gone = whole(chat_body("x"), status=503)
    records, states = made(store, tmp_path, [gone, gone, gone], guard=Lost())
    assert {record.health for record in records} == {Health.UNKNOWN}
    assert states == [({}, ())] * 3 and store.undelivered() == 0
    assert records[0].note == "our own network was lost: no connection to 192.0.2.1:443 either"
    assert store.runs()[0].offline == records[0].offline != ""


@pytest.mark.parametrize("witness_is_there", [True, False])
def test_an_endpoint_that_is_gone_is_told_apart_from_a_network_that_is(
    store: Store, tmp_path: Path, witness_is_there: bool
) -> None:
    """A name that does not resolve, and a witness whose port is open or closed."""

    async def scenario() -> list[RunRecord]:
        clock = Day()
        async with FakeServer(RIGHT) as witness, Transport(clock=clock) as transport:
            port = witness.port if witness_is_there else 9
            guard = OwnNetwork(clock=clock, targets=(f"127.0.0.1:{port}",))
            engine = Engine(store=store, transport=transport, clock=clock, guard=guard)
            prepared = a_suite(tmp_path, "http://nowhere.invalid/v1", probes=1, **RULES)
            return [await engine.run(an_order(prepared, trigger="schedule")) for _ in range(2)]

    records = asyncio.run(scenario())
    assert {record.health for record in records} == {Health.UNKNOWN}
    if witness_is_there:
        assert kinds_open(records[1]) == {"availability": "open"} and records[1].offline == ""
        assert store.undelivered() == 1
    else:
        assert kinds_open(records[1]) == {} and store.undelivered() == 0
        assert records[1].offline == "no connection to 127.0.0.1:9 either"


def test_what_is_accepted_as_normal_is_without_the_runs_of_a_window(store: Store, tmp_path: Path) -> None:
    records, _ = made(store, tmp_path, [RIGHT] * 6, windows=[NIGHT])
    rows, states = list(store.observations(*PLACE)), store.stream_states(*PLACE)
    moved = a_stream("checks", StreamState.ALARM, 100.0, since=records[1].run_id)
    _, counts = accepted(rows, states, [moved])
    assert counts == [(moved.key, 3)], "of five runs since then two were made in the window"


def test_a_withheld_run_asks_for_no_confirmation(store: Store, tmp_path: Path) -> None:
    (record,), _ = made(store, tmp_path, [RIGHT])
    watching = replace(record, drift=(a_stream("checks", StreamState.WATCH, 60.0),))
    assert asks(watching)
    assert not asks(replace(watching, maintenance="move")) and not asks(replace(watching, offline="lost"))


class Switched:
    """A guard whose network is lost while the test says so."""

    lost_now = False

    async def lost(self, _order: RunOrder, _samples: Sequence[Sample]) -> str:
        return "no connection to 192.0.2.1:443 either" if self.lost_now else ""


def test_a_replay_across_runs_of_every_sort_agrees_at_each_of_them(store: Store, tmp_path: Path) -> None:
    sorts = [*["plain"] * 5, "window", "offline", "extra", "cut", "plain", "offline in a window", "cut extra"] * 3
    window = {"from": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z", "reason": "the gateway is moved"}
    replies = [reply for sort in sorts for reply in (RIGHT, [Hang()] if "cut" in sort else RIGHT)]

    async def scenario() -> list[RunRecord]:
        clock, guard, records = Day(), Switched(), []
        async with FakeServer(*replies) as server, Transport(clock=clock) as transport:
            calm, held = (
                a_suite(tmp_path, server.url, probes=2, **RULES, maintenance=windows) for windows in ([], [window])
            )
            engine = Engine(store=store, transport=transport, clock=clock, guard=guard)
            for number, sort in enumerate(sorts):
                clock.today = NOON + timedelta(minutes=number)
                guard.lost_now = "offline" in sort
                trigger = WHILE_FAILING if "extra" in sort else "schedule"
                limit_s = 0.15 if "cut" in sort else 30.0
                order = an_order(held if "window" in sort else calm, trigger=trigger, timeout_s=limit_s)
                records.append(await engine.run(order))
        return records

    records = asyncio.run(scenario())
    assert [bool(r.maintenance) for r in records] == ["window" in sort for sort in sorts]
    assert [bool(r.offline) for r in records] == ["offline" in sort for sort in sorts]
    assert ["cut off" in r.note for r in records] == ["cut" in sort for sort in sorts]
    plans = [row.plan for row in store.observations(*PLACE)]
    assert [plan["judged"] for plan in plans] == [sort in ("plain", "cut") for sort in sorts]
    assert any(result.state is not StreamState.COLLECTING for result in records[-3].drift), "there is evidence"
    whole_way = replay_place(store, *PLACE)
    assert (whole_way.agrees, whole_way.runs) == (True, sum(plan["judged"] for plan in plans))
    differing = [
        (sort, outcome.lines)
        for sort, record in zip(sorts, records, strict=True)
        if not (outcome := replay_place(store, *PLACE, until=record.run_id)).agrees
    ]
    assert differing == []
