"""Slack against a stand-in on loopback: what people see, what the outbox learns, what never leaves."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.errors import DeliveryError
from probes.suite import Owner
from reports.alerts.incidents import conditions
from reports.messages.message import notice
from reports.notice import AlertEvent, Notice
from reports.notifiers.slack import SlackNotifier
from reports.notifiers.slack_blocks import (
    CUT,
    HEADER_CHARS,
    SECTION_CHARS,
    blocks,
    code,
    fallback_text,
    fitted,
    mrkdwn,
    plain,
)
from tests.fakes import records
from tests.fakes.alerting import Machine, a_notice, a_rule
from tests.fakes.notices import told
from tests.fakes.slack import CHANNEL, SECRETS, TOKEN, FakeSlack, Trouble, rate_limited, refused

GOLDEN = Path(__file__).parent.parent / "golden"
OPENED, UPDATED, REMINDER, RESOLVED = (
    AlertEvent.OPENED,
    AlertEvent.UPDATED,
    AlertEvent.REMINDER,
    AlertEvent.RESOLVED,
)


def bot(slack: FakeSlack, **fields: Any) -> SlackNotifier:
    return SlackNotifier(**{"bot_token": TOKEN, "channel": CHANNEL, "base_url": slack.base_url, **fields})


def hook(slack: FakeSlack) -> SlackNotifier:
    return SlackNotifier(webhook_url=slack.webhook_url)


def deliver(notifier: SlackNotifier, told_now: Notice, receipt: dict[str, str] | None = None) -> dict[str, str]:
    return dict(asyncio.run(notifier.deliver(told_now, receipt)).receipt)


def test_an_end_that_is_no_recovery_is_closed_and_not_green() -> None:
    closed = blocks(a_notice(AlertEvent.RESOLVED, closed=True))[0]["text"]["text"]
    assert closed.startswith("\u26aa CLOSED ")
    assert blocks(a_notice(AlertEvent.RESOLVED))[0]["text"]["text"].startswith("\u2705 RESOLVED ")


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"webhook_url": "file:///etc/secret-part"}, "webhook_url"),
        ({"webhook_url": "hooks.slack.com/secret-part"}, "webhook_url"),
        ({"bot_token": TOKEN, "channel": CHANNEL, "base_url": "ftp://secret-part"}, "base_url"),
    ],
)
def test_an_address_that_is_none_is_refused_by_its_key_and_not_quoted(fields: dict[str, str], key: str) -> None:
    with pytest.raises(ValueError, match=f"slack's {key} is not an http or https address") as caught:
        SlackNotifier(**fields)
    assert "secret-part" not in "".join(traceback.format_exception(caught.value))


def refusal(notifier: SlackNotifier) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        deliver(notifier, a_notice())
    return caught.value


# ------------------------------------------------------------------------------------------------ one message
def test_a_bot_keeps_one_message_an_incident_and_turns_it_resolved(slack: FakeSlack) -> None:
    receipt = deliver(bot(slack), a_notice(OPENED))
    for event in (UPDATED, RESOLVED):
        assert deliver(bot(slack), a_notice(event, headline=f"now {event}"), receipt) == receipt
    (message,) = slack.messages
    assert (message.versions, len(slack.replies)) == (3, 1)
    assert message.header == "\u2705 RESOLVED now resolved"
    assert "~refund contains" in message.shown


def test_the_same_notice_twice_is_one_message_where_a_receipt_is_known(slack: FakeSlack) -> None:
    receipt = deliver(bot(slack), a_notice())
    deliver(bot(slack), a_notice(), receipt)
    assert len(slack.messages) == 1


def test_a_reminder_updates_the_message_and_is_said_again_in_its_thread(slack: FakeSlack) -> None:
    receipt = deliver(bot(slack), a_notice(OPENED))
    deliver(bot(slack), a_notice(REMINDER), receipt)
    (message,), (reply,) = slack.messages, slack.replies
    assert (message.versions, reply.content["thread_ts"]) == (2, message.ts)


@pytest.mark.parametrize("event", [AlertEvent.UPDATED, AlertEvent.ESCALATED, AlertEvent.FLAPPING])
def test_what_is_news_is_said_in_the_thread_because_an_edit_wakes_nobody(slack: FakeSlack, event: AlertEvent) -> None:
    receipt = deliver(bot(slack), a_notice(OPENED, severity="ticket"))
    deliver(bot(slack), a_notice(event, severity="page"), receipt)
    deliver(bot(slack), a_notice(RESOLVED), receipt)
    (message,), (reply,) = slack.messages, slack.replies
    assert (message.versions, reply.content["thread_ts"]) == (3, message.ts)
    assert f"page, {event}" in reply.content["text"]
    assert (reply.content["parse"], reply.content["link_names"]) == ("none", False)


def test_that_somebody_took_it_is_said_in_the_thread_by_name(slack: FakeSlack) -> None:
    receipt = deliver(bot(slack), a_notice(OPENED))
    deliver(bot(slack), a_notice(UPDATED, acknowledged="acknowledged by <!channel> ana: on it"), receipt)
    (reply,) = slack.replies
    assert reply.content["text"].endswith("\nacknowledged by &lt;!channel&gt; ana: on it")


def test_a_message_somebody_deleted_is_posted_anew(slack: FakeSlack) -> None:
    receipt = deliver(bot(slack), a_notice(OPENED))
    slack.delete(slack.messages[0])
    again = deliver(bot(slack), a_notice(RESOLVED), receipt)
    assert again["ts"] != receipt["ts"] and len(slack.messages) == 1


def test_a_webhook_posts_every_notice_because_it_can_update_none(slack: FakeSlack) -> None:
    assert [deliver(hook(slack), a_notice(event)) for event in (OPENED, RESOLVED)] == [{}, {}]
    assert ["RESOLVED" in message.header for message in slack.messages] == [False, True]


@pytest.mark.parametrize("make", [bot, hook])
def test_links_are_not_unfurled_and_names_are_not_linked(slack: FakeSlack, make: Any) -> None:
    deliver(make(slack), a_notice())
    (_, body, _) = slack.requests[0]
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)
    texts = [b["text"] for b in body["blocks"] if b["type"] == "section"]
    assert texts and all(text["verbatim"] is True for text in texts)


def test_a_swapped_model_is_one_message_a_cause_and_all_end_resolved(slack: FakeSlack) -> None:
    """From runs to what people see: contract and policy broken, eight streams moved, then well again."""
    machine, receipts = Machine([a_rule(after="2 of 3", resolve_after=2)]), dict[str, dict[str, str]]()
    for record in [records.failing_run()] * 4 + [records.healthy_run()] * 2:
        begun = len(machine.told)
        machine.run(*conditions(record))
        for transition in machine.told[begun:]:
            message = notice(transition, record, records.a_baseline(), Owner(), "", "")
            receipts[message.incident_id] = deliver(bot(slack), message, receipts.get(message.incident_id))
    assert [message.header[:10] for message in slack.messages] == ["\u2705 RESOLVED"] * 2
    assert {"policy" in message.shown for message in slack.messages} == {True, False}
    assert any("also moved: tokens.output" in message.shown for message in slack.messages)


# ------------------------------------------------------------------------------------------------ trouble
@pytest.mark.parametrize("make", [bot, hook])
def test_rate_limits_are_tried_again_when_slack_says(slack: FakeSlack, make: Any) -> None:
    slack.script(rate_limited(42))
    error = refusal(make(slack))
    assert (error.permanent, error.retry_after_s) == (False, 42.0)
    assert (len(slack.requests), deliver(make(slack), a_notice()) is not None) == (1, True)


@pytest.mark.parametrize("make", [bot, hook])
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(status=500, body="<html>oops</html>"),
        Trouble(status=503),
        Trouble(cut=True),
        Trouble(status=200, body="{", headers={"Content-Type": "text/plain; charset=no-such"}),
    ],
    ids=["500", "503", "cut", "unreadable"],
)
def test_trouble_on_the_way_is_tried_again_by_the_outbox_only(slack: FakeSlack, make: Any, trouble: Trouble) -> None:
    slack.script(trouble)
    error = refusal(make(slack))
    assert (error.permanent, error.retry_after_s, len(slack.requests)) == (False, None, 1)


@pytest.mark.parametrize("make", [bot, hook])
def test_a_slack_that_says_nothing_is_given_up_after_the_timeout(slack: FakeSlack, make: Any) -> None:
    slack.script(Trouble(hang=True))
    notifier = make(slack)
    notifier._timeout_s = 0.2
    error = refusal(notifier)
    assert not error.permanent


@pytest.mark.parametrize("error_code", ["invalid_auth", "channel_not_found", "token_revoked", "is_archived"])
def test_what_will_never_work_is_permanent_for_a_bot(slack: FakeSlack, error_code: str) -> None:
    slack.script(refused(error_code))
    error = refusal(bot(slack))
    assert error.permanent and error_code in str(error)


@pytest.mark.parametrize(
    ("status", "error_code"), [(404, "no_service"), (400, "invalid_payload"), (410, "channel_is_archived")]
)
def test_what_will_never_work_is_permanent_for_a_webhook(slack: FakeSlack, status: int, error_code: str) -> None:
    slack.script(Trouble(status=status, body=error_code))
    error = refusal(hook(slack))
    assert error.permanent and error_code in str(error)


def test_a_wrong_token_and_a_wrong_channel_are_permanent(slack: FakeSlack) -> None:
    errors = [refusal(bot(slack, bot_token="xoxb-wrong")), refusal(bot(slack, channel="C0OTHER"))]
    assert [error.permanent for error in errors] == [True, True]


def test_an_error_slack_may_invent_tomorrow_is_tried_again(slack: FakeSlack) -> None:
    slack.script(refused("something_new"))
    assert not refusal(bot(slack)).permanent


@pytest.mark.parametrize("make", [bot, hook])
def test_a_layout_slack_refuses_still_arrives_as_a_line(slack: FakeSlack, make: Any) -> None:
    slack.script(Trouble(status=200 if make is bot else 400, body=_refused_blocks(make)))
    deliver(make(slack), a_notice())
    (message,) = slack.messages
    assert "blocks" not in message.content and "contract broken" in message.content["text"]


def _refused_blocks(make: Any) -> str:
    return refused("invalid_blocks").body if make is bot else "invalid_blocks"


def test_an_error_page_is_not_quoted(slack: FakeSlack) -> None:
    slack.script(Trouble(status=502, body=f"<html>{TOKEN} upstream</html>"))
    assert str(refusal(bot(slack))) == "Slack refused the notice: HTTP 502"


# ------------------------------------------------------------------------------------------------ secrets
@pytest.mark.parametrize("make", [bot, hook])
@pytest.mark.parametrize(
    "trouble", [Trouble(status=404, body="no_service"), Trouble(cut=True), Trouble(status=500), Trouble(hang=True)]
)
def test_no_secret_reaches_exceptions_logs_or_repr(
    slack: FakeSlack, make: Any, trouble: Trouble, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.script(trouble)
    notifier = make(slack)
    notifier._timeout_s = 0.2
    error = refusal(notifier)
    chain = "".join(traceback.format_exception(error))
    assert error.__context__ is None or "URLError" not in chain
    said = repr(notifier) + repr(error) + chain + caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS if secret in said]


def test_an_address_that_cannot_be_one_is_not_quoted_either() -> None:
    error = refusal(SlackNotifier(webhook_url="https://hooks.example.com/serv ices/T/B/secret-part"))
    assert "secret-part" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    "settings",
    [{}, {"bot_token": TOKEN}, {"channel": CHANNEL}, {"webhook_url": "http://x", "bot_token": TOKEN, "channel": "C"}],
)
def test_half_a_configuration_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either webhook_url, or bot_token and channel"):
        SlackNotifier(**settings)


# ------------------------------------------------------------------------------------------------ hostile text
MENTIONS = (
    "<!channel> @here <@U024BE7LH> <!here|x> <https://evil.example|click> #general ``` :tada: & https://evil.example"
)
HOSTILE = records.HOSTILE + MENTIONS


def hostile_notice(event: AlertEvent = OPENED) -> Notice:
    texts = ("headline", "before", "after", "team", "contact", "runbook", "report", "replay", "run_id", "kind")
    texts += ("sure", "since", "extent", "cause", "unmoved", "acknowledged", "silence", "acknowledge")
    return a_notice(event, facts=(HOSTILE,) * 3, failures=(HOSTILE,), **dict.fromkeys(texts, HOSTILE))


@pytest.mark.parametrize("event", list(AlertEvent))
def test_nothing_an_endpoint_says_acts_in_slack(event: AlertEvent) -> None:
    notice = hostile_notice(event)
    shown = [notice_text["text"] for notice_text in _texts(blocks(notice))] + [fallback_text(notice)]
    for text in shown:
        assert "<" not in text, "only our own links may hold this, and none of these addresses is one"
        assert "@here" not in text and "@everyone" not in text and "#general" not in text
        assert all(character == "\n" or character.isprintable() or character in "\u2060\u200b" for character in text)
        assert text.encode()


def _texts(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [text for block in found for text in (block.get("elements") or [block["text"]])]


def test_an_answer_cannot_close_its_code_block() -> None:
    for after in ("a ``` b", "`````", "ends with ```", "``"):
        (section,) = [b for b in blocks(a_notice(after=after, before="", replay="")) if "answer of now" in str(b)]
        assert section["text"]["text"].count("```") == 2


def test_a_runbook_is_a_link_only_where_it_is_a_plain_web_address() -> None:
    def line(runbook: str) -> str:
        return next(t["text"] for t in _texts(blocks(a_notice(runbook=runbook))) if "runbook" in t["text"])

    assert "<https://wiki.example.com/a?b=1&amp;c=%7C|runbook>" in line("https://wiki.example.com/a?b=1&c=|")
    for other in ("javascript:alert(1)", "https://a.example/> <!channel>", "see the wiki"):
        assert "|runbook>" not in line(other)


# ------------------------------------------------------------------------------------------------ limits
def test_a_notice_of_any_length_keeps_slacks_limits_and_says_what_was_cut(slack: FakeSlack) -> None:
    long = "<&> word " * 3000
    texts = ("headline", "before", "after", "replay", "silence", "sure", "since", "extent", "cause", "unmoved")
    notice = a_notice(facts=(long,) * 200, failures=(long,), acknowledged=long, **dict.fromkeys(texts, long))
    deliver(bot(slack), notice)
    (message,) = slack.messages
    assert message.header.endswith(CUT)
    assert re.search(r"and \d+ more, see the report", message.shown)
    assert message.shown.count(CUT) >= 10 or message.shown.count("\\u2026 (cut)") >= 10


def test_links_that_grow_when_they_are_escaped_keep_slacks_limits_and_the_incident_stays_findable(
    slack: FakeSlack,
) -> None:
    long = "https://example.com/?" + "a&" * 235
    deliver(bot(slack), a_notice(runbook=long, report=long))
    (message,) = slack.messages
    places = next(text["text"] for text in _texts(message.content["blocks"]) if "incident inc" in text["text"])
    assert len(places) <= SECTION_CHARS and "https:" in places


@given(st.text(max_size=400), st.integers(20, 300), st.sampled_from([mrkdwn, code, plain]))
def test_text_fits_its_limit_and_no_entity_is_halved(text: str, limit: int, neutral: Any) -> None:
    shown = fitted(text, limit, neutral)
    assert len(shown.encode("utf-16-le")) // 2 <= limit
    assert re.fullmatch(r"(?:[^&<>]|&(?:amp|lt|gt);)*", shown, re.DOTALL)
    assert "```" not in shown or neutral is plain


@given(
    st.builds(
        a_notice,
        headline=st.text(),
        after=st.text(),
        facts=st.lists(st.text(), max_size=12).map(tuple),
        cause=st.text(),
        acknowledged=st.text(),
        silence=st.text(),
    )
)
def test_every_block_of_every_notice_is_within_limits_and_never_empty(notice: Notice) -> None:
    found = blocks(notice)
    assert len(found) <= 50
    for block in found:
        limit = HEADER_CHARS if block["type"] == "header" else SECTION_CHARS
        assert all(0 < len(text["text"]) <= limit for text in _texts([block]))


# ------------------------------------------------------------------------------------------------ goldens
def _story(name: str) -> Notice:
    kind, event = name.split("_")
    record = records.healthy_run() if event == "resolved" else records.failing_run()
    facts = {"facts": told(records.failing_run(), kind).facts} if event == "resolved" else {}
    taken = "acknowledged by oncall 2026-03-14 09:20Z: on it" if event == "updated" else ""
    return told(record, kind, AlertEvent(event), taken, **facts)


@pytest.mark.parametrize(
    "name", [f"{kind}_{event}" for kind in ("contract", "drift") for event in ("opened", "updated", "resolved")]
)
def test_messages_look_exactly_as_agreed(name: str) -> None:
    """``HOLDFAST_UPDATE_GOLDEN=1 pytest tests/unit/test_slack.py`` writes what is; look before you commit it."""
    notice = _story(name)
    payload = {"text": fallback_text(notice), "blocks": blocks(notice)}
    rendered = json.dumps(payload, indent=2, ensure_ascii=True) + "\n"
    golden = GOLDEN / f"slack_{name}.json"
    if os.environ.get("HOLDFAST_UPDATE_GOLDEN"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")
