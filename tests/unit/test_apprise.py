"""Apprise: mail as people get it, one address's trouble kept from the others, silent about its addresses."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from email.message import EmailMessage

import pytest

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Digest, DigestNotifier, Notice
from reports.notifiers.apprise import AppriseNotifier
from tests.fakes.alerting import START, a_notice
from tests.fakes.receivers import MAIL_PASSWORD, FakeMail, FakeReceivers
from tests.fakes.slack import RECEIVER_PATH, Trouble


def deliver(notifier: AppriseNotifier, notice: Notice) -> None:
    asyncio.run(notifier.deliver(notice, None))


def mailed(notice: Notice, **fields: object) -> tuple[list[str], EmailMessage]:
    with FakeMail() as mail:
        deliver(AppriseNotifier(urls=[mail.url], **fields), notice)  # type: ignore[arg-type]
        ((recipients, message),) = mail.mails
    return recipients, message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_mail_has_the_headline_as_its_subject_and_the_whole_notice_below() -> None:
    notice = a_notice()
    recipients, message = mailed(notice, tags=["production"])
    assert recipients == ["oncall@example.com"] and message["To"] and message["From"]
    assert message["Subject"] == f"[production] PAGE opened: {notice.headline}"
    for text in (*notice.facts, notice.before, notice.after, notice.runbook, notice.report, notice.replay):
        assert text in text_of(message)


def test_a_resolved_mail_says_so_first() -> None:
    _, message = mailed(a_notice(AlertEvent.RESOLVED))
    assert str(message["Subject"]).startswith("RESOLVED ")


def test_no_text_of_an_endpoint_adds_a_header_or_markup_to_a_mail() -> None:
    evil = "<b>x</b>\r\nBcc: all@example.com\r\n\r\n<script>"
    recipients, message = mailed(a_notice(headline=evil, facts=(evil,), after=evil))
    assert recipients == ["oncall@example.com"] and message["Bcc"] is None
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == ["text/plain"]


def test_a_refused_mail_is_tried_again_and_names_the_service_and_no_address() -> None:
    with FakeMail(refuse=True) as mail:
        url = mail.url.replace("://", f"://me:{MAIL_PASSWORD}@")
        with pytest.raises(DeliveryError, match=r"could not deliver to address 1 \(E-?Mail\) of 1$") as caught:
            deliver(AppriseNotifier(urls=[url]), a_notice())
    assert not caught.value.permanent
    assert mail.mails == []


def test_an_address_that_took_a_notice_is_not_told_again_because_another_did_not() -> None:
    with FakeReceivers() as well, FakeReceivers() as ill:
        notifier = AppriseNotifier(urls=[well.apprise_url, ill.apprise_url])
        ill.script(Trouble(status=500))
        with pytest.raises(DeliveryError, match="to address 2 "):
            deliver(notifier, a_notice())
        deliver(notifier, a_notice())
        assert (len(well.requests), len(ill.requests)) == (1, 2)
        deliver(notifier, a_notice(AlertEvent.RESOLVED))
        assert (len(well.requests), len(ill.requests)) == (2, 3)


def test_an_address_that_took_a_notice_too_late_is_not_told_it_again() -> None:
    with FakeReceivers() as slow:
        notifier = AppriseNotifier(urls=[slow.apprise_url], timeout_s=0.2)
        slow.script(Trouble(late=True))

        async def too_late() -> None:
            with pytest.raises(DeliveryError):
                await notifier.deliver(a_notice(), None)
            slow.let_go()

        asyncio.run(too_late())  # ends with its threads
        deliver(notifier, a_notice())
        assert len(slow.requests) == 1


def test_a_storm_is_one_mail() -> None:
    notices = tuple(
        a_notice(incident_id=f"inc-{n}", suite=f"suite-{n}", key=f"suite-{n}/prod/contract") for n in range(9)
    )
    digest = Digest(digest_id="d-1", at=START, notices=notices, news=notices)
    with FakeMail() as mail:
        notifier = AppriseNotifier(urls=[mail.url])
        assert isinstance(notifier, DigestNotifier)
        for _ in range(2):  # the second is a repeat after a failure elsewhere
            asyncio.run(notifier.deliver_digest(digest, None))
        ((_, message),) = mail.mails
    assert "9 incidents" in str(message["Subject"])
    assert all(notice.key in text_of(message) for notice in notices)


def test_its_logs_are_off_whatever_the_level_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeReceivers() as fake:
        fake.script(Trouble(status=500), Trouble(cut=True))
        for _ in range(2):
            with pytest.raises(DeliveryError):
                deliver(AppriseNotifier(urls=[fake.apprise_url]), a_notice())
    assert RECEIVER_PATH not in caplog.text and "apprise" not in caplog.text.lower()


def test_it_is_loaded_only_where_settings_name_it() -> None:
    code = "import sys, reports.notifiers; assert 'apprise' not in sys.modules and 'requests' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
