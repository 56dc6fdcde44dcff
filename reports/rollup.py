"""Sums of one hour or day: what is kept of samples long after they have gone. Feeds the store and its history.

Times are kept as a sketch, counts in buckets that grow by 4 %: quantiles within 2 % of the true ones however many
values there were, and sketches of hours add up to that of their day (DDSketch: Masson, Rim, Lee, VLDB 2019).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

GROWTH = 1.04
_LOG_GROWTH = math.log(GROWTH)
SHORTEST_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """Many durations in seconds, in a few hundred numbers at most."""

    buckets: Mapping[int, int] = field(default_factory=dict)
    """By the whole part of the logarithm to the base of ``GROWTH``: how many values."""
    total_s: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Sketch:
        """The sketch of these values; shorter ones than a microsecond count as one."""
        told = [max(value, SHORTEST_S) for value in values if math.isfinite(value)]
        places = Counter(math.ceil(math.log(value) / _LOG_GROWTH) for value in told)
        return cls(buckets=dict(places), total_s=math.fsum(told))

    def __add__(self, other: Sketch) -> Sketch:
        places = Counter(self.buckets)
        places.update(other.buckets)
        return Sketch(buckets=dict(places), total_s=self.total_s + other.total_s)

    @property
    def count(self) -> int:
        """How many values."""
        return sum(self.buckets.values())

    @property
    def mean_s(self) -> float | None:
        """Their mean; None where there are none."""
        return self.total_s / self.count if self.count else None

    def quantile_s(self, share: float) -> float | None:
        """The value that ``share`` of them do not exceed, within 2 %; None where there are none."""
        rank = max(math.ceil(share * self.count), 1)
        seen = 0
        for place in sorted(self.buckets):
            seen += self.buckets[place]
            if seen >= rank:
                # the middle of the bucket, as far from its ends in proportion
                return 2 * GROWTH**place / (GROWTH + 1)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """What one probe, or a suite as a whole, did at one endpoint in one hour or day (UTC)."""

    suite: str
    endpoint: str
    probe: str
    """Empty for the suite as a whole: its ``healths`` and ``drift`` are those of runs."""
    size: str
    """``hour`` or ``day``."""
    start: datetime
    runs: int = 0
    samples: int = 0
    failed: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    """By class."""
    healths: Mapping[str, int] = field(default_factory=dict)
    """By health, how many runs ended so."""
    passed: int = 0
    """Verdicts of checks on samples that passed."""
    checked: int = 0
    """Verdicts of checks on samples, passed or not."""
    total_s: Sketch = Sketch()
    first_token_s: Sketch = Sketch()
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    """Of those whose price is known."""
    priced: int = 0
    """How many those are."""
    drift: float | None = None
    """Highest score of any stream; None where none was judged."""

    def __add__(self, other: Rollup) -> Rollup:
        scores = [score for score in (self.drift, other.drift) if score is not None]
        return Rollup(
            suite=self.suite,
            endpoint=self.endpoint,
            probe=self.probe,
            size=self.size,
            start=self.start,
            runs=self.runs + other.runs,
            samples=self.samples + other.samples,
            failed=self.failed + other.failed,
            failures=_both(self.failures, other.failures),
            healths=_both(self.healths, other.healths),
            passed=self.passed + other.passed,
            checked=self.checked + other.checked,
            total_s=self.total_s + other.total_s,
            first_token_s=self.first_token_s + other.first_token_s,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            priced=self.priced + other.priced,
            drift=max(scores, default=None),
        )


def _both(some: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    total = Counter(some)
    total.update(others)
    return dict(total)
