"""A quiet year of a whole installation: three suites of different pace share one false-alarm budget.

Run ``python -m tests.benchmarks.installation_year --years 3`` (a quarter of an hour of a core each). Every run goes
through the judge as the product's runs do; nothing changes but the hour of the day, the weather of the network and
chance. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from checks.drift.plan import JudgePlan
from checks.drift.score import streams_of
from tests.unit.drift_world import PROBES, Weather, World

DAY_S = 86_400.0
DAILY_LOAD = 0.10
"""How much slower the busiest hour is, in log units, than the mean."""
WANDER_SD, WANDER_KEPT = 0.06, 0.9
"""Standard deviation of load that comes and goes, in log units, and how much of it lasts to the next hour."""
REFUSED, FAILED = 0.002, 0.004
"""Shares of the samples, all year alike."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One suite of the installation."""

    name: str
    every: timedelta
    samples: int


PACES = (
    Pace(name="every 15 minutes, 3 samples", every=timedelta(minutes=15), samples=3),
    Pace(name="every hour, 5 samples", every=timedelta(hours=1), samples=5),
    Pace(name="every 6 hours, 10 samples", every=timedelta(hours=6), samples=10),
)


def load(rng: np.random.Generator, every: timedelta) -> Iterator[float]:
    """How many times as slow as on average each run is."""
    wander, at_s, step_s = 0.0, 0.0, every.total_seconds()
    kept = WANDER_KEPT ** (step_s / 3600)
    while True:
        wander = kept * wander + WANDER_SD * math.sqrt(1 - kept * kept) * float(rng.normal())
        yield math.exp(DAILY_LOAD * math.sin(2 * math.pi * at_s / DAY_S) + wander)
        at_s += step_s


def alarms_of(pace: Pace, streams: int, days: float, seed: int) -> Counter[str]:
    """Alarms raised by one suite, by dimension."""
    runs = round(days * DAY_S / pace.every.total_seconds())
    plan = JudgePlan(runs_per_year=365 * DAY_S / pace.every.total_seconds(), streams=streams)
    world = World(seed=seed, samples=pace.samples, every=pace.every, plan=plan)
    raised: Counter[str] = Counter()
    slower = load(np.random.default_rng(seed + 1), pace.every)
    for _, factor in zip(range(runs), slower, strict=False):
        judgement = world.fire(Weather(slower=factor, refusing=REFUSED, failing=FAILED))
        raised.update(f"{r.key.dimension} of {r.key.scope}" for r in judgement.results if r.opened)
    return raised


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a suite and year."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--days", type=float, default=365.0, help="of each year (default all)")
    parser.add_argument("--first-seed", type=int, default=100)
    asked = parser.parse_args(arguments)
    streams = len(PACES) * len(streams_of(PROBES, streaming=True))
    print(
        f"{len(PACES)} suites of {len(PROBES)} probes, {streams} streams, one false alarm a year accepted", flush=True
    )
    total = 0
    for year in range(asked.years):
        for number, pace in enumerate(PACES):
            raised = alarms_of(pace, streams, asked.days, asked.first_seed + 10 * year + number)
            total += raised.total()
            told = ", ".join(f"{what} x{count}" for what, count in sorted(raised.items())) or "none"
            print(f"year {year + 1}, {pace.name}: {told}", flush=True)
    print(f"{total} alarms in {asked.years * asked.days / 365:.2f} installation-years")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
