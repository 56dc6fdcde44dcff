"""PagerDuty, through its Events API v2: one alert an incident, triggered, updated, acknowledged and resolved.

Wire format: https://developer.pagerduty.com/docs/send-alert-event (fields, ``dedup_key``, 512 KB an event) and
https://developer.pagerduty.com/docs/events-api-v2-overview (202 taken, 400 invalid, 429 too many). The routing key is
secret: it is only ever in the body.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from reports.escaping import one_line, visible, web_link
from reports.notice import AlertEvent, Delivery, Notice
from reports.notifiers.posting import Receiver, address, keep_quiet, post
from reports.notifiers.replies import timeout

ENQUEUE = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_CHARS = 1024
DEDUP_CHARS = 255
MOST_BYTES = 512 * 1024
FACTS, FACT_CHARS, ANSWER_CHARS, NAME_CHARS, ADDRESS_CHARS = 50, 400, 1000, 250, 1000
SEVERITIES = {"page": "critical", "ticket": "warning", "info": "info"}
"""PagerDuty lets a service treat ``warning`` and ``info`` as of low urgency, which wakes nobody."""
_MEANINGS = {
    400: "the event or the routing key is not one PagerDuty knows; check routing_key and the service's integration",
    403: "PagerDuty forbids it; check the service's integration",
    404: "there is no Events API at this url",
}

Fields = dict[str, Any]


class PagerDutyNotifier:
    """One integration of one PagerDuty service."""

    def __init__(self, *, routing_key: str, url: str = ENQUEUE, timeout_s: float = 10.0) -> None:
        """
        Args:
            routing_key: The integration key of the service, 32 characters. A secret.
            url: The Events API; ``https://events.eu.pagerduty.com/v2/enqueue`` for accounts in the EU.
            timeout_s: Seconds one delivery may take.

        Raises:
            ValueError: the key is no key, or the address none.
        """
        if not (isinstance(routing_key, str) and routing_key.isascii() and routing_key.isalnum()):
            raise ValueError("pagerduty's routing_key is a text of letters and digits")
        self._routing_key = routing_key
        self._receiver = Receiver(
            name="PagerDuty", url=address(url, "pagerduty's"), timeout_s=timeout(timeout_s), meanings=_MEANINGS
        )
        keep_quiet()

    def __repr__(self) -> str:
        return "PagerDutyNotifier(routing_key=<hidden>)"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Send one event; a repeat, an update and a reminder join the alert that is open under the same key.

        The receipt keeps the loudest severity told, what was told last, and whether the alert was acknowledged here.
        An acknowledgement of what was acknowledged before sends nothing, and neither does a silence: a trigger would
        open anew what somebody resolved there.

        Raises:
            DeliveryError: not delivered; nothing in it is secret.
        """
        if _nothing_new(notice, receipt or {}):
            return Delivery(receipt=receipt or {})
        made = event(notice, receipt)
        body = json.dumps({"routing_key": self._routing_key, **made}, ensure_ascii=False).encode()
        error = await post(self._receiver, body, {})
        if error is not None:
            raise error
        return Delivery(receipt=_known(notice, receipt or {}, made["event_action"]))


def event(notice: Notice, receipt: Mapping[str, str] | None = None) -> Fields:
    """The event without its routing key; every text has a limit, so that it stays far below ``MOST_BYTES``.

    ``receipt``: what PagerDuty knows of the incident; None: nothing, or nobody knows.
    """
    named = {"dedup_key": one_line(notice.incident_id, DEDUP_CHARS)}
    if notice.event is AlertEvent.RESOLVED:
        return {"event_action": "resolve", **named}
    if _taken(notice, receipt or {}):
        return {"event_action": "acknowledge", **named}
    report = web_link(notice.report)
    links = list(_links(notice))
    return {
        "event_action": "trigger",
        **named,
        "payload": _payload(notice),
        "client": "Holdfast",
        **({"client_url": report} if report and len(report) <= ADDRESS_CHARS else {}),
        **({"links": links} if links else {}),
    }


