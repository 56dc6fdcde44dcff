"""How a golden baseline does over a year beside the stream that learns: false alarms when nothing drifts, and days
until a slow ramp is found. Fixed seeds. ``python -m tests.benchmarks.golden_drift [--years N]``"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from checks.drift.dimensions import machine_of
from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.result import SUITE_SCOPE, StreamKey
from checks.drift.streams import Stream

_BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
_PLAN = JudgePlan(runs_per_year=8760, streams=48)
_SAMPLES = 12
Load = Callable[[int, np.random.Generator], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Days after the freeze until each stream raised its first alarm; None where it never did."""

    usual: float | None
    golden: float | None


def calm(runs: int, rng: np.random.Generator) -> np.ndarray:
    """Independent runs: no load that they share."""
    return np.zeros(runs)


def wandering(runs: int, rng: np.random.Generator) -> np.ndarray:
    """A load that wanders for hours (phi .9 an hour, sd 5 %) over a daily cycle of 10 %."""
    load, shocks = np.zeros(runs), rng.normal(0, 0.05 * math.sqrt(1 - 0.81), runs)
    for at in range(1, runs):
        load[at] = 0.9 * load[at - 1] + shocks[at]
    cycle: np.ndarray = load + 0.1 * np.sin(2 * math.pi * np.arange(runs) / 24)
    return cycle


def year(load: Load, *, weekly: float, seed: int, days: int = 364, baseline_runs: int = 336) -> Found:
    """One endpoint asked every hour: latency that rises by ``weekly`` (0.05 is 5 %) a week after the freeze."""
    rng = np.random.default_rng(seed)
    runs = baseline_runs + days * 24
    level = load(runs, rng) + np.maximum(0, np.arange(runs) - baseline_runs) / 168 * math.log1p(weekly)
    observed = [_run(at, float(level[at]), rng) for at in range(runs)]
    return Found(
        usual=_days(observed, baseline_runs, "latency.total"),
        golden=_days(observed, baseline_runs, "golden.latency.total"),
    )


def _run(at: int, level: float, rng: np.random.Generator) -> RunObservation:
    times = np.exp(level + rng.normal(0, 0.3, _SAMPLES))
    facts = tuple(SampleFacts(failed=False, total_s=float(value)) for value in times)
    probe = ProbeObservation(probe="one", request_hash="as-ever", samples=facts)
    return RunObservation(run_id=str(at), started_at=_BEGAN + timedelta(hours=at), probes=(probe,))


def _days(observed: Sequence[RunObservation], baseline_runs: int, dimension: str) -> float | None:
    key = StreamKey(scope=SUITE_SCOPE, dimension=dimension)
    stream, state = Stream(key=key, machine=machine_of(key), plan=_PLAN), None
    for run in observed[:baseline_runs]:
        state = stream.collect(state, run)
    assert state is not None
    state = stream.establish(state)
    for at, run in enumerate(observed[baseline_runs:]):
        state, result = stream.judge(state, run, run.by_probe())
        if result is not None and result.opened:
            return at / 24
    return None


def _table(years: int) -> None:
    print(f"{'noise':<12} {'a week':>7} {'years':>6} {'usual alarmed, days':>24} {'golden alarmed, days':>24}")
    for name, load in (("independent", calm), ("wandering", wandering)):
        for weekly in (0.0, 0.01, 0.02, 0.05):
            found = [year(load, weekly=weekly, seed=seed) for seed in range(years)]
            usual, golden = _told([one.usual for one in found]), _told([one.golden for one in found])
            print(f"{name:<12} {weekly:>7.0%} {years:>6} {usual:>24} {golden:>24}", flush=True)


def _told(days: Sequence[float | None]) -> str:
    found = sorted(day for day in days if day is not None)
    return f"{len(found)}, after {found[0]:.0f} to {found[-1]:.0f}" if found else "none"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=4)
    _table(parser.parse_args().years)
