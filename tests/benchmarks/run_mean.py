"""Two ways of betting on a rate, many streams side by side: the product's, and bets on the run mean.

A bet on the run mean is fair whatever the correlation inside a run; its rate to beat is then refreshed at every
admitted run. Feeds the note on whole-run correlation in docs/decisions. ``python -m tests.benchmarks.run_mean``
first shows that its own arithmetic is the product's, then prints the tables. Fixed seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from checks.drift.bets import MEAN_BETS, ODDS, ln_beta_binomial_ratio, shifted
from checks.drift.bounds import correlation, without_rarest
from checks.drift.rates import new_rate, step_rate
from tests.benchmarks.judge_events import RATES, quantiles
from tests.benchmarks.judge_noise import RUNS_A_YEAR, Counts, Events, Values

_BASELINE = 20
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
    """How a batch bets and learns. The default is the product's."""

    mean_above: float = 2.0
    """Streams whose learned correlation is above this bet on the run mean; the default means none."""
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
        self._pool = np.full(streams, _BASELINE)
        self._epoch, self._next = np.zeros(streams), np.full(streams, 1.5 * _BASELINE)
        self._rho, self._low = np.zeros(streams), np.zeros(streams)
        self._beaten = np.zeros((streams, 3))
        self._paid = np.zeros((streams, self.samples + 1, 3, len(ODDS)))
        self.wealth = np.full((streams, 3, len(ODDS)), -np.inf)
        self.alarms = np.zeros(streams, dtype=np.int64)
        self._bound(np.arange(streams))

    def run(self) -> Counts:
        """All runs; the alarms."""
        for at in range(_BASELINE, self.counts.shape[1]):
            self._step(at)
        return self.alarms

    @property
    def ln_m(self) -> Values:
        """Of every stream."""
        top = self.wealth.max(axis=2)
        mean: Values = top + np.log(np.exp(self.wealth - top[:, :, None]).mean(axis=2))
        smallest: Values = mean.min(axis=1)
        return smallest

    def _step(self, at: int) -> None:
        every = np.arange(len(self.counts))
        self.wealth = np.logaddexp(self.wealth, _START) + np.minimum(self._paid[every, self.counts[:, at]], _CAP)
        ln_m = self.ln_m
        self.alarms[(self.alarms == 0) & (ln_m >= RATES.ln_c)] = at + 1 - _BASELINE
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
        self._bound(admitting[due | risen | (self._rho[admitting] > self.rule.mean_above)])

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
        on_mean, shares = rho > self.rule.mean_above, (np.arange(n + 1) / n)[:, None, None]
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


def same_as_product(events: Events, runs: int = 400) -> float:
    """Largest distance in ln M between this batch (without bets on the mean) and the product's code."""
    batch = Batch(counts=drawn(events, 3, _BASELINE + runs, 1), samples=events.samples, rule=Rule())
    rates = [new_rate([(x, events.samples) for x in row[:_BASELINE]], RATES) for row in batch.counts.tolist()]
    apart = 0.0
    for at in range(_BASELINE, batch.counts.shape[1]):
        batch._step(at)
        rates = [
            step_rate(rate, int(x), events.samples, RATES) for rate, x in zip(rates, batch.counts[:, at], strict=True)
        ]
        apart = max(apart, float(np.abs(batch.ln_m - np.array([rate.ln_m for rate in rates])).max()))
    return apart


