"""Whether and when to ask again after a failure. Pure; feeds ``fire``.

Header order and back-off follow the OpenAI SDK (docs/wire-formats.md): ``x-should-retry`` overrides,
``retry-after-ms`` before ``retry-after``, else half a second doubling to eight, up to a quarter taken off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from probes.failure import Failure

LONGEST_WAIT_S = 60.0
"""A longer wish is not granted: the failure is reported instead, so that a run ends."""
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Ask again after ``wait_s`` seconds, or give up (None) with ``failure``."""

    wait_s: float | None
    failure: Failure


def asked_wait_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the endpoint asked to be left alone; None where it did not say, or not readably.

    ``headers`` have lower-case names. A date in the past is 0.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if _NUMBER.fullmatch(value):
            return float(value) * unit_s
    return _seconds_until(headers.get("retry-after", ""), now)


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def wants_retry(failure: Failure, headers: Mapping[str, str]) -> bool:
    """True where asking again may help: by the endpoint's own word, else by the class of the failure."""
    said = headers.get("x-should-retry", "").strip().lower()
    return said == "true" if said in ("true", "false") else failure.retryable


def decide(
    failure: Failure, *, headers: Mapping[str, str], now: datetime, attempt: int, budget_s: float, jitter: float
) -> Decision:
    """What to do after attempt number ``attempt`` (from 1) failed and the count of retries allows another.

    ``budget_s`` is what all waits of this sample may still take, ``jitter`` a number between 0 and 1.
    """
    asked = asked_wait_s(headers, now)
    failure = replace(failure, retry_after_s=asked)
    if not wants_retry(failure, headers):
        return Decision(wait_s=None, failure=failure)
    if asked is None:
        wait_s = min(FIRST_BACKOFF_S * 2 ** (attempt - 1), LONGEST_BACKOFF_S) * (1 - jitter / 4)
        return Decision(wait_s=wait_s if wait_s <= budget_s else None, failure=failure)
    if asked > min(LONGEST_WAIT_S, budget_s):
        note = f"[asked for {asked:.0f} s of rest, too long to wait for] {failure.message}"
        return Decision(wait_s=None, failure=replace(failure, message=note))
    return Decision(wait_s=asked, failure=failure)
