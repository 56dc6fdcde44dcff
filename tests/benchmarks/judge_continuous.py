"""When the product's continuous machines reach their threshold on imaginary endpoints. Feeds judge_table.

A stream is one probe of 30 calls a run, or fewer: every call is judged against its own probe's median, so ten probes
of three calls are the same to the judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from checks.drift.continuous import Engine, advance, evidence
from checks.drift.levels import YOUNG_RUNS
from checks.drift.noise import day_channel, log_sum_exp, step_channel
from checks.drift.plan import JudgePlan
from checks.drift.reference import Reference, day_value, sampling_sd, spread_sampling_sd
from checks.drift.tails import Tally
from tests.benchmarks.judge_noise import RUNS_A_DAY, Change, Load, Values

PLAN = JudgePlan(runs_per_year=35_040, streams=150)
Kind = Literal["level", "spread", "tail", "tokens"]
_TOLERANCE = 0.05
_DAYS_BEFORE = 7


@dataclass(frozen=True, kw_only=True)
class Reached:
    """When a stream's evidence reached its threshold, in runs after the baseline; None where it never did."""

    threshold: int | None
    """Shown as warn while the stream is young."""
    alarm: int | None
    """The first run that also raises the alarm."""


def judged(values: Values, baseline: int, kind: Kind = "level") -> Reached:
    """One stream: runs x calls in log units (tokens: as counts), the first ``baseline`` of them its baseline."""
    calls = values.shape[1]
    amounts = values if kind == "tokens" else np.exp(values)
    reference = Reference.of({"p": amounts[:baseline].ravel().tolist()}, offset=2.0 if kind == "tokens" else 0.0)
    if kind == "tail":
        return _tail(reference, amounts, baseline)
    told = reference.spread if kind == "spread" else reference.level
    levels = [told({"p": run}) for run in amounts.tolist()]
    sd = spread_sampling_sd(calls) if kind == "spread" else sampling_sd(reference, calls)
    channel = step_channel(_TOLERANCE, counts=kind == "tokens")
    engine = Engine.new(sampling_sd=sd, centre=median(levels[:baseline]), warmup=baseline, channel=channel)
    for level in levels[:baseline]:
        engine = advance(engine, level, "", channel)

    def ln_m(run: int) -> float:
        nonlocal engine
        engine = advance(engine, levels[run], "", channel)
        shift = evidence(engine, channel)
        return -math.inf if shift is None else shift.ln_m

    return _reached(ln_m, baseline, len(levels))


def _tail(reference: Reference, amounts: Values, baseline: int) -> Reached:
    tally = Tally()
    for run in amounts[:baseline].tolist():
        tally = tally.after(*reference.tail({"p": run}), "", warmup=baseline)

    def ln_m(run: int) -> float:
        nonlocal tally
        tally = tally.after(*reference.tail({"p": amounts[run].tolist()}), "", warmup=baseline)
        return float(log_sum_exp(tally.evidence(), axis=0))

    return _reached(ln_m, baseline, len(amounts))


def _reached(ln_m: Callable[[int], float], baseline: int, runs: int) -> Reached:
    first = None
    for run in range(baseline, runs):
        if ln_m(run) >= PLAN.ln_c_step:
            first = first or run - baseline + 1
            if run + 1 >= YOUNG_RUNS:
                return Reached(threshold=first, alarm=run - baseline + 1)
    return Reached(threshold=first, alarm=None)


def quiet(load: Load, baseline: int, runs: int, seed: int, *, kind: Kind = "level", samples: int = 30) -> Reached:
    """A stream in which nothing changes for ``runs`` runs after its baseline."""
    rng = np.random.default_rng(seed)
    return judged(load.draw(rng, baseline + runs, samples), baseline, kind)


def changed(
    load: Load, change: Change, baseline: int, most: int, seed: int, *, kind: Kind = "level", samples: int = 30
) -> int | None:
    """Runs from a change until the threshold is reached; None where it is not within ``most``."""
    rng = np.random.default_rng(seed)
    logs = load.draw(rng, baseline + most, samples)
    logs[baseline:] = change.upon(rng, logs[baseline:])
    return judged(logs, baseline, kind).threshold


def wordier(factor: float, baseline: int, most: int, seed: int) -> int | None:
    """The same for output tokens: ten probes of about 12 to 200 tokens, three calls each, judged together."""
    rng = np.random.default_rng(seed)
    usual = np.repeat(np.array([12, 15, 18, 25, 30, 40, 60, 80, 120, 200.0]), 3)
    runs = np.exp(rng.normal(0, 0.15, (baseline + most, 30)))
    runs[baseline:] *= factor
    counts = np.maximum(1, np.round(usual * runs))
    # relative to the probe, as a suite of ten probes is: one probe's median would hide in the others' spread
    ratio = (counts + 2) / (np.median(counts[:baseline], axis=0) + 2)
    return judged(ratio * 60 - 2, baseline, "tokens").threshold


def days(load: Load, slower: float, baseline: int, most: int, seed: int) -> int | None:
    """Days from a change until the day channel reaches its threshold; ``slower`` 1 for a quiet stream."""
    rng = np.random.default_rng(seed)
    logs = load.draw(rng, (baseline + most) * RUNS_A_DAY, 30)
    logs[baseline * RUNS_A_DAY :] += math.log(slower)
    channel = day_channel(_TOLERANCE, counts=False)
    engine = Engine.new(sampling_sd=0.0, centre=0.0, warmup=max(baseline, _DAYS_BEFORE), channel=channel)
    levels = np.median(logs, axis=1)
    for day in range(baseline + most):
        value = day_value(levels[day * RUNS_A_DAY : (day + 1) * RUNS_A_DAY].tolist())
        engine = advance(engine, value, "", channel)
        shift = evidence(engine, channel)
        if shift is not None and shift.ln_m >= PLAN.ln_c_day:
            return day - baseline + 1
    return None
