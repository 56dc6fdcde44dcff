"""What notifiers share: how long to wait, which notice is a repeat, and what a refusal means for the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from probes.errors import DeliveryError
from reports.notice import Notice

LONGEST_WAIT_S = 3600.0
"""No receiver may silence us for longer with one header."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds of a ``Retry-After`` header (RFC 9110, section 10.2.3); None where it is absent, a date or nonsense."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and value.strip().isascii() and value.strip().isdigit():
            return min(float(value.strip()[:9]), LONGEST_WAIT_S)
    return None


def timeout(seconds: object) -> float:
    """A limit in seconds as settings give it.

    Raises:
        ValueError: it is no number above 0.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise ValueError("timeout_s is a number of seconds above 0")
    return float(seconds)


def repeat_key(notice: Notice) -> str:
    """64 hexadecimal digits, the same whenever this notice is repeated and never of another."""
    told = "\0".join((notice.incident_id, notice.event, notice.run_id, notice.at.isoformat()))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def trouble(receiver: str, what: str, headers: Mapping[str, str], *, permanent: bool) -> DeliveryError:
    """The error of a refused delivery. ``receiver`` and ``what`` hold nothing secret."""
    wait = retry_after_s(headers)
    return DeliveryError(f"{receiver} refused the notice: {what}", permanent=permanent, retry_after_s=wait)
