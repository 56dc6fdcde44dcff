"""How long an endpoint asks to be left alone, in all forms that are in use. Pure; never raises. Feeds classification
and retries.

Forms (docs/wire-formats.md): ``retry-after-ms``, ``Retry-After`` (RFC 9110: seconds or a date), Go durations, whole
seconds, RFC 3339 instants, Google's ``46s``, and sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_READ_S = 10.0**9
"""A longer wish is no wish: it is an instant written as a number, or nonsense."""
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,15})?)(ns|us|µs|ms|s|m|h|d)", re.ASCII)
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WORDS = re.compile(
    r"(?:try(?: your request)? again|retry)\s+(?:in|after)\s+"
    r"(?P<duration>(?:\d{1,9}(?:\.\d{1,15})?\s?(?:milliseconds?|seconds?|minutes?|hours?|days?|ms|s|m|h|d)\b\s?,?\s?"
    r"|(?:\d{1,9}(?:\.\d{1,15})?(?:ms|s|m|h|d)){1,4}\b){1,4})",
    re.IGNORECASE | re.ASCII,
)
_LONG_UNIT = re.compile(r"\s?(milliseconds?|seconds?|minutes?|hours?|days?)\b\s?,?\s?", re.IGNORECASE)
_RESETS = tuple(
    (f"{prefix}-remaining-{what}", f"{prefix}-reset-{what}")
    for prefix in ("x-ratelimit", "llm_provider-x-ratelimit")
    for what in ("requests", "tokens")
) + tuple(
    (f"anthropic-ratelimit-{what}-remaining", f"anthropic-ratelimit-{what}-reset")
    for what in ("requests", "tokens", "input-tokens", "output-tokens")
)


def asked_wait_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds asked for by ``retry-after-ms``, else by ``retry-after``; None where neither is readable.

    ``headers`` have lower-case names. A date in the past is 0.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if _NUMBER.fullmatch(value):
            return float(value) * unit_s
    return _until_http_date(headers.get("retry-after", ""), now)


def reset_wait_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until every limit that is used up is whole again; None where none says so.

    Weaker than a wish: the next request may pass earlier. Only limits with nothing remaining count, or all of them
    where none says what remains.
    """
    told = [(headers.get(remaining), _until_reset(headers.get(reset, ""), now)) for remaining, reset in _RESETS]
    known = [(remaining, seconds) for remaining, seconds in told if seconds is not None]
    spent = [seconds for remaining, seconds in known if remaining is not None and remaining.strip() == "0"]
    unsaid = [seconds for remaining, seconds in known if remaining is None]
    return max(spent or unsaid, default=None)


def wait_of_duration(text: str) -> float | None:
    """Seconds of a Go or Google duration: ``12ms``, ``6m0s``, ``1h2m``, ``1.5s``. None where it is none."""
    text = text.strip()[:60]
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    seconds = round(sum(float(number) * _UNITS_S[unit] for number, unit in parts), 9)
    return seconds if seconds <= LONGEST_READ_S else None


def wait_in_words(message: str) -> float | None:
    """Seconds of ``Please try again in 20s``, ``retry after 24 seconds``, ``try again in 1m30s``."""
    found = _WORDS.search(message[:5000])
    if found is None:
        return None
    short = _LONG_UNIT.sub(lambda unit: "ms" if unit[1][:3].lower() == "mil" else unit[1][0].lower(), found["duration"])
    return wait_of_duration("".join(short.split()).replace(",", "").lower())


def _until_http_date(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _until_reset(text: str, now: datetime) -> float | None:
    """Whole seconds (Azure; 0 and below mean nothing), a Go duration (OpenAI), an RFC 3339 instant (Anthropic)."""
    text = text.strip()
    seconds = float(text) if _NUMBER.fullmatch(text) else wait_of_duration(text)
    if seconds is None:
        try:
            moment = datetime.fromisoformat(text)
            seconds = (moment - now).total_seconds() if moment.tzinfo else None
        except (ValueError, OverflowError):
            seconds = None
    return seconds if seconds is not None and 0 < seconds < LONGEST_READ_S else None