RULES = {
    "product": Rule(),
    "run mean": Rule(mean_above=-1.0),
    "run mean where correlated": Rule(mean_above=0.2),
    "run mean, learning always": Rule(mean_above=-1.0, gated=False),
    "run mean, learning at once": Rule(mean_above=-1.0, gap=0, gated=False),
}
_NULLS = {
    "whole runs, rate .05": Events(rate=0.05, correlation=1.0),
    "whole runs, rate .25": Events(rate=0.25, correlation=1.0),
    "whole runs, rate .01": Events(rate=0.01, correlation=1.0),
    "correlation .3, rate .02": Events(rate=0.02, correlation=0.3),
    "correlation .1, rate .05": Events(rate=0.05, correlation=0.1),
    "independent, rate .003": Events(rate=0.003),
    "hiccups 1 in 200, rate .003": Events(rate=0.003, hiccups=0.005),
    "independent, rate .05": Events(rate=0.05),
    "3 samples, whole runs, rate .05": Events(rate=0.05, samples=3, correlation=1.0),
}
_CHANGES = {
    "refusals 0 -> 5 %": (Events(rate=0.0), Events(rate=0.05), 200),
    "0 -> 10 %": (Events(rate=0.0), Events(rate=0.1), 200),
    "pass rate .95 -> .85": (Events(rate=0.05), Events(rate=0.15), 400),
    "3 a run .95 -> .75": (Events(rate=0.05, samples=3), Events(rate=0.25, samples=3), 600),
    "3 of 10 probes broken": (Events(rate=0.0), Events(rate=0.3), 50),
    "correlation .3: .02 -> .10": (Events(rate=0.02, correlation=0.3), Events(rate=0.1, correlation=0.3), 600),
    "whole runs: .05 -> .25": (Events(rate=0.05, correlation=1.0), Events(rate=0.25, correlation=1.0), 600),
    "whole runs: .05 -> .50": (Events(rate=0.05, correlation=1.0), Events(rate=0.5, correlation=1.0), 600),
    "whole runs: .05 -> 1": (Events(rate=0.05, correlation=1.0), Events(rate=1.0, correlation=1.0), 100),
}


def nulls(streams: int, runs: int, names: Sequence[str], rules: Sequence[str]) -> None:
    """False alarms while nothing changes, of streams watched from their baseline on."""
    print(f"\nno change, {streams} streams x {runs:,} runs: alarms (of them in the first 9,000 runs)")
    for name in names:
        events = _NULLS[name]
        counts, cells = drawn(events, streams, _BASELINE + runs, 7), []
        for rule in rules:
            alarms = Batch(counts=counts, samples=events.samples, rule=RULES[rule]).run()
            cells.append(f"{rule} {int((alarms > 0).sum())} ({int(((alarms > 0) & (alarms <= 9000)).sum())})")
        print(f"{name:<34}" + "   ".join(cells), flush=True)


def delays(streams: int, names: Sequence[str], rules: Sequence[str]) -> None:
    """Runs from a change to the alarm, after 0, 100 and 1,000 quiet runs."""
    print(f"\nchanges, {streams} streams: runs to the alarm, median/90 %")
    for name in names:
        before, after, most = _CHANGES[name]
        for calm in (0, 100, 1000):
            quiet, moved = drawn(before, streams, _BASELINE + calm, 8), drawn(after, streams, most, 9)
            counts, cells = np.concatenate([quiet, moved], axis=1), []
            for rule in rules:
                alarms = Batch(counts=counts, samples=before.samples, rule=RULES[rule]).run()
                found = [max(0, run - calm) if run else None for run in alarms.tolist()]
                cells.append(f"{rule} {quantiles(found, most)}")
            print(f"{name}, after {calm:<14}" + "   ".join(cells), flush=True)


def main() -> int:
    """Print the tables; 1 where the arithmetic is not the product's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--runs", type=int, default=RUNS_A_YEAR)
    parser.add_argument("--null", choices=_NULLS, action="append", help="only these; may be repeated")
    parser.add_argument("--change", choices=_CHANGES, action="append", help="only these; may be repeated")
    parser.add_argument("--rule", choices=RULES, action="append", help="only these; may be repeated")
    asked = parser.parse_args()
    apart = max(same_as_product(events) for events in (*list(_NULLS.values())[:4], Events(rate=0.0)))
    print(f"largest distance in ln M from the product's own code: {apart:.1e}", flush=True)
    rules, everything = asked.rule or list(RULES), not (asked.null or asked.change)
    delays(asked.streams, list(_CHANGES) if everything else asked.change or (), rules)
    nulls(asked.streams, asked.runs, list(_NULLS) if everything else asked.null or (), rules)
    return int(apart > 0.01)


if __name__ == "__main__":
    raise SystemExit(main())
