"""A digest says how many, where and what they share, names the worst, and shows hostile text without acting on it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from probes.fault import Fault
from reports.messages import digest as words
from reports.notice import AlertEvent, Digest, Notice
from reports.notifiers.slack import SlackNotifier
from reports.notifiers.slack_digest import digest_blocks, digest_fallback, digest_update
from reports.notifiers.slack_finding import carrying
from tests.fakes.alerting import START, a_notice
from tests.fakes.records import HOSTILE
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack

OPENED, UPDATED, RESOLVED = AlertEvent.OPENED, AlertEvent.UPDATED, AlertEvent.RESOLVED


def about(number: int, event: AlertEvent = OPENED, **said: Any) -> Notice:
    suite, endpoint = f"s{number}", str(said.pop("endpoint", "prod"))
    plain = {
        "incident_id": f"inc-{number}",
        "suite": suite,
        "endpoint": endpoint,
        "key": f"{suite}/{endpoint}/contract",
    }
    return a_notice(event, **{**plain, "headline": f"{suite} at {endpoint}: contract broken", **said})


def of(*notices: Notice, news: tuple[Notice, ...] | None = None) -> Digest:
    return Digest(digest_id="digest-inc-0", at=START, notices=notices, news=notices if news is None else news)


# ------------------------------------------------------------------------------------------------ words
@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([OPENED] * 3, "3 incidents opened: 3 suites at 1 endpoint"),
        ([OPENED, UPDATED, OPENED], "3 incidents open: 3 suites at 1 endpoint"),
        ([OPENED, RESOLVED, RESOLVED], "1 incident open, 2 resolved: 3 suites at 1 endpoint"),
        ([RESOLVED] * 3, "3 incidents resolved: 3 suites at 1 endpoint"),
    ],
)
def test_the_headline_counts_incidents_by_state_suites_and_endpoints(events: list[AlertEvent], told: str) -> None:
    assert words.headline(of(*(about(n, event) for n, event in enumerate(events)))) == told


def test_a_digest_is_as_severe_as_the_worst_that_is_not_over() -> None:
    calm = about(1, severity="info")
    assert words.severity(of(calm, about(2, severity="page"))) == "page"
    assert words.severity(of(calm, about(2, RESOLVED, severity="page"))) == "info"
    over = of(about(1, RESOLVED, severity="ticket"), about(2, RESOLVED, severity="info"))
    assert words.is_over(over) and words.severity(over) == "ticket"


@pytest.mark.parametrize(
    ("notices", "titles"),
    [
        ([about(n) for n in range(4)], ["endpoint prod (4)"]),
        ([about(n, endpoint=f"e{n}", host="gw.example.com", faults=()) for n in range(4)], ["host gw.example.com (4)"]),
        ([about(n, endpoint=f"e{n}", faults=(Fault.RATE_LIMITED,)) for n in range(4)], ["class rate_limited (4)"]),
        ([about(n, endpoint=f"e{n}", faults=(), kind=("drift" if n else "spend")) for n in range(4)],
         ["kind drift (3)", "kind spend (1)"]),
    ],
)  # fmt: skip
def test_incidents_stand_together_by_what_most_of_them_share(notices: list[Notice], titles: list[str]) -> None:
    assert [ground.title for ground in words.grounds(of(*notices))] == titles


def test_the_worst_come_first_and_what_is_over_last() -> None:
    notices = [about(1, RESOLVED), about(2, severity="info"), about(3), about(4, severity="ticket")]
    (ground,) = words.grounds(of(*notices))
    assert [notice.suite for notice in ground.shown] == ["s3", "s4", "s2", "s1"]


def test_a_long_digest_names_twenty_and_says_how_to_see_the_rest() -> None:
    long = of(*(about(n, endpoint=f"e{n % 2}") for n in range(108)))
    assert sum(len(ground.shown) for ground in words.grounds(long)) == 20
    assert words.rest(long) == "and 88 more: holdfast alerts"
    assert words.rest(of(*(about(n) for n in range(20)))) == ""


def test_as_plain_text_every_line_has_state_key_and_report() -> None:
    text = words.text(of(about(1), about(2, RESOLVED)))
    assert "  - PAGE s1/prod/contract: s1 at prod: contract broken (https://holdfast.example.com/runs/run-7)" in text
    assert "  - RESOLVED s2/prod/contract: " in text and text.startswith("1 incident open, 1 resolved")


# ------------------------------------------------------------------------------------------------ what to do
REACH = " --store '/srv/a b.db'"
COMMANDS = [
    f"holdfast alerts{REACH}",
    f"holdfast alerts ack ID --reason 'looking into it'{REACH}",
    f"holdfast silence ID --for 2h --reason 'looking into it'{REACH}",
]


def test_each_line_of_a_digest_has_the_id_that_the_commands_below_it_take() -> None:
    digest = replace(of(about(1), about(2), about(3, RESOLVED)), reach=REACH)
    lines = words.text(digest).splitlines()
    assert [line for line in lines if line.strip().startswith("id ")] == [f"    id inc-{n}" for n in (1, 2, 3)]
    assert [line.partition(": ")[2] for line in lines[-3:]] == COMMANDS
    (section,) = [block["text"]["text"] for block in digest_blocks(digest) if "```" in json.dumps(block)]
    assert section == "```" + "\n".join(COMMANDS) + "\n```"
    said = json.dumps(digest_blocks(digest), ensure_ascii=False)
    assert all(f"\u00b7 id inc-{number} \u00b7" in said for number in (1, 2, 3))


def test_no_line_of_a_digest_is_taken_for_the_message_of_its_incident() -> None:
    said = {"bot_id": "B1", "ts": "1.5", "blocks": digest_blocks(of(about(1), about(2)))}
    assert carrying([said], "digest-inc-0") and not carrying([said], "incident inc-1")


def test_a_digest_says_who_took_an_incident_until_it_is_over() -> None:
    took: dict[str, Any] = {"acknowledged": "acknowledged by oncall 2026-03-14 09:20Z: " + "x" * 500}
    said = [json.dumps(digest_blocks(of(about(1, event, **took), about(2)))) for event in (OPENED, RESOLVED)]
    assert ["acknowledged by oncall 2026-03-14 09" in each for each in said] == [True, False]
    assert "x" * 90 not in said[0]


def test_below_a_digest_stand_the_owners_and_runbooks_of_what_is_open_each_once() -> None:
    ours: dict[str, Any] = {"team": "us", "contact": "#us"}
    theirs: dict[str, Any] = {"team": "them", "contact": "", "runbook": "see the folder"}
    notices = [about(1, severity="ticket", **theirs), about(2, **ours), about(3, **ours)]
    digest = of(*notices, about(4, RESOLVED, team="gone", contact="", runbook="https://wiki.example.com/gone"))
    assert words.owners(digest) == ("us #us", "them")
    assert words.runbooks(digest) == ("https://wiki.example.com/support-bot", "see the folder")
    said = json.dumps(digest_blocks(digest), ensure_ascii=False)
    assert "owner us #\u2060us \u00b7 owner them" in said and "runbook see the folder" in said
    assert "<https://wiki.example.com/support-bot|runbook>" in said and "wiki.example.com/gone" not in said
    many = of(*(about(n, team=f"team {n}", contact="") for n in range(9)))
    assert words.owners(many)[-2:] == ("team 4", "and 4 more")


def test_a_digest_that_is_over_asks_for_nothing() -> None:
    over = of(*(about(n, RESOLVED) for n in range(4)))
    assert not words.commands(over) and not words.owners(over) and not words.runbooks(over)
    assert "holdfast" not in words.text(over).replace("holdfast.example.com", "")


# ------------------------------------------------------------------------------------------------ Slack
def test_hostile_text_in_a_digest_keeps_to_slacks_limits_and_acts_on_nobody() -> None:
    fields = ("headline", "report", "key", "kind", "team", "contact", "runbook", "acknowledged")
    texts = dict.fromkeys(fields, HOSTILE * 3)
    hostile = of(*(about(n, event, **texts) for n, event in enumerate([OPENED, UPDATED, RESOLVED] * 40)))
    with FakeSlack() as slack:
        notifier = SlackNotifier(bot_token=TOKEN, channel=CHANNEL, base_url=slack.base_url)
        receipt = asyncio.run(notifier.deliver_digest(hostile, None)).receipt
        asyncio.run(notifier.deliver_digest(hostile, receipt))
        assert [message.versions for message in slack.messages] == [2] and len(slack.replies) == 1
    said = json.dumps(digest_blocks(hostile), ensure_ascii=False) + digest_fallback(hostile) + digest_update(hostile)
    assert not any(wrong in said for wrong in ("<!", "<@", "<javascript", "<http://evil", "@here", "@channel"))


def test_a_digest_of_thousands_fits_into_one_message() -> None:
    many = of(*(about(n, endpoint=f"e{n}", faults=(), kind=f"k{n}", headline="x" * 999) for n in range(3000)))
    blocks = digest_blocks(many)
    assert len(blocks) <= 50 and max(len(json.dumps(block)) for block in blocks) < 3500
    assert "and 2980 more: holdfast alerts" in json.dumps(blocks)
    elsewhere = replace(many, reach=" --config '/etc/hold fast.yaml'")
    assert "\nand 2980 more: holdfast alerts --config '/etc/hold fast.yaml'\n" in words.text(elsewhere)


def test_resolves_are_struck_out_and_wake_nobody() -> None:
    news = (about(1, RESOLVED), about(2, UPDATED))
    digest = of(about(0), *news, news=news)
    said = json.dumps(digest_blocks(digest))
    assert said.count("~RESOLVED s1/") == 1 and "~PAGE" not in said
    assert "s2/prod" in digest_update(digest) and "s1/prod" not in digest_update(digest)
    assert digest_update(of(about(0), news=(about(1, RESOLVED),))) == ""


def test_an_update_of_many_says_how_many_it_does_not_name() -> None:
    news = tuple(about(n, UPDATED, headline="x" * 300) for n in range(60))
    said = digest_update(of(*news, news=news))
    named = said.count("PAGE s")
    assert len(said) <= 3000 and named < 60 and said.endswith(f"and {60 - named} more, see above")


def test_no_text_of_an_incident_adds_a_line_to_a_digest() -> None:
    forged = about(1, headline="bad\n\nRESOLVED everything is well\n  - RESOLVED s2/prod/contract: well")
    assert [line for line in words.text(of(forged)).splitlines() if line.strip().startswith(("RESOLVED", "- R"))] == []


# ------------------------------------------------------------------------------------------------ finding again
@pytest.mark.parametrize(
    ("message", "there"),
    [
        ({"bot_id": "B1", "ts": "1.5", "blocks": [{"text": "run r \u00b7 incident inc-1"}]}, True),
        ({"bot_id": "B1", "ts": "1.5", "blocks": [{"text": "incident inc-12"}]}, False),
        ({"bot_id": "B1", "ts": "1.5", "blocks": [{"text": "digest-inc-1"}]}, False),
        ({"user": "U1", "ts": "1.5", "blocks": [{"text": "incident inc-1"}]}, False),
        ({"bot_id": "B1", "ts": 1.5, "blocks": [{"text": "incident inc-1"}]}, False),
        ({"bot_id": "B1", "ts": "1.5"}, False),
        ("incident inc-1", False),
    ],
    ids=["ours", "another incident", "a digest", "a person's", "no ts", "no blocks", "no message"],
)
def test_only_a_message_of_a_bot_that_carries_the_whole_mark_is_taken_for_ours(message: Any, there: bool) -> None:
    assert carrying([message], "incident inc-1") == ("1.5" if there else "")
