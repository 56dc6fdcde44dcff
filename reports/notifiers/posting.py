"""One JSON request to a receiver, trouble as a value. Feeds the notifiers that speak plain HTTP.

Addresses are secrets (many hold a key), so neither messages nor logs quote them.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx2

from probes.errors import DeliveryError
from reports.notifiers.replies import trouble

_TRY_AGAIN = frozenset({408, 425, 429})
MOST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where to post, and what messages call it."""

    name: str
    url: httpx2.URL = field(repr=False)
    timeout_s: float
    meanings: Mapping[int, str] = field(default_factory=dict)
    """What a status means there and what to do, by status code; nothing secret."""


def address(url: object, whose: str, key: str = "url") -> httpx2.URL:
    """An http or https address as settings give it; the error names ``whose`` it is, and the key, and never quotes it.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(url, str):
        raise ValueError(f"{whose} {key} is a text")
    found = _parsed(url)
    if found is None or found.scheme not in ("http", "https") or not found.host or (found.port or 1) > MOST_PORT:
        raise ValueError(f"{whose} {key} is not an http or https address")
    return found


def _parsed(url: str) -> httpx2.URL | None:
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL:  # its text quotes the address
        return None


def sendable(headers: Mapping[str, str]) -> bool:
    """True where every name and value is printable ASCII, so that none can bring another header along."""
    return all(f"{name}{value}".isascii() and f"{name}{value}".isprintable() for name, value in headers.items())


def keep_quiet() -> None:
    """Keep the HTTP client from writing addresses into logs, which it does at INFO."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)


async def post(receiver: Receiver, content: bytes, headers: Mapping[str, str]) -> DeliveryError | None:
    """Post once; any 2xx is success. Redirects are not followed: they could carry a secret elsewhere.

    Only status and headers are read, so that no receiver can make us read without end. 408, 425, 429 and 5xx may be
    tried again (RFC 9110, section 15; RFC 6585 for 429), every other status is permanent.
    """
    outcome = await _sent(receiver, content, headers)
    if isinstance(outcome, DeliveryError):
        return outcome
    status = outcome.status_code
    if outcome.is_success:
        return None
    meaning = receiver.meanings.get(status, "")
    what = f"HTTP {status}" + (f" ({meaning})" if meaning else "")
    return trouble(receiver.name, what, outcome.headers, permanent=status < 500 and status not in _TRY_AGAIN)


@cache
def _trust() -> ssl.SSLContext:
    """The authorities to trust. Read once: it takes a twentieth of a second, in which no probe is timed."""
    return httpx2.create_ssl_context()


async def _sent(receiver: Receiver, content: bytes, headers: Mapping[str, str]) -> httpx2.Response | DeliveryError:
    try:
        async with (
            asyncio.timeout(receiver.timeout_s),
            httpx2.AsyncClient(timeout=None, follow_redirects=False, verify=_trust()) as client,
            client.stream(
                "POST", receiver.url, content=content, headers={**headers, "Content-Type": "application/json"}
            ) as response,
        ):
            return response
    except TimeoutError:
        return DeliveryError(f"{receiver.name} did not answer within {receiver.timeout_s:g} s")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
        # only the class name: messages of these exceptions may quote the address
        return DeliveryError(f"{receiver.name} could not be reached ({type(error).__name__})")
