"""Noise models of a run value and how a steady shift looks through them. Feeds the continuous engine.

A model (phi, gain) is an ARMA(1,1) in innovation form: the innovation is v = y - mu - load, and the load moves by
load <- phi (load + gain v); (0, 0) is white noise. What a shift of 1 leaves in the innovations depends on its age
alone: it starts at 1 and decays geometrically to a rest, so all its sums have closed forms and need no storage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def log_sum_exp(values: Array, axis: int) -> Array:
    """ln of the sum of exp along one axis, without overflow."""
    top = values.max(axis=axis, keepdims=True)
    total: Array = np.squeeze(top, axis) + np.log(np.exp(values - top).sum(axis=axis))
    return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Several noise models side by side; every array has one row a model."""

    phi: Array
    gain: Array
    pseudo_runs: Array
    """Runs' worth of belief that the sd of a run value is its sampling sd (a0)."""
    penalty: Array
    """Prior log-odds against the model, in numerator and denominator alike."""
    decay: Array
    """Factor by which the transient part of a response shrinks at every run."""
    rest: Array
    """What is left of a shift of 1 in the innovations after a long time."""

    def response(self, age: int) -> Array:
        """What a shift of 1 adds to the innovation ``age`` runs after its first run."""
        return self.rest + (1 - self.rest) * self.decay**age

    def own_sum(self, age: Array) -> Array:
        """Sum of squared responses over the first ``age`` runs of a shift; models x ages."""
        rest, part = self.rest[:, None], (1 - self.rest)[:, None]
        once, twice = self._geometric(age)
        total: Array = age * rest**2 + 2 * rest * part * once + part**2 * twice
        return total

    def cross_sum(self, start: Array, age: Array) -> Array:
        """Sum of response of a shift at run ``start`` times response of the mean (a shift at run 0)."""
        rest, part = self.rest[:, None], (1 - self.rest)[:, None]
        once, twice = self._geometric(age)
        before = self.decay[:, None] ** start
        total: Array = age * rest**2 + rest * part * once * (1 + before) + part**2 * before * twice
        return total

    def jitter(self, floor: float) -> Array:
        """Variance that white jitter of sd ``floor`` adds to each model's innovations."""
        extra: Array = floor**2 * (1 + (self.phi * self.gain) ** 2 / (1 - self.decay**2))
        return extra

    def _geometric(self, age: Array) -> tuple[Array, Array]:
        decay = self.decay[:, None]
        power = decay**age
        return (1 - power) / (1 - decay), (1 - power * power) / (1 - decay * decay)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channel:
    """One way of looking at a continuous stream: every run, or one value a day."""

    grid: Grid
    clip: float
    """A value counts at most tolerance + ``clip`` predictive sd: so one wild run cannot alarm alone."""
    tolerance: float
    """Shift in log units that counts as no change."""
    floor: float
    """Smallest believable sd of a run value, in log units."""
    max_age: int
    """Candidate change points older than this many values are dropped."""


_WANDERING = ((0.6, 1.0), (0.8, 0.3), (0.8, 0.6), (0.85, 1.0), (0.9, 0.5), (0.95, 0.15), (0.98, 0.07), (0.98, 0.15))
_STEP_MODELS = (
    (0.0, 0.0, 20.0, 0.0),
    (0.0, 0.0, 1.0, 3.0),
    # a short baseline believes "no wandering load" 12 nats more; data that contradict it take that credit back
    *((phi, gain, 1.0, 12.0) for phi, gain in _WANDERING),
)
_DAY_MODELS = ((0.0, 0.0, 1.0, 0.0), (0.5, 0.5, 1.0, 6.0), (0.8, 0.3, 1.0, 6.0), (0.9, 0.15, 1.0, 6.0))


def _grid(models: tuple[tuple[float, float, float, float], ...]) -> Grid:
    phi, gain, pseudo_runs, penalty = np.array(models).T
    decay = phi * (1 - gain)
    return Grid(
        phi=phi,
        gain=gain,
        pseudo_runs=pseudo_runs,
        penalty=penalty,
        decay=decay,
        rest=1 - phi * gain / (1 - decay),
    )


@lru_cache(maxsize=32)
def step_channel(tolerance: float, *, counts: bool) -> Channel:
    """The channel that sees every run. ``tolerance`` is relative (0.05); ``counts``: tokens, not seconds."""
    return Channel(
        grid=_grid(_STEP_MODELS),
        clip=5.0 if counts else 3.5,
        tolerance=math.log1p(tolerance),
        floor=0.015 if counts else 0.01,
        max_age=1024,
    )


@lru_cache(maxsize=32)
def day_channel(tolerance: float, *, counts: bool) -> Channel:
    """The channel that sees one value a day: the one that still works under heavy, wandering load."""
    return Channel(
        grid=_grid(_DAY_MODELS),
        clip=3.5,
        tolerance=math.log1p(tolerance),
        floor=0.015 if counts else 0.01,
        max_age=256,
    )
