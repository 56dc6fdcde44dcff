"""Upper limits on durations of one sample. Feeds ``first_token`` and ``total_time``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from checks.argument import Argument
from checks.check import PASSED, failed
from checks.finding import Outcome
from probes.duration import PositiveDuration


class Longest(Argument):
    """The longest time allowed, in seconds; written ``2s`` or ``{max: 2s}``."""

    main: ClassVar[str] = "max"
    examples: ClassVar[tuple[Any, ...]] = ("2s", {"max": "800ms"})

    max_s: PositiveDuration = Field(alias="max")


def within(what: str, seconds: float, limit_s: float) -> Outcome:
    """Pass where ``seconds`` is at most ``limit_s``."""
    if seconds <= limit_s:
        return PASSED
    return failed(f"expected the {what} within {limit_s:.6g}s, got it after {seconds:.6g}s")
