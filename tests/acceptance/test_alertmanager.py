"""A real Alertmanager: what we open fires and stays, what we resolve ends, and a restart forgets nothing for long."""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports.notice import AlertEvent, Notice
from reports.notifiers.alertmanager import AlertmanagerNotifier
from tests.acceptance.conftest import Workplace
from tests.acceptance.real import free_port, needs, server
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import FakeReceivers
from tests.fakes.records import HOSTILE

RESOLVE_TIMEOUT_S = 1
"""What Alertmanager gives an alert that does not say when it ends. Far below what the tests wait."""
PATIENCE_S = 15.0

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("alertmanager")]


@dataclass(frozen=True, kw_only=True)
class Real:
    """One Alertmanager that can be started again, and the receiver it tells."""

    command: list[str]
    url: str
    folder: Path
    receiver: FakeReceivers

    def running(self) -> AbstractContextManager[None]:
        log = self.folder / "alertmanager.log"
        return server(self.command, ready_url=f"{self.url}/-/ready", env=os.environ, log=log, patience_s=PATIENCE_S)

    def firing(self) -> list[dict[str, Any]]:
        """Alerts that are active, as its API tells them."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts?active=true", timeout=5) as reply:
            found: list[dict[str, Any]] = json.load(reply)
        return found

    def told(self) -> list[tuple[str, str]]:
        """What its receiver was told: status and severity of every alert."""
        groups = [body for _, body, _ in self.receiver.requests]
        return [(alert["status"], alert["labels"]["severity"]) for body in groups for alert in body["alerts"]]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    command = needs("HOLDFAST_ALERTMANAGER", "prometheus-alertmanager")
    with FakeReceivers() as receiver:
        config = tmp_path / "alertmanager.yml"
        config.write_text(
            f"global: {{resolve_timeout: {RESOLVE_TIMEOUT_S}s}}\n"
            "route: {receiver: stand-in, group_by: [alertname, suite], group_wait: 100ms, group_interval: 100ms}\n"
            f'receivers: [{{name: stand-in, webhook_configs: [{{url: "{receiver.receiver_url}"}}]}}]\n'
        )
        port = free_port()
        arguments = [
            f"--config.file={config}",
            f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        yield Real(command=[command, *arguments], url=f"http://127.0.0.1:{port}", folder=tmp_path, receiver=receiver)


def eventually(question: Callable[[], object], expected: object) -> None:
    """Ask until the answer is as expected; the last answer is what a failure shows."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := question()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer == expected


def now_notice(event: AlertEvent = AlertEvent.OPENED, **fields: Any) -> Notice:
    """A notice of this instant, of an incident that opened a minute ago."""
    now = datetime.now(UTC)
    return a_notice(event, **{"at": now, "opened_at": now - timedelta(minutes=1), **fields})


def deliver(real: Real, notice: Notice, receipt: dict[str, str] | None = None) -> dict[str, str]:
    return dict(asyncio.run(AlertmanagerNotifier(url=real.url).deliver(notice, receipt)).receipt)


def severities(real: Real) -> list[str]:
    return sorted(alert["labels"]["severity"] for alert in real.firing())


def test_an_incident_fires_outlives_the_resolve_timeout_rises_and_ends_and_its_receiver_hears_it(real: Real) -> None:
    with real.running():
        receipt = deliver(real, now_notice(severity="ticket"))
        eventually(real.told, [("firing", "ticket")])
        time.sleep(RESOLVE_TIMEOUT_S * 2.5)
        assert severities(real) == ["ticket"], "it did not end with Alertmanager's resolve_timeout"
        receipt = deliver(real, now_notice(AlertEvent.UPDATED), receipt)
        eventually(lambda: severities(real), ["page"])
        eventually(lambda: set(real.told()) - {("resolved", "ticket")}, {("firing", "ticket"), ("firing", "page")})
        deliver(real, now_notice(AlertEvent.RESOLVED), receipt)
        eventually(lambda: severities(real), [])
        expected = {("firing", "ticket"), ("firing", "page"), ("resolved", "ticket"), ("resolved", "page")}
        eventually(lambda: set(real.told()), expected)


def test_an_end_told_by_a_clock_that_is_minutes_ahead_is_an_end_at_once(real: Real) -> None:
    with real.running():
        receipt = deliver(real, now_notice())
        eventually(lambda: severities(real), ["page"])
        deliver(real, now_notice(AlertEvent.RESOLVED, at=datetime.now(UTC) + timedelta(minutes=4)), receipt)
        eventually(lambda: severities(real), [])
        eventually(lambda: {("resolved", "page")} - set(real.told()), set())
        assert severities(real) == [], "it stays ended once its receiver has heard so"


def test_an_alertmanager_that_was_restarted_knows_what_is_open_after_one_refresh(real: Real) -> None:
    opened, now = now_notice(), datetime.now(UTC)
    with real.running():
        deliver(real, opened)
        eventually(lambda: severities(real), ["page"])
    with real.running():
        assert severities(real) == [], "alerts are in its memory only; else no refresh would be needed"
        asyncio.run(AlertmanagerNotifier(url=real.url).refresh([opened], now))
        eventually(lambda: severities(real), ["page"])


SUITE = """\
version: 1
suite: support-bot
endpoints:
  production: {{base_url: "${{HOLDFAST_BASE_URL}}", model: "${{HOLDFAST_MODEL}}", api_key: "${{HOLDFAST_API_KEY}}"}}
alerts: [{{notify: am, after: 1 of 1, resolve_after: 1}}]
probes:
  - {{id: refund, prompt: "How do I return a keyboard bought two weeks ago?", checks: [contains: {answer}]}}
"""


def test_a_broken_contract_fires_from_a_run_and_is_over_after_the_next_good_one(real: Real, place: Workplace) -> None:
    settings = f'notifiers: {{am: {{type: alertmanager, url: "{real.url}"}}}}\n'
    (place.folder / "holdfast.yaml").write_text(settings, encoding="utf-8")
    suite = place.folder / "suite.yaml"
    with real.running():
        for answer, code, firing in (("31 years", 1, ["page"]), ("30 days", 0, [])):
            suite.write_text(SUITE.format(answer=answer), encoding="utf-8")
            assert place.run("run", str(suite)).returncode == code
            eventually(lambda: severities(real), firing)


def test_a_test_of_the_doctor_is_open_long_enough_to_be_told_and_ends_by_itself(real: Real) -> None:
    with real.running():
        asyncio.run(AlertmanagerNotifier(url=real.url).deliver_trial(now_notice(severity="info")))
        eventually(real.told, [("firing", "info")])
        (alert,) = real.firing()
    left = datetime.fromisoformat(alert["endsAt"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left < timedelta(minutes=5)


def test_hostile_text_is_taken_and_shown_as_text(real: Real) -> None:
    texts = dict.fromkeys(("headline", "before", "after", "team", "runbook", "report", "replay", "suite"), HOSTILE)
    with real.running():
        deliver(real, now_notice(facts=(HOSTILE,) * 30, **texts))
        eventually(lambda: len(real.firing()), 1)
        (alert,) = real.firing()
    assert alert["labels"]["alertname"] == "HoldfastContract" and "\x1b" not in json.dumps(alert, ensure_ascii=False)
