"""What every notifier keeps: one suite of tests over the whole table. A new notifier adds how it is built, no test."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Notice, Notifier
from reports.notifiers import NOTIFIERS, notifiers
from reports.notifiers.replies import LONGEST_WAIT_S, retry_after_s
from reports.notifiers.webhook import WebhookNotifier
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import BEARER, PASSWORD, ROUTING_KEY, SECRETS, WEBHOOK_SECRET, FakeReceivers
from tests.fakes.records import HOSTILE
from tests.fakes.slack import CHANNEL, TOKEN, WEBHOOK_PATH, Trouble, rate_limited

Build = Callable[..., Notifier]
"""Called with the stand-ins, and with more settings as keywords."""

BUILDS: dict[str, list[Build]] = {
    "alertmanager": [
        lambda fake, **more: NOTIFIERS["alertmanager"](
            url=fake.alertmanager_url, username="holdfast", password=PASSWORD, **more
        ),
        lambda fake, **more: NOTIFIERS["alertmanager"](url=[fake.alertmanager_url], bearer_token=BEARER, **more),
    ],
    "apprise": [lambda fake, **more: NOTIFIERS["apprise"](urls=[fake.apprise_url], **more)],
    "console": [lambda _, **more: NOTIFIERS["console"](stream=io.StringIO(), **more)],
    "pagerduty": [lambda fake, **more: NOTIFIERS["pagerduty"](routing_key=ROUTING_KEY, url=fake.pagerduty_url, **more)],
    "slack": [
        lambda fake, **more: NOTIFIERS["slack"](bot_token=TOKEN, channel=CHANNEL, base_url=fake.base_url, **more),
        lambda fake, **more: NOTIFIERS["slack"](webhook_url=fake.webhook_url, **more),
    ],
    "webhook": [
        lambda fake, **more: NOTIFIERS["webhook"](
            url=fake.receiver_url, headers={"Authorization": f"Bearer {TOKEN}"}, **more
        ),
        lambda fake, **more: NOTIFIERS["webhook"](url=fake.receiver_url, secret=WEBHOOK_SECRET, **more),
    ],
}
EVERY = [pytest.param(build, id=f"{name}-{i}") for name, builds in BUILDS.items() for i, build in enumerate(builds)]
REMOTE = [entry for entry in EVERY if not str(entry.id).startswith("console")]
QUOTED = json.dumps({"error": " ".join(SECRETS)})
"""What a receiver says that quotes secrets back at us."""
KNOWS_ONLY_WHETHER = "AppriseNotifier"
"""Its library says of a delivery that it failed, and not why."""


@pytest.fixture
def fake() -> Iterator[FakeReceivers]:
    with FakeReceivers() as running:
        yield running


def hostile(event: AlertEvent) -> Notice:
    texts = ("headline", "before", "after", "team", "contact", "runbook", "report", "replay", "run_id", "suite")
    texts += ("sure", "since", "extent", "cause", "unmoved", "acknowledged", "silence", "acknowledge")
    return a_notice(event, facts=(HOSTILE,) * 20, failures=(HOSTILE,), **dict.fromkeys(texts, HOSTILE))


def refusal(notifier: Notifier) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        asyncio.run(notifier.deliver(a_notice(), None))
    return caught.value


def leaked(error: DeliveryError, notifier: Notifier, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Secrets in what anybody could read of a failed delivery."""
    said = "".join(traceback.format_exception(error)) + repr(notifier) + caplog.text
    return [secret for secret in SECRETS if secret in said]


def test_every_notifier_of_the_table_is_tested_here() -> None:
    assert set(BUILDS) == set(NOTIFIERS) <= set(notifiers())


@pytest.mark.parametrize("build", EVERY)
def test_a_whole_incident_is_delivered_with_the_receipt_carried_along(fake: FakeReceivers, build: Build) -> None:
    notifier, receipt = build(fake), None
    for event in (AlertEvent.OPENED, AlertEvent.OPENED, AlertEvent.UPDATED, AlertEvent.REMINDER, AlertEvent.RESOLVED):
        receipt = asyncio.run(notifier.deliver(a_notice(event), receipt)).receipt
        assert json.loads(json.dumps(dict(receipt))) == dict(receipt)


