"""Stand-ins for PagerDuty, Alertmanager and a mail server on loopback, beside the one for Slack. Feeds notifier tests.

Each keeps what people would see and refuses what the real one refuses; trouble comes by ``script``, as for Slack.
"""

from __future__ import annotations

import json
import re
import socketserver
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.fakes.loopback import Loopback
from tests.fakes.slack import SECRETS as SLACK_SECRETS
from tests.fakes.slack import FakeSlack, Trouble

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
PAGERDUTY_PATH = "/v2/enqueue"
ALERTMANAGER_PATH = "/am/api/v2/alerts"
PASSWORD, BEARER = "stand-in-password", "stand-in-bearer"
WEBHOOK_SECRET = "whsec_c3RhbmQtaW4tc2VjcmV0LW9mLTMyLWJ5dGVzLS0tLS0="
MAIL_PASSWORD = "stand-in-mailbox"
SECRETS = (*SLACK_SECRETS, ROUTING_KEY, PASSWORD, BEARER, WEBHOOK_SECRET, MAIL_PASSWORD)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(slots=True)
class Held:
    """One alert as Alertmanager holds it."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime

    def open_at(self, now: datetime) -> bool:
        """True while it fires."""
        return self.starts_at <= now < self.ends_at


class FakeReceivers(FakeSlack):
    """All of them on one port, so that one script of troubles serves every notifier of the table."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, list[dict[str, Any]]] = {}
        """Events taken by PagerDuty, by ``dedup_key``."""
        self.alerts: dict[str, Held] = {}
        """Alerts as Alertmanager holds them, by their labels."""

    @property
    def pagerduty_url(self) -> str:
        return self.origin + PAGERDUTY_PATH

    @property
    def alertmanager_url(self) -> str:
        return f"{self.origin}/am"

    @property
    def apprise_url(self) -> str:
        return self.receiver_url.replace("http://", "json://")

    @property
    def open_pages(self) -> list[str]:
        """``dedup_key`` of what PagerDuty would still show as triggered."""
        return [key for key, events in self.pages.items() if events[-1]["event_action"] != "resolve"]

    def _answer(self, path: str, body: Any, headers: dict[str, str]) -> Trouble:
        if path == PAGERDUTY_PATH:
            return self._page(body)
        if path == ALERTMANAGER_PATH:
            return self._alerts(body)
        return super()._answer(path, body, headers)

    def _page(self, body: dict[str, Any]) -> Trouble:
        if wrong := wrong_event(body):
            return Trouble(status=400, body=json.dumps({"status": "invalid event", "errors": [wrong]}))
        self.pages.setdefault(body["dedup_key"], []).append(body)
        return Trouble(status=202, body=json.dumps({"status": "success", "dedup_key": body["dedup_key"]}))

    def _alerts(self, body: list[dict[str, Any]]) -> Trouble:
        if any(wrong_alert(alert) for alert in body):
            return Trouble(status=400, body='"an alert is not valid"')
        for alert in body:
            self._hold(alert)
        return Trouble()

    def _hold(self, alert: dict[str, Any]) -> None:
        """As Alertmanager merges: the earliest start; the latest end, unless the newer one is over by now."""
        key = json.dumps(alert["labels"], sort_keys=True)
        starts, ends = (datetime.fromisoformat(alert[name]) for name in ("startsAt", "endsAt"))
        before = self.alerts.get(key)
        self.alerts[key] = Held(
            labels=alert["labels"],
            annotations=alert["annotations"],
            starts_at=min(starts, before.starts_at) if before else starts,
            ends_at=ends,
        )


def wrong_event(body: dict[str, Any]) -> str:
    """What PagerDuty would refuse of an event; empty where it would take it."""
    if len(json.dumps(body, ensure_ascii=False).encode()) > 512 * 1024:
        return "too large"
    if body.get("routing_key") != ROUTING_KEY or not 0 < len(body.get("dedup_key", "")) <= 255:
        return "routing_key or dedup_key"
    if body.get("event_action") in ("resolve", "acknowledge"):
        return ""
    told = body.get("payload", {})
    known = told.get("severity") in ("critical", "error", "warning", "info")
    whole = 0 < len(told.get("summary", "")) <= 1024 and bool(told.get("source"))
    return "" if body.get("event_action") == "trigger" and known and whole else "payload"


def wrong_alert(alert: dict[str, Any]) -> bool:
    """True where Alertmanager would refuse it: a label without name or value, or an end before the start."""
    labels = alert.get("labels", {})
    named = labels.get("alertname") and all(_LABEL.fullmatch(name) and value for name, value in labels.items())
    return not named or datetime.fromisoformat(alert["endsAt"]) < datetime.fromisoformat(alert["startsAt"])


# ------------------------------------------------------------------------------------------------ mail
@dataclass(slots=True)
class _Dialogue:
    """What one SMTP client has said so far."""

    recipients: list[str] = field(default_factory=list)


class FakeMail(Loopback):
    """A mail server that takes everything without encryption (RFC 5321), or refuses every recipient."""

    def __init__(self, *, refuse: bool = False) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        """Recipients and message."""
        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _talk(self, refuse)))

    @property
    def url(self) -> str:
        """As Apprise writes it."""
        return f"mailto://127.0.0.1:{self.port}?from=holdfast@example.com&to=oncall@example.com&mode=insecure"


def _talk(mail: FakeMail, refuse: bool) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            said = _Dialogue()
            self.wfile.write(b"220 stand-in\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper().strip()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    mail.mails.append((said.recipients, self._message()))
                self.wfile.write(self._reply(word, line, said))
                if word == b"QUIT":
                    return

        def _message(self) -> EmailMessage:
            lines: list[bytes] = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            return message_from_bytes(b"".join(lines), policy=policy.default)  # type: ignore[arg-type,return-value]

        def _reply(self, word: bytes, line: bytes, said: _Dialogue) -> bytes:
            if word == b"RCPT":
                if refuse:
                    return b"550 nobody of that name\r\n"
                said.recipients.append(line.decode().partition("<")[2].partition(">")[0])
            return b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n"

    return Handler
