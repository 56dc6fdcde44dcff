"""Durations as people write them (``500ms``, ``30s``, ``1h30m``, ``2d``) to seconds, and back for display."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)"
_WHOLE = re.compile(rf"\s*(?:{_PART}\s*)+", re.ASCII)


def parse_duration(value: object) -> float:
    """Seconds of a duration written as text with units, or of a plain number of seconds.

    Raises:
        ValueError: the text is no duration, with an example of what would be.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError(f"{value!r} is not a duration; write it like 500ms, 30s, 15m, 1h30m or 2d")
    return sum(float(number) * UNITS_S[unit] for number, unit in re.findall(_PART, value))


def format_duration(seconds: float) -> str:
    """A duration in the largest units that fit, at most two of them: ``1h 30m``, ``250ms``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60:
        return f"{seconds:.3g}s"
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(round(seconds) if unit == "s" else seconds, UNITS_S[unit])
        if count and len(parts) < 2:
            parts.append(f"{count:.0f}{unit}")
    return " ".join(parts)


_SCHEMA = WithJsonSchema({"type": ["string", "number"], "examples": ["500ms", "30s", "15m", "1h30m"]})
Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0), _SCHEMA]
"""A pydantic field holding seconds (0 or more), written as ``parse_duration`` reads them."""
PositiveDuration = Annotated[float, BeforeValidator(parse_duration), Field(gt=0), _SCHEMA]
"""The same, above 0."""
