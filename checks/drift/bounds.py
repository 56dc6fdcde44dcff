"""Upper confidence bounds and within-run correlation of event rates. Feeds the machines of discrete streams."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from checks.drift.noise import Array

RHO_PRIOR = 0.01
"""Within-run correlation believed before anything was seen; with no event ever seen it stays an assumption."""
_PRIOR_RUNS = 10

Tally = tuple[int, int, int, float]
"""Events, samples, runs that had just these, weight of such a run."""


@lru_cache(maxsize=1)
def _logits() -> tuple[Array, Array, Array]:
    """A grid of logits with ln p and ln (1 - p) at each."""
    grid = np.linspace(-25, 25, 4001)
    return grid, -np.logaddexp(0, -grid), -np.logaddexp(0, grid)


@lru_cache(maxsize=4096)  # quiet streams ask the same again and again
def upper(events: float, samples: float, level: float) -> float:
    """Clopper-Pearson upper bound for an event rate, for real-valued counts.

    The p with P(Beta(events + 1, samples - events) > p) = level, by a sum over the logit scale (Clopper and
    Pearson, Biometrika 26, 1934). 1 where every sample is an event.
    """
    after = max(samples - events, 1e-9)
    if after < 1e-6:
        return 1.0
    grid, ln_p, ln_q = _logits()
    density = (events + 1.0) * ln_p + after * ln_q
    weights = np.exp(density - density.max())
    above = np.cumsum(weights[::-1])[::-1] / weights.sum()
    logit = float(np.interp(-level, -above, grid))
    return 1 / (1 + math.exp(-logit))


def correlation(pool: Iterable[Tally]) -> float:
    """Within-run correlation of an event: how much more pairs agree inside a run than between runs, 0 to 0.999.

    Shrunk towards ``RHO_PRIOR`` while few runs, events or non-events were seen.
    """
    rows = list(pool)
    if not rows:
        return RHO_PRIOR
    if all(row[0] == 0 for row in rows) or all(row[0] == row[1] for row in rows):
        return shrunk(RHO_PRIOR, 0.0)  # nothing to agree or disagree about
    samples, events, pairs, agreeing, own, own_events = _pair_sums(rows)
    between = samples * samples - own
    rho = RHO_PRIOR
    if pairs > 0 and between > 0 and 0 < events < samples:
        apart = (events * events - own_events) / between
        spread = events / samples - apart
        if spread > 1e-12:
            rho = min(max((agreeing / pairs - apart) / spread, 0.0), 1.0)
    hits, misses = sum(runs * x for x, _, runs, _ in rows), sum(runs * (n - x) for x, n, runs, _ in rows)
    return shrunk(rho, float(min(sum(runs for _, _, runs, _ in rows), hits, misses)))


def _pair_sums(rows: Sequence[Tally]) -> tuple[float, ...]:
    """Samples, events, pairs inside runs, such pairs of two events, and what a run pairs with itself of both.

    A pool has few distinct rows: plain Python is several times faster than arrays here.
    """
    samples = events = pairs = agreeing = own = own_events = 0.0
    for x, n, runs, weight in rows:
        both = runs * weight
        samples, events = samples + both * n, events + both * x
        pairs, agreeing = pairs + both * n * (n - 1), agreeing + both * x * (x - 1)
        own, own_events = own + both * weight * n * n, own_events + both * weight * x * x
    return samples, events, pairs, agreeing, own, own_events


def shrunk(rho: float, known: float) -> float:
    """An estimate held against the prior, but never below itself once three runs or events stand behind it."""
    cautious = (_PRIOR_RUNS * RHO_PRIOR + known * rho) / (_PRIOR_RUNS + known)
    return min(max(rho if known >= 3 else 0.0, cautious), 0.999)


def without_rarest(pool: Sequence[Tally]) -> list[Tally]:
    """The pool without its 2 % + 1 runs of highest event share.

    A large correlation learned from a few bursts would make single stray events look like evidence.
    """
    drop = math.ceil(0.02 * sum(runs for _, _, runs, _ in pool)) + 1
    kept = []
    for x, n, runs, weight in sorted(pool, key=lambda row: -row[0] / row[1]):
        gone = min(runs, drop)
        drop -= gone
        if runs > gone:
            kept.append((x, n, runs - gone, weight))
    return kept


def share_interval(events: float, samples: float, inflation: float) -> tuple[float, float]:
    """95 % interval of a share whose samples count ``1 / inflation`` each. Needs at least one sample."""
    x, n = events / inflation, samples / inflation
    return 1 - upper(n - x, n, 0.025), upper(x, n, 0.025)
