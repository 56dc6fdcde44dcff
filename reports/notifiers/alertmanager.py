"""Alertmanager, through its API v2: one alert an incident, kept open until it is resolved.

Alertmanager keeps alerts in memory only and ends those it hears nothing of. So the daemon sends what is open again
(``refresh``), as Prometheus does: a restarted Alertmanager, or one that was away, learns it within a minute.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Delivery, Notice
from reports.notifiers.alertmanager_alerts import LABEL_NAME, RESERVED, Alert, alerts
from reports.notifiers.posting import Receiver, address, keep_quiet, post, sendable
from reports.notifiers.replies import timeout

PATH = "/api/v2/alerts"
OPEN_FOR_S = 86_400.0
SHORTEST_OPEN_S = 3600.0
TRIAL_FOR = timedelta(minutes=5)
REPEAT_OVER = timedelta(minutes=15)
"""How long an end is said again, as Prometheus does: a member of a cluster that was away must hear of it, too."""
REMEMBERED = 10_000
"""Incidents remembered as over; a refresh that was read before is at most a minute old."""
_MEANINGS = {
    400: "Alertmanager does not take such alerts; is it older than 0.16?",
    401: "check username and password, or bearer_token",
    403: "check username and password, or bearer_token",
    404: "no Alertmanager API v2 there; url is the address its pages have, without /api",
}


class AlertmanagerNotifier:
    """One Alertmanager, or all members of a cluster."""

    def __init__(
        self,
        *,
        url: str | Sequence[str],
        username: str | None = None,
        password: str | None = None,
        bearer_token: str | None = None,
        labels: Mapping[str, str] | None = None,
        open_for_s: float = OPEN_FOR_S,
        timeout_s: float = 10.0,
    ) -> None:
        """
        Args:
            url: Where its pages are, like ``http://alertmanager:9093``; a list for the members of a cluster, which
                do not pass alerts on to each other. Each is told; one that takes it is enough.
            username, password: For basic authentication. The password is secret.
            bearer_token: Instead of those. A secret.
            labels: Added to every alert; ``instance`` is ``holdfast`` unless it is among them.
            open_for_s: Seconds after which an alert that nothing sends again ends. At least 3600.
            timeout_s: Seconds one delivery may take.

        Raises:
            ValueError: an address is none, credentials are of both kinds or half, or a label cannot be one.
        """
        limit = timeout(timeout_s)
        urls = [url] if isinstance(url, str) else url
        if not isinstance(urls, Sequence) or not urls:
            raise ValueError("alertmanager's url is a text, or a list of texts")
        self._receivers = tuple(_receiver(entry, number, len(urls), limit) for number, entry in enumerate(urls, 1))
        self._headers = _credentials(username, password, bearer_token)
        self._labels = {"instance": "holdfast", **_labels(labels or {})}
        self._open_for = timedelta(seconds=_open_for(open_for_s))
        self._turn = asyncio.Lock()
        self._over: dict[str, None] = {}
        self._ends: dict[str, Notice] = {}
        keep_quiet()

    def __repr__(self) -> str:
        return f"AlertmanagerNotifier({len(self._receivers)} url{'s' if len(self._receivers) > 1 else ''})"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Send the incident's alert to every member; delivered where one of them took it.

        Raises:
            DeliveryError: none took it; nothing in it is secret. Permanent where every member said so.
        """
        told = [severity for severity in (receipt or {}).get("severities", "").split(",") if severity]
        async with self._turn:
            error = await self._send(alerts(notice, self._labels, notice.at + self._open_for, told))
            if error is None:
                self._remember(notice)
        if error is not None:
            raise error
        return Delivery(receipt={"severities": ",".join(sorted({*told, notice.severity}))})

    async def deliver_trial(self, notice: Notice) -> None:
        """Open a test that ends after five minutes: one that ended at once would be over before its receivers heard.

        Raises:
            DeliveryError: none took it.
        """
        error = await self._send(alerts(notice, self._labels, notice.at + TRIAL_FOR, ()))
        if error is not None:
            raise error

    async def refresh(self, notices: Sequence[Notice], now: datetime) -> None:
        """Say again what is open, and what was resolved a moment ago, each by its newest delivered notice.

        Raises:
            DeliveryError: none took it; nothing in it is secret.
        """
        async with self._turn:
            # a notice that was read before its incident was resolved must not open the alert again
            true = [notice for notice in notices if notice.incident_id not in self._over]
            again = {notice.key for notice in true}
            over = [n for key, n in self._ends.items() if key not in again and now - n.at < REPEAT_OVER]
            batch = [alert for n in (*true, *over) for alert in alerts(n, self._labels, now + self._open_for, ())]
            error = await self._send(batch) if batch else None
        if error is not None:
            raise error

    def _remember(self, notice: Notice) -> None:
        # by key: the next incident of a key is the same alert to Alertmanager, and its opening takes the end back
        self._ends.pop(notice.key, None)
        if notice.event is AlertEvent.RESOLVED:
            self._over[notice.incident_id] = None
            self._ends[notice.key] = notice
        for remembered in (self._over, self._ends):
            while len(remembered) > REMEMBERED:
                del remembered[next(iter(remembered))]

    async def _send(self, batch: Sequence[Alert]) -> DeliveryError | None:
        content = json.dumps(batch, ensure_ascii=False).encode()
        errors = await asyncio.gather(*(post(receiver, content, self._headers) for receiver in self._receivers))
        refusals = [error for error in errors if error is not None]
        return None if len(refusals) < len(errors) else _together(refusals)


