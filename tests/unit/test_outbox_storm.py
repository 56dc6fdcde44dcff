"""Many incidents, bad channels, and what people see of it: the real worker, store and notifiers against stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.clock import SystemClock
from probes.errors import StoreError
from reports.notice import AlertEvent, Notifier
from reports.notifiers.pagerduty import PagerDutyNotifier
from reports.notifiers.webhook import WebhookNotifier
from runner.daemon.channel_chores import channel_chores
from runner.daemon.chores import Troubles, keep_doing
from runner.delivery.dead_channels import TOLD_AGAIN
from runner.delivery.outbox import LEASE_S, OutboxWorker
from runner.delivery.pacing import Pace
from runner.delivery.recovering import LOOKS
from runner.store.base import Store
from tests.fakes.alerting import START
from tests.fakes.outbox import World, bot, hook
from tests.fakes.receivers import ROUTING_KEY, FakeReceivers
from tests.fakes.slack import FakeSlack, Trouble, rate_limited, refused

OPENED, UPDATED, REMINDER, RESOLVED = AlertEvent.OPENED, AlertEvent.UPDATED, AlertEvent.REMINDER, AlertEvent.RESOLVED


# ------------------------------------------------------------------------------------------------ digests
def test_the_command_at_the_end_of_a_long_digest_finds_the_store(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)}, reach=" --config /etc/holdfast.yaml")
    world.happen(OPENED, range(25))
    world.settle()
    (message,) = slack.messages
    assert "and 5 more: holdfast alerts --config /etc/holdfast.yaml" in message.shown


def test_a_hundred_suites_failing_at_once_are_one_message_which_turns_resolved(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(100))
    world.settle()
    (message,) = slack.messages
    assert message.header == "\U0001f534 100 incidents opened: 100 suites at 1 endpoint"
    assert "suite-19/prod/contract" in message.shown and "and 80 more: holdfast alerts" in message.shown
    world.clock.advance(600)
    world.happen(RESOLVED, range(100))
    world.settle()
    (message,) = slack.messages
    assert message.header.startswith("\u2705 RESOLVED 100 incidents resolved") and message.versions == 2
    assert len(world.outcomes) == 200 and {outcome for _, outcome in world.outcomes} == {"delivered"}


def test_a_webhook_gets_one_digest_of_openings_and_one_of_resolves(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": hook(slack)})
    for event in (OPENED, RESOLVED):
        world.happen(event, range(12))
        world.settle()
        world.clock.advance(600)
    opened, resolved = slack.messages
    assert "12 incidents opened: 12 suites at 1 endpoint" in opened.header
    assert "12 incidents resolved" in resolved.header


def test_three_incidents_at_once_are_told_in_full_each(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(3))
    world.settle()
    assert [message.header for message in slack.messages] == [
        f"\U0001f534 suite-{n} at prod: contract broken" for n in range(3)
    ]


def test_a_digest_shows_which_of_its_incidents_are_over_and_says_updates_below(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(5))
    world.settle()
    world.clock.advance(60)
    world.happen(RESOLVED, (1, 3))
    world.settle()
    world.happen(REMINDER, (4,))
    world.settle()
    (message,), (reply,) = slack.messages, slack.replies
    assert message.header == "\U0001f534 3 incidents open, 2 resolved: 5 suites at 1 endpoint"
    assert message.shown.count("~RESOLVED suite-") == 2 and message.versions == 3
    assert reply.content["thread_ts"] == message.ts and "suite-4/prod/contract" in reply.content["text"]


def test_the_digest_of_a_hundred_suites_that_fail_one_after_the_other_does_not_become_a_hundred_messages(
    store: Store, slack: FakeSlack
) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    for number in range(100):
        world.happen(OPENED, (number,))
        world.seconds(9)
    world.settle()
    assert len(slack.messages) <= 4 + 900 // 300 + 1
    assert [outcome for _, outcome in world.outcomes] == ["delivered"] * 100


@pytest.mark.parametrize("restarted", [False, True])
def test_what_fails_within_half_a_minute_is_one_digest_whoever_restarts_meanwhile(
    store: Store, slack: FakeSlack, restarted: bool
) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    for number in range(30):
        world.happen(OPENED, (number,))
        world.seconds(1)
        if restarted:
            world.begin()
    assert slack.messages == []
    world.seconds(5)
    assert [message.header for message in slack.messages] == ["\U0001f534 30 incidents opened: 30 suites at 1 endpoint"]


def test_a_page_goes_in_its_time_through_a_stream_of_tickets(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    for number in range(20):
        world.happen(OPENED, (number,), severity="page" if number == 8 else "ticket")
        world.seconds(1)
    (message,) = slack.messages
    assert "PAGE suite-8/prod/contract" in message.shown and "14 incidents" in message.header


def test_what_resolves_inside_its_wait_is_told_to_nobody_and_waits_no_more(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)}, paces={"slack": Pace(group_wait_s=60)})
    world.happen(OPENED, (1, 2))
    world.seconds(20)
    world.happen(RESOLVED, (1,))
    world.settle()
    assert [message.header for message in slack.messages] == ["\U0001f534 suite-2 at prod: contract broken"]


def test_a_receiver_of_machines_gets_every_notice_at_its_pace(store: Store, slack: FakeSlack) -> None:
    notifiers: dict[str, Notifier] = {"slack": WebhookNotifier(url=slack.receiver_url)}
    world = World(store=store, notifiers=notifiers, paces={"slack": Pace(per_minute=10)})
    world.happen(OPENED, range(25))
    world.seconds(1)
    assert len(slack.requests) == 10
    world.settle()
    assert {body["incident_id"] for _, body, _ in slack.requests} == {f"inc-{n}" for n in range(25)}
    assert len(slack.requests) == 25 and world.clock.now() > START + timedelta(hours=1, seconds=120)


# ------------------------------------------------------------------------------------------------ bad channels
TROUBLES = [
    rate_limited(40),
    Trouble(status=500),
    Trouble(hang=True),
    Trouble(cut=True),
    Trouble(status=500, body="<html>oops</html>"),
    rate_limited(3),
]


@pytest.mark.parametrize("number", [2, 12])
@pytest.mark.parametrize("make", [bot, hook])
def test_whatever_slack_answers_every_incident_is_seen_once_and_its_end_too(
    store: Store, slack: FakeSlack, make: Any, number: int
) -> None:
    world = World(store=store, notifiers={"slack": make(slack, timeout_s=0.1)})
    for event in (OPENED, RESOLVED):
        slack.script(*TROUBLES)
        world.happen(event, range(number))
        world.settle()
        world.clock.advance(900)
    shown = [message.shown for message in slack.messages]
    ends = [sum(f"suite-{n} at prod" in text for text in shown) for n in range(number)]
    assert ends == [1 if make is bot else 2] * number
    assert store.given_up(START) == 0 and {outcome for _, outcome in world.outcomes} == {"delivered", "delayed"}


@pytest.mark.parametrize("make", [bot, hook])
def test_while_a_channel_asks_for_quiet_nothing_is_sent_to_it(store: Store, slack: FakeSlack, make: Any) -> None:
    world = World(store=store, notifiers={"slack": make(slack)})
    slack.script(rate_limited(40))
    world.happen(OPENED, (1,))
    world.seconds(6)
    world.happen(OPENED, (2, 3))
    world.begin()
    world.seconds(38)
    assert len(slack.requests) == 1, "a new process keeps the quiet, too"
    world.settle()
    assert len(slack.messages) == 3


def test_a_notice_that_is_refused_for_good_takes_nobody_of_its_digest_along(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": hook(slack)})
    slack.script(Trouble(status=400, body="invalid_payload"), Trouble(status=400, body="invalid_payload"))
    world.happen(OPENED, range(5))
    world.settle()
    assert len(slack.messages) == 4 and store.given_up(START) == 1


def test_after_an_outage_a_storm_is_one_digest(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": hook(slack)})
    slack.script(*[Trouble(status=503)] * 1000)
    for number in range(30):
        world.happen(OPENED, (number,))
        world.seconds(20)
    slack._script.clear()
    world.settle()
    assert len(slack.messages) == 1 and "30 incidents opened" in slack.messages[0].header
    assert [outcome for _, outcome in world.outcomes].count("delivered") == 30


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize(("scope", "seen"), [(True, 1), (False, 2)])
def test_a_crash_between_sending_and_marking_loses_nothing_and_repeats_nothing_where_the_bot_may_look(
    store: Store, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, scope: bool, seen: int, number: int
) -> None:
    slack.may_read_history = scope
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(number))

    def dies(*_: Any) -> None:
        raise StoreError("the process is gone")

    with monkeypatch.context() as patch:
        for method in ("told_together", "delivered"):
            patch.setattr(store, method, dies)
        with pytest.raises(StoreError):
            world.seconds(7)
    world.begin()
    world.seconds(int(LEASE_S) - 2)
    assert len(slack.messages) == 1, "leased: nobody knows whether it arrived"
    world.settle()
    world.happen(RESOLVED, range(number))
    world.settle()
    assert ["RESOLVED" in message.header for message in slack.messages] == [False] * (seen - 1) + [True]


@pytest.mark.parametrize(("failures", "messages"), [(3, 1), (LOOKS, 2)], ids=["in time", "too late"])
def test_what_may_have_been_posted_is_looked_for_again_before_it_is_posted_again(
    store: Store, slack: FakeSlack, failures: int, messages: int
) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    slack.script(Trouble(cut=True, taken=True))
    world.happen(OPENED, (1,))
    slack.unread.extend([rate_limited(60), *[Trouble(status=503)] * (failures - 1)])
    world.settle()
    assert len(slack.messages) == messages
    world.happen(RESOLVED, (1,))
    world.settle()
    assert "RESOLVED" in slack.messages[-1].header


def test_what_several_crashes_left_is_found_message_by_message_before_anything_is_sent_again(
    store: Store, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})

    def dies(*_: Any) -> None:
        raise StoreError("the process is gone")

    with monkeypatch.context() as patch:
        for method in ("told_together", "delivered"):
            patch.setattr(store, method, dies)
        for incidents in ((9,), range(5)):
            world.happen(OPENED, incidents)
            with pytest.raises(StoreError):
                world.seconds(20)
            world.begin()
    world.clock.advance(600)
    world.happen(OPENED, (7,))
    world.settle()
    assert len(slack.messages) == 3, "two from before, and the new one"
    world.happen(RESOLVED, (*range(5), 7, 9))
    world.settle()
    assert [message.header[:10] for message in slack.messages] == ["\u2705 RESOLVED"] * 3


def test_an_end_in_a_digest_that_was_the_first_word_of_its_incident_says_so(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    slack.script(*[Trouble(status=503)] * 1000)
    world.happen(OPENED, range(5))
    world.seconds(120)
    world.happen(RESOLVED, range(5))
    slack.heal()
    world.settle()
    (message,) = slack.messages
    assert "RESOLVED" in message.header and message.shown.count("that it began could not be told here") == 5


# ------------------------------------------------------------------------------------------------ dead channels
def test_a_dead_channel_is_told_where_the_same_incidents_are_heard_once_a_day(store: Store, slack: FakeSlack) -> None:
    with FakeSlack() as pager:
        notifiers: dict[str, Notifier] = {"slack": bot(slack), "pager": WebhookNotifier(url=pager.receiver_url)}
        world = World(store=store, notifiers=notifiers)
        slack.script(*[refused("invalid_auth")] * 4)
        world.happen(OPENED, (1, 2), to=("slack", "pager"))
        world.settle()
        told = [body for _, body, _ in pager.requests if body["key"].endswith("/dead-channel")]
        assert [body["headline"] for body in told] == [
            "The notifier slack takes no notices: Slack refused the notice: invalid_auth"
        ]
        assert store.dead_channels()[0].notifier == "slack" and store.given_up(START) == 2
        world.clock.advance(TOLD_AGAIN.total_seconds())
        world.happen(OPENED, (3, 4), to=("slack", "pager"))
        world.settle()
        assert sum(body["key"].endswith("/dead-channel") for _, body, _ in pager.requests) == 2
        world.happen(OPENED, (5,), to=("slack", "pager"))
        world.settle()
    assert store.dead_channels() == ()


def test_a_dead_channel_is_trouble_until_it_takes_a_notice(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    slack.script(refused("token_revoked"))
    world.happen(OPENED, (1,))
    world.settle()
    troubles = Troubles()
    watch = channel_chores(world.worker, store, troubles)[-1]
    asyncio.run(_done(watch.work()))
    (line,) = troubles.lines()
    assert line.startswith("notifier slack: it takes no notices since 2026-03-14 10:00Z") and "token_revoked" in line
    world.happen(OPENED, (2,))
    world.settle()
    asyncio.run(_done(watch.work()))
    assert troubles.lines() == ()


async def _done(work: Awaitable[None]) -> None:
    await work


# ------------------------------------------------------------------------------------------------ side by side
def test_a_channel_that_hangs_keeps_no_other_waiting(store: Store, slack: FakeSlack) -> None:
    with FakeSlack() as stuck:
        stuck.script(*[Trouble(hang=True)] * 9)
        notifiers: dict[str, Notifier] = {
            "stuck": bot(stuck, timeout_s=3),
            "fast": WebhookNotifier(url=slack.receiver_url),
        }
        paces = {"stuck": Pace(group_wait_s=0)}
        world = World(store=store, notifiers=notifiers, paces=paces)

        async def serving() -> None:
            world.worker = OutboxWorker(store, notifiers, SystemClock(), paces=paces)
            ending = asyncio.Event()
            chores = channel_chores(world.worker, store, Troubles())
            tasks = [asyncio.create_task(keep_doing(chore, SystemClock(), Troubles(), ending)) for chore in chores]
            for number in (1, 2):  # the second one while the first still hangs
                world.happen(OPENED, (number,), to=("stuck", "fast"), at=SystemClock().now())
                async with asyncio.timeout(5):
                    while not (len(slack.requests) == number and stuck.requests):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(serving())
        assert len(stuck.requests) == 1 and stuck.messages == []
    assert store.undelivered_by_notifier() == {"stuck": 2}


def test_logs_of_a_digest_quote_nothing_of_its_notices(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(5), facts=("planted-fact-4711",))
    with capture_logs() as logs:
        world.settle()
    assert [line["event"] for line in logs] == ["digest_delivered"] and logs[0]["notices"] == 5
    assert "planted-fact-4711" not in str(logs)


def test_what_pagerduty_knows_of_an_incident_outlives_the_process_that_told_it(store: Store) -> None:
    with FakeReceivers() as fake:
        pager = PagerDutyNotifier(routing_key=ROUTING_KEY, url=fake.pagerduty_url)
        world = World(store=store, notifiers={"pager": pager})
        taken = {"severity": "ticket", "acknowledged": "acknowledged by oncall 2026-03-14 09:20Z: on it"}
        news = {**taken, "facts": ("another check broke",)}
        told: list[dict[str, Any]] = [{"severity": "ticket"}, taken, taken, news, {}]
        steps = zip((OPENED, UPDATED, UPDATED, UPDATED, RESOLVED), told, strict=True)
        for event, said in steps:
            world.happen(event, [1], to=["pager"], **said)
            world.begin()
            world.settle()
        actions = [event["event_action"] for event in fake.pages["inc-1"]]
    assert actions == ["trigger", "acknowledge", "trigger", "resolve"]
