"""The judge's plan: thresholds and tolerances of one suite at one endpoint, from the installation's false-alarm
budget. Made by the engine, stored with every run, read by every machine of the judge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_LEAST_LN_C = math.log(20)  # a hand-fired suite of one stream still has to show some evidence
_RARE_RUNS_PER_YEAR = 4 * 365


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePlan:
    """What one suite at one endpoint is judged by. Raises ``ValueError`` for numbers that make no sense."""

    runs_per_year: float
    """Runs of this suite at this endpoint in a year."""
    streams: int
    """Streams of the whole installation (K): all suites, all endpoints."""
    false_alarms_per_year: float = 1.0
    """Expected false alarms a year that the whole installation accepts (B)."""
    tolerance_latency: float = 0.05
    """Relative change of a latency that counts as no change: 0.05 is 5 %."""
    tolerance_tokens: float = 0.05
    tolerance_rates: float = 1.25
    """Factor on the odds of an event that counts as no change."""
    capturing: bool = False
    """True while a baseline is captured: streams collect and do not establish themselves."""
    confirmations_per_year: float = 0.0
    """Most confirmation runs in a year: runs beside the usual ones, which cost budget as they do."""

    def __post_init__(self) -> None:
        positive = (self.runs_per_year, self.streams, self.false_alarms_per_year)
        if not all(math.isfinite(value) and value > 0 for value in positive):
            raise ValueError("runs a year, streams and false alarms a year must be positive numbers")
        if not (math.isfinite(self.confirmations_per_year) and self.confirmations_per_year >= 0):
            raise ValueError("confirmation runs a year start at 0")
        tolerances = (self.tolerance_latency, self.tolerance_tokens, self.tolerance_rates - 1)
        if not all(math.isfinite(value) and value >= 0 for value in tolerances):
            raise ValueError("tolerances of latency and tokens start at 0, the tolerance of rates at 1")

    @property
    def ln_c_step(self) -> float:
        """Threshold of a continuous stream judged at every run; half the budget, the days have the other half."""
        return self._ln_c(self._looks_per_year * 2)

    @property
    def ln_c_day(self) -> float:
        """Threshold of a continuous stream judged once a day."""
        return self._ln_c(365 * 2)

    @property
    def ln_c_discrete(self) -> float:
        """Threshold of a stream of events."""
        return self._ln_c(self._looks_per_year)

    @property
    def _looks_per_year(self) -> float:
        return self.runs_per_year + self.confirmations_per_year

    @property
    def delta(self) -> float:
        """Share of baselines whose last upper bound may be wrong: half the budget, spread over the streams.

        At most 0.01, for a third bound looser than the second (0.01) would not be a third bound.
        """
        return min(self.false_alarms_per_year / (2 * self.streams), 0.01)

    @property
    def rare(self) -> bool:
        """True for suites with fewer than four runs a day: there, waiting for a second run may cost a day."""
        return self.runs_per_year < _RARE_RUNS_PER_YEAR

    @property
    def gap(self) -> int:
        """Runs that wait before they join the pool of a discrete stream."""
        return 3 if self.rare else 24

    def min_runs(self, usual: int) -> int:
        """Fewest runs that can raise an alarm, where ``usual`` is the number for suites that run often."""
        return 1 if self.rare else usual

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JudgePlan:
        """The inverse of ``to_json``. Raises ``TypeError`` for unknown or missing keys."""
        return cls(**value)

    def _ln_c(self, looks_per_year: float) -> float:
        return max(_LEAST_LN_C, math.log(looks_per_year * self.streams / self.false_alarms_per_year))