def _taken(notice: Notice, known: Mapping[str, str]) -> bool:
    """True where all that is new is that somebody looks after it: an acknowledge of what PagerDuty does not know does
    nothing, and one of what grew louder or brings other news would keep that from its readers."""
    if not notice.acknowledged or notice.event is AlertEvent.OPENED or "severity" not in known:
        return False
    same = known.get("told", _content(notice)) == _content(notice)  # receipts of before this was kept have none
    return same and "acknowledged" not in known and _rank(notice.severity) <= _rank(known["severity"])


def _nothing_new(notice: Notice, known: Mapping[str, str]) -> bool:
    """True where somebody took once more what was taken, or silenced it: a trigger would say that it is news."""
    said = notice.event is AlertEvent.UPDATED and bool(notice.said)
    said = said and known.get("told", _content(notice)) == _content(notice)
    return said and ("acknowledged" in known or not notice.acknowledged)


def _content(notice: Notice) -> str:
    """What tells whether anything but who looks after it is new. Of an incident's texts nothing can be read from it."""
    told = (notice.severity, notice.headline, notice.facts, notice.failures, tuple(map(str, notice.faults)))
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _known(notice: Notice, before: Mapping[str, str], action: str) -> dict[str, str]:
    """What PagerDuty knows of the incident after this event."""
    loudest = max(before.get("severity", notice.severity), notice.severity, key=_rank)
    taken = {"acknowledged": "yes"} if action == "acknowledge" or "acknowledged" in before else {}
    return {"severity": loudest, "told": _content(notice), **taken}


def _rank(severity: str) -> int:
    return -list(SEVERITIES).index(severity) if severity in SEVERITIES else -len(SEVERITIES)


def _payload(notice: Notice) -> Fields:
    return {
        "summary": one_line(notice.headline, SUMMARY_CHARS) or one_line(notice.key, SUMMARY_CHARS),
        "source": one_line(f"{notice.suite} at {notice.endpoint}", NAME_CHARS),
        "severity": SEVERITIES.get(notice.severity, "error"),
        "timestamp": notice.at.isoformat(),
        "component": one_line(notice.endpoint, NAME_CHARS),
        "group": one_line(notice.suite, NAME_CHARS),
        "class": one_line(notice.kind, NAME_CHARS),
        "custom_details": dict(_details(notice)),
    }


def _details(notice: Notice) -> Iterator[tuple[str, str | list[str]]]:
    """What people read below the summary; empty values are left out."""
    facts = [one_line(fact, FACT_CHARS) for fact in notice.facts[:FACTS]]
    if len(notice.facts) > FACTS:
        facts.append(f"and {len(notice.facts) - FACTS} more, see the report")
    yield "event", f"{notice.event}"
    yield "since", notice.opened_at.isoformat()
    yield "what moved", facts
    texts = {
        "acknowledged": notice.acknowledged,
        "silenced": notice.silenced,
        **dict(notice.bearings),
        "failed requests": ", ".join(notice.failures),
        "class": ", ".join(notice.faults),
        "owner": " ".join(filter(None, (notice.team, notice.contact))),
        "runbook": notice.runbook,
        "report": notice.report,
        **dict(notice.commands),
        "run": notice.run_id,
    }
    yield from ((name, one_line(text, ADDRESS_CHARS)) for name, text in texts.items() if text)
    for name, answer in (("a normal answer", notice.before), ("an answer of now", notice.after)):
        if answer:
            yield name, visible(answer[:ANSWER_CHARS])


def _links(notice: Notice) -> Iterator[dict[str, str]]:
    for text, place in (("Report", notice.report), ("Runbook", notice.runbook)):
        link = web_link(place)
        if link is not None and len(link) <= ADDRESS_CHARS:
            yield {"href": link, "text": text}
