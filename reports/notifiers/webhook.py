"""Notices as JSON, posted to any address: for receivers of one's own. Described in docs/alerts.md.

The body is ``{"schema": "holdfast.notice/1", ...}`` with every field of ``Notice``. ``Idempotency-Key`` is the same
for repeats of one notice. The address and the extra headers are secrets: neither exceptions, logs nor ``repr`` show
them.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping

import httpx2
from pydantic import TypeAdapter

from probes.errors import DeliveryError
from reports.escaping import visible
from reports.notice import Delivery, Notice
from reports.notifiers.replies import timeout, trouble

SCHEMA = "holdfast.notice/1"
_NOTICE = TypeAdapter(Notice)
_TRY_AGAIN = frozenset({408, 425, 429})


class WebhookNotifier:
    """One receiver of JSON."""

    def __init__(self, *, url: str, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0) -> None:
        """
        Args:
            url: Where to post. A secret.
            headers: Added to each request, for example ``Authorization``. Values are secrets.
            timeout_s: Seconds one delivery may take.

        Raises:
            ValueError: the address is not http or https, or a header cannot be sent.
        """
        self._timeout_s = timeout(timeout_s)
        if not isinstance(url, str) or not isinstance(headers or {}, Mapping):
            raise ValueError("the webhook's url is a text, its headers are names with values")
        self._headers = {str(name): str(value) for name, value in (headers or {}).items()}
        self._url = _address(url)
        if not all(
            f"{name}{value}".isascii() and f"{name}{value}".isprintable() for name, value in self._headers.items()
        ):
            raise ValueError("webhook headers must be printable ASCII")
        for name in ("httpx2", "httpcore2"):  # they write whole addresses into logs
            logging.getLogger(name).setLevel(logging.WARNING)

    def __repr__(self) -> str:
        return "WebhookNotifier(url=<hidden>)"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Post one notice; any 2xx is success.

        Raises:
            DeliveryError: not delivered; nothing in it is secret.
        """
        outcome = await self._post(notice)
        if isinstance(outcome, DeliveryError):
            raise outcome  # outside every handler: no chain of foreign exceptions, which may quote the address
        if not outcome.is_success:
            permanent = outcome.status_code < 500 and outcome.status_code not in _TRY_AGAIN
            raise trouble("the webhook", f"HTTP {outcome.status_code}", outcome.headers, permanent=permanent)
        return Delivery(receipt={})

    async def _post(self, notice: Notice) -> httpx2.Response | DeliveryError:
        headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": _repeat_key(notice)}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx2.AsyncClient(timeout=None, follow_redirects=False) as client,
                client.stream("POST", self._url, content=_body(notice), headers=headers) as response,
            ):
                return response  # status and headers are all we need: a receiver cannot make us read without end
        except TimeoutError:
            return DeliveryError(f"the webhook did not answer within {self._timeout_s:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            return DeliveryError(f"the webhook could not be reached ({type(error).__name__})")


def _address(url: str) -> httpx2.URL:
    address: httpx2.URL | None
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        address = None
    if address is None or not _reachable(address):
        raise ValueError("the webhook's url is not an http or https address")
    return address


def _reachable(address: httpx2.URL) -> bool:
    return address.scheme in ("http", "https") and bool(address.host) and (address.port or 1) <= 65535


def _body(notice: Notice) -> bytes:
    fields = _NOTICE.dump_python(notice)
    told = {name: _clean(value) for name, value in fields.items()}
    for name in ("at", "opened_at"):
        told[name] = getattr(notice, name).isoformat().replace("+00:00", "Z")
    return TypeAdapter(dict[str, object]).dump_json({"schema": SCHEMA, **told})


def _clean(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    return [visible(str(entry)) for entry in value] if isinstance(value, tuple) else value


def _repeat_key(notice: Notice) -> str:
    told = "\0".join((notice.incident_id, notice.event, notice.run_id, notice.at.isoformat()))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
