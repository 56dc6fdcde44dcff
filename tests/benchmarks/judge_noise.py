"""Imaginary endpoints for the judge's tables, drawn from a seeded generator: latencies, and events by run.

Feeds judge_continuous and judge_events. A run is one firing of a suite, every 15 minutes, so 96 make a day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RUNS_A_DAY = 96
RUNS_A_YEAR = 35_040
_SAMPLE_SD = 0.35

Values = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What moves latencies while nothing has changed. The default is independent noise alone."""

    wander_sd: float = 0.0
    """Sd of a load that wanders over all calls of a run alike, in log units."""
    memory: float = 0.8
    """Its correlation from one run to the next."""
    day: float = 0.0
    """Amplitude of a daily cycle, in log units."""
    week: float = 0.0
    heavy: float = 0.0
    """Share of calls that take 1 + Pareto(1.5) times as long."""
    slow_runs: float = 0.0
    """Share of runs in which every call takes twice as long or more."""

    def draw(self, rng: np.random.Generator, runs: int, samples: int) -> Values:
        """ln seconds; runs x samples."""
        logs = rng.normal(0, _SAMPLE_SD, (runs, samples))
        at = np.arange(runs) + rng.integers(0, 7 * RUNS_A_DAY)
        shared = self.day * np.sin(2 * math.pi * at / RUNS_A_DAY)
        shared += self.week * np.sin(2 * math.pi * at / (7 * RUNS_A_DAY))
        if self.wander_sd:
            shared += _wandering(rng, runs, self.wander_sd, self.memory)
        if self.slow_runs:
            shared += (rng.random(runs) < self.slow_runs) * (math.log(2) + rng.exponential(0.3, runs))
        if self.heavy:
            logs += (rng.random(logs.shape) < self.heavy) * np.log1p(rng.pareto(1.5, logs.shape))
        values: Values = logs + shared[:, None]
        return values


def _wandering(rng: np.random.Generator, runs: int, sd: float, memory: float) -> Values:
    steps = rng.normal(0, sd * math.sqrt(1 - memory * memory), runs)
    level, path = float(rng.normal(0, sd)), np.empty(runs)
    for run, step in enumerate(steps.tolist()):
        level = memory * level + step
        path[run] = level
    return path


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened to the latencies of a run."""

    slower: float = 1.0
    apart: float = 1.0
    """Factor on how far calls lie from their middle."""
    dragging: float = 0.0
    """Share of calls that take six times as long."""

    def upon(self, rng: np.random.Generator, logs: Values) -> Values:
        """The same runs, changed."""
        changed: Values = logs * self.apart + math.log(self.slower)
        return changed + (rng.random(logs.shape) < self.dragging) * math.log(6)


@dataclass(frozen=True, kw_only=True)
class Events:
    """How events come about while nothing has changed. The default is independent samples."""

    rate: float
    samples: int = 30
    correlation: float = 0.0
    """Within a run: beta-binomial; 1 for runs that are wholly one thing or the other."""
    hiccups: float = 0.0
    """Share of runs in which an event is far more likely."""
    hiccup_rate: float = 0.6
    wobble: float = 1.0
    """Factor on the odds by which the rate wobbles, daily."""

    def draw(self, rng: np.random.Generator, runs: int) -> Counts:
        """Events of each run."""
        rates = np.full(runs, self.rate)
        if self.wobble != 1:
            odds = self.rate / (1 - self.rate)
            wave = np.sin(2 * math.pi * np.arange(runs) / RUNS_A_DAY)
            rates = 1 / (1 + 1 / (odds * self.wobble**wave))
        if self.correlation >= 1:
            rates = (rng.random(runs) < self.rate).astype(float)
        elif self.correlation > 0:
            mass = (1 - self.correlation) / self.correlation
            rates = rng.beta(self.rate * mass, (1 - self.rate) * mass, runs)
        rates = np.where(rng.random(runs) < self.hiccups, self.hiccup_rate, rates)
        return rng.binomial(self.samples, rates)
