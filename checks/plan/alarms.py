"""How often a plan will be wrong: what holds by construction, and what only measurement says. Feeds the planning.

The measured figures are those of docs/drift.md; where no alarm was seen, the upper limit is that of the rule of three
(Hanley and Lippman-Hand, JAMA 249, 1983).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey

MEASURED_IN = "docs/drift.md"
_NEW_BASELINE = ((100, 0.0, 3 / 1200), (50, 0.0025, 0.0025), (20, 0.01, 0.01))
"""Baseline runs; share of continuous streams that alarmed in their first 500 runs; most that it may be."""
_LATER_CONTINUOUS = 3 / 300
_LATER_EVENTS = 3 / 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """Expected false alarms."""

    budget: float
    """A year, of the whole installation: what was asked for, and what the thresholds are made of."""
    exact_per_year: float
    """At most, of this suite's streams, where the model of their noise holds."""
    exact_new_baseline: float
    """At most, once for every new baseline of this suite: delta for each stream of events."""
    measured_new_baseline: float | None
    """Of this suite's continuous streams in the first 500 runs after a baseline of this size; None where it is
    shorter than any that was measured."""
    measured_new_baseline_most: float | None
    measured_later_per_year_most: float
    """Upper limit afterwards; none was seen."""


def continuous(key: StreamKey) -> bool:
    """Whether a stream is one of latency or tokens, judged by the run and by the day."""
    return key.dimension.startswith(("latency.", "tokens."))


def false_alarms(plan: JudgePlan, streams: Sequence[StreamKey], baseline_runs: int) -> FalseAlarms:
    """For the streams of one suite at one endpoint under this plan."""
    levels = sum(map(continuous, streams))
    events = len(streams) - levels
    looks = plan.runs_per_year + plan.confirmations_per_year
    by_run, by_day = looks * math.exp(-plan.ln_c_step), 365 * math.exp(-plan.ln_c_day)
    size = next((row for row in _NEW_BASELINE if baseline_runs >= row[0]), None)
    return FalseAlarms(
        budget=plan.false_alarms_per_year,
        exact_per_year=levels * (by_run + by_day) + events * looks * math.exp(-plan.ln_c_discrete),
        exact_new_baseline=events * plan.delta,
        measured_new_baseline=levels * size[1] if size else None,
        measured_new_baseline_most=levels * size[2] if size else None,
        measured_later_per_year_most=levels * _LATER_CONTINUOUS + events * _LATER_EVENTS,
    )
