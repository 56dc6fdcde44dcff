"""What goes wrong between two messages: two channels of one storm, refusals of a digest's new version, clocks set back,
backlogs. The real worker, store and notifiers against stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Delivery, Notice, Notifier
from reports.notifiers.webhook import WebhookNotifier
from runner.delivery.pacing import Pace
from runner.store.base import Store
from tests.fakes.alerting import START
from tests.fakes.outbox import World, bot
from tests.fakes.slack import FakeSlack, refused

OPENED, ESCALATED, RESOLVED = AlertEvent.OPENED, AlertEvent.ESCALATED, AlertEvent.RESOLVED
HOUR_S = 3600.0


# ------------------------------------------------------------------------------------------------ given up
def test_an_end_that_was_given_up_is_over_in_the_next_version_of_its_digest(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(5))
    world.settle()
    slack.script(refused("token_revoked"), refused("token_revoked"), refused("token_revoked"))
    world.happen(RESOLVED, (0, 1))
    world.settle()
    assert store.given_up(START) == 2
    world.happen(RESOLVED, (2,))
    world.settle()
    (message,) = slack.messages
    assert "2 incidents open, 3 resolved" in message.header


# ------------------------------------------------------------------------------------------------ two channels
def test_two_channels_told_of_the_same_incidents_each_turn_their_own_digest_resolved(
    store: Store, slack: FakeSlack
) -> None:
    with FakeSlack() as other:
        world = World(store=store, notifiers={"slack": bot(slack), "other": bot(other)})
        world.happen(OPENED, (77,), to=("other",))
        world.settle()
        world.happen(OPENED, range(5), to=("slack",))
        world.settle()
        world.happen(ESCALATED, range(5), to=("other",))
        world.settle()
        world.happen(RESOLVED, range(5), to=("slack", "other"))
        world.settle()
        for told, messages in ((slack, 1), (other, 2)):
            assert told.messages[-1].header == "\u2705 RESOLVED 5 incidents resolved: 5 suites at 1 endpoint"
            assert len(told.messages) == messages


# ------------------------------------------------------------------------------------------------ refused editions
def test_a_new_version_that_is_refused_for_good_is_given_up_and_not_sent_again_and_again(
    store: Store, slack: FakeSlack
) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(5))
    world.settle()
    asked = len(slack.requests)
    slack.script(*[refused("invalid_auth")] * 100)
    world.happen(RESOLVED, (1, 3))
    world.seconds(60)
    assert store.given_up(START) == 2 and len(slack.requests) - asked <= 3
    assert store.dead_channels()[0].notifier == "slack"


# ------------------------------------------------------------------------------------------------ clocks
def test_a_page_that_waits_while_the_clock_is_set_back_is_told_all_the_same(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, (1,))
    world.seconds(3)
    world.clock._now -= timedelta(seconds=HOUR_S)
    world.seconds(7)
    assert len(slack.messages) == 1


def test_what_was_to_be_tried_again_is_although_the_clock_was_set_back(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    slack.script(*[refused("internal_error")] * 1)
    world.happen(OPENED, (1,))
    world.seconds(7)
    assert len(slack.messages) == 0
    world.clock._now -= timedelta(seconds=HOUR_S)
    world.seconds(7)
    assert len(slack.messages) == 1


def test_messages_of_a_time_that_is_yet_to_come_again_fill_no_minute_and_make_no_storm(
    store: Store, slack: FakeSlack
) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)}, paces={"slack": Pace(per_minute=3, digest_over=9)})
    world.happen(OPENED, range(3))
    world.settle()
    world.clock._now -= timedelta(seconds=HOUR_S)
    world.happen(OPENED, (7,))
    world.seconds(7)
    assert len(slack.messages) == 4


def test_others_are_told_of_a_dead_channel_although_the_clock_was_set_back_since_the_last_time(
    store: Store, slack: FakeSlack
) -> None:
    with FakeSlack() as pager:
        world = World(store=store, notifiers={"slack": bot(slack), "pager": WebhookNotifier(url=pager.receiver_url)})
        slack.script(*[refused("invalid_auth")] * 2)
        for number in (1, 2):
            world.happen(OPENED, (number,), to=("slack", "pager"))
            world.settle()
            world.clock._now -= timedelta(days=3)
        assert sum(body["key"].endswith("/dead-channel") for _, body, _ in pager.requests) == 2


def test_a_message_of_ours_is_looked_for_from_no_later_than_now(store: Store) -> None:
    class Looking:
        """A channel that remembers from when on it was asked to look."""

        since: datetime | None = None

        async def deliver(self, _notice: Notice, _receipt: Mapping[str, str] | None) -> Delivery:
            raise DeliveryError("no answer")

        async def find(self, _mark: str, since: datetime) -> Mapping[str, str] | None:
            self.since = since
            return {"ts": "1.5"}

    looking = Looking()
    world = World(store=store, notifiers={"slack": looking})
    world.happen(OPENED, (1,))
    world.seconds(1)
    world.clock._now -= timedelta(days=1)
    world.settle()
    assert looking.since is not None and looking.since <= world.clock.now()


# ------------------------------------------------------------------------------------------------ a channel that left
def test_a_notifier_that_comes_back_to_the_settings_tells_what_waited_and_not_what_was_over_at_once(
    store: Store, slack: FakeSlack
) -> None:
    world = World(store=store, notifiers={"other": WebhookNotifier(url=slack.receiver_url)})
    world.happen(OPENED, range(1, 8))
    assert asyncio.run(world.worker.unknown()) == 7
    world.clock.advance(2)
    world.happen(RESOLVED, (1,))
    assert asyncio.run(world.worker.unknown()) == 8
    world.notifiers = {"slack": bot(slack)}
    world.begin()
    world.settle()
    assert [message.header for message in slack.messages] == ["\U0001f534 6 incidents opened: 6 suites at 1 endpoint"]


# ------------------------------------------------------------------------------------------------ backlogs
def test_a_page_overtakes_a_backlog_of_thousands(store: Store, slack: FakeSlack) -> None:
    notifiers: dict[str, Notifier] = {"slack": WebhookNotifier(url=slack.receiver_url)}
    world = World(store=store, notifiers=notifiers, paces={"slack": Pace(per_minute=5)})
    world.happen(OPENED, range(1100), severity="ticket")
    world.seconds(2)
    world.happen(OPENED, (5000,))
    world.seconds(62)
    assert "inc-5000" in [body["incident_id"] for _, body, _ in slack.requests]
