"""Durations as people write them (``500ms``, ``30s``, ``1h30m``, ``2d``) to seconds, and back for display."""

from __future__ import annotations

import re
from math import isnan
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

UNITS_S = {"y": 31_536_000.0, "w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
"""Seconds of each unit, largest first; a year has 365 days."""
LONGEST_Y = 1_000_000_000
"""Years, more than anybody means: what is longer is refused by name, where a field does not refuse far less."""
_BEYOND = 1e300
_NUMBER = r"(\d{1,400}(?:\.\d{1,15})?)"
_WHOLE = re.compile(r"\s*" + "".join(rf"(?:{_NUMBER}\s*{unit}(?![a-z])\s*)?" for unit in UNITS_S), re.ASCII)
"""Each unit at most once, large ones first: ``5m 5m`` is a slip of the pen, not ten minutes."""


def parse_duration(value: object) -> float:
    """Seconds of a duration written as text with units, or of a plain number of seconds.

    Raises:
        ValueError: the value is no duration, with an example of what would be, or longer than any.
    """
    seconds = _seconds(value)
    if seconds is None or isnan(seconds):
        raise ValueError(f"{_shortened(value)} is not a duration; write it like 500ms, 30s, 15m, 1h30m or 2d")
    if abs(seconds) > LONGEST_Y * UNITS_S["y"]:
        raise ValueError(f"{_shortened(value)} is too long; no duration is longer than {LONGEST_Y}y")
    return seconds


def _seconds(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(min(max(value, -_BEYOND), _BEYOND))  # a whole number may be larger than any float
    match = _WHOLE.fullmatch(value) if isinstance(value, str) and value.strip() else None
    if match is None:
        return None
    parts = zip(match.groups(), UNITS_S.items(), strict=True)
    # milliseconds divide rather than multiply: 300 / 1000 is the float 0.3, 300 * 0.001 is not
    return sum(
        float(number) / 1000 if unit == "ms" else float(number) * size for number, (unit, size) in parts if number
    )


def _shortened(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def format_duration(seconds: float) -> str:
    """A duration in the largest units that fit, at most two of them: ``1h 30m``, ``2.5s``, ``250ms``."""
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if round(seconds * 1000) < 1000:
        return f"{seconds * 1000:.0f}ms"
    if round(seconds, 1) < 60:
        return f"{seconds:.3g}s"
    units = [unit for unit in ("d", "h", "m", "s") if UNITS_S[unit] <= seconds][:2]
    rounded = round(seconds / UNITS_S[units[-1]]) * UNITS_S[units[-1]]
    if rounded != seconds:  # rounding may reach the next unit: 119.7s is 2m, never 1m 60s
        return format_duration(rounded)
    parts: list[str] = []
    for unit in units:
        count, seconds = divmod(seconds, UNITS_S[unit])
        parts += [f"{count:.0f}{unit}"] if count else []
    return " ".join(parts)


def at_least(least_s: float) -> AfterValidator:
    """A validator that refuses shorter durations, told with their units."""

    def long_enough(seconds: float) -> float:
        if seconds < least_s:
            raise ValueError(f"{format_duration(seconds)} is too short; at least {format_duration(least_s)}")
        return seconds

    return AfterValidator(long_enough)


def at_most(most_s: float) -> AfterValidator:
    """A validator that refuses longer durations, told with their units."""

    def short_enough(seconds: float) -> float:
        if seconds > most_s:
            raise ValueError(f"{format_duration(seconds)} is too long; at most {format_duration(most_s)}")
        return seconds

    return AfterValidator(short_enough)


_SCHEMA = WithJsonSchema({"type": ["string", "number"], "examples": ["500ms", "30s", "15m", "1h30m"]})
Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0, allow_inf_nan=False), _SCHEMA]
"""A pydantic field holding seconds (0 or more), written as ``parse_duration`` reads them."""
PositiveDuration = Annotated[float, BeforeValidator(parse_duration), Field(gt=0, allow_inf_nan=False), _SCHEMA]
"""The same, above 0."""
