"""PagerDuty against a stand-in on loopback: one alert an incident, no text that could be refused, no key told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Notice
from reports.notifiers.pagerduty import ENQUEUE, PagerDutyNotifier, event
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import ROUTING_KEY, FakeReceivers, wrong_event
from tests.fakes.records import HOSTILE
from tests.fakes.slack import Trouble

LOUD = [each for each in AlertEvent if each is not AlertEvent.RESOLVED]


def deliver(fake: FakeReceivers, *notices: Notice) -> None:
    notifier = PagerDutyNotifier(routing_key=ROUTING_KEY, url=fake.pagerduty_url)
    for notice in notices:
        asyncio.run(notifier.deliver(notice, {}))


def test_all_notices_of_an_incident_are_one_alert_that_ends_resolved() -> None:
    with FakeReceivers() as fake:
        deliver(fake, *(a_notice(each) for each in LOUD), a_notice(incident_id="inc-2"))
        assert fake.open_pages == ["inc-1", "inc-2"]
        deliver(fake, a_notice(AlertEvent.RESOLVED))
        assert fake.open_pages == ["inc-2"]
        assert len(fake.pages["inc-1"]) == len(AlertEvent)


TAKEN = "acknowledged by oncall 2026-03-14 09:20Z: on it"


def actions(*notices: Notice) -> list[str]:
    """What PagerDuty is told of one incident, each notice with the receipt of the ones before."""
    with FakeReceivers() as fake:
        notifier = PagerDutyNotifier(routing_key=ROUTING_KEY, url=fake.pagerduty_url)
        receipt: Mapping[str, str] | None = None
        for notice in notices:
            receipt = asyncio.run(notifier.deliver(notice, receipt)).receipt or receipt
        return [event["event_action"] for event in fake.pages["inc-1"]]


def taken(severity: str = "ticket", event: AlertEvent = AlertEvent.UPDATED) -> Notice:
    return a_notice(event, severity=severity, acknowledged=TAKEN)


def test_an_incident_somebody_took_is_acknowledged_and_what_is_news_after_that_joins_its_alert() -> None:
    opened = a_notice(severity="ticket")
    assert actions(opened, taken(), a_notice(AlertEvent.RESOLVED)) == ["trigger", "acknowledge", "resolve"]
    news = replace(taken(), facts=("another check broke",))
    assert actions(opened, taken(), news) == ["trigger", "acknowledge", "trigger"]
    assert actions(opened, news, taken()) == ["trigger", "trigger", "trigger"]
    assert actions(opened, news, news) == ["trigger", "trigger", "acknowledge"]


def test_what_was_acknowledged_is_not_sent_again_because_somebody_else_takes_it() -> None:
    other = replace(taken(), acknowledged="acknowledged by night 2026-03-14 09:40Z: mine")
    opened = a_notice(severity="ticket")
    assert actions(opened, taken(), other, other) == ["trigger", "acknowledge"]
    reminded = a_notice(AlertEvent.REMINDER, severity="ticket", acknowledged=TAKEN)
    assert actions(opened, taken(), other, reminded) == ["trigger", "acknowledge", "trigger"]


def test_a_silence_opens_nothing_anew_that_somebody_resolved_there() -> None:
    opened = a_notice(severity="ticket")
    quiet = replace(a_notice(AlertEvent.UPDATED, severity="ticket"), acknowledged="", silenced="silenced by oncall")
    assert actions(opened, quiet, replace(quiet, silenced="no longer silenced")) == ["trigger"]
    assert actions(opened, replace(quiet, acknowledged=TAKEN)) == ["trigger", "acknowledge"]
    assert actions(opened, replace(quiet, facts=("another check broke",))) == ["trigger", "trigger"]


def test_a_severity_that_rises_triggers_again_although_somebody_took_it() -> None:
    opened = a_notice(severity="ticket")
    assert actions(opened, taken("page")) == ["trigger", "trigger"]
    assert actions(opened, taken("page"), taken("page")) == ["trigger", "trigger", "acknowledge"]


def test_what_pagerduty_never_heard_of_is_triggered_even_where_somebody_took_it_before() -> None:
    assert actions(taken(event=AlertEvent.OPENED)) == actions(taken()) == ["trigger"]


@pytest.mark.parametrize(
    ("severity", "there"), [("page", "critical"), ("ticket", "warning"), ("info", "info"), ("new", "error")]
)
def test_severities_are_those_pagerduty_knows(severity: str, there: str) -> None:
    assert event(a_notice(severity=severity))["payload"]["severity"] == there


def test_a_resolve_says_nothing_but_which_alert_is_over() -> None:
    assert event(a_notice(AlertEvent.RESOLVED)) == {"event_action": "resolve", "dedup_key": "inc-1"}


def test_an_enormous_notice_is_still_an_event_pagerduty_takes() -> None:
    long = "\U0001f534\u202e\x1b" * 100_000
    texts = dict.fromkeys(("headline", "before", "after", "team", "runbook", "report", "replay", "suite"), long)
    told = event(a_notice(facts=(long,) * 1000, failures=(long,), **texts))
    assert wrong_event({"routing_key": ROUTING_KEY, **told}) == ""
    assert "and 950 more, see the report" in told["payload"]["custom_details"]["what moved"]


@pytest.mark.parametrize("place", ["javascript:alert(1)", "reports/run-7/index.html", "", HOSTILE])
def test_only_web_addresses_become_links(place: str) -> None:
    told = event(a_notice(report=place, runbook=place))
    assert "links" not in told and "client_url" not in told


@given(text=st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_whatever_an_endpoint_wrote_makes_an_event_pagerduty_takes(text: str) -> None:
    told = event(a_notice(headline=text, facts=(text,), before=text, after=text, suite=text, team=text))
    assert wrong_event(json.loads(json.dumps({"routing_key": ROUTING_KEY, **told}))) == ""


def test_a_refused_event_is_permanent_and_says_what_to_check() -> None:
    with FakeReceivers() as fake:
        notifier = PagerDutyNotifier(routing_key="f" * 32, url=fake.pagerduty_url)
        with pytest.raises(DeliveryError, match=r"HTTP 400 .*check routing_key") as caught:
            asyncio.run(notifier.deliver(a_notice(), None))
    assert caught.value.permanent


def test_too_many_events_wait_as_long_as_pagerduty_says() -> None:
    with FakeReceivers() as fake:
        fake.script(Trouble(status=429, headers={"Retry-After": "60"}))
        with pytest.raises(DeliveryError) as caught:
            deliver(fake, a_notice())
    assert (caught.value.permanent, caught.value.retry_after_s) == (False, 60.0)


def test_without_an_address_it_is_pagerduty_itself() -> None:
    assert str(PagerDutyNotifier(routing_key=ROUTING_KEY)._receiver.url) == ENQUEUE
