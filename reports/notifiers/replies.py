"""What notifiers share: how long to wait, which notice is a repeat, and what a refusal means for the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from probes.errors import DeliveryError
from reports.notice import Notice

LONGEST_TIMEOUT_S = 15.0
"""The outbox ends every delivery by then."""
LONGEST_WAIT_S = 3600.0
"""No receiver may silence us for longer with one header."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds of a ``Retry-After`` header (RFC 9110, section 10.2.3); None where it is absent or nonsense.

    A date is read by the clock of who gave it, the header ``Date``; without that it is None.
    """
    told = {name.lower(): value.strip() for name, value in headers.items()}
    asked = told.get("retry-after", "")
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), LONGEST_WAIT_S)
    until, now = _date(asked), _date(told.get("date", ""))
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_S) if until and now else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def timeout(seconds: object) -> float:
    """A limit in seconds as settings give it.

    Raises:
        ValueError: it is no number above 0, or above ``LONGEST_TIMEOUT_S``.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= LONGEST_TIMEOUT_S:
        raise ValueError(f"timeout_s is a number of seconds above 0, at most {LONGEST_TIMEOUT_S:g}, not {seconds!r}")
    return float(seconds)


def repeat_key(notice: Notice) -> str:
    """64 hexadecimal digits, the same whenever this notice is repeated and never of another."""
    told = "\0".join((notice.incident_id, notice.event, notice.run_id, notice.at.isoformat()))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def trouble(receiver: str, what: str, headers: Mapping[str, str], *, permanent: bool) -> DeliveryError:
    """The error of a refused delivery. ``receiver`` and ``what`` hold nothing secret."""
    wait = retry_after_s(headers)
    return DeliveryError(f"{receiver} refused the notice: {what}", permanent=permanent, retry_after_s=wait)
