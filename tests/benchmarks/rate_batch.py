"""Many rates side by side, bet on run by run, under the product's way of betting or another. Feeds run_mean.

The arithmetic is that of ``checks.drift.rates`` for runs of one size; ``run_mean`` shows by how little it differs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from checks.drift.bets import MEAN_BETS, ODDS, ln_beta_binomial_ratio, shifted
from checks.drift.bounds import correlation, without_rarest
from tests.benchmarks.judge_events import RATES
from tests.benchmarks.judge_noise import Counts, Events, Values

BASELINE = 20
_GRID = np.linspace(-9, 9, 361)
_START = np.log(np.array([0.4, 3.4, 33.4]))[:, None]
_LEVELS = (0.1, 0.01, RATES.delta)
_CAP = (RATES.ln_c + 4) / RATES.min_runs


def uppers(events: Values, samples: Values, levels: Values) -> Values:
    """``checks.drift.bounds.upper`` for many streams: streams x levels, on a grid around each stream's own rate."""
    a, b = events + 1, np.maximum(samples - events, 1e-6)
    width = np.sqrt(1 / a + 1 / b)[:, None]
    logit = np.log(a / b)[:, None] + width * _GRID
    finer = 50 / 4000 - width * (_GRID[1] - _GRID[0])  # a grid point holds all above its middle; the product's is finer
    density = -(a + b)[:, None] * np.logaddexp(0, -logit) - b[:, None] * logit
    weights = np.exp(density - density.max(axis=1, keepdims=True))
    above = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
    above /= above[:, :1]
    every = np.arange(len(a))[:, None]
    left = (above[:, :, None] > levels[:, None, :]).sum(axis=1) - 1
    high, low = above[every, left], above[every, left + 1]
    found = logit[every, left] + (high - levels) / (high - low) * width * (_GRID[1] - _GRID[0]) + finer / 2
    bounds: Values = 1 / (1 + np.exp(-found))
    return bounds


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a batch bets and learns. The default bets on samples, whatever their correlation."""

    mean_above: float = 2.0
    """Streams whose learned correlation is above this bet on the run mean; the default means none."""
    least: int = 1
    """Samples a run from which on."""
    gap: int = RATES.gap
    """Runs that wait before they are learned from."""
    gated: bool = True
    """Whether nothing is learned while the score is 25 or more."""


@dataclass(kw_only=True)
class Batch:
    """Many streams of one kind, run by run. ``counts``: streams x runs, the first 20 of them the baseline."""

    counts: Counts
    samples: int
    rule: Rule
    wealth: Values = field(init=False)
    alarms: Counts = field(init=False)
    """Run of each stream's alarm, counted from the end of the baseline; 0 for none."""

    def __post_init__(self) -> None:
        streams = len(self.counts)
        self._sums = np.concatenate([np.zeros((streams, 1)), np.cumsum(self.counts, axis=1)], axis=1)
        self._squares = np.concatenate([np.zeros((streams, 1)), np.cumsum(self.counts**2, axis=1)], axis=1)
        self._pool = np.full(streams, BASELINE)
        self._epoch, self._next = np.zeros(streams), np.full(streams, 1.5 * BASELINE)
        self._rho, self._low = np.zeros(streams), np.zeros(streams)
        self._beaten = np.zeros((streams, 3))
        self._paid = np.zeros((streams, self.samples + 1, 3, len(ODDS)))
        self.wealth = np.full((streams, 3, len(ODDS)), -np.inf)
        self.alarms = np.zeros(streams, dtype=np.int64)
        self._bound(np.arange(streams))

    def run(self) -> Counts:
        """All runs; the alarms."""
        for at in range(BASELINE, self.counts.shape[1]):
            self.step(at)
        return self.alarms

    @property
    def ln_m(self) -> Values:
        """Of every stream."""
        top = self.wealth.max(axis=2)
        mean: Values = top + np.log(np.exp(self.wealth - top[:, :, None]).mean(axis=2))
        smallest: Values = mean.min(axis=1)
        return smallest

    def step(self, at: int) -> None:
        """The run in column ``at``."""
        every = np.arange(len(self.counts))
        self.wealth = np.logaddexp(self.wealth, _START) + np.minimum(self._paid[every, self.counts[:, at]], _CAP)
        ln_m = self.ln_m
        self.alarms[(self.alarms == 0) & (ln_m >= RATES.ln_c)] = at + 1 - BASELINE
        calm = (ln_m < 0.25 * RATES.ln_c) | (not self.rule.gated)
        admitting = np.flatnonzero(calm & (at + 1 - self._pool > self.rule.gap))
        if not len(admitting):
            return
        self._pool[admitting] = at + 1 - self.rule.gap
        now = self._correlation(admitting)
        due = self._pool[admitting] >= self._next[admitting]
        self._epoch[admitting[due]] += 1
        self._next[admitting[due]] = 1.5 * self._pool[admitting[due]]
        risen = now > 1.25 * self._rho[admitting] + 0.003
        self._bound(admitting[due | risen | self._on_mean(self._rho[admitting])])

    def _on_mean(self, rho: Values) -> NDArray[np.bool_]:
        return (rho > self.rule.mean_above) & (self.samples >= self.rule.least)

    def _correlation(self, streams: Counts) -> Values:
        """As ``checks.drift.bounds.correlation`` reads it from pairs, for runs of one size."""
        runs, n = self._pool[streams].astype(float), self.samples
        x, xx = self._sums[streams, self._pool[streams]], self._squares[streams, self._pool[streams]]
        total = runs * n
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = (x * x - xx) / (total * total - runs * n * n)
            spread = x / total - apart
            rho = np.clip(((xx - x) / (runs * n * (n - 1)) - apart) / spread, 0, 1)
        rho = np.where((x > 0) & (x < total) & (spread > 1e-12), rho, 0.01)
        known = np.minimum(runs, np.minimum(x, total - x))
        cautious = (0.1 + known * rho) / (10 + known)
        silent = (x == 0) | (x == total)
        believed: Values = np.where(silent, 0.01, np.minimum(np.maximum(np.where(known >= 3, rho, 0), cautious), 0.999))
        return believed

    def _bound(self, streams: Counts) -> None:
        """Bounds, correlations and the pay of every possible count anew."""
        if not len(streams):
            return
        rho, runs, n = self._correlation(streams), self._pool[streams].astype(float), self.samples
        inflation, x = 1 + (n - 1) * rho, self._sums[streams, self._pool[streams]]
        spent = (self._epoch[streams] + 1) * (self._epoch[streams] + 2)
        bounds = uppers(x / inflation, runs * n / inflation, np.array(_LEVELS) / spent[:, None])
        estimate = shifted(np.clip(x / (runs * n), 1e-6, 1 - 1e-6), math.log(RATES.tolerance))
        beaten = np.clip(np.maximum(np.maximum(bounds, 0.001), estimate[:, None]), 1e-6, 1 - 1e-6)
        self._rho[streams], self._beaten[streams] = rho, beaten
        on_mean, shares = self._on_mean(rho), (np.arange(n + 1) / n)[:, None, None]
        below = beaten[on_mean][:, None, :, None]
        self._paid[streams[on_mean]] = np.log1p(MEAN_BETS / below * (shares - below))
        for at in np.flatnonzero(~on_mean).tolist():
            stream, learned, below = int(streams[at]), float(rho[at]), beaten[at][:, None]
            higher = np.minimum(shifted(below, np.log(ODDS)), np.maximum(0.98, (1 + below) / 2))
            low = min(learned, self._without_rarest(stream))
            for count in range(n + 1):
                paid = ln_beta_binomial_ratio(count, n, higher, below, learned)
                self._paid[stream, count] = np.minimum(paid, ln_beta_binomial_ratio(count, n, higher, below, low))

    def _without_rarest(self, stream: int) -> float:
        seen, often = np.unique(self.counts[stream, : self._pool[stream]], return_counts=True)
        pool = [(x, self.samples, runs, 1.0) for x, runs in zip(seen.tolist(), often.tolist(), strict=True)]
        return correlation(without_rarest(pool))


def drawn(events: Events, streams: int, runs: int, seed: int) -> Counts:
    """Counts of many streams: streams x runs."""
    rng = np.random.default_rng(seed)
    return np.stack([events.draw(rng, runs) for _ in range(streams)])
