"""Notices are delivered at least once, in order, patiently, and without telling secrets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.errors import DeliveryError, StoreError
from reports.notice import AlertEvent, Delivery, Notice, Notifier
from runner.delivery.outbox import OutboxWorker
from runner.store.base import OutboxEntry, Store
from tests.fakes.records import NOW
from tests.fakes.stored import entry, numbered, written

SECRET = "xoxb-not-a-real-token"


class SteppingClock:
    """Time that passes when told to, or while somebody sleeps."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        await asyncio.sleep(0)


class Channel:
    """A notifier that answers each delivery as the script says, and remembers what it was asked."""

    def __init__(self, *script: Delivery | BaseException | Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._script = list(script)
        self.told: list[tuple[str, AlertEvent, Mapping[str, str] | None]] = []
        self.asked = asyncio.Event()

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        self.told.append((notice.incident_id, notice.event, receipt))
        self.asked.set()
        answer = self._script.pop(0) if self._script else Delivery(receipt={"ts": str(len(self.told))})
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Delivery):
            return answer
        await answer()
        return Delivery(receipt={})


async def hang() -> None:
    await asyncio.Event().wait()


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def worker(store: Store, clock: SteppingClock, **notifiers: Notifier) -> OutboxWorker:
    return OutboxWorker(store, notifiers, clock, send_timeout_s=0.05, dice=random.Random(7))


def put(store: Store, *entries: OutboxEntry) -> None:
    store.save_run(written(numbered(len(store.runs(limit=1000)) + 1), outbox=entries))


def waits_s(store: Store, clock: SteppingClock) -> float:
    """Seconds until something is next due."""
    times = [at for row in store.waiting("slack") for at in (row.due_at, row.leased_until) if at is not None]
    (due,) = times
    return (due - clock.now()).total_seconds()


# ------------------------------------------------------------------------------------------------ delivering
def test_what_is_due_is_delivered_and_the_next_notice_gets_the_receipt_of_the_first(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry(), entry(AlertEvent.RESOLVED))
    channel = Channel()
    delivering = worker(store, clock, slack=channel)
    assert asyncio.run(delivering.deliver_due()) == 1
    assert asyncio.run(delivering.deliver_due()) == 1
    assert asyncio.run(delivering.deliver_due()) == 0
    assert channel.told == [
        ("incident-1", AlertEvent.OPENED, None),
        ("incident-1", AlertEvent.RESOLVED, {"ts": "1"}),
    ]
    assert store.undelivered() == 0


def test_a_slow_channel_does_not_keep_another_from_being_told(store: Store, clock: SteppingClock) -> None:
    put(store, entry(), entry(to="pager"))
    pager = Channel()

    async def until_the_pager_rang() -> None:
        await pager.asked.wait()

    delivering = OutboxWorker(store, {"slack": Channel(until_the_pager_rang), "pager": pager}, clock)
    assert asyncio.run(delivering.deliver_due()) == 2


def test_a_delivery_that_was_not_marked_before_the_process_died_is_repeated_with_its_incident(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry())
    (sent,) = store.due(clock.now())  # another process took it, sent it, and died before marking it
    channel = Channel()
    delivering = worker(store, clock, slack=channel)
    assert asyncio.run(delivering.deliver_due()) == 0
    clock.passed_s = 60
    assert asyncio.run(delivering.deliver_due()) == 1
    assert channel.told == [(sent.entry.notice.incident_id, AlertEvent.OPENED, None)]


# ------------------------------------------------------------------------------------------------ trying again
def test_failed_deliveries_are_retried_with_waits_that_double_up_to_five_minutes(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry())
    channel = Channel(*[DeliveryError("HTTP 503")] * 12)
    delivering = worker(store, clock, slack=channel)
    for attempt in range(12):
        assert asyncio.run(delivering.deliver_due()) == 0
        steady_s = min(2.0 * 2**attempt, 300.0)
        assert steady_s / 2 <= waits_s(store, clock) <= steady_s
        clock.passed_s += waits_s(store, clock) + 0.001
    assert asyncio.run(delivering.deliver_due()) == 1
    assert len(channel.told) == 13


def test_a_channel_is_not_asked_again_before_the_time_it_asked_for_nor_told_anything_else(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry(), entry(incident="incident-2"))
    channel = Channel(DeliveryError("rate limited", retry_after_s=40))
    delivering = worker(store, clock, slack=channel)
    assert asyncio.run(delivering.deliver_due()) == 0
    assert len(channel.told) == 1
    clock.passed_s = 39.9
    assert asyncio.run(delivering.deliver_due()) == 0
    clock.passed_s = 60.1
    assert asyncio.run(delivering.deliver_due()) == 2


def test_a_delivery_that_hangs_is_cut_off_and_retried(store: Store, clock: SteppingClock) -> None:
    put(store, entry())
    delivering = worker(store, clock, slack=Channel(hang))
    assert asyncio.run(delivering.deliver_due()) == 0
    clock.passed_s += waits_s(store, clock)
    assert asyncio.run(delivering.deliver_due()) == 1