@pytest.mark.parametrize("build", EVERY)
@pytest.mark.parametrize("event", list(AlertEvent))
def test_a_first_notice_of_any_kind_with_hostile_text_is_delivered(
    fake: FakeReceivers, build: Build, event: AlertEvent
) -> None:
    assert asyncio.run(build(fake).deliver(hostile(event), None)).receipt is not None


@pytest.mark.parametrize("build", REMOTE)
@pytest.mark.parametrize(
    ("trouble", "permanent", "retry_after"),
    [
        (rate_limited(17), False, 17.0),
        (Trouble(status=500), False, None),
        (Trouble(cut=True), False, None),
        (Trouble(status=404), True, None),
    ],
    ids=["429", "500", "cut", "404"],
)
def test_trouble_says_whether_and_when_to_try_again(
    fake: FakeReceivers, build: Build, trouble: Trouble, permanent: bool, retry_after: float | None
) -> None:
    fake.script(trouble)
    with pytest.raises(DeliveryError) as caught:
        asyncio.run(build(fake).deliver(a_notice(), None))
    known = type(build(fake)).__name__ != KNOWS_ONLY_WHETHER
    expected = (permanent, retry_after) if known else (False, None)
    assert (caught.value.permanent, caught.value.retry_after_s) == expected
    asyncio.run(build(fake).deliver(a_notice(), None))
    assert len(fake.requests) == 2


@pytest.mark.parametrize("build", REMOTE)
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(status=400, body=QUOTED),
        Trouble(status=401, body=QUOTED, headers={"WWW-Authenticate": 'Basic realm="x"'}),
        Trouble(status=429, body=QUOTED, headers={"Retry-After": "5"}),
        Trouble(status=500, body=QUOTED),
        Trouble(status=302, headers={"Location": "/elsewhere/stand-in-key"}),
        Trouble(cut=True),
    ],
    ids=["400", "401", "429", "500", "302", "cut"],
)
def test_no_refusal_brings_a_secret_into_an_error_or_a_log_even_where_the_receiver_quotes_it(
    fake: FakeReceivers, build: Build, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.script(trouble)
    notifier = build(fake)
    error = refusal(notifier)
    assert len(fake.requests) == 1, "refused at the first word; whoever repeats is the outbox"
    assert not leaked(error, notifier, caplog)


@pytest.mark.parametrize("build", REMOTE)
def test_a_receiver_that_says_nothing_is_given_up_in_time_and_tried_again(fake: FakeReceivers, build: Build) -> None:
    fake.script(Trouble(hang=True))

    async def given_up() -> tuple[DeliveryError, float]:
        notifier, loop = build(fake, timeout_s=0.2), asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(DeliveryError) as caught:
            await notifier.deliver(a_notice(), None)
        took = loop.time() - began
        fake.let_go()
        return caught.value, took

    error, took = asyncio.run(given_up())
    assert (error.permanent, error.retry_after_s) == (False, None)
    assert took < 3


@pytest.mark.parametrize("build", REMOTE)
def test_nobody_at_home_is_an_error_to_try_again_without_secrets(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeReceivers() as gone:
        notifier = build(gone)
    error = refusal(notifier)
    assert not error.permanent and not leaked(error, notifier, caplog)


@pytest.mark.parametrize("build", REMOTE)
def test_a_successful_delivery_logs_no_secret(
    fake: FakeReceivers, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.run(build(fake).deliver(a_notice(), None))
    assert fake.requests and not [secret for secret in SECRETS if secret in caplog.text]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("slack", {"webhook_url": 5}),
        ("slack", {"bot_token": TOKEN, "channel": ["C1"]}),
        ("slack", {"bot_token": TOKEN, "channel": "C1", "base_url": 5}),
        ("slack", {"webhook_url": "https://x.example", "timeout_s": "soon"}),
        ("webhook", {"url": 5}),
        ("webhook", {"url": "https://x.example", "headers": "X-Key"}),
        ("webhook", {"url": "https://x.example", "headers": {"content-type": "text/plain"}}),
        ("webhook", {"url": "https://x.example", "headers": {"Webhook-Id": TOKEN}}),
        ("webhook", {"url": "https://x.example", "timeout_s": 0}),
        ("webhook", {"url": "https://x.example", "timeout_s": 15.1}),
        ("webhook", {"url": "https://x.example", "secret": TOKEN}),
        ("webhook", {"url": "https://x.example", "secret": "whsec_" + TOKEN}),
        ("webhook", {"url": "https://x.example", "secret": []}),
        ("webhook", {"url": "https://x.example", "secret": {"key": TOKEN}}),
        ("console", {"stream": "stdout"}),
        ("pagerduty", {"routing_key": 5}),
        ("pagerduty", {"routing_key": TOKEN + "\n"}),
        ("pagerduty", {"routing_key": ROUTING_KEY, "url": 5}),
        ("pagerduty", {"routing_key": ROUTING_KEY, "timeout_s": True}),
        ("alertmanager", {"url": 5}),
        ("alertmanager", {"url": []}),
        ("alertmanager", {"url": ["http://127.0.0.1:9", 5]}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "username": "me"}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "username": "me", "password": TOKEN, "bearer_token": TOKEN}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "bearer_token": TOKEN + "\r\nX: 1"}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "password": 5}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "labels": ["eu"]}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "labels": {"region": ""}}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "labels": {"my-region": "eu"}}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "labels": {"severity": "page"}}),
        ("alertmanager", {"url": "http://127.0.0.1:9", "open_for_s": 60}),
        ("apprise", {"urls": 5}),
        ("apprise", {"urls": []}),
        ("apprise", {"urls": [5]}),
        ("apprise", {"urls": [f"nosuch://{TOKEN}"]}),
        ("apprise", {"urls": ["json://127.0.0.1:9"], "tags": "production"}),
        ("apprise", {"urls": ["json://127.0.0.1:9"], "timeout_s": 0}),
    ],
)
def test_settings_of_the_wrong_type_are_a_value_error(name: str, settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"text|number|no settings") as caught:
        NOTIFIERS[name](**settings)
    assert TOKEN not in str(caught.value)


