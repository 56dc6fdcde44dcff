"""Evidence that the level of a series changed at some run: the engine behind the latency and token streams.

For a change by d at run tau the evidence is a ratio of marginal likelihoods: above, a mixture over noise models
and shift sizes; below, the best noise model with a shift of at most the tolerance. Mean and variance are integrated
out (right-Haar prior), so a short baseline pays exactly its own uncertainty, and because every tau has its own
before and after, changed runs never contaminate a reference. Summed over tau this is a Shiryaev-Roberts e-detector
(Shin, Ramdas, Rinaldo, arXiv 2203.03532).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from checks.drift.noise import Array, Channel, log_sum_exp

_UP, _DOWN, _WEIGHT_UP = (0.10, 0.18, 0.30, 0.55, 1.0), (-0.12, -0.25, -0.50), 0.7
"""Sizes of change looked for, in log units, and the weight of those that go up."""
_APART = 0.05
_BEYOND_ALL = 0.3  # what is looked for where a suite tolerates more than all of these
_LN_MISS = 2 * math.log(20)  # 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engine:
    """What a series has told so far. Arrays have one row a noise model; ``reaction`` one column a candidate."""

    sampling_sd: float
    """Sampling sd of one value, in log units; 0 where unknown."""
    centre: float
    """Subtracted for numerical comfort; any constant."""
    warmup: int
    """Values before the first candidate change."""
    seen: int
    load: Array
    squares: Array
    """Sum of squared innovations."""
    means: Array
    """Sum of innovation x response of the mean."""
    starts: tuple[int, ...]
    """Candidate changes, as 0-based index of the first changed value."""
    marks: tuple[str, ...]
    """Name (run id) of each candidate's first changed value."""
    reaction: Array
    """Sum of innovation x response of each candidate's shift."""

    @classmethod
    def new(cls, *, sampling_sd: float, centre: float, warmup: int, channel: Channel) -> Engine:
        """An engine that has seen nothing."""
        models = len(channel.grid.phi)
        zero = np.zeros(models)
        return cls(
            sampling_sd=sampling_sd,
            centre=centre,
            warmup=warmup,
            seen=0,
            load=zero,
            squares=zero,
            means=zero,
            starts=(),
            marks=(),
            reaction=np.zeros((models, 0)),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, exact to the last digit."""
        return {
            "sampling_sd": self.sampling_sd,
            "centre": self.centre,
            "warmup": self.warmup,
            "seen": self.seen,
            "load": self.load.tolist(),
            "squares": self.squares.tolist(),
            "means": self.means.tolist(),
            "starts": list(self.starts),
            "marks": list(self.marks),
            "reaction": self.reaction.tolist(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Engine:
        """The inverse of ``to_json``."""
        arrays = {name: np.array(value[name], float) for name in ("load", "squares", "means", "reaction")}
        return cls(**{**value, **arrays, "starts": tuple(value["starts"]), "marks": tuple(value["marks"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The evidence of an engine and its most likely change."""

    ln_m: float
    ratio: float
    """Level now / level before, with a 95 % interval (normal-mixture boundary; the run was selected)."""
    low: float
    high: float
    since: str
    """Mark of the first changed value."""


def _scale(engine: Engine, channel: Channel) -> Array:
    """Posterior scale of the innovations without any shift; one value a model."""
    grid, ages = channel.grid, np.array([float(engine.seen)])
    prior = grid.pseudo_runs * max(engine.sampling_sd, channel.floor) ** 2
    misfit = engine.squares - engine.means**2 / grid.own_sum(ages)[:, 0]
    scale: Array = prior + (misfit + engine.seen * grid.jitter(channel.floor)) / 2
    return scale


def _clipped(engine: Engine, innovation: Array, channel: Channel) -> Array:
    """The innovation, no further from its prediction than tolerance + clip x predictive sd."""
    if engine.seen <= 3:
        return innovation
    grid = channel.grid
    expected = engine.means / grid.own_sum(np.array([float(engine.seen)]))[:, 0] * grid.response(engine.seen)
    freedom = grid.pseudo_runs + (engine.seen - 1) / 2
    width = channel.tolerance + channel.clip * np.sqrt(_scale(engine, channel) / freedom)
    clipped: Array = expected + np.clip(innovation - expected, -width, width)
    return clipped


def kept_starts(starts: Sequence[int], seen: int, max_age: int) -> list[int]:
    """Positions of the candidates worth keeping: eight at every spacing 1, 2, 4, ... Dropping one only lowers M."""
    kept = []
    for position, start in enumerate(starts):
        age, spacing = seen - start, 1
        while age >= 8 * spacing:
            spacing *= 2
        if start % spacing == 0 and age < max_age:
            kept.append(position)
    return kept


def advance(engine: Engine, value: float, mark: str, channel: Channel) -> Engine:
    """One more value, in log units; ``mark`` names its run. Pure: gives a new engine."""
    grid = channel.grid
    innovation = _clipped(engine, value - engine.centre - engine.load, channel)
    starts, marks, reaction = engine.starts, engine.marks, engine.reaction
    if engine.seen >= engine.warmup:
        starts, marks = (*starts, engine.seen), (*marks, mark)
        reaction = np.concatenate([reaction, np.zeros((len(grid.phi), 1))], axis=1)
    if starts:
        ages = engine.seen - np.array(starts, float)
        responses = grid.rest[:, None] + (1 - grid.rest)[:, None] * grid.decay[:, None] ** ages
        reaction = reaction + innovation[:, None] * responses
    seen = engine.seen + 1
    if seen % 8 == 0:
        keep = kept_starts(starts, seen, channel.max_age)
        starts, marks, reaction = tuple(starts[i] for i in keep), tuple(marks[i] for i in keep), reaction[:, keep]
    return Engine(
        sampling_sd=engine.sampling_sd,
        centre=engine.centre,
        warmup=engine.warmup,
        seen=seen,
        load=grid.phi * (engine.load + grid.gain * innovation),
        squares=engine.squares + innovation * innovation,
        means=engine.means + grid.response(engine.seen) * innovation,
        starts=starts,
        marks=marks,
        reaction=reaction,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Likelihood:
    """Marginal likelihood of every noise model (rows) for a shift at every candidate (columns)."""

    scale: Array
    freedom: Array
    constant: Array
    slope: Array
    """Reaction to a shift, the unknown mean projected out."""
    weight: Array
    """Information about a shift, the unknown mean projected out."""

    def at(self, shifts: Array) -> Array:
        """ln marginal likelihood: shifts x models x candidates."""
        d = shifts[:, None, None]
        values: Array = self.constant - self.freedom * np.log(self.scale - d * self.slope + d * d * self.weight / 2)
        return values


@lru_cache(maxsize=64)  # the streams of one suite are of one age, and look back to the same runs
def _weights(channel: Channel, seen: int, starts: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """What is known of the mean, of both together and of the shift alone, whatever the values were."""
    since = np.array(starts, float)
    grid, ages = channel.grid, seen - since
    return grid.own_sum(np.array([float(seen)])), grid.cross_sum(since, ages), grid.own_sum(ages)


def _likelihood(engine: Engine, channel: Channel) -> _Likelihood:
    grid = channel.grid
    mean_weight, cross, own = _weights(channel, engine.seen, engine.starts)
    a0 = grid.pseudo_runs
    freedom = a0 + (engine.seen - 1) / 2
    gammas = np.array([math.lgamma(after) - math.lgamma(before) for after, before in zip(freedom, a0, strict=True)])
    prior = a0 * np.log(a0 * max(engine.sampling_sd, channel.floor) ** 2)
    return _Likelihood(
        scale=_scale(engine, channel)[:, None],
        freedom=freedom[:, None],
        constant=(gammas + prior - grid.penalty)[:, None] - 0.5 * np.log(mean_weight),
        slope=engine.reaction - cross * engine.means[:, None] / mean_weight,
        weight=np.maximum(own - cross * cross / mean_weight, 1e-9),
    )


def evidence(engine: Engine, channel: Channel) -> Shift | None:
    """ln M = ln of the sum over tau of e_tau, and the most likely change; None before the first candidate."""
    if not engine.starts:
        return None
    likelihood = _likelihood(engine, channel)
    looked_for, points = _beyond(channel.tolerance), _within(channel.tolerance)
    null, middle = likelihood.at(points).max(axis=1), len(points) // 2
    below = np.where(looked_for.sizes[:, None] > 0, null[middle:].max(axis=0), null[: middle + 1].max(axis=0))
    above = log_sum_exp(likelihood.at(looked_for.sizes), axis=1) - math.log(np.exp(-channel.grid.penalty).sum())
    per_start = log_sum_exp(above + looked_for.ln_weights[:, None] - below, axis=0)
    return _most_likely(engine, likelihood, per_start)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sizes:
    """Sizes of change with their prior weights."""

    sizes: Array
    ln_weights: Array


@lru_cache(maxsize=32)
def _within(tolerance: float) -> Array:
    """Shifts that count as no change, 0 in the middle: so close together that none between them lies nearer to a size
    that is looked for."""
    steps = max(1, math.ceil(tolerance / _APART))
    return np.linspace(-tolerance, tolerance, 1 + 2 * steps)


@lru_cache(maxsize=32)
def _beyond(tolerance: float) -> _Sizes:
    """The sizes looked for that lie beyond the tolerance, up and down with the share each direction has."""
    up = [d for d in _UP if d > tolerance] or [tolerance + _BEYOND_ALL]
    down = [d for d in _DOWN if -d > tolerance] or [-tolerance - _BEYOND_ALL]
    weights = [_WEIGHT_UP / len(up)] * len(up) + [(1 - _WEIGHT_UP) / len(down)] * len(down)
    return _Sizes(sizes=np.array([*up, *down]), ln_weights=np.log(weights))


def _most_likely(engine: Engine, likelihood: _Likelihood, per_start: Array) -> Shift:
    column = int(np.argmax(per_start))
    slope, weight = likelihood.slope[:, column], likelihood.weight[:, column]
    best_scale = likelihood.scale[:, 0] - slope**2 / (2 * weight)
    row = int(np.argmax(likelihood.constant[:, 0] - likelihood.freedom[:, 0] * np.log(best_scale)))
    size, information = float(slope[row] / weight[row]), float(weight[row])
    variance = float(best_scale[row] / likelihood.freedom[row, 0])
    half = math.sqrt(variance * (information + 1) / information**2 * (_LN_MISS + math.log1p(information)))
    return Shift(
        ln_m=float(log_sum_exp(per_start, axis=0)),
        ratio=_exp(size),
        low=_exp(size - half),
        high=_exp(size + half),
        since=engine.marks[column],
    )


def _exp(value: float) -> float:
    return math.exp(min(max(value, -50.0), 50.0))  # an interval of two runs can be wider than a float