def _together(errors: Sequence[DeliveryError]) -> DeliveryError:
    waits = [error.retry_after_s for error in errors if error.retry_after_s is not None]
    return DeliveryError(
        "; ".join(dict.fromkeys(map(str, errors))),
        permanent=all(error.permanent for error in errors),
        retry_after_s=min(waits) if len(waits) == len(errors) else None,
    )


# ------------------------------------------------------------------------------------------------ settings
def _receiver(url: object, number: int, of: int, timeout_s: float) -> Receiver:
    where = address(url, "alertmanager's")
    name = f"Alertmanager {number} of {of}" if of > 1 else "Alertmanager"
    whole = where.copy_with(path=where.path.rstrip("/") + PATH)
    return Receiver(name=name, url=whole, timeout_s=timeout_s, meanings=_MEANINGS)


def _credentials(username: object, password: object, bearer_token: object) -> dict[str, str]:
    if not all(value is None or isinstance(value, str) for value in (username, password, bearer_token)):
        raise ValueError("alertmanager's username, password and bearer_token are texts")
    if bool(username) != bool(password) or (bearer_token and username):
        raise ValueError("alertmanager takes either username and password, or the text of a bearer_token")
    headers: dict[str, str] = {}
    if username:
        pair = f"{username}:{password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif bearer_token:
        headers["Authorization"] = f"Bearer {bearer_token}"
    if not sendable(headers):
        raise ValueError("alertmanager's bearer_token must be a text of printable ASCII")
    return headers


def _labels(labels: object) -> dict[str, str]:
    if not isinstance(labels, Mapping) or not all(isinstance(value, str) and value for value in labels.values()):
        raise ValueError("alertmanager's labels are names with texts")
    for name in labels:
        if not LABEL_NAME.fullmatch(str(name)) or name in RESERVED:
            taken = f"none of {', '.join(sorted(RESERVED))}"
            raise ValueError(f"alertmanager's label {name!r} must be a text of letters, digits and _, and {taken}")
    return {str(name): str(value) for name, value in labels.items()}


def _open_for(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not SHORTEST_OPEN_S <= seconds < 1e8:
        raise ValueError(f"alertmanager's open_for_s is a number of seconds, at least {SHORTEST_OPEN_S:g}")
    return float(seconds)
