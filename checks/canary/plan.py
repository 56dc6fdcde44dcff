"""What a canary is judged by: error rates, margins, and how many pairs there may be. Feeds ``judge``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from checks.canary.dimensions import DIMENSIONS, Dimension
from probes.canary_settings import CanarySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """A suite's own words on one dimension; None: as the table says."""

    tolerance: float | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPlan:
    """One canary, whole: the same for every look at it."""

    dimensions: tuple[str, ...]
    """Names of those that are judged, fixed before the first pair: the budget is shared among them."""
    margins: Mapping[str, Margin] = field(default_factory=dict)
    max_pairs: int = 300
    min_pairs: int = 20
    """No pass before."""
    false_fail: float = 0.01
    """Most probability of a FAIL where no dimension is worse; shared among the dimensions (union bound)."""
    false_pass: float = 0.05
    """Most probability of a PASS where a dimension is worse by its margin."""
    least_valid: float = 0.8
    """Share of pairs that must tell a dimension something, for a verdict on it."""

    @property
    def ln_fail(self) -> float:
        """Evidence that fails a dimension."""
        return math.log(max(1, len(self.dimensions)) / self.false_fail)

    @property
    def ln_pass(self) -> float:
        """Evidence that passes a dimension. Every dimension must, so nothing is to be shared."""
        return math.log(1 / self.false_pass)

    @classmethod
    def of(
        cls, settings: CanarySettings, *, streamed: bool, timed: bool = True, max_pairs: int | None = None
    ) -> CanaryPlan:
        """The plan of a suite's own settings.

        ``streamed``: whether there is a first token to time. ``timed``: False where production was not asked at the
        same time, so that its latency says nothing.
        """
        off = {name for name, margin in settings.margins.items() if margin == "off"}
        silent = {n for n in DIMENSIONS if n.startswith("latency.") and not timed} | (
            set() if streamed else {"latency.first_token"}
        )
        return cls(
            dimensions=tuple(name for name in DIMENSIONS if name not in off | silent),
            margins={
                name: Margin(tolerance=own.tolerance, margin=own.margin)
                for name, own in settings.margins.items()
                if own != "off"
            },
            max_pairs=max_pairs or settings.max_pairs,
            min_pairs=settings.min_pairs,
            false_fail=settings.false_fail,
            false_pass=settings.false_pass,
        )

    def dimension(self, name: str) -> Dimension:
        """A dimension with this plan's margins."""
        known, own = DIMENSIONS[name], self.margins.get(name, Margin())
        tolerance = known.tolerance if own.tolerance is None else own.tolerance
        return replace(known, tolerance=tolerance, margin=known.margin if own.margin is None else own.margin)
