"""What confirmation runs buy and cost: delay of real changes, false alarms where trouble comes in short bouts.

Run: ``python -m tests.benchmarks.confirm_table [STREAMS]``. One pooled stream of events, 30 samples a run, a run each
15 minutes, 100 baseline runs; the threshold of 150 streams and one false alarm a year, confirmation runs counted in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks.drift.evidence import score_of
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rate, Rules, new_rate, restarted, step_rate

SAMPLES, BASELINE, EVERY_S = 30, 100, 900.0
QUARTER = 8760
PLAIN = JudgePlan(runs_per_year=35_040, streams=150)
Chance = Callable[[float], float]
"""Probability of the event at an instant, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Confirming:
    """How many confirmation runs there may be within how many seconds."""

    runs: int = 0
    rest_s: float = 21_600.0
    apart_s: float = 30.0

    @property
    def rules(self) -> Rules:
        extra = self.runs * min(PLAIN.runs_per_year, 365 * 86_400 / self.rest_s)
        return Rules.of(replace(PLAIN, confirmations_per_year=extra), min_runs=3)


class Bouts:
    """Short bouts of trouble, at any time, each of exponential length."""

    def __init__(
        self, seed: int, *, usual: float, within: float, length_s: float, share: float, until_s: float
    ) -> None:
        draws = np.random.default_rng(seed)
        count = draws.poisson(until_s * share / length_s)
        self._starts = np.sort(draws.uniform(0, until_s, count))
        self._ends = np.maximum.accumulate(self._starts + draws.exponential(length_s, count))
        self._usual, self._within = usual, within

    def __call__(self, at: float) -> float:
        last = int(np.searchsorted(self._starts, at, side="right")) - 1
        return self._within if last >= 0 and self._ends[last] > at else self._usual


def alarms(chance: Chance, confirming: Confirming, *, runs: int, seed: int) -> Iterator[tuple[float, int]]:
    """Instants of alarms, with the runs made so far; the evidence begins anew after each."""
    draws, rules = np.random.default_rng(seed), confirming.rules

    def drawn(at: float) -> int:
        return int(draws.binomial(SAMPLES, chance(at)))

    rate: Rate = new_rate([(drawn(run * EVERY_S), SAMPLES) for run in range(BASELINE)], rules)
    made: list[float] = []
    total = 0
    for run in range(BASELINE, BASELINE + runs):
        at, left = run * EVERY_S, 1
        while left:
            left, total = left - 1, total + 1
            rate = step_rate(rate, drawn(at), SAMPLES, rules)
            score = score_of(rate.ln_m, rules.ln_c)
            if score >= 100:
                yield at, total
                rate, left = restarted(rate), 0
            elif not left and (score >= 50 or rate.pending[-1][0] == SAMPLES):
                made = [then for then in made if then > at - confirming.rest_s]
                if len(made) < confirming.runs:
                    at += confirming.apart_s
                    made.append(at)
                    left = 1
    yield -1.0, total


def _false_alarms(streams: int, confirming: Confirming, **bouts: float) -> tuple[int, float]:
    until = (BASELINE + QUARTER) * EVERY_S
    found, extra = 0, 0
    for seed in range(streams):
        chance = Bouts(seed, until_s=until, **bouts)
        said = list(alarms(chance, confirming, runs=QUARTER, seed=10_000 + seed))
        found, extra = found + len(said) - 1, extra + said[-1][1] - QUARTER
    return found, extra / streams * 4


def _delay(confirming: Confirming, after: float, before: float = 0.002, repeats: int = 60) -> tuple[float, float]:
    waits = []
    start = (BASELINE + 100) * EVERY_S
    for seed in range(repeats):
        said = alarms(lambda at: after if at >= start else before, confirming, runs=400, seed=seed)
        first = next((at for at, _ in said if at >= start), None)
        waits.append((400 * EVERY_S if first is None else first - start) / 60 + EVERY_S / 60)
    return float(np.median(waits)), float(np.quantile(waits, 0.9))


def main(streams: int) -> None:
    ways = {
        "none": Confirming(),
        "2 in 6h, at once": Confirming(runs=2),
        "2 in 6h, spread over 7.5 min": Confirming(runs=2, apart_s=225.0),
    }
    bouts = ((300.0, 0.005, 0.6), (300.0, 0.001, 1.0), (60.0, 0.001, 1.0), (60.0, 0.005, 0.6))
    for name, way in ways.items():
        print(f"confirmation {name}: ln c {way.rules.ln_c:.2f}")
        for after in (1.0, 0.3, 0.1, 0.05):
            middle, late = _delay(way, after)
            print(f"   events .002 -> {after}: alarm after {middle:.0f} min, 90 % within {late:.0f} min")
        for length_s, share, within in bouts:
            found, extra = _false_alarms(streams, way, usual=0.003, within=within, length_s=length_s, share=share)
            years = streams / 4
            print(
                f"   bouts of {length_s / 60:.0f} min, {share:.1%} of the time, {within:.0%} fail: "
                f"{found} alarms in {years:g} stream-years ({found / years:.2f} a year), {extra:.0f} more runs a year",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
