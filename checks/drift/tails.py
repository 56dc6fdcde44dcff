"""The machine of tail streams: are more calls far slower than the rest of their run? Feeds streams.

Evidence is a Bayes factor for each possible run of change, summed over them: before it slow calls at a rate p, after
it at a new one; against p before and at most 1.25 p + .0025 after. p has the prior Beta(1/2, 201), which knows that
slow calls are rare; sums run over a logarithmic grid of p. Exact for calls that are slow independently of each other;
the cap on what one run may count (``Reference.tail``) stands for all else, and was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.drift.continuous import kept_starts
from checks.drift.evidence import Evidence, Formed, Gathered, Json, values_of
from checks.drift.levels import BASELINE_RUNS, YOUNG_RUNS
from checks.drift.noise import Array, log_sum_exp
from checks.drift.observation import ProbeObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.reference import Reference, amounts
from checks.drift.result import Effect
from checks.drift.words import percent

_MAX_AGE = 1024
_AFTER = np.array([0.01, 0.02, 0.05, 0.10, 0.20, 0.40])
_BEFORE = np.exp(np.linspace(math.log(1e-5), math.log(0.5), 40))
_STILL_NORMAL = np.minimum(1.25 * _BEFORE + 0.0025, 0.7)
_LEAST_SAMPLES = 3.0


def _prior() -> Array:
    """Beta(1/2, 201) on the grid, in logarithms, summing to one."""
    density = 0.5 * np.log(_BEFORE) + 200 * np.log1p(-_BEFORE)
    prior: Array = density - log_sum_exp(density, axis=0)
    return prior


_LN_PRIOR = _prior()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Slow calls so far, and how many there were before each candidate run of change."""

    seen: int = 0
    """Runs."""
    slow: int = 0
    calls: int = 0
    starts: tuple[int, ...] = ()
    """Candidates, as 0-based index of the first changed run."""
    marks: tuple[str, ...] = ()
    slow_before: tuple[int, ...] = ()
    calls_before: tuple[int, ...] = ()

    def after(self, slow: int, calls: int, mark: str, *, warmup: int) -> Tally:
        """One more run; it is a candidate once the warm-up is over."""
        starts, marks = self.starts, self.marks
        slow_before, calls_before = self.slow_before, self.calls_before
        if self.seen >= warmup:
            starts, marks = (*starts, self.seen), (*marks, mark)
            slow_before, calls_before = (*slow_before, self.slow), (*calls_before, self.calls)
        seen = self.seen + 1
        keep = kept_starts(starts, seen, _MAX_AGE) if seen % 8 == 0 else range(len(starts))
        return Tally(
            seen=seen,
            slow=self.slow + slow,
            calls=self.calls + calls,
            starts=tuple(starts[i] for i in keep),
            marks=tuple(marks[i] for i in keep),
            slow_before=tuple(slow_before[i] for i in keep),
            calls_before=tuple(calls_before[i] for i in keep),
        )

    def evidence(self) -> Array:
        """ln Bayes factor of every candidate."""
        before, calls_before = np.array(self.slow_before, float), np.array(self.calls_before, float)
        after, calls_after = self.slow - before, self.calls - calls_before
        p, still = _BEFORE[:, None], _STILL_NORMAL[:, None]
        joint = _LN_PRIOR[:, None] + before * np.log(p) + (calls_before - before) * np.log1p(-p)
        changed = log_sum_exp(_ln_likelihood(after, calls_after, _AFTER[:, None]), axis=0) - math.log(len(_AFTER))
        normal = joint + np.maximum(_ln_likelihood(after, calls_after, p), _ln_likelihood(after, calls_after, still))
        factor: Array = log_sum_exp(joint, axis=0) + changed - log_sum_exp(normal, axis=0)
        return factor

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "seen": self.seen,
            "slow": self.slow,
            "calls": self.calls,
            "starts": list(self.starts),
            "marks": list(self.marks),
            "slow_before": list(self.slow_before),
            "calls_before": list(self.calls_before),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tally:
        """The inverse of ``to_json``."""
        lists = {name: tuple(value[name]) for name in ("starts", "marks", "slow_before", "calls_before")}
        return cls(**{**value, **lists})


