"""Spending caps from question to alert: real requests over loopback, a day that can be turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.verdict import Health
from probes.endpoint import Spend
from probes.errors import StoreError, SuiteError, UsageError
from probes.failure import Failure, FailureClass
from probes.sample import TokenUsage
from probes.transport import Transport
from reports import verdict_words, wording
from reports.keeping.texts import Pen
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.engine import Engine
from runner.limits.estimate import Estimate
from runner.limits.holding import Limits
from runner.limits.spending import Account, Ledger, SpendGate
from runner.normal.baselines import refuse_where_nothing_may_be_spent
from runner.normal.replay import replay_place
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import prepare, select
from runner.store.base import Spending, Spent, Store
from tests.fakes.chat import chat_body
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import End, FakeServer, Hang, Pause, Reset, Step, head, whole
from tests.fakes.spending import COST, NOON, TOKENS, Day, a_suite, an_order


@asynccontextmanager
async def an_engine(store: Store, clock: Day, spend: Mapping[str, Any] | None = None) -> AsyncIterator[Engine]:
    async with Transport(clock=clock) as transport:
        limits = Limits(store, clock, Spend.model_validate(spend or {}))
        yield Engine(store=store, transport=transport, clock=clock, limits=limits)


def not_asked(record: RunRecord) -> list[str]:
    failures = [sample.failure for sample in record.samples if sample.failure is not None]
    return [failure.message for failure in failures if failure.kind is FailureClass.SPEND_CAP]


# ------------------------------------------------------------------------------------------------ a cap is reached
def test_a_cap_reached_in_a_run_leaves_the_rest_unasked_and_the_run_unknown(store: Store, tmp_path: Path) -> None:
    async def scenario() -> tuple[RunRecord, int]:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day()) as engine:
            prepared = a_suite(tmp_path, server.url, spend={"usd_per_day": 2})
            return await engine.run(an_order(prepared)), len(server.requests)

    record, arrived = asyncio.run(scenario())
    assert arrived == 3  # 2.10 dollars: the third one began below the cap
    told = not_asked(record)
    assert len(told) == 5
    assert told[0] == (
        "not asked: the suite's spending cap of $2.00 a day is reached ($2.10 spent); probing goes on at 00:00 UTC"
    )
    assert record.health is Health.UNKNOWN
    assert wording.cost_words(record.samples) == "$2.10"
    assert "cap of $2.00 a day is reached" in verdict_words.verdict_sentence(record)


def test_a_cap_that_is_reached_already_sends_nothing_at_all(store: Store, tmp_path: Path) -> None:
    spent = Spent(requests=9, tokens=100, usd=5.02)
    store.save_spending([Spending(run_id="other", suite="paid", endpoint="x", at=NOON, spent=spent)])

    async def scenario() -> tuple[RunRecord, int]:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day()) as engine:
            prepared = a_suite(tmp_path, server.url, spend={"usd_per_day": 5})
            return await engine.run(an_order(prepared)), server.connections

    record, connections = asyncio.run(scenario())
    assert connections == 0
    assert len(not_asked(record)) == 8
    assert record.health is Health.UNKNOWN
    assert "($5.02 spent)" in not_asked(record)[0]


def test_what_a_run_spent_that_a_bug_lost_is_spent(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Pen, "cuts", broken)

    async def scenario() -> None:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day()) as engine:
            with pytest.raises(ZeroDivisionError):
                await engine.run(an_order(a_suite(tmp_path, server.url, probes=3, store={"text": "redacted"})))

    asyncio.run(scenario())
    assert store.runs(limit=1) == ()
    assert store.spent(NOON - timedelta(hours=12))["paid"].requests == 3


def test_one_unasked_sample_among_good_ones_is_enough_to_be_unknown(store: Store, tmp_path: Path) -> None:
    async def scenario() -> RunRecord:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day()) as engine:
            one = a_suite(tmp_path, server.url, probes=1, defaults={"samples": 4}, spend={"tokens_per_day": 3 * TOKENS})
            return await engine.run(an_order(one))

    record = asyncio.run(scenario())
    assert len(not_asked(record)) == 1
    assert record.health is Health.UNKNOWN


def test_the_installations_cap_holds_all_suites_together(store: Store, tmp_path: Path) -> None:
    async def scenario() -> tuple[RunRecord, RunRecord, int]:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day(), {"usd_per_day": 2}) as engine:
            first = await engine.run(an_order(a_suite(tmp_path, server.url, name="one", probes=2)))
            second = await engine.run(an_order(a_suite(tmp_path, server.url, name="two", probes=2)))
            return first, second, len(server.requests)

    first, second, arrived = asyncio.run(scenario())
    assert arrived == 3
    assert not not_asked(first)
    assert "the installation's spending cap of $2.00 a day is reached ($2.10 spent)" in not_asked(second)[0]


def test_requests_in_flight_count_as_expected_so_that_concurrency_does_not_run_past_a_cap(
    store: Store, tmp_path: Path
) -> None:
    async def scenario() -> tuple[int, int]:
        async with FakeServer([Pause(0.02), *whole(chat_body())]) as server, an_engine(store, Day()) as engine:
            fast = {"concurrency": 8}
            one = a_suite(tmp_path, server.url, probes=1, endpoint=fast, spend={"tokens_per_day": 10 * TOKENS})
            await engine.run(an_order(one))  # teaches what an answer takes
            many = a_suite(tmp_path, server.url, probes=30, endpoint=fast, spend={"tokens_per_day": 10 * TOKENS})
            await engine.run(an_order(many))
            return len(server.requests), server.open_most

    arrived, at_once = asyncio.run(scenario())
    assert arrived == 10  # not one more, although eight may be in flight
    assert at_once > 1


def test_a_retry_is_a_request_like_any_other_and_what_a_failed_one_used_counts(store: Store, tmp_path: Path) -> None:
    cut = {**chat_body(), "choices": [{"index": 0, "error": {"message": "lost on the way", "code": 502}}]}

    async def scenario() -> int:
        replies = (whole({"error": {"message": "overloaded"}}, status=503, headers={"retry-after": "0"}), whole(cut))
        async with FakeServer(*replies) as server, an_engine(store, Day()) as engine:
            prepared = a_suite(tmp_path, server.url, probes=1, endpoint={"retries": 1})
            record = await engine.run(an_order(prepared))
            assert record.samples[0].failure is not None
            return len(server.requests)

    assert asyncio.run(scenario()) == 2
    (spent,) = store.spent(NOON - timedelta(hours=12)).values()
    assert spent.requests == 2
    assert spent.tokens == TOKENS


def test_partial_runs_and_captures_obey_and_count_too(store: Store, tmp_path: Path) -> None:
    async def scenario() -> tuple[RunRecord, RunRecord]:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day()) as engine:
            prepared = a_suite(tmp_path, server.url, spend={"usd_per_day": 2})
            part = RunOrder(
                prepared=prepared, endpoint="production", probes=select(prepared.suite, probes=("p0", "p1"))
            )
            return await engine.run(part), await engine.run(an_order(prepared, trigger="capture", capturing=True))

    part, captured = asyncio.run(scenario())
    assert not not_asked(part)
    assert len(not_asked(captured)) == 7


def test_a_run_that_is_cancelled_still_says_what_it_used(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        steps: list[Step] = [Hang()]
        async with FakeServer(whole(chat_body()), steps) as server, an_engine(store, Day()) as engine:
            run = asyncio.create_task(engine.run(an_order(a_suite(tmp_path, server.url))))
            while len(server.requests) < 2:  # noqa: ASYNC110  the server tells nobody
                await asyncio.sleep(0.005)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

    asyncio.run(scenario())
    (spent,) = store.spent(NOON - timedelta(hours=12)).values()
    assert (spent.requests, spent.tokens, spent.estimated) == (2, 2 * TOKENS, 1)
    assert store.runs() == ()


# ------------------------------------------------------------------------------------------------ the alert
def test_the_alert_opens_once_and_resolves_on_the_next_day_and_nothing_else_is_raised(
    store: Store, tmp_path: Path
) -> None:
    alerts = [{"notify": "slack", "on": ["availability", "no-data", "contract", "drift", "spend"]}]

    async def scenario() -> list[tuple[str, ...]]:
        clock = Day()
        async with FakeServer(whole(chat_body())) as server, an_engine(store, clock) as engine:
            prepared = a_suite(tmp_path, server.url, spend={"usd_per_day": 2}, alerts=alerts, probes=4)
            order, told = an_order(prepared), []
            for hours in (0, 1, 1, 11):
                clock.today += timedelta(hours=hours)
                if hours == 11:
                    prepared = a_suite(tmp_path, server.url, spend={"usd_per_day": 200}, alerts=alerts, probes=4)
                    order = an_order(prepared)
                record = await engine.run(order)
                told.append(tuple(f"{alert.kind} {alert.state} {alert.severity}" for alert in record.alerts))
            return told

    told = asyncio.run(scenario())
    assert told == [("spend open ticket",), ("spend open ticket",), ("spend open ticket",), ("spend resolved ticket",)]
    notices = [pending.entry.notice for pending in store.due(NOON + timedelta(days=2))]
    assert [notice.event.value for notice in notices] == ["opened"]  # the resolve waits behind it
    assert notices[0].headline.startswith("paid at production: spending limit reached - the suite's spending cap of")
    assert notices[0].facts == (
        "the suite's spending cap of $2.00 a day is reached ($2.10 spent)",
        "1 of 4 samples not asked",
        "probing goes on at 00:00 UTC",
    )
    store.delivered(store.due(NOON + timedelta(days=3))[0].outbox_id, NOON, {})
    (resolved,) = (pending.entry.notice for pending in store.due(NOON + timedelta(days=4)))
    assert "within the spending limit again" in resolved.headline


def test_yesterdays_spending_is_not_todays(store: Store, tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        clock = Day()
        clock.today = NOON.replace(hour=23, minute=59)
        async with FakeServer(whole(chat_body())) as server, an_engine(store, clock) as engine:
            prepared = a_suite(tmp_path, server.url, spend={"usd_per_day": 2})
            held = [len(not_asked(await engine.run(an_order(prepared))))]
            clock.today += timedelta(minutes=2)
            held.append(len(not_asked(await engine.run(an_order(prepared)))))
            return held

    assert asyncio.run(scenario()) == [5, 5]


# ------------------------------------------------------------------------------------------------ unknown prices
def test_a_dollar_cap_over_an_unknown_price_is_refused_with_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as refused:
        a_suite(tmp_path, "http://127.0.0.1:9/v1", endpoint={"prices": None}, spend={"usd_per_day": 1})
    (problem,) = refused.value.problems
    assert "price of model 'm-1' is unknown" in problem.message
    assert problem.line == 6
    assert "prices:" in problem.hint
    assert "tokens_per_day" in problem.hint


@pytest.mark.parametrize(
    "parts",
    [
        {"spend": {"usd_per_day": 1}, "endpoint": {"prices": None, "model": "gpt-4o"}},
        {"spend": {"usd_per_day": 1, "tokens_per_day": 1000}, "endpoint": {"prices": None}},
        {"spend": {"tokens_per_day": 1000}, "endpoint": {"prices": None}},
    ],
)
def test_a_known_price_or_a_cap_in_tokens_is_enough(tmp_path: Path, parts: dict[str, Any]) -> None:
    assert a_suite(tmp_path, "http://127.0.0.1:9/v1", **parts).suite.name == "paid"


def test_the_installations_dollar_cap_asks_for_prices_too(tmp_path: Path) -> None:
    prepared = a_suite(tmp_path, "http://127.0.0.1:9/v1", endpoint={"prices": None})
    with pytest.raises(SuiteError, match="usd_per_day of the settings could not be kept"):
        prepare(Path(prepared.file), {}, None, Spend(usd_per_day=1))


def test_answers_that_do_not_say_what_they_used_count_by_an_estimate_and_the_run_says_so(
    store: Store, tmp_path: Path
) -> None:
    silent = {key: value for key, value in chat_body().items() if key != "usage"}

    async def scenario() -> RunRecord:
        async with FakeServer(whole(silent)) as server, an_engine(store, Day()) as engine:
            limit = {"params": {"max_tokens": 1000}}
            prepared = a_suite(tmp_path, server.url, endpoint=limit, spend={"tokens_per_day": 2500})
            return await engine.run(an_order(prepared))

    record = asyncio.run(scenario())
    assert len(not_asked(record)) == 5
    assert record.note == "3 requests did not tell what they used and count by an estimate under the spending cap"


BEGUN = head(200, {"content-type": "application/json", "content-length": "500"})
BIG = head(200, {"content-type": "application/json", "content-length": str(2**24)})


@pytest.mark.parametrize(
    "reply",
    [
        [BEGUN, b"{", End()],
        [BEGUN, b"{", Reset()],
        [BEGUN, b"{", Hang()],
        [BIG, *[b" " * 2**20] * 9, Hang()],
        [Hang()],
        [head(200, {"content-type": "text/event-stream"}), b"data: {broken}\n\n", End()],
    ],
    ids=["short", "reset", "late", "over the size cap", "silent", "truncated"],
)
def test_a_request_that_failed_after_its_reply_began_counts_by_the_estimate(
    store: Store, tmp_path: Path, reply: list[Step]
) -> None:
    async def scenario() -> RunRecord:
        async with FakeServer(whole(chat_body()), reply) as server, an_engine(store, Day()) as engine:
            hasty = {"timeout": {"connect": "1s", "first_token": "300ms", "total": "400ms"}}
            prepared = a_suite(tmp_path, server.url, probes=2, endpoint=hasty, spend={"tokens_per_day": 1000})
            return await engine.run(an_order(prepared))

    record = asyncio.run(scenario())
    assert record.samples[1].failure is not None
    (spent,) = store.spent(NOON - timedelta(hours=12)).values()
    assert (spent.requests, spent.tokens, spent.estimated) == (2, 2 * TOKENS, 1)
    assert spent.usd == pytest.approx(2 * COST)


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_request_that_was_refused_costs_nothing(store: Store, tmp_path: Path, status: int) -> None:
    async def scenario() -> None:
        refused = whole({"error": {"message": "no"}}, status=status)
        async with FakeServer(whole(chat_body()), refused) as server, an_engine(store, Day()) as engine:
            await engine.run(an_order(a_suite(tmp_path, server.url, probes=2, spend={"tokens_per_day": 1000})))

    asyncio.run(scenario())
    (spent,) = store.spent(NOON - timedelta(hours=12)).values()
    assert (spent.requests, spent.tokens, spent.estimated) == (2, TOKENS, 0)


def test_requests_of_unknown_price_are_called_so_and_not_counted_as_free(store: Store, tmp_path: Path) -> None:
    async def scenario() -> RunRecord:
        async with FakeServer(whole({**chat_body(), "model": "m-1"})) as server, an_engine(store, Day()) as engine:
            caps = {"usd_per_day": 1, "tokens_per_day": 100_000}
            prepared = a_suite(tmp_path, server.url, probes=5, endpoint={"prices": None}, spend=caps)
            return await engine.run(an_order(prepared))

    record = asyncio.run(scenario())
    assert record.note == ("the price of 5 requests is unknown: usd_per_day is not kept, only tokens_per_day is")
    (spent,) = store.spent(NOON - timedelta(hours=12)).values()
    assert (spent.tokens, spent.estimated) == (5 * TOKENS, 0)


# ------------------------------------------------------------------------------------------------ the ledger
def an_account(run_id: str, suite: str = "paid") -> Account:
    return Account(run_id=run_id, suite=suite, endpoint="production", estimate=Estimate(tokens=10, usd=0.1))


def test_a_run_counts_once_whether_it_is_in_the_books_or_in_the_store_or_in_both(store: Store) -> None:
    async def scenario() -> list[int]:
        clock, told = FakeClock(), list[int]()
        ledger = Ledger(store, clock, Spend())
        first, second = an_account("r1"), an_account("r2")
        await ledger.open(first, Spend())
        first.add(clock.now(), Spent(requests=1, tokens=100))
        told.append(ledger.spent("paid").tokens)
        store.save_spending(first.rows())
        await ledger.open(second, Spend())
        told.append(ledger.spent("paid").tokens)  # stored, but nobody told the ledger yet
        first.open, first.saved = False, True
        await ledger.open(an_account("r3"), Spend())
        told.append(ledger.spent("paid").tokens)
        second.add(clock.now(), Spent(requests=1, tokens=7))
        told.append(ledger.spent("paid").tokens)
        return told

    assert asyncio.run(scenario()) == [100, 100, 100, 107]


def test_what_other_processes_spent_is_known_when_a_run_begins(store: Store) -> None:
    async def scenario() -> int:
        clock = FakeClock()
        ledger = Ledger(store, clock, Spend())
        await ledger.open(an_account("r1"), Spend())
        spent = Spent(requests=3, tokens=55)
        store.save_spending([Spending(run_id="x", suite="paid", endpoint="e", at=clock.now(), spent=spent)])
        await ledger.open(an_account("r2"), Spend())
        return ledger.spent("paid").tokens

    assert asyncio.run(scenario()) == 55


def test_where_the_days_sum_cannot_be_read_nothing_is_sent(store: Store, tmp_path: Path) -> None:
    store.close()

    async def scenario() -> int:
        async with FakeServer(whole(chat_body())) as server, an_engine(store, Day()) as engine:
            with pytest.raises(StoreError):
                await engine.run(an_order(a_suite(tmp_path, server.url)))
            return server.connections

    assert asyncio.run(scenario()) == 0


def test_a_request_waits_for_those_in_flight_where_they_alone_stand_in_its_way(store: Store) -> None:
    async def scenario() -> list[Failure | None]:
        clock = FakeClock()
        ledger, account = Ledger(store, clock, Spend()), an_account("r1")
        await ledger.open(account, Spend(tokens_per_day=20))
        gate = SpendGate(ledger, account, clock)
        admitted = [await gate.admit(), await gate.admit()]  # ten each are expected
        third = asyncio.create_task(gate.admit())
        await asyncio.sleep(0)
        assert not third.done()
        gate.note(failure=None, usage=TokenUsage(input_tokens=3, output_tokens=2), cost_usd=None)
        admitted.append(await third)
        gate.note(failure=None, usage=TokenUsage(input_tokens=15, output_tokens=2), cost_usd=None)
        return [*admitted, await gate.admit()]

    *admitted, refused = asyncio.run(scenario())
    assert admitted == [None, None, None]
    assert refused is not None
    assert "20 tokens a day is reached (22 tokens spent)" in refused.message


# ------------------------------------------------------------------------------------------------ beside the caps
def test_two_suites_at_one_endpoint_share_its_concurrency(store: Store, tmp_path: Path) -> None:
    async def scenario() -> int:
        async with FakeServer([Pause(0.01), *whole(chat_body())]) as server, an_engine(store, Day()) as engine:
            two = {"concurrency": 2}
            suites = [a_suite(tmp_path, server.url, name=name, endpoint=two) for name in ("one", "two", "three")]
            await asyncio.gather(*(engine.run(an_order(suite)) for suite in suites))
            assert len(server.requests) == 24
            return server.open_most

    assert asyncio.run(scenario()) == 2


def test_a_run_that_a_cap_cut_short_is_replayed_to_the_last_digit(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = Day()
        async with FakeServer(whole(chat_body())) as server, an_engine(store, clock) as engine:
            for cap in (200, 200, 200, 12.5):
                clock.today += timedelta(minutes=15)
                await engine.run(an_order(a_suite(tmp_path, server.url, spend={"usd_per_day": cap}, probes=5)))

    asyncio.run(scenario())
    outcome = replay_place(store, "paid", "production")
    assert outcome.runs == 4
    assert outcome.agrees, outcome.lines


def test_what_is_spent_today_and_the_caps_are_there_for_metrics(store: Store, tmp_path: Path) -> None:
    metrics = Metrics("1")

    async def scenario() -> None:
        clock = Day()
        async with FakeServer(whole(chat_body())) as server, Transport(clock=clock) as transport:
            limits = Limits(store, clock, Spend(usd_per_day=50))
            engine = Engine(store=store, transport=transport, clock=clock, limits=limits)
            prepared = a_suite(tmp_path, server.url, probes=2, spend={"tokens_per_day": 1000})
            metrics.ran(await engine.run(an_order(prepared)))
            for suite, unit, spent, cap in limits.ledger.today():
                metrics.spending(suite=suite, unit=unit, spent=spent, cap=cap)

    asyncio.run(scenario())
    lines = metrics.text().decode().splitlines()
    assert 'holdfast_spent_today_tokens{suite="paid"} 38.0' in lines
    assert 'holdfast_spend_cap_tokens{suite="paid"} 1000.0' in lines
    assert 'holdfast_spend_cap_usd{suite=""} 50.0' in lines
    assert any(line.startswith('holdfast_spent_today_usd{suite=""} 1.4') for line in lines)
    assert 'holdfast_cost_usd_total{endpoint="production",suite="paid"} 1.4' in lines


def test_a_capture_that_may_ask_nothing_does_not_forget_what_is_normal(store: Store, tmp_path: Path) -> None:
    order = an_order(a_suite(tmp_path, "http://127.0.0.1:9/v1", spend={"usd_per_day": 5}))
    refuse_where_nothing_may_be_spent(store, [order], Spend(tokens_per_day=1000))
    spent = Spent(requests=1, tokens=2000, usd=0.5)
    store.save_spending([Spending(run_id="r", suite="other", endpoint="e", at=datetime.now(UTC), spent=spent)])
    with pytest.raises(UsageError, match=r"cap of 1,000 tokens a day is reached .* The baseline is left as it was"):
        refuse_where_nothing_may_be_spent(store, [order], Spend(tokens_per_day=1000))