# ------------------------------------------------------------------------------------------------ console
def test_the_console_prints_text_that_cannot_steer_a_terminal() -> None:
    stream = io.StringIO()
    asyncio.run(NOTIFIERS["console"](stream=stream).deliver(hostile(AlertEvent.OPENED), None))
    assert "PAGE opened" in stream.getvalue()
    assert all(c == "\n" or c.isprintable() for c in stream.getvalue())


def test_the_console_tells_the_whole_notice() -> None:
    stream = io.StringIO()
    notice = a_notice()
    asyncio.run(NOTIFIERS["console"](stream=stream).deliver(notice, None))
    told = (notice.headline, *notice.facts, *notice.failures, notice.before, notice.after, notice.team, notice.contact)
    asked = [text for _, text in (*notice.bearings, *notice.commands)]
    for text in (*told, *asked, notice.runbook, notice.report, notice.run_id):
        assert text in stream.getvalue()


def test_a_console_of_another_encoding_still_gets_the_notice(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="ascii") as stream:
        asyncio.run(NOTIFIERS["console"](stream=stream).deliver(a_notice(after="Gr\u00fc\u00dfe \u2026"), None))
    assert "Gr??e ?" in (tmp_path / "log").read_text(encoding="ascii")


def test_a_closed_console_is_a_delivery_error() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError, match="cannot be written"):
        asyncio.run(NOTIFIERS["console"](stream=stream).deliver(a_notice(), None))


# ------------------------------------------------------------------------------------------------ webhook
def test_a_webhook_gets_every_field_of_the_notice_as_json(fake: FakeReceivers) -> None:
    asyncio.run(WebhookNotifier(url=fake.receiver_url, headers={"X-Key": "k"}).deliver(a_notice(), None))
    ((_, body, headers),) = fake.requests
    assert body.pop("schema") == "holdfast.notice/1"
    assert TypeAdapter(Notice).validate_json(json.dumps(body)) == a_notice()
    assert (body["at"], headers["x-key"]) == ("2026-03-14T10:00:00Z", "k")


