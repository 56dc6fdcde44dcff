"""Notices that were queued before a silence: who waits on, who is never told, and what somebody took meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from reports.alerts.silences import Acknowledgement, Silence, silence_words
from reports.notice import AlertEvent, Delivery, Notice
from runner.delivery.outbox import LEASE_S
from runner.delivery.pacing import Pace
from runner.store.base import Store
from tests.fakes.outbox import World, bot, hook
from tests.fakes.slack import FakeSlack

OPENED, UPDATED, REMINDER, RESOLVED = AlertEvent.OPENED, AlertEvent.UPDATED, AlertEvent.REMINDER, AlertEvent.RESOLVED
ESCALATED = AlertEvent.ESCALATED


@dataclass(kw_only=True)
class Pager:
    """A channel read by a machine, which keeps what it is told."""

    told: list[Notice] = field(default_factory=list)

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        self.told.append(notice)
        return Delivery(receipt={})

    @property
    def events(self) -> list[AlertEvent]:
        return [notice.event for notice in self.told]


def a_world(store: Store, pager: Pager, *, per_minute: int = 60) -> World:
    return World(store=store, notifiers={"pager": pager}, paces={"pager": Pace(per_minute=per_minute)})


def one_that_was_told(store: Store) -> tuple[Pager, World]:
    """A pager that heard of one incident, and its world two seconds later."""
    pager = Pager()
    world = a_world(store, pager)
    world.happen(OPENED, [1], to=["pager"])
    world.seconds(2)
    return pager, world


def silenced(world: World, target: str, *, minutes: float = 60) -> Silence:
    now = world.clock.now()
    made = Silence(
        silence_id=f"silence-{target}",
        target=target,
        reason="a deploy",
        author="oncall",
        created_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    world.store.save_silence(made)
    return made


def acknowledged(world: World, number: int) -> None:
    ack = Acknowledgement(
        incident_id=f"inc-{number}",
        key=f"suite-{number}/prod/contract",
        author="oncall",
        reason="on it",
        at=world.clock.now(),
    )
    world.store.save_acknowledgement(ack)


def began(store: Store, incident_id: str) -> list[str]:
    return [told.state for told in store.told([incident_id])[incident_id]]


# ------------------------------------------------------------------------------------------------ while it stands
def test_what_waits_for_room_in_the_minute_is_not_told_once_it_is_silenced(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager, per_minute=1)
    world.happen(OPENED, range(3), to=["pager"])
    world.seconds(2)
    assert len(pager.told) == 1
    silenced(world, "suite-*")
    world.seconds(600)
    assert len(pager.told) == 1 and store.undelivered() == 2


def test_a_silence_of_something_else_keeps_nobody_from_being_told(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager)
    silenced(world, "suite-1")
    world.happen(OPENED, range(3), to=["pager"])
    world.seconds(2)
    assert [notice.incident_id for notice in pager.told] == ["inc-0", "inc-2"]


def test_a_digest_leaves_out_what_was_silenced_while_it_waited(store: Store, slack: FakeSlack) -> None:
    world = World(store=store, notifiers={"slack": bot(slack)})
    world.happen(OPENED, range(6))
    world.seconds(1)
    silenced(world, "suite-2")
    world.seconds(60)
    (message,) = slack.messages
    assert message.header.endswith("5 incidents opened: 5 suites at 1 endpoint")
    assert "suite-2/" not in message.shown and "suite-3/" in message.shown


def test_a_message_that_is_there_is_neither_updated_nor_repeated_while_it_is_silenced(store: Store) -> None:
    pager, world = one_that_was_told(store)
    silenced(world, "suite-1")
    world.happen(REMINDER, [1], to=["pager"])
    world.happen(ESCALATED, [1], to=["boss"])
    world.seconds(600)
    assert pager.events == [OPENED]


def test_who_looks_after_a_silenced_incident_is_told_in_the_message_that_is_there(store: Store) -> None:
    pager, world = one_that_was_told(store)
    silenced(world, "suite-1")
    world.happen(UPDATED, [1], to=["pager"])  # as an acknowledgement does
    world.seconds(2)
    assert pager.events == [OPENED, UPDATED]


def test_who_silenced_an_incident_is_told_in_the_message_that_is_there(store: Store) -> None:
    pager, world = one_that_was_told(store)
    words = silence_words(silenced(world, "suite-1"))
    world.happen(UPDATED, [1], to=["pager"], acknowledged="", silenced=words)
    world.happen(UPDATED, [1], to=["pager"], acknowledged="", facts=("more broke",))
    world.seconds(600)
    assert pager.events == [OPENED, UPDATED] and pager.told[-1].said == (words,)


def test_of_several_updates_and_reminders_that_wait_only_the_newest_is_told(store: Store) -> None:
    pager, world = one_that_was_told(store)
    for event in (REMINDER, UPDATED, REMINDER):
        world.happen(event, [1], to=["pager"], acknowledged="", headline=f"the {event}")
    world.seconds(60)
    assert pager.events == [OPENED, REMINDER] and store.undelivered() == 0
    assert began(store, "inc-1") == ["delivered", "withdrawn", "withdrawn", "delivered"]


def test_a_reminder_that_a_crash_left_half_told_keeps_nothing_behind_it_from_being_told(store: Store) -> None:
    pager, world = one_that_was_told(store)
    world.happen(REMINDER, [1], to=["pager"])
    (row,) = store.waiting("pager")
    store.claim([row.outbox_id], world.clock.now(), LEASE_S)
    world.happen(UPDATED, [1], to=["pager"])
    world.begin()
    world.seconds(int(LEASE_S) + 60)
    assert store.undelivered() == 0 and pager.events == [OPENED, REMINDER, UPDATED]


def test_who_took_and_silenced_an_incident_is_told_although_an_older_reminder_waits(store: Store) -> None:
    pager, world = one_that_was_told(store)
    world.happen(REMINDER, [1], to=["pager"], acknowledged="")
    words = silence_words(silenced(world, "suite-1"))
    world.happen(UPDATED, [1], to=["pager"], acknowledged="", silenced=words)
    world.happen(UPDATED, [1], to=["pager"], acknowledged="acknowledged by carl", silenced=words)
    world.seconds(60)
    assert pager.events == [OPENED, UPDATED] and pager.told[-1].said == ("acknowledged by carl", words)


def test_a_silence_that_expired_while_its_notice_waited_is_not_told_as_one_that_stands(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager, per_minute=1)
    world.happen(OPENED, [1], to=["pager"])
    world.seconds(2)
    words = silence_words(silenced(world, "suite-1", minutes=0.25))
    world.happen(UPDATED, [1], to=["pager"], acknowledged="", silenced=words)
    world.seconds(90)
    assert pager.events == [OPENED, UPDATED] and pager.told[-1].said == ()


def test_the_last_who_took_an_incident_is_told_at_once_and_nobody_before_them(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager)
    world.happen(OPENED, [1], to=["pager"])
    acknowledged(world, 1)
    for name in ("acknowledged by carl", "acknowledged by oncall"):
        world.happen(UPDATED, [1], to=["pager"], acknowledged=name)
    world.seconds(5)
    assert [notice.acknowledged.split(" 2026")[0] for notice in pager.told] == ["acknowledged by oncall"] * 2


# ------------------------------------------------------------------------------------------------ when it ends
@pytest.mark.parametrize("by_hand", [True, False], ids=["ended by hand", "expired"])
def test_what_is_still_open_when_the_silence_ends_is_told_then(store: Store, by_hand: bool) -> None:
    pager = Pager()
    world = a_world(store, pager)
    made = silenced(world, "suite-1", minutes=10)
    world.happen(OPENED, [1], to=["pager"])
    world.seconds(300)
    assert pager.told == []
    if by_hand:
        store.save_silence(replace(made, ended_at=world.clock.now(), ended_note="ended by oncall"))
    world.seconds(2)
    assert bool(pager.told) is by_hand
    world.seconds(300)
    assert pager.events == [OPENED] and store.undelivered() == 0


@pytest.mark.parametrize("ends", ["with the incident", "later", "by itself, long before anybody looks"])
def test_an_incident_that_began_and_ended_untold_in_a_silence_is_never_told(store: Store, ends: str) -> None:
    pager = Pager()
    world = a_world(store, pager)
    made = silenced(world, "suite-1", minutes=10)
    world.happen(OPENED, [1], to=["pager"])
    world.happen(REMINDER, [1], to=["pager"])
    if ends != "by itself, long before anybody looks":
        world.seconds(300)
    world.happen(RESOLVED, [1], to=["pager"])
    if ends == "with the incident":
        store.save_silence(replace(made, ended_at=world.clock.now(), ended_note="suite-1/prod/contract is over"))
    if ends == "by itself, long before anybody looks":
        world.clock.advance(3600)
    world.seconds(900)
    assert pager.told == [] and began(store, "inc-1") == ["withdrawn"] * 3


def test_an_incident_that_outlived_its_silence_is_told_from_its_beginning(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager)
    silenced(world, "suite-1", minutes=10)
    world.happen(OPENED, [1], to=["pager"])
    world.clock.advance(1200)  # nobody looked in between
    world.happen(RESOLVED, [1], to=["pager"])
    world.seconds(2)
    assert pager.events == [OPENED, RESOLVED]


def test_what_was_told_before_the_silence_is_told_as_over_and_nothing_in_between(store: Store) -> None:
    pager, world = one_that_was_told(store)
    silenced(world, "suite-1")
    world.happen(REMINDER, [1], to=["pager"])
    world.seconds(60)
    world.happen(RESOLVED, [1], to=["pager"])
    world.seconds(60)
    assert pager.events == [OPENED, RESOLVED] and store.undelivered() == 0


@pytest.mark.parametrize(("tried", "told"), [("refused", [RESOLVED]), ("lost", [OPENED, RESOLVED])])
def test_what_may_have_been_told_before_the_silence_is_told_as_over(
    store: Store, tried: str, told: list[AlertEvent]
) -> None:
    pager = Pager()
    world = a_world(store, pager)
    world.happen(OPENED, [1], to=["pager"])
    (row,) = store.waiting("pager")
    store.claim([row.outbox_id], world.clock.now(), LEASE_S)  # and the process died, or the channel was down
    if tried == "refused":
        store.retry(row.outbox_id, world.clock.now(), "no answer")
    world.clock.advance(LEASE_S)
    silenced(world, "suite-1")
    world.seconds(60)
    assert pager.told == [], "it waits for the silence to end"
    world.happen(RESOLVED, [1], to=["pager"])
    world.seconds(60)
    assert pager.events == told


# ------------------------------------------------------------------------------------------------ who took it
def test_what_somebody_took_while_it_waited_says_so(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager)
    world.happen(OPENED, [1], to=["pager"])
    acknowledged(world, 1)
    world.seconds(2)
    (notice,) = pager.told
    assert notice.acknowledged.startswith("acknowledged by oncall") and notice.acknowledged.endswith("on it")
    assert notice.acknowledge == ""


@pytest.mark.parametrize("channel", [bot, hook])
def test_a_digest_says_which_of_its_incidents_somebody_took_while_it_waited(
    store: Store, slack: FakeSlack, channel: type
) -> None:
    world = World(store=store, notifiers={"slack": channel(slack)})
    world.happen(OPENED, range(5))
    world.seconds(1)
    acknowledged(world, 3)
    world.seconds(60)
    shown = slack.messages[0].shown
    (line,) = [line for line in shown.splitlines() if "acknowledged by oncall" in line]
    assert "suite-3/" in line


def test_a_silence_that_ends_after_the_clock_was_set_back_still_ends(store: Store) -> None:
    pager = Pager()
    world = a_world(store, pager)
    silenced(world, "suite-1", minutes=10)
    world.happen(OPENED, [1], to=["pager"])
    world.seconds(2)
    started: datetime = world.clock.now()
    world.clock.advance(-300)
    world.seconds(300)
    assert pager.told == [] and world.clock.now() == started
    world.seconds(600)
    assert pager.events == [OPENED]
