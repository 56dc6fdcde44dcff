"""Trials of continuous streams: latency, its spread and tail, tokens. Feeds ``watching``.

The quiet baseline of a trial is drawn and heard once; every size of change is put upon the same later noise, so that
large and small changes are compared on equal terms. Evidence is asked for at the first dozen runs and then at ever
wider steps: what lies between is found at the next, so delays err on the late side, by a tenth at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from checks.drift.continuous import Engine, advance, evidence
from checks.drift.levels import BASELINE_RUNS, YOUNG_RUNS
from checks.drift.noise import Array, Channel, log_sum_exp, step_channel
from checks.drift.plan import JudgePlan
from checks.drift.reference import Reference, sampling_sd, spread_sampling_sd
from checks.drift.tails import Tally
from checks.plan.normal import Calls
from checks.plan.past import Past

Kind = Literal["latency", "spread", "tokens"]
SLOW_CALL = 6.0
"""How many times as long a call takes that drags."""
PROBE = "any"  # residuals are already relative to their own probes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Heard:
    """A baseline as the judge has heard it."""

    reference: Reference
    engine: Engine
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelTrial:
    """One history of a level or a spread."""

    kind: Kind
    plan: JudgePlan
    later: Array
    """Runs after the change x samples, in log units, before the change is put upon them."""
    heard: _Heard

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, kind: Kind, calls: Calls, plan: JudgePlan, *, past: Past, later: int, n: int
    ) -> LevelTrial:
        """A trial of ``n`` samples a run and ``later`` runs after the change."""
        noise = calls.draw(rng, past.seen + later, n)
        heard = _heard(kind, plan, noise[: past.seen], past.formed_of(BASELINE_RUNS))
        return cls(kind=kind, plan=plan, later=noise[past.seen :], heard=heard)

    def alarms(self, size: float) -> Iterator[bool]:
        """Run by run after the change: whether the alarm has been raised. ``size`` is a ratio."""
        engine, channel = self.heard.engine, self.heard.channel
        changed = self.later * size if self.kind == "spread" else self.later + np.log(size)
        for number, value in enumerate(run_values(self.kind, self.heard.reference, changed), start=1):
            engine = advance(engine, value, "", channel)
            shift = evidence(engine, channel) if looked_at(number) and engine.seen >= YOUNG_RUNS else None
            yield shift is not None and shift.ln_m >= self.plan.ln_c_step


def looked_at(run: int) -> bool:
    """Whether a trial asks for evidence at this run: the first dozen, then about every tenth part."""
    return run <= 12 or run % max(1, run // 10) == 0


def run_values(kind: Kind, reference: Reference, logs: Array) -> list[float]:
    """``Reference.level`` or ``spread`` of many runs at once (runs x samples, in log units): a hundred times faster.

    The same formula a second time; a test holds the two against each other.
    """
    residuals = logs - reference.medians[PROBE]
    centre = np.median(residuals, axis=1)
    away = residuals - centre[:, None]
    if kind == "spread":
        near = np.minimum(np.abs(away), 4.5 * reference.sd)
        return [float(value) for value in np.log(near.mean(axis=1) + 0.05 * reference.sd)]
    return [float(value) for value in centre + np.clip(away, -3 * reference.sd, 3 * reference.sd).mean(axis=1)]


def _heard(kind: Kind, plan: JudgePlan, quiet: Array, formed: int) -> _Heard:
    calls = quiet.shape[1]
    reference = Reference.of({PROBE: np.exp(quiet[:formed]).ravel().tolist()}, offset=0.0)
    tolerance = plan.tolerance_tokens if kind == "tokens" else plan.tolerance_latency
    channel = step_channel(tolerance, counts=kind == "tokens")
    levels = run_values(kind, reference, quiet)
    sd = spread_sampling_sd(calls) if kind == "spread" else sampling_sd(reference, calls)
    engine = Engine.new(sampling_sd=sd, centre=median(levels[:formed]), warmup=formed, channel=channel)
    for level in levels:
        engine = advance(engine, level, "", channel)
    return _Heard(reference=reference, engine=engine, channel=channel)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TailTrial:
    """One history of how many calls drag."""

    plan: JudgePlan
    later: Array
    luck: Array
    """A number between 0 and 1 for each later call; the call drags where it lies below the size."""
    reference: Reference
    tally: Tally
    warmup: int

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, calls: Calls, plan: JudgePlan, *, past: Past, later: int, n: int
    ) -> TailTrial:
        """A trial of ``n`` samples a run and ``later`` runs after the change."""
        noise, formed = np.exp(calls.draw(rng, past.seen + later, n)), past.formed_of(BASELINE_RUNS)
        reference, tally = Reference.of({PROBE: noise[:formed].ravel().tolist()}, offset=0.0), Tally()
        for run in noise[: past.seen].tolist():
            tally = tally.after(*reference.tail({PROBE: run}), "", warmup=formed)
        luck = rng.random((later, n))
        return cls(plan=plan, later=noise[past.seen :], luck=luck, reference=reference, tally=tally, warmup=formed)

    def alarms(self, size: float) -> Iterator[bool]:
        """Run by run after the change: whether the alarm has been raised. ``size`` is a share of calls."""
        tally = self.tally
        dragging = np.where(self.luck < size, SLOW_CALL, 1.0)
        for number, run in enumerate((self.later * dragging).tolist(), start=1):
            tally = tally.after(*self.reference.tail({PROBE: run}), "", warmup=self.warmup)
            asked = looked_at(number) and tally.seen >= YOUNG_RUNS
            yield asked and float(log_sum_exp(tally.evidence(), axis=0)) >= self.plan.ln_c_step
