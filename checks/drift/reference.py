"""Samples of a run -> one run value, relative to what each probe normally takes. Feeds the level streams."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from checks.drift.noise import Array

_MOST = 1e12  # a token count from a hostile endpoint can be any integer
_KEPT_SHARE = 0.1
_LEAST = 1e-6  # a loopback reply may take no measurable time


def amounts(values: Sequence[float | int | None], *, counts: bool) -> list[float]:
    """The values that are there, as floats a logarithm can take: seconds from 1e-6, counts from 0, up to 1e12."""
    present = [float(min(max(value, 0), _MOST)) for value in values if value is not None and value == value]
    return present if counts else [max(value, _LEAST) for value in present]


def without_way(samples: Mapping[str, Sequence[float]], gained_s: float) -> dict[str, list[float]]:
    """Seconds without what the way to the model took more than usual (or less), and never under a tenth of them.

    In seconds and not as a ratio: a slow network adds the same to 50 ms and to 2 s. Both were measured
    (``tests/benchmarks/control_table.py``).
    """
    return {
        probe: [max(value - gained_s, _KEPT_SHARE * value) for value in values] for probe, values in samples.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is normal for each probe of a stream, in log units."""

    medians: Mapping[str, float]
    """By probe: median of log(x + offset)."""
    sd: float
    """Pooled robust sd of the residuals."""
    offset: float
    """0 for seconds, 2 for tokens (so that 1 token against 2 is no earthquake)."""

    @classmethod
    def of(cls, samples: Mapping[str, Sequence[float]], *, offset: float) -> Reference:
        """From all baseline values by probe; every probe has at least one. Raises ``ValueError`` without any."""
        logs = {probe: np.log(np.array(values, float) + offset) for probe, values in samples.items()}
        medians = {probe: float(np.median(values)) for probe, values in logs.items()}
        residuals = np.concatenate([values - medians[probe] for probe, values in logs.items()])
        robust = 1.4826 * float(np.median(np.abs(residuals)))
        # half the plain sd guards against a baseline whose every second value is the same
        return cls(medians=medians, sd=max(robust, 0.5 * float(residuals.std()), 0.01), offset=offset)

    def level(self, samples: Mapping[str, Sequence[float]]) -> float:
        """How far a run stands from normal: its median residual, moved by the mean of what lies around it.

        Residuals are clipped at 3 sd around the run's own centre. ``samples`` names probes of the reference only.
        """
        residuals = np.concatenate([self._residuals(probe, values) for probe, values in samples.items()])
        centre, width = median(residuals.tolist()), 3 * self.sd
        return float(centre + np.clip(residuals - centre, -width, width).mean())

    def spread(self, samples: Mapping[str, Sequence[float]]) -> float:
        """ln of how far a run's values lie from their own centre, on average; each at most 4.5 sd.

        A load that moves all of them alike does not move it. The small constant keeps a run of equal values finite.
        """
        away = np.abs(self._from_own_centre(samples))
        return math.log(float(np.minimum(away, 4.5 * self.sd).mean()) + 0.05 * self.sd)

    def tail(self, samples: Mapping[str, Sequence[float]]) -> tuple[int, int]:
        """How many of a run's values are far slower than its own centre (thrice, and 3 sd), and of how many.

        At most 15 % of a run count, rounded up: one bad run is not a tail.
        """
        away = self._from_own_centre(samples)
        slow = int((away > max(math.log(3), 3 * self.sd)).sum())
        return min(slow, math.ceil(0.15 * len(away))), len(away)

    def _from_own_centre(self, samples: Mapping[str, Sequence[float]]) -> Array:
        residuals = np.concatenate([self._residuals(probe, values) for probe, values in samples.items()])
        away: Array = residuals - median(residuals.tolist())
        return away

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"medians": dict(self.medians), "sd": self.sd, "offset": self.offset}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reference:
        """The inverse of ``to_json``."""
        return cls(**value)

    def _residuals(self, probe: str, values: Sequence[float]) -> Array:
        residuals: Array = np.log(np.array(values, float) + self.offset) - self.medians[probe]
        return residuals


def day_value(levels: Sequence[float]) -> float:
    """One value for a day: the mean of the medians of four blocks, which evens out the daily cycle."""
    blocks = np.array_split(np.array(levels, float), min(4, len(levels)))
    return float(np.mean([np.median(block) for block in blocks]))


def sampling_sd(reference: Reference, samples_per_run: float) -> float:
    """Sampling sd of a run's level; 1.1 pays for the clipping."""
    return 1.1 * reference.sd / math.sqrt(max(samples_per_run, 1.0))


def spread_sampling_sd(samples_per_run: float) -> float:
    """Sampling sd of a run's spread: of ln of the mean absolute value of Gaussians, with the same 1.1.

    |x| of a standard Gaussian has mean sqrt(2/pi) and variance 1 - 2/pi, so a coefficient of variation of .7555.
    """
    return 1.1 * math.sqrt(math.pi / 2 - 1) / math.sqrt(max(samples_per_run, 1.0))