def _ln_likelihood(slow: Array, calls: Array, rate: Array) -> Array:
    likelihood: Array = slow * np.log(rate) + (calls - slow) * np.log1p(-rate)
    return likelihood


@dataclass(frozen=True, slots=True, kw_only=True)
class TailMachine:
    """Judges how often a call is far slower than the rest of its run."""

    read: Callable[[SampleFacts], float | int | None]
    """Seconds of one sample."""
    words: str
    """The quantity in words: ``latency``."""

    def gather(self, probe: ProbeObservation) -> list[float] | None:
        """The values of a probe's samples."""
        return amounts([self.read(sample) for sample in probe.samples if not sample.failed], counts=False) or None

    def missing(self, runs: Sequence[Gathered]) -> str:
        """Twenty runs make a baseline."""
        return "" if len(runs) >= BASELINE_RUNS else f"{len(runs)} of {BASELINE_RUNS} runs"

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """Reference from all runs, and their slow calls."""
        samples = values_of(runs)
        reference = Reference.of(samples, offset=0.0)
        if sum(map(len, samples.values())) < _LEAST_SAMPLES * len(runs):
            return None
        tally = Tally()
        for run in runs:
            tally = tally.after(*reference.tail(run.told), run.run_id, warmup=len(runs))
        baseline = {"reference": reference.to_json(), "tally": tally.to_json()}
        return Formed(probes=frozenset(samples), baseline=baseline, detector=tally.to_json())

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """Count one run's slow calls; None where it has fewer than three calls."""
        slow, calls = Reference.from_json(baseline["reference"]).tail(run.told)
        if calls < _LEAST_SAMPLES:
            return None
        tally = Tally.from_json(detector).after(slow, calls, run.run_id, warmup=baseline["tally"]["seen"])
        return tally.to_json(), self._said(tally, plan)

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """The baseline's own counts again."""
        fresh: Json = baseline["tally"]
        return fresh

    def _said(self, tally: Tally, plan: JudgePlan) -> Evidence:
        factors = tally.evidence()
        best = int(np.argmax(factors))
        slow, calls = tally.slow - tally.slow_before[best], tally.calls - tally.calls_before[best]
        now, before = slow / calls, tally.slow_before[best] / max(1, tally.calls_before[best])
        low, high = newcombe(slow, calls, tally.slow_before[best], tally.calls_before[best])
        return Evidence(
            ln_m=float(log_sum_exp(factors, axis=0)),
            ln_c=plan.ln_c_step,
            learned=tally.seen,
            effect=Effect(kind="difference", value=now - before, low=low, high=high),
            since=tally.marks[best],
            what=f"{self.words}: {percent(now)} of calls take three times their usual time, {percent(before)} before",
            young=tally.seen < YOUNG_RUNS,
        )


def newcombe(slow: int, calls: int, slow_before: int, calls_before: int) -> tuple[float, float]:
    """95 % interval of the difference of two shares (Newcombe, Statistics in Medicine 17, 1998, method 10)."""
    now, before = slow / calls, slow_before / max(1, calls_before)
    (low, high), (low_before, high_before) = _wilson(slow, calls), _wilson(slow_before, max(1, calls_before))
    below = math.hypot(now - low, high_before - before)
    above = math.hypot(high - now, before - low_before)
    return now - before - below, now - before + above


def _wilson(events: int, among: int) -> tuple[float, float]:
    z = 1.959964
    share, widened = events / among, 1 + z * z / among
    middle = (share + z * z / (2 * among)) / widened
    half = z * math.sqrt(share * (1 - share) / among + z * z / (4 * among * among)) / widened
    return middle - half, middle + half
