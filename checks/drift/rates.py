"""Evidence that an event has become more frequent: bets against upper bounds of its baseline rate. Feeds the
machines of checks, failures, refusals, route, finish and answers.

The pool (baseline + admitted later runs) gives three nested upper bounds; behind each stands a Shiryaev-Roberts
detector of four bets that the rate is higher than bound and tolerance; the smallest of the three counts. A bet on a
run is a beta-binomial likelihood ratio with the within-run correlation learned from the pool, because samples of
one run share its fate; the run is the unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from checks.drift.bets import MEAN_BETS, ODDS, ln_beta_binomial_ratio, shifted
from checks.drift.bounds import Tally, correlation, share_interval, upper, without_rarest
from checks.drift.noise import Array
from checks.drift.plan import JudgePlan
from checks.drift.result import Effect

_START = np.array((0.4, 3.4, 33.4))
"""Wealth behind each bound: with misses of 1, .1 and .01 its mean is at most .4 + .3 + .3 = 1."""
_LN_START = np.log(_START)[:, None]
_FIRST_LEVELS = (0.1, 0.01)
_FLOOR = 0.001  # no rate is believed to be lower
_ADMIT = 0.25
_GROW = 1.5
_SHOWN_RUNS = 24
_MEAN_SAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one event is bet on."""

    ln_c: float
    delta: float
    tolerance: float
    """Factor on the odds that counts as no change."""
    min_runs: int
    """Fewest runs that can raise an alarm."""
    gap: int
    """Runs that wait before they join the pool."""
    odds: tuple[float, ...] = ODDS
    mean_bets: bool = False
    """True: bet on the run mean, which is valid whatever the correlation inside a run (from 10 samples a run)."""
    mean_above: float = math.inf
    """Learned correlation above which it bets so too, and the bounds are made anew at every admitted run."""

    @classmethod
    def of(cls, plan: JudgePlan, *, min_runs: int) -> Rules:
        """The rules of a plan; ``min_runs`` is meant for suites that run often."""
        return cls(
            ln_c=plan.ln_c_discrete,
            delta=plan.delta,
            tolerance=plan.tolerance_rates,
            min_runs=plan.min_runs(min_runs),
            gap=plan.gap,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One event: what is normal, what waits, and the wealth of every bet."""

    pool: tuple[Tally, ...]
    waiting: tuple[tuple[int, int, int], ...] = ()
    """Runs not admitted for long: events, samples, how many runs had just these."""
    pending: tuple[tuple[int, int], ...] = ()
    """The newest runs not admitted, one by one: events, samples."""
    bounds: tuple[float, ...] = ()
    rho: float = 0.0
    rho_low: float = 0.0
    """Correlation without the rarest runs; the smaller bet of the two counts."""
    share: float = 0.0
    """Event share in the pool when the bounds were made."""
    runs: int = 0
    next_epoch: float = 0.0
    """Runs in the pool at which the bounds are made anew."""
    epoch: int = 0
    ln_wealth: tuple[tuple[float, ...], ...] = ((-math.inf,) * 4,) * 3
    """Bounds x bets."""

    @property
    def ln_m(self) -> float:
        """ln of the stream's evidence: the smallest over the bounds of the mean over the bets."""
        return min(_ln_mean(row) for row in self.ln_wealth)

    @property
    def unadmitted(self) -> int:
        """Runs seen and not yet learned from."""
        return sum(runs for _, _, runs in self.waiting) + len(self.pending)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; no wealth at all (minus infinity) becomes null."""
        return {
            "pool": [list(row) for row in self.pool],
            "waiting": [list(row) for row in self.waiting],
            "pending": [list(row) for row in self.pending],
            "bounds": list(self.bounds),
            "rho": self.rho,
            "rho_low": self.rho_low,
            "share": self.share,
            "runs": self.runs,
            "next_epoch": self.next_epoch,
            "epoch": self.epoch,
            "ln_wealth": [[None if math.isinf(value) else value for value in row] for row in self.ln_wealth],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Rate:
        """The inverse of ``to_json``."""
        wealth = tuple(tuple(-math.inf if v is None else v for v in row) for row in value["ln_wealth"])
        rows = {name: tuple(tuple(row) for row in value[name]) for name in ("pool", "waiting", "pending")}
        return cls(**{**value, **rows, "bounds": tuple(value["bounds"]), "ln_wealth": wealth})


def new_rate(runs: Iterable[tuple[int, int]], rules: Rules, *, weight: float = 1.0, rho: float | None = None) -> Rate:
    """A rate from baseline runs (events, samples). Raises ``ValueError`` where no run has a sample.

    ``weight`` below 1 is for counts that come from leave-one-out; ``rho`` given is shared with other events.
    """
    pool = _joined((), [(x, n, 1) for x, n in runs if n], weight)
    if not pool:
        raise ValueError("a baseline needs at least one run with samples")
    count = sum(row[2] for row in pool)
    return _bounded(Rate(pool=pool, runs=count, next_epoch=_GROW * count), rules, rho)


def step_rate(
    rate: Rate, events: int, samples: int, rules: Rules, *, rho: float | None = None, alarmed: bool = False
) -> Rate:
    """One run of ``events`` in ``samples`` (at least one). Nothing is admitted to the pool while ``alarmed``."""
    believed = (rate.share, rate.rho, rate.rho_low)
    wealth = np.logaddexp(rate.ln_wealth, _LN_START) + _ln_bets(rate.bounds, believed, (events, samples), rules)
    pending = (*rate.pending, (events, samples))
    waiting = rate.waiting
    if len(pending) > _SHOWN_RUNS:
        # while an alarm is open runs are set aside for good: only an accepted baseline learns from them
        waiting = waiting if alarmed else _queued(waiting, pending[:-_SHOWN_RUNS])
        pending = pending[-_SHOWN_RUNS:]
    stepped = replace(rate, ln_wealth=tuple(tuple(row) for row in wealth.tolist()), pending=pending, waiting=waiting)
    quiet = not alarmed and stepped.ln_m < _ADMIT * rules.ln_c
    return _admitted(stepped, rules, rho) if quiet and stepped.unadmitted > rules.gap else stepped


def restarted(rate: Rate) -> Rate:
    """The same pool and bounds without evidence and without waiting runs: those of an alarm are never learned."""
    return replace(rate, ln_wealth=((-math.inf,) * len(rate.ln_wealth[0]),) * 3, pending=(), waiting=())


@lru_cache(maxsize=4096)  # asked of every row twice a run: to decide what is learned, and for the score
def _ln_mean(row: tuple[float, ...]) -> float:
    top = max(row)  # a dozen numbers: plain Python is faster than arrays here
    if math.isinf(top):
        return top
    return top + math.log(sum(math.exp(value - top) for value in row) / len(row))


@lru_cache(maxsize=4096)  # between two epochs the same few counts come again and again
def _ln_bets(
    bounds: tuple[float, ...], believed: tuple[float, float, float], run: tuple[int, int], rules: Rules
) -> Array:
    """ln of every bet on one run (events, samples): bounds x bets. ``believed``: share, rho and rho_low.

    Capped, so that no fewer runs than the rules say can raise an alarm.
    """
    most = (rules.ln_c + 4) / rules.min_runs
    (share, rho, rho_low), (events, samples) = believed, run
    estimate = shifted(np.clip(share, 1e-6, 1 - 1e-6), math.log(rules.tolerance))
    beaten = np.clip(np.maximum(np.maximum(bounds, _FLOOR), estimate), 1e-6, 1 - 1e-6)[:, None]
    if (rules.mean_bets or rho > rules.mean_above) and samples >= _MEAN_SAMPLES:
        means: Array = np.minimum(np.log1p(MEAN_BETS / beaten * (events / samples - beaten)), most)
        return means
    higher = np.minimum(shifted(beaten, np.log(rules.odds)), np.maximum(0.98, (1 + beaten) / 2))
    bets = ln_beta_binomial_ratio(events, samples, higher, beaten, rho)
    if rho_low < rho:
        bets = np.minimum(bets, ln_beta_binomial_ratio(events, samples, higher, beaten, rho_low))
    return np.minimum(bets, most)


def _admitted(rate: Rate, rules: Rules, rho: float | None) -> Rate:
    """All runs older than the gap join the pool together; none is ever dropped by its value."""
    older = rate.pending[: -rules.gap]
    rows = [*rate.waiting, *((x, n, 1) for x, n in older)]
    joined = replace(
        rate,
        pool=_joined(rate.pool, rows, 1.0),
        waiting=(),
        pending=rate.pending[-rules.gap :],
        runs=rate.runs + sum(row[2] for row in rows),
    )
    if joined.runs >= joined.next_epoch:
        return _bounded(replace(joined, epoch=joined.epoch + 1, next_epoch=_GROW * joined.runs), rules, rho)
    now = correlation(joined.pool) if rho is None else rho
    on_mean = joined.rho > rules.mean_above and joined.pending[-1][1] >= _MEAN_SAMPLES
    anew = on_mean or now > 1.25 * joined.rho + 0.003
    return _bounded(joined, rules, rho) if anew else joined


def _bounded(rate: Rate, rules: Rules, rho: float | None) -> Rate:
    """Correlation and bounds anew. An epoch spends 1 / ((e + 1)(e + 2)) of each level, so all hold together."""
    x, n, runs, weight = np.array(rate.pool, float).T
    learned = correlation(rate.pool) if rho is None else rho
    low = min(learned, correlation(without_rarest(rate.pool))) if rho is None else learned
    samples, events = float((runs * weight * n).sum()), float((runs * weight * x).sum())
    inflation = 1 + (float((runs * n * n).sum() / (runs * n).sum()) - 1) * learned
    spent = (rate.epoch + 1) * (rate.epoch + 2)
    levels = (*_FIRST_LEVELS, rules.delta)
    bounds = tuple(upper(events / inflation, samples / inflation, level / spent) for level in levels)
    return replace(rate, rho=learned, rho_low=low, bounds=bounds, share=events / samples)


def _queued(
    waiting: tuple[tuple[int, int, int], ...], runs: Iterable[tuple[int, int]]
) -> tuple[tuple[int, int, int], ...]:
    counts = {(x, n): count for x, n, count in waiting}
    for run in runs:
        counts[run] = counts.get(run, 0) + 1
    return tuple((x, n, count) for (x, n), count in counts.items())


def _joined(pool: tuple[Tally, ...], rows: Iterable[tuple[int, int, int]], weight: float) -> tuple[Tally, ...]:
    counts = {(x, n, w): count for x, n, count, w in pool}
    for x, n, count in rows:
        counts[x, n, weight] = counts.get((x, n, weight), 0) + count
    return tuple((x, n, count, w) for (x, n, w), count in counts.items())


def difference(rate: Rate, runs: int) -> Effect | None:
    """Share in the last ``runs`` unadmitted runs minus share in the pool, 95 % interval; None without any run."""
    recent = rate.pending[-max(1, min(runs, _SHOWN_RUNS)) :]
    if not recent:
        return None
    events, samples = sum(x for x, _ in recent), sum(n for _, n in recent)
    inflation = 1 + rate.rho * max(samples / len(recent) - 1, 0.0)
    low, high = share_interval(events, samples, inflation)
    return Effect(kind="difference", value=events / samples - rate.share, low=low - rate.share, high=high - rate.share)