def test_a_repeat_of_a_notice_has_the_same_key_and_another_notice_has_not(fake: FakeReceivers) -> None:
    notifier = WebhookNotifier(url=fake.receiver_url)
    for event in (AlertEvent.OPENED, AlertEvent.OPENED, AlertEvent.RESOLVED):
        asyncio.run(notifier.deliver(a_notice(event), None))
    first, again, other = (headers["idempotency-key"] for _, _, headers in fake.requests)
    assert first == again != other


def test_a_silent_receiver_is_given_up_after_the_timeout(fake: FakeReceivers) -> None:
    fake.script(Trouble(hang=True))
    with pytest.raises(DeliveryError, match=r"within 0\.2 s") as caught:
        asyncio.run(WebhookNotifier(url=fake.receiver_url, timeout_s=0.2).deliver(a_notice(), None))
    assert not caught.value.permanent


@pytest.mark.parametrize("name", ["alertmanager", "apprise", "slack"])
@pytest.mark.parametrize("call", ["<!channel>", "@everyone", "<@U0123|x>", "x@<@U0123>", "<!subteam^S01>"])
def test_no_text_of_an_endpoint_calls_anybody_in_a_chat(fake: FakeReceivers, name: str, call: str) -> None:
    text = f"look: {call} now"
    notice = a_notice(headline=text, facts=(text,), failures=(text,), after=text, cause=text, contact="a@example.com")
    asyncio.run(BUILDS[name][0](fake).deliver(notice, None))
    told = json.dumps([body for _, body, _ in fake.requests], ensure_ascii=False)
    assert "look: " in told and call not in told


def test_the_owner_stays_reachable_where_mentions_are_broken(fake: FakeReceivers) -> None:
    asyncio.run(BUILDS["apprise"][0](fake).deliver(a_notice(contact="@oncall a@example.com"), None))
    assert "@oncall a@example.com" in json.dumps(fake.requests[0][1], ensure_ascii=False)


@pytest.mark.parametrize("build", REMOTE)
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed_and_nothing_secret_travels(fake: FakeReceivers, build: Build, status: int) -> None:
    fake.script(Trouble(status=status, headers={"Location": fake.origin + WEBHOOK_PATH}))
    notifier = build(fake)
    error = refusal(notifier)
    if type(notifier).__name__ != KNOWS_ONLY_WHETHER:
        assert error.permanent and f"HTTP {status}" in str(error)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x.example/secret-part",
        "https://",
        "https://x.example:99999",
        "https://x.example:secret-part",
        "secret-part",
    ],
)
def test_an_address_that_is_none_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ValueError, match="not an http or https address") as caught:
        WebhookNotifier(url=url)
    assert "secret-part" not in "".join(traceback.format_exception(caught.value))


def test_headers_that_cannot_be_sent_are_refused_without_quoting_them() -> None:
    with pytest.raises(ValueError, match="printable ASCII") as caught:
        WebhookNotifier(url="https://x.example", headers={"X-Key": "secret-part\r\nInjected: 1"})
    assert "secret-part" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("9" * 400, LONGEST_WAIT_S),
        ("-5", None),
        ("soon", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_not_at_all(value: str, seconds: float | None) -> None:
    assert retry_after_s({"RETRY-after": value}) == seconds


@pytest.mark.parametrize(
    ("after", "now", "seconds"),
    [
        ("Fri, 20 Nov 2026 12:02:00 GMT", "Fri, 20 Nov 2026 12:00:30 GMT", 90.0),
        ("Fri, 20 Nov 2026 12:02:00 GMT", "Fri, 20 Nov 2026 13:00:00 GMT", 0.0),
        ("Wed, 20 Nov 2999 12:02:00 GMT", "Fri, 20 Nov 2026 12:00:00 GMT", LONGEST_WAIT_S),
        ("Fri, 20 Nov 2026 12:02:00 GMT", "", None),
        ("Fri, 20 Nov 2026 12:02:00 GMT", "yesterday", None),
        ("Fri, 20 Nov 2026 12:02:00", "Fri, 20 Nov 2026 12:00:30 -0000", 90.0),
        ("Fri, 99 Nov 2026 12:02:00 GMT", "Fri, 20 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_a_date_to_wait_for_is_read_by_the_clock_of_who_gave_it(after: str, now: str, seconds: float | None) -> None:
    assert retry_after_s({"Retry-After": after, "date": now}) == seconds
