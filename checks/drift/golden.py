"""The machine of golden streams: any other machine, held against a baseline that only a person moves. Feeds dimensions.

It finds what is too slow for the streams that learn: they take each day's little change for load, or learn it. Three
things differ. Tolerances are wider, because a baseline of months ago is only roughly today's normal. Rates admit no
run to their pool. And the evidence of levels begins anew from the frozen baseline every week while it is quiet: what
lies between would else stand as "before", and a slow ramp has no step. Giving evidence up never raises it, so the
bound on false alarms stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from checks.drift.evidence import Evidence, Formed, Gathered, Json, Machine
from checks.drift.observation import ProbeObservation
from checks.drift.plan import JudgePlan

TOLERANCE_AMOUNTS = 0.15
"""Relative change of latency and tokens that counts as no change (judge's specification)."""
TOLERANCE_RATES = 1.5
"""Factor on the odds of an event that counts as no change (judge's specification)."""
RENEWED_DAYS = 7
_QUIET = 50.0


def golden_plan(plan: JudgePlan) -> JudgePlan:
    """The plan with the golden tolerances, or the suite's own where they are wider."""
    return replace(
        plan,
        tolerance_latency=max(plan.tolerance_latency, TOLERANCE_AMOUNTS),
        tolerance_tokens=max(plan.tolerance_tokens, TOLERANCE_AMOUNTS),
        tolerance_rates=max(plan.tolerance_rates, TOLERANCE_RATES),
        capturing=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenMachine:
    """Judges what ``machine`` judges, against a baseline that stays as it is."""

    machine: Machine
    renewed: bool
    """Whether the evidence begins anew every week: for levels, which take all earlier runs for "before"."""

    def gather(self, probe: ProbeObservation) -> Any | None:
        """What the samples of one probe tell."""
        return self.machine.gather(probe)

    def missing(self, runs: Sequence[Gathered]) -> str:
        """What is still missing for a baseline."""
        return self.machine.missing(runs)

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """The baseline, and beside it the detector as it was on the first day."""
        formed = self.machine.form(runs, golden_plan(plan))
        if formed is None:
            return None
        baseline = {"inner": formed.baseline, "fresh": formed.detector}
        return replace(formed, baseline=baseline, detector=_first(baseline))

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """Judge one run; nothing is learned from it."""
        began = detector["began"] or run.day
        if self.renewed and detector["quiet"] and _days(began, run.day) >= RENEWED_DAYS:
            detector, began = _first(baseline), run.day
        stepped = self.machine.step(baseline["inner"], detector["inner"], run, golden_plan(plan), alarmed=True)
        if stepped is None:
            return None
        inner, said = stepped
        return {"inner": inner, "began": began, "quiet": said.score < _QUIET}, said

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """The detector of the first day."""
        return _first(baseline)


def _first(baseline: Json) -> Json:
    return {"inner": baseline["fresh"], "began": None, "quiet": True}


def _days(since: str, day: str) -> int:
    return (date.fromisoformat(day) - date.fromisoformat(since)).days
