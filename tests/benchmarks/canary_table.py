"""How often a canary is right and how many pairs it takes, on simulated endpoints. Feeds docs/canary.md.

    python -m tests.benchmarks.canary_table [--canaries N]

Latency: log-normal calls (sd .4), 2 % of them slowed at least threefold, under a load that wanders for hours and is
shared by both sides of a pair. Pass rates: independent answers. One dimension is looked at, with the threshold of a
canary of all seven.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter

import numpy as np

from checks.canary.bets import Array
from checks.canary.dimensions import DIMENSIONS
from checks.canary.plan import CanaryPlan

PLAN = CanaryPlan(dimensions=tuple(DIMENSIONS))
FACTORS = (1.0, 1.1, 1.25, 1.5, 2.0)
RATES = ((0.95, 0.95), (0.95, 0.90), (0.95, 0.85), (0.95, 0.75), (0.99, 0.99), (0.99, 0.90))
CAPS = (100, 300)


def load(chance: np.random.Generator, pairs: int) -> Array:
    """An AR(1) load with sd .15 and a correlation of .9 from pair to pair."""
    steps = chance.normal(0, 0.15 * math.sqrt(1 - 0.81), pairs)
    level, levels = chance.normal(0, 0.15), []
    for step in steps:
        level = 0.9 * level + step
        levels.append(level)
    shared: Array = np.exp(np.array(levels))
    return shared


def times(chance: np.random.Generator, pairs: int) -> Array:
    """Seconds of calls, with a heavy tail."""
    calls = np.exp(chance.normal(0, 0.4, pairs))
    slow = chance.random(pairs) < 0.02
    found: Array = np.where(slow, calls * 3 * np.exp(chance.exponential(0.5, pairs)), calls)
    return found


def latency(chance: np.random.Generator, factor: float) -> Array:
    """ln ratios of one canary."""
    shared = load(chance, CAPS[-1])
    found: Array = np.log(factor * times(chance, CAPS[-1]) * shared) - np.log(times(chance, CAPS[-1]) * shared)
    return found


def failing(chance: np.random.Generator, before: float, now: float) -> Array:
    """Differences of failed checks of one canary."""
    candidate, production = chance.random(CAPS[-1]) >= now, chance.random(CAPS[-1]) >= before
    found: Array = candidate.astype(float) - production.astype(float)
    return found


def decided(name: str, differences: Array) -> tuple[str, int]:
    """Verdict and pairs of a canary that is only ended by its verdict."""
    dimension = PLAN.dimension(name)
    fail = dimension.ln_worse(differences, dimension.point(dimension.tolerance)) >= PLAN.ln_fail
    passed = dimension.ln_better(differences, dimension.point(dimension.margin)) >= PLAN.ln_pass
    passed[: PLAN.min_pairs - 1] = False
    first = [int(np.argmax(hit)) + 1 if hit.any() else CAPS[-1] + 1 for hit in (fail, passed)]
    return ("FAIL" if first[0] <= first[1] else "PASS", min(first))


def row(name: str, canaries: list[Array]) -> str:
    """Shares of the three verdicts at each cap, and the median number of pairs."""
    told = [decided(name, differences) for differences in canaries]
    cells = []
    for cap in CAPS:
        counts = Counter(verdict if pairs <= cap else "INCONCLUSIVE" for verdict, pairs in told)
        cells.append(" / ".join(f"{counts[word] / len(told):.3f}" for word in ("FAIL", "PASS", "INCONCLUSIVE")))
    middle = float(np.median([pairs for _, pairs in told]))
    return f"{cells[0]} | {cells[1]} | {'over 300' if middle > CAPS[-1] else f'{middle:.0f}'}"


def main() -> None:
    """Print the table, and the bounds it has to keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--canaries", type=int, default=1000)
    count = parser.parse_args().canaries
    print(f"{count} canaries a row; FAIL / PASS / INCONCLUSIVE within 100 pairs | within 300 | median pairs")
    for factor in FACTORS:
        chance = np.random.default_rng(round(100 * factor))
        print(f"latency x{factor:<5} {row('latency.total', [latency(chance, factor) for _ in range(count)])}")
    for before, now in RATES:
        chance = np.random.default_rng(round(1000 * before + 10 * now))
        print(f"pass {before} -> {now:<5} {row('checks', [failing(chance, before, now) for _ in range(count)])}")


if __name__ == "__main__":
    main()