def test_a_notifier_that_breaks_is_retried_and_the_rest_of_its_channel_is_told(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry(), entry(incident="incident-2"))
    delivering = worker(store, clock, slack=Channel(KeyError(SECRET)))
    with capture_logs() as logs:
        assert asyncio.run(delivering.deliver_due()) == 1
    assert store.undelivered() == 1
    assert "KeyError" in str(logs) and SECRET not in str(logs)


def test_a_notice_is_leased_only_when_its_turn_has_come(store: Store, clock: SteppingClock) -> None:
    put(store, *(entry(incident=f"incident-{number}") for number in range(3)))

    async def take_long() -> None:
        clock.passed_s += 59.96

    first = Channel(take_long, take_long)
    assert asyncio.run(worker(store, clock, slack=first).deliver_due()) == 3
    assert [incident for incident, _, _ in first.told] == ["incident-0", "incident-1", "incident-2"]
    assert asyncio.run(worker(store, clock, slack=Channel()).deliver_due()) == 0


# ------------------------------------------------------------------------------------------------ giving up
def test_what_can_never_be_delivered_is_given_up_at_once_and_logged(store: Store, clock: SteppingClock) -> None:
    put(store, entry(), entry(AlertEvent.RESOLVED))
    delivering = worker(store, clock, slack=Channel(DeliveryError("token revoked", permanent=True)))
    with capture_logs() as logs:
        assert asyncio.run(delivering.deliver_due()) == 0
    assert [(line["event"], line["log_level"], line["error"]) for line in logs] == [
        ("notice_given_up", "error", "token revoked")
    ]
    assert store.undelivered() == 1
    assert asyncio.run(delivering.deliver_due()) == 1


def test_what_follows_an_opening_that_was_given_up_is_told_as_what_nobody_heard_of(
    store: Store, clock: SteppingClock
) -> None:
    dead = DeliveryError("token revoked", permanent=True)
    headlines: list[str] = []

    class Reading(Channel):
        async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
            headlines.append(notice.headline)
            return await super().deliver(notice, receipt)

    put(store, entry(), entry(AlertEvent.RESOLVED), entry(incident="b"), entry(AlertEvent.REMINDER, incident="b"))
    put(store, entry(AlertEvent.RESOLVED, incident="b"))
    channel = Reading(dead, dead)
    delivering = worker(store, clock, slack=channel)
    for _ in range(3):
        asyncio.run(delivering.deliver_due())
    told = [(incident, event) for incident, event, _ in channel.told[2:]]
    assert sorted(told) == [
        ("b", AlertEvent.OPENED),
        ("b", AlertEvent.RESOLVED),
        ("incident-1", AlertEvent.RESOLVED),
    ]
    assert {words for words in headlines[2:] if "could not be told" in words} == {
        "tokens.output moved (that it began could not be told here)"
    }
    assert sum("could not be told" in words for words in headlines) == 1


def test_a_notice_that_still_fails_after_a_day_is_given_up(store: Store, clock: SteppingClock) -> None:
    put(store, entry())
    delivering = worker(store, clock, slack=Channel(*[DeliveryError("down")] * 9))
    outcomes: list[tuple[str, str]] = []
    delivering.on_outcome = lambda *outcome: outcomes.append(outcome)
    clock.passed_s = 86399
    assert asyncio.run(delivering.deliver_due()) == 0
    assert store.undelivered() == 1
    clock.passed_s = 90000
    assert asyncio.run(delivering.deliver_due()) == 0
    assert store.undelivered() == 0
    assert outcomes == [("slack", "delayed"), ("slack", "given_up")] and store.given_up(clock.now()) == 1


def test_a_worker_does_not_touch_notices_for_notifiers_it_does_not_know(store: Store, clock: SteppingClock) -> None:
    put(store, entry())
    stranger = worker(store, clock, pager=Channel())
    assert asyncio.run(stranger.drain(20)) == 1
    assert clock.passed_s == 0, "it waited for something that is not its own"
    (untouched,) = store.due(clock.now(), lease_s=0)
    assert untouched.attempts == 0
    assert asyncio.run(worker(store, clock, slack=Channel()).deliver_due()) == 1


def test_notices_for_unknown_notifiers_are_counted_and_given_up_after_a_day(store: Store, clock: SteppingClock) -> None:
    put(store, entry(), entry(to="pager"))
    delivering = worker(store, clock, slack=Channel())
    assert asyncio.run(delivering.unknown()) == 1
    assert store.undelivered_by_notifier() == {"slack": 1, "pager": 1}
    clock.passed_s = 90000
    with capture_logs() as logs:
        assert asyncio.run(delivering.unknown()) == 1
    assert [(line["event"], line["notifier"]) for line in logs] == [("notice_given_up", "pager")]
    assert asyncio.run(delivering.unknown()) == 0
    assert store.undelivered_by_notifier() == {"slack": 1}


