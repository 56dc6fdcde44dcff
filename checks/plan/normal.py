"""What an endpoint does while nothing changes, as draws from it: recorded noise or stated assumptions.

Feeds the simulations of ``worlds``; ``recorded`` makes these from stored runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from checks.drift.noise import Array
from checks.drift.wording import wording_of

ASSUMED_BASELINE_RUNS = 100
ASSUMED_CAPTURE = 50
ASSUMED_LATENCY_SD = 0.35
ASSUMED_TOKENS_SD = 0.15
ASSUMED_MISSES = 0.01
ASSUMED_WORDINGS = (33, 15, 9, 3)
"""How often each of four wordings was given in sixty answers."""
_QUANTILES = 1999
_BLOCK = 12  # neighbouring runs stay together, so that a load which lasts for hours is not shuffled away

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calls:
    """Times or token counts, in log units around what is normal for each probe."""

    shared: Array
    """What all calls of a run have in common, run by run; one zero where runs are independent."""
    alone: Array
    """What one call has for itself."""
    recorded: bool

    def draw(self, rng: np.random.Generator, runs: int, samples: int) -> Array:
        """Runs x samples: blocks of neighbouring runs, and calls drawn with replacement."""
        at = rng.integers(0, len(self.shared), -(-runs // _BLOCK))[:, None] + np.arange(_BLOCK)
        together = self.shared[at.ravel()[:runs] % len(self.shared)]
        values: Array = together[:, None] + rng.choice(self.alone, (runs, samples))
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """How often something bad happens."""

    share: float
    correlation: float
    """Within a run, 0 to 1."""
    recorded: bool

    def draw(self, rng: np.random.Generator, runs: int, samples: int, share: float) -> Counts:
        """Events of each run at this share: beta-binomial, with the same correlation."""
        if not 0 < self.correlation < 1 or not 0 < share < 1:
            return rng.binomial(samples, share, runs)
        mass = (1 - self.correlation) / self.correlation
        return rng.binomial(samples, rng.beta(share * mass, (1 - share) * mass, runs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Who answers."""

    shares: tuple[float, ...]
    """Of every known route, the largest first."""
    correlation: float
    """1 for a gateway that answers whole runs from one route."""
    recorded: bool

    def draw(self, rng: np.random.Generator, runs: int, samples: int, unseen: float) -> list[dict[str, int]]:
        """Samples by route for each run; ``unseen`` is the share of a route named ``new``."""
        names = ["new", *(f"route {number}" for number in range(len(self.shares)))]
        shares = np.array([unseen, *((1 - unseen) * share for share in self.shares)])
        rows = rng.multinomial(samples, self._of_runs(rng, runs, shares)).tolist()
        return [{name: x for name, x in zip(names, row, strict=True) if x} for row in rows]

    def _of_runs(self, rng: np.random.Generator, runs: int, shares: Array) -> Array:
        if self.correlation >= 0.99:
            return np.eye(len(shares))[rng.choice(len(shares), runs, p=shares)]
        if self.correlation <= 0 or np.count_nonzero(shares) < 2:
            return np.broadcast_to(shares, (runs, len(shares)))
        mass, alike = (1 - self.correlation) / self.correlation, np.zeros((runs, len(shares)))
        alike[:, shares > 0] = rng.dirichlet(shares[shares > 0] * mass, runs)
        return alike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """The wording of answers, as the judge's five events."""

    rows: Counts
    """One row an answer of the baseline, compared with all others: new, off, far, very far, near."""
    changed: tuple[int, ...]
    """The events of an answer worded unlike any before."""
    recorded: bool

    def draw(self, rng: np.random.Generator, runs: int, samples: int, other: float) -> Counts:
        """Runs x five event counts; ``other`` is the share of answers that are worded otherwise."""
        rows = self.rows[rng.integers(0, len(self.rows), (runs, samples))]
        rows = np.where((rng.random((runs, samples)) < other)[..., None], np.array(self.changed), rows)
        counts: Counts = rows.sum(axis=1)
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """Everything that is normal at one endpoint."""

    formed_runs: int
    """Runs that the baseline was formed from at once: those of a capture."""
    baseline_runs: int
    """Runs that were seen when the change comes: these, and quiet ones since."""
    latency: Calls
    tokens: Calls
    checks: Events
    refusals: Events
    route: Routes
    answers: Answers


def normal_calls(sd: float) -> Calls:
    """Calls that are independent and log-normal with this sd: an assumption."""
    points = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    alone = np.array([NormalDist(0.0, sd).inv_cdf(point) for point in points.tolist()])
    return Calls(shared=np.zeros(1), alone=alone, recorded=False)


def answers_of(keys_by_probe: Sequence[Sequence[str]], *, recorded: bool) -> Answers:
    """Events of baseline answers, given by their keys; every probe has at least two."""
    told = [wording_of(keys) for keys in keys_by_probe]
    rows = np.array([row for _, events in told for row in events])
    usual = sum(wording.usual >= 0 for wording, _ in told) * 2 > len(told)
    return Answers(rows=rows, changed=(1, int(usual), 1, 1, 0), recorded=recorded)


def assumed(baseline_runs: int = ASSUMED_BASELINE_RUNS) -> Normal:
    """What is assumed where nothing is recorded; ``reports.plan.wording`` says it in words."""
    keys = [f"wording {number}" for number, count in enumerate(ASSUMED_WORDINGS) for _ in range(count)]
    return Normal(
        formed_runs=min(ASSUMED_CAPTURE, baseline_runs),
        baseline_runs=baseline_runs,
        latency=normal_calls(ASSUMED_LATENCY_SD),
        tokens=normal_calls(ASSUMED_TOKENS_SD),
        checks=Events(share=ASSUMED_MISSES, correlation=0.0, recorded=False),
        refusals=Events(share=0.0, correlation=0.0, recorded=False),
        route=Routes(shares=(1.0,), correlation=0.0, recorded=False),
        answers=answers_of([keys], recorded=False),
    )
