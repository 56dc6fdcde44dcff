"""A loop that lags, a store that takes nothing and notices that do not get out are told, and taken back when over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from reports.alerts.silences import Silence
from reports.metrics.metrics import Metrics
from runner.daemon.chores import Troubles
from runner.daemon.vitals import DAEMON, LAG_MOST_S, LAG_TOLD_S, LOOP_EVERY_S, STUCK_S, Vitals
from runner.store.base import Store
from tests.fakes.clock import FakeClock
from tests.fakes.stored import entry, numbered, written


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def vitals(store: Store, clock: FakeClock) -> Vitals:
    return Vitals(
        store=store,
        clock=clock,
        metrics=Metrics("1"),
        troubles=Troubles(),
        notifiers=lambda: frozenset({"slack"}),
    )


def test_a_loop_that_comes_late_is_told_for_a_minute(vitals: Vitals, clock: FakeClock) -> None:
    def looked_after(seconds: float) -> tuple[str, ...]:
        clock.advance(seconds)
        asyncio.run(vitals.look_at_loop())
        return vitals.troubles.lines()

    assert looked_after(100) == (), "the first look has nothing to compare with"
    assert looked_after(LOOP_EVERY_S + LAG_MOST_S - 0.1) == ()
    assert looked_after(LOOP_EVERY_S + LAG_MOST_S + 1.5) == ("event loop: it lagged by 6.5 s within the last minute",)
    assert looked_after(LOOP_EVERY_S) != ()
    for _ in range(int(LAG_TOLD_S)):
        told = looked_after(LOOP_EVERY_S)
    assert told == ()


def test_being_alive_is_kept_and_a_store_is_proven_only_by_writing(
    vitals: Vitals, store: Store, clock: FakeClock
) -> None:
    assert store.last_alive(DAEMON) is None and not vitals.proven
    asyncio.run(vitals.look_at_store())
    clock.advance(15)
    asyncio.run(vitals.look_at_store())
    assert store.last_alive(DAEMON) == clock.now() and vitals.proven


def test_a_notice_that_nobody_looks_at_is_told_after_a_quarter_of_an_hour(
    vitals: Vitals, store: Store, clock: FakeClock
) -> None:
    def looked() -> tuple[str, ...]:
        asyncio.run(vitals.look_at_outbox())
        return vitals.troubles.lines()

    store.save_run(written(numbered(1), outbox=[entry()]))  # long before this daemon began
    assert looked() == ()
    clock.advance(STUCK_S - 1)
    assert looked() == ()
    clock.advance(1)
    assert looked() == ("outbox stuck: the oldest notice has been waiting for 15m",)
    (pending,) = store.due(clock.now(), lease_s=0)
    store.delivered(pending.outbox_id, clock.now(), {})
    assert looked() == ()


def test_notices_that_wait_for_company_and_those_of_others_are_not_stuck(store: Store, clock: FakeClock) -> None:
    store.save_run(written(numbered(1), outbox=[entry(), entry(incident="i2", to="elsewhere")]))
    (waiting,) = store.waiting("slack")
    store.seen([waiting.outbox_id], clock.now())
    assert store.oldest_undelivered({"slack"}) is None
    assert store.oldest_undelivered({"elsewhere"}) is not None
    store.retry(waiting.outbox_id, clock.now() + timedelta(minutes=5), "HTTP 500")
    assert store.oldest_undelivered({"slack"}) is not None, "tried in vain"


def test_notices_that_wait_for_a_silence_to_end_are_not_stuck(vitals: Vitals, store: Store, clock: FakeClock) -> None:
    store.save_run(written(numbered(1), outbox=[entry()]))
    asyncio.run(vitals.look_at_outbox())
    clock.advance(STUCK_S)
    made = Silence(
        silence_id="5a1e0000",
        target="*",
        reason="a deploy",
        author="oncall",
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=1),
    )
    for silence, told in ((made, 0), (replace(made, ended_at=clock.now()), 1)):
        store.save_silence(silence)
        asyncio.run(vitals.look_at_outbox())
        assert len(vitals.troubles.lines()) == told