def test_logs_name_the_notice_and_quote_nothing_of_it(store: Store, clock: SteppingClock) -> None:
    put(store, entry())
    with capture_logs() as logs:
        delivering = worker(store, clock, slack=Channel(DeliveryError("HTTP 500")))
        asyncio.run(delivering.deliver_due())
        clock.passed_s = 10
        asyncio.run(delivering.deliver_due())
    assert [line["event"] for line in logs] == ["notice_delayed", "notice_delivered"]
    assert all(line["incident"] == "incident-1" and line["notifier"] == "slack" for line in logs)
    notice = entry().notice
    assert not any(text in str(logs) for text in (notice.headline, notice.after, *notice.facts))


# ------------------------------------------------------------------------------------------------ stopping
def test_a_cancelled_delivery_is_neither_lost_nor_counted_and_comes_back_when_its_lease_ends(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry(), entry(incident="incident-2"))
    channel = Channel(hang)
    delivering = OutboxWorker(store, {"slack": channel}, clock)

    async def stop_in_the_middle() -> None:
        task = asyncio.create_task(delivering.deliver_due())
        await channel.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stop_in_the_middle())
    assert store.undelivered() == 2
    assert [row.leased_until is None for row in store.waiting("slack")] == [False, True]
    clock.passed_s = 60
    assert [pending.attempts for pending in store.due(clock.now(), lease_s=0)] == [0, 0]
    assert asyncio.run(delivering.deliver_due()) == 2


def test_a_store_that_fails_is_told_after_the_other_channels_are_done(
    store: Store, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, entry(), entry(to="pager"))
    marked: list[int] = []

    def delivered(outbox_id: int, at: datetime, receipt: Mapping[str, str]) -> None:
        marked.append(outbox_id)
        if len(marked) == 1:
            raise StoreError("the disk is full")

    monkeypatch.setattr(store, "delivered", delivered)
    with pytest.raises(StoreError, match="disk is full"):
        asyncio.run(worker(store, clock, slack=Channel(), pager=Channel()).deliver_due())
    assert len(marked) == 2


# ------------------------------------------------------------------------------------------------ draining
def test_draining_delivers_all_notices_of_an_incident_through_a_short_outage(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry(), entry(AlertEvent.UPDATED), entry(AlertEvent.RESOLVED))
    channel = Channel(DeliveryError("HTTP 503"), DeliveryError("HTTP 503"))
    assert asyncio.run(worker(store, clock, slack=channel).drain(20)) == 0
    assert [event for _, event, _ in channel.told] == [AlertEvent.OPENED] * 3 + [
        AlertEvent.UPDATED,
        AlertEvent.RESOLVED,
    ]
    assert clock.passed_s < 20


def test_draining_stops_at_once_where_nothing_gets_due_before_the_deadline(store: Store, clock: SteppingClock) -> None:
    put(store, entry())
    channel = Channel(DeliveryError("rate limited", retry_after_s=120))
    assert asyncio.run(worker(store, clock, slack=channel).drain(20)) == 1
    assert clock.passed_s == 0 and len(channel.told) == 1


def test_draining_ends_after_its_deadline_and_one_send_where_a_channel_hangs(
    store: Store, clock: SteppingClock
) -> None:
    put(store, entry(), entry(incident="incident-2"))

    async def hang_past_the_deadline() -> None:
        clock.passed_s += 10
        await hang()

    channel = Channel(hang_past_the_deadline)
    assert asyncio.run(worker(store, clock, slack=channel).drain(5)) == 2
    assert len(channel.told) == 1
    clock.passed_s = 80
    assert asyncio.run(worker(store, clock, slack=Channel()).drain(5)) == 0


def test_draining_does_not_cut_off_a_delivery_that_has_begun_in_time(store: Store, clock: SteppingClock) -> None:
    put(store, entry(), entry(incident="incident-2"))

    async def take_long() -> None:
        clock.passed_s += 10

    channel = Channel(take_long)
    delivering = OutboxWorker(store, {"slack": channel}, clock)
    assert asyncio.run(delivering.drain(5)) == 1
    assert [incident for incident, _, _ in channel.told] == ["incident-1"]


def test_a_receipt_that_came_in_the_instant_of_a_cancellation_is_kept(store: Store, clock: SteppingClock) -> None:
    put(store, entry(), entry(AlertEvent.RESOLVED))
    taken = asyncio.Event()

    class Taking:
        async def deliver(self, _notice: Notice, _receipt: Mapping[str, str] | None) -> Delivery:
            taken.set()
            return Delivery(receipt={"ts": "9"})

    async def stop_as_it_is_taken() -> None:
        task = asyncio.create_task(worker(store, clock, slack=Taking()).deliver_due())
        await taken.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stop_as_it_is_taken())
    (following,) = store.due(clock.now())
    assert following.entry.notice.event is AlertEvent.RESOLVED and following.receipt == {"ts": "9"}


def test_draining_an_empty_outbox_returns_at_once(store: Store, clock: SteppingClock) -> None:
    assert asyncio.run(worker(store, clock).drain(10)) == 0
    assert clock.passed_s == 0
