"""Confirmation runs: who asks for them, that there are never more than stated, and what they cost the budget."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey, StreamResult, StreamState
from probes.failure import FailureClass
from probes.suite import Confirm
from reports.summary import RunRecord
from runner.asking.confirming import CONFIRM, asks, confirmed
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import prepare, select
from runner.schedule.schedule import confirmations_per_year
from runner.store.base import Store
from tests.fakes.clock import FakeClock
from tests.fakes.records import a_failed_sample, a_probe, a_run, a_stream
from tests.fakes.stored import numbered, written
from tests.unit.drift_world import Weather, World, key, settled

SUITE = """\
version: 1
suite: support-bot
schedule: {every: 15m}
endpoints: {production: {base_url: "http://127.0.0.1:9", model: m}}
probes: [{id: capital, prompt: What is the capital of Australia?}]
drift: {confirm: {runs: 2, within: 10m, rest: 6h}}
"""
WATCH = a_stream("refusals", StreamState.WATCH, 60.0)
ALARM = a_stream("refusals", StreamState.ALARM, 100.0)


def order_of(folder: Path, text: str = SUITE, **changes: Any) -> RunOrder:
    file = folder / "suite.yaml"
    file.write_text(text, encoding="utf-8")
    prepared = prepare(file, {}, None)
    order = RunOrder(prepared=prepared, endpoint="production", probes=select(prepared.suite), trigger="schedule")
    return replace(order, **changes)


@dataclass(slots=True)
class Runs:
    """A place whose runs come out as they are told, a minute each, stored like real ones."""

    store: Store
    clock: FakeClock
    drift: tuple[StreamResult, ...] = (WATCH,)
    takes_s: float = 60.0
    made: list[RunRecord] = field(default_factory=list)

    async def make(self, order: RunOrder) -> RunRecord:
        record = numbered(len(self.made), trigger=order.trigger, drift=self.drift, started_at=self.clock.now())
        self.store.save_run(written(record))
        self.made.append(record)
        self.clock.advance(self.takes_s)
        return record

    async def _burst(self, order: RunOrder) -> list[RunRecord]:
        asked = await self.make(order)
        return [r async for r in confirmed(order, asked, make=self.make, store=self.store, clock=self.clock)]

    def burst(self, order: RunOrder) -> list[str]:
        """Triggers of the confirmation runs that one usual run brings about."""
        return [record.trigger for record in asyncio.run(self._burst(order))]


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store=store, clock=FakeClock())


# ------------------------------------------------------------------------------------------------ who asks
def failing(*, state: StreamState = StreamState.QUIET, kind: FailureClass = FailureClass.SERVER) -> RunRecord:
    lost = [a_failed_sample(kind, "x", index=index) for index in range(3)]
    return a_run([a_probe(samples=lost, findings=[])], drift=[a_stream("failures", state, 32.0)])


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (a_run(drift=[WATCH]), True),
        (a_run(drift=[a_stream("tokens.output", StreamState.WARN, 80.0)]), True),
        (a_run(drift=[ALARM]), False),
        (a_run(drift=[a_stream("refusals")]), False),
        (a_run(drift=[a_stream("latency.total", StreamState.WARN, 80.0)]), False),
        (a_run(drift=[a_stream("golden.answers", StreamState.WARN, 80.0)]), False),
        (a_run(), False),
        (failing(), True),
        (failing(state=StreamState.ALARM), False),
        (failing(state=StreamState.COLLECTING), False),
        (failing(kind=FailureClass.SPEND_CAP), False),
    ],
)
def test_only_what_is_open_and_can_be_settled_by_more_runs_asks(record: RunRecord, wanted: bool) -> None:
    assert asks(record) is wanted


# ------------------------------------------------------------------------------------------------ how many at most
def test_a_stream_at_watch_gets_two_confirmation_runs_and_no_more(runs: Runs, tmp_path: Path) -> None:
    assert runs.burst(order_of(tmp_path)) == [CONFIRM, CONFIRM]


def test_a_stream_that_stays_at_watch_for_days_gets_two_runs_in_six_hours(runs: Runs, tmp_path: Path) -> None:
    order, made = order_of(tmp_path), []
    for _ in range(4 * 48):
        made += [(runs.clock.now(), trigger) for trigger in runs.burst(order)]
        runs.clock.advance(720)
    instants = [at for at, _ in made]
    assert all(sum(at <= other < at + timedelta(hours=5, minutes=50) for other in instants) <= 2 for at in instants)
    days = (instants[-1] - instants[0]) / timedelta(days=1)
    assert len(made) <= 2 * (days * 4 + 1)
    assert len(made) >= 2 * (days * 4 - 1)


def test_a_restart_does_not_begin_to_count_anew(runs: Runs, store: Store, tmp_path: Path) -> None:
    assert len(runs.burst(order_of(tmp_path))) == 2
    again = Runs(store=store, clock=runs.clock, made=list(runs.made))
    assert again.burst(order_of(tmp_path)) == []
    runs.clock.advance(6 * 3600)
    assert len(again.burst(order_of(tmp_path))) == 2


def test_confirmation_ends_as_soon_as_nothing_is_open(runs: Runs, tmp_path: Path) -> None:
    async def settled_at_once() -> list[RunRecord]:
        order = order_of(tmp_path)
        asked = await runs.make(order)
        runs.drift = (ALARM,)
        return [r async for r in confirmed(order, asked, make=runs.make, store=runs.store, clock=runs.clock)]

    assert [record.trigger for record in asyncio.run(settled_at_once())] == [CONFIRM]


def test_none_begins_after_its_time(runs: Runs, tmp_path: Path) -> None:
    runs.takes_s = 400
    assert runs.burst(order_of(tmp_path)) == [CONFIRM]
    runs.clock.advance(6 * 3600)
    runs.takes_s = 700
    assert runs.burst(order_of(tmp_path)) == []


@pytest.mark.parametrize("changes", [{"trigger": CONFIRM}, {"trigger": "capture"}, {"capturing": True}, {"probes": ()}])
def test_confirmation_captures_and_partial_runs_ask_for_nothing(
    runs: Runs, tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert runs.burst(order_of(tmp_path, **changes)) == []


def test_a_suite_that_does_not_ask_gets_none(runs: Runs, tmp_path: Path) -> None:
    assert runs.burst(order_of(tmp_path, SUITE.replace("drift:", "description: x #"))) == []


def test_a_spending_cap_that_held_questions_back_ends_it(runs: Runs, tmp_path: Path) -> None:
    async def capped() -> int:
        order = order_of(tmp_path)
        held = a_probe(samples=[a_failed_sample(FailureClass.SPEND_CAP, "cap")], findings=[])
        asked = replace(a_run([held, a_probe("b")], drift=[WATCH]), started_at=runs.clock.now())
        return len([r async for r in confirmed(order, asked, make=runs.make, store=runs.store, clock=runs.clock)])

    assert asyncio.run(capped()) == 0


# ------------------------------------------------------------------------------------------------ what they cost
def test_the_budget_counts_the_most_confirmation_runs_there_may_be() -> None:
    confirm = Confirm.model_validate({"runs": 2, "rest": "6h"})
    assert confirmations_per_year(confirm, 35_040) == 2 * 4 * 365
    assert confirmations_per_year(confirm, 365) == 2 * 365
    assert confirmations_per_year(None, 35_040) == 0
    plain = JudgePlan(runs_per_year=35_040, streams=150)
    with_them = replace(plain, confirmations_per_year=2_920)
    assert with_them.ln_c_discrete - plain.ln_c_discrete == pytest.approx(math.log(1 + 2_920 / 35_040))
    assert with_them.ln_c_day == plain.ln_c_day
    assert (with_them.rare, with_them.gap) == (plain.rare, plain.gap)
    assert JudgePlan.from_json(with_them.to_json()) == with_them


@pytest.mark.parametrize("wrong", [-1.0, math.inf, math.nan])
def test_a_number_of_confirmation_runs_that_makes_no_sense_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="confirmation runs"):
        JudgePlan(runs_per_year=365, streams=2, confirmations_per_year=wrong)


# ------------------------------------------------------------------------------------------------ what they tell
def test_a_confirmation_run_is_evidence_for_events_and_none_for_times() -> None:
    world = settled(60)
    usual = {result.key: result for result in world.fire(Weather(refusing=0.3, slower=1.5)).results}
    before = world.states[key("latency.total")]
    confirming = replace(world.observe(Weather(refusing=0.3, slower=1.5)), confirming=True)
    after = {result.key: result for result in world.judged(confirming).results}
    assert world.states[key("latency.total")] == before
    assert "not judged in a confirmation run" in after[key("latency.total")].note
    assert after[key("latency.total")].score == usual[key("latency.total")].score
    assert _score(after, "refusals") > _score(usual, "refusals")


def _score(results: dict[StreamKey, StreamResult], dimension: str) -> float:
    score = results[key(dimension)].score
    assert score is not None
    return score


def test_a_stream_of_time_that_still_collects_learns_nothing_from_a_confirmation_run() -> None:
    world = World(seed=2)
    world.settle(10)
    confirming = replace(world.observe(Weather()), confirming=True)
    before = world.states[key("latency.total")]
    result = {r.key: r for r in world.judged(confirming).results}[key("latency.total")]
    assert result.state is StreamState.COLLECTING
    assert world.states[key("latency.total")] == before


# ------------------------------------------------------------------------------------------------ in the daemon
def test_where_there_is_time_the_runs_are_spread_over_it_and_stopping_ends_them(runs: Runs, tmp_path: Path) -> None:
    async def spread(stop_after: int) -> list[float]:
        order, waited = order_of(tmp_path), []

        async def pause(seconds: float) -> bool:
            waited.append(seconds)
            runs.clock.advance(seconds)
            return len(waited) <= stop_after

        asked = await runs.make(order)
        made = [
            record.started_at
            async for record in confirmed(order, asked, make=runs.make, store=runs.store, clock=runs.clock, pause=pause)
        ]
        return [(at - asked.started_at).total_seconds() for at in made]

    assert asyncio.run(spread(2)) == [225.0, 450.0]
    runs.clock.advance(6 * 3600)
    assert asyncio.run(spread(1)) == [225.0]
