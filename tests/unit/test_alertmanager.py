"""Alertmanager's alerts: their identity stays, their ends are right, and refreshing never wakes what is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Notice
from reports.notifiers.alertmanager import OPEN_FOR_S, AlertmanagerNotifier
from reports.notifiers.alertmanager_alerts import CLOCKS_DIFFER_S, alerts
from tests.fakes.alerting import START, a_notice
from tests.fakes.receivers import BEARER, PASSWORD, FakeReceivers, wrong_alert
from tests.fakes.records import HOSTILE
from tests.fakes.slack import Trouble

LATER = START + timedelta(days=30)
OPENED, RESOLVED = AlertEvent.OPENED, AlertEvent.RESOLVED


@pytest.fixture
def fake() -> Iterator[FakeReceivers]:
    with FakeReceivers() as running:
        yield running


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def firing(fake: FakeReceivers, now: datetime) -> list[str]:
    return sorted(held.labels["severity"] for held in fake.alerts.values() if held.open_at(now))


def notifier(fake: FakeReceivers, **fields: Any) -> AlertmanagerNotifier:
    return AlertmanagerNotifier(**{"url": fake.alertmanager_url, **fields})


def deliver(told: AlertmanagerNotifier, notice: Notice, receipt: Mapping[str, str] | None = None) -> dict[str, str]:
    return dict(asyncio.run(told.deliver(notice, receipt)).receipt)


# ------------------------------------------------------------------------------------------------ open and over
def test_an_alert_is_open_until_its_incident_is_resolved_and_over_at_once(fake: FakeReceivers) -> None:
    told = notifier(fake)
    receipt = deliver(told, a_notice(at=at(0)))
    deliver(told, a_notice(AlertEvent.UPDATED, at=at(20), facts=("worse",)), receipt)
    assert firing(fake, at(21)) == ["page"] and len(fake.alerts) == 1
    deliver(told, a_notice(RESOLVED, at=at(30)), receipt)
    assert firing(fake, at(30)) == []


def test_an_end_is_past_even_for_a_clock_that_is_minutes_behind(fake: FakeReceivers) -> None:
    told = notifier(fake)
    deliver(told, a_notice(at=at(0)))
    deliver(told, a_notice(RESOLVED, at=at(1)))
    assert firing(fake, at(1) - timedelta(seconds=CLOCKS_DIFFER_S)) == []


def test_a_risen_severity_is_another_alert_and_the_first_one_ends(fake: FakeReceivers) -> None:
    told = notifier(fake)
    receipt = deliver(told, a_notice(severity="ticket", at=at(0)))
    receipt = deliver(told, a_notice(AlertEvent.UPDATED, severity="page", at=at(10)), receipt)
    assert receipt == {"severities": "page,ticket"}
    assert firing(fake, at(11)) == ["page"]
    deliver(told, a_notice(RESOLVED, severity="page", at=at(20)), receipt)
    assert firing(fake, at(20)) == []


def test_labels_are_the_same_over_an_incident_and_what_is_told_is_not_among_them() -> None:
    first, second = (alerts(notice, {}, LATER, ())[0] for notice in (a_notice(), a_notice(facts=("x",), after="y")))
    assert first["labels"] == second["labels"] and first["annotations"] != second["annotations"]
    assert set(first["labels"]) == {"alertname", "suite", "endpoint", "kind", "severity"}


def test_a_kind_of_two_words_is_one_name() -> None:
    assert alerts(a_notice(kind="no-data"), {}, LATER, ())[0]["labels"]["alertname"] == "HoldfastNoData"


@given(text=st.text(max_size=60), event=st.sampled_from(AlertEvent), minutes=st.integers(0, 10_000))
@settings(max_examples=80, deadline=None)
def test_whatever_an_endpoint_wrote_makes_alerts_that_are_taken(text: str, event: AlertEvent, minutes: int) -> None:
    hostile = dict.fromkeys(("headline", "before", "after", "team", "runbook", "report", "replay", "suite"), text)
    made = alerts(a_notice(event, facts=(text,) * 30, at=at(minutes), **hostile), {}, LATER, ("info", "page"))
    assert len(made) == 2 and not any(map(wrong_alert, made))


@pytest.mark.parametrize("place", ["javascript:alert(1)", "reports/run-7", HOSTILE])
def test_only_a_web_address_becomes_the_link_of_an_alert(place: str) -> None:
    assert "generatorURL" not in alerts(a_notice(report=place), {}, LATER, ())[0]


# ------------------------------------------------------------------------------------------------ refreshing
def test_refreshing_keeps_an_alert_open_for_as_long_as_its_incident_is(fake: FakeReceivers) -> None:
    told, opened = notifier(fake), a_notice(at=at(0))
    deliver(told, opened)
    much_later = at(0) + timedelta(seconds=OPEN_FOR_S * 3)
    assert firing(fake, much_later) == []
    asyncio.run(told.refresh([opened], much_later))
    assert firing(fake, much_later) == ["page"]


def test_an_alertmanager_that_forgot_everything_learns_it_with_the_next_refresh(fake: FakeReceivers) -> None:
    told, opened = notifier(fake), a_notice(at=at(0))
    deliver(told, opened)
    fake.alerts.clear()
    asyncio.run(told.refresh([opened], at(1)))
    assert firing(fake, at(1)) == ["page"]


def test_a_refresh_that_was_read_before_the_end_does_not_open_the_alert_again(fake: FakeReceivers) -> None:
    told, opened = notifier(fake), a_notice(at=at(0))
    deliver(told, opened)
    deliver(told, a_notice(RESOLVED, at=at(5)))
    asyncio.run(told.refresh([opened], at(5)))
    assert firing(fake, at(5)) == []


def test_an_end_is_said_again_for_members_that_were_away_and_not_for_ever(fake: FakeReceivers) -> None:
    told = notifier(fake)
    deliver(told, a_notice(RESOLVED, at=at(5)))
    asyncio.run(told.refresh([], at(6)))
    asyncio.run(told.refresh([], at(60)))
    assert len(fake.requests) == 2


@pytest.mark.parametrize("known", [True, False], ids=["delivered here", "delivered by another process"])
def test_the_end_of_an_incident_is_not_said_again_over_the_next_one(fake: FakeReceivers, known: bool) -> None:
    told, following = notifier(fake), a_notice(incident_id="inc-2", opened_at=at(7), at=at(7))
    deliver(told, a_notice(RESOLVED, at=at(5)))
    if known:
        deliver(told, following)
    asyncio.run(told.refresh([following], at(8)))
    assert firing(fake, at(8)) == ["page"]


def test_refreshing_nothing_sends_nothing_and_trouble_is_told(fake: FakeReceivers) -> None:
    told = notifier(fake)
    asyncio.run(told.refresh([], at(0)))
    assert fake.requests == []
    fake.script(Trouble(status=503))
    with pytest.raises(DeliveryError, match="Alertmanager refused the notice: HTTP 503"):
        asyncio.run(told.refresh([a_notice()], at(0)))


# ------------------------------------------------------------------------------------------------ clusters, access
def test_every_member_of_a_cluster_is_told_and_one_that_takes_it_is_enough(fake: FakeReceivers) -> None:
    with FakeReceivers() as other:
        told = notifier(fake, url=[fake.alertmanager_url, other.alertmanager_url + "/"])
        deliver(told, a_notice(at=at(0)))
        fake.script(Trouble(cut=True))
        deliver(told, a_notice(RESOLVED, at=at(5)))
        assert (firing(fake, at(5)), firing(other, at(5))) == (["page"], [])
        asyncio.run(told.refresh([], at(6)))
        assert firing(fake, at(6)) == []


@pytest.mark.parametrize(
    ("statuses", "permanent", "retry_after"),
    [((400, 400), True, None), ((400, 503), False, None), ((429, 429), False, 30.0)],
)
def test_a_cluster_that_took_nothing_is_tried_again_unless_all_refuse_for_good(
    fake: FakeReceivers, statuses: tuple[int, int], permanent: bool, retry_after: float | None
) -> None:
    with FakeReceivers() as other:
        for member, status in zip((fake, other), statuses, strict=True):
            member.script(Trouble(status=status, headers={"Retry-After": "30"} if status == 429 else {}))
        told = notifier(fake, url=[fake.alertmanager_url, other.alertmanager_url])
        with pytest.raises(DeliveryError, match=r"Alertmanager 1 of 2 .*; Alertmanager 2 of 2") as caught:
            deliver(told, a_notice())
    assert (caught.value.permanent, caught.value.retry_after_s) == (permanent, retry_after)


@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({"username": "holdfast", "password": PASSWORD}, "Basic aG9sZGZhc3Q6c3RhbmQtaW4tcGFzc3dvcmQ="),
        ({"bearer_token": BEARER}, f"Bearer {BEARER}"),
        ({}, None),
    ],
)
def test_credentials_go_into_the_authorization_header(
    fake: FakeReceivers, fields: dict[str, str], header: str | None
) -> None:
    deliver(notifier(fake, **fields), a_notice())
    ((path, _, headers),) = fake.requests
    assert (path, headers.get("authorization")) == ("/am/api/v2/alerts", header)


def test_labels_of_the_settings_are_on_every_alert(fake: FakeReceivers) -> None:
    deliver(notifier(fake, labels={"region": "eu", "instance": "west"}), a_notice())
    (held,) = fake.alerts.values()
    assert (held.labels["region"], held.labels["instance"]) == ("eu", "west")
