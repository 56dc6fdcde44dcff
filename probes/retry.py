"""Whether and when to ask again after a failure. Pure; feeds ``asking``.

The class of the failure decides whether (``failure.RETRYABLE``); ``x-should-retry: false`` forbids it as well, and
nothing can demand it. When: the endpoint's wish, read in this order (docs/failures.md): ``retry-after-ms``,
``Retry-After``, what the error body asks for, the reset of a limit that is used up; else half a second doubling to
eight, up to a quarter taken off (as the OpenAI SDK does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from probes.failure import Failure, FailureClass
from probes.waits import asked_wait_s, reset_wait_s

LONGEST_WAIT_S = 60.0
"""A longer wish is not granted: the failure is reported instead, so that a run ends."""
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Ask again after ``wait_s`` seconds, or give up (None) with ``failure``."""

    wait_s: float | None
    failure: Failure


def wants_retry(failure: Failure, headers: Mapping[str, str]) -> bool:
    """True where asking again may help. The endpoint may forbid it, but not demand it.

    A wrong key, an empty purse or a refused question stays what it is, whatever ``x-should-retry`` says.
    """
    return failure.retryable and headers.get("x-should-retry", "").strip().lower() != "false"


def decide(
    failure: Failure, *, headers: Mapping[str, str], now: datetime, attempt: int, budget_s: float, jitter: float
) -> Decision:
    """What to do after attempt number ``attempt`` (from 1) failed and the count of retries allows another.

    ``budget_s`` is what all waits of this sample may still take, ``jitter`` a number between 0 and 1.
    """
    in_headers = asked_wait_s(headers, now)
    asked = failure.retry_after_s if in_headers is None else in_headers
    failure = replace(failure, retry_after_s=asked)
    if not wants_retry(failure, headers):
        return Decision(wait_s=None, failure=failure)
    most_s = min(LONGEST_WAIT_S, budget_s)
    if asked is None:
        wait_s = _unasked_wait_s(failure, headers, now, most_s=most_s, attempt=attempt, jitter=jitter)
        return Decision(wait_s=wait_s if wait_s <= most_s else None, failure=failure)
    if asked > most_s:
        note = f"[asked for {asked:.0f} s of rest, too long to wait for] {failure.message}"
        return Decision(wait_s=None, failure=replace(failure, message=note))
    return Decision(wait_s=asked, failure=failure)


def _unasked_wait_s(
    failure: Failure, headers: Mapping[str, str], now: datetime, *, most_s: float, attempt: int, jitter: float
) -> float:
    """The reset of a limit that is used up, where it is near; else the usual back-off.

    A reset far away forbids nothing: it is when the whole limit is free again, and a request may pass before.
    """
    if failure.kind is FailureClass.RATE_LIMIT_SHORT:
        reset = reset_wait_s(headers, now)
        if reset is not None and reset <= most_s:
            return reset
    return min(FIRST_BACKOFF_S * 2.0 ** (attempt - 1), LONGEST_BACKOFF_S) * (1 - jitter / 4)
