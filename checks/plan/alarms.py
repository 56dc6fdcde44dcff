"""How often a plan will be wrong: what holds by construction, and what only measurement says. Feeds the planning.

The measured figures are those of docs/drift-figures.md ("Nothing changed"), with one-sided exact upper limits of 95 %
(Clopper and Pearson, Biometrika 26, 1934).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checks.drift.bounds import upper
from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey

MEASURED_IN = "docs/drift-figures.md"
_MISSED = 0.05  # the limits are too low once in twenty such measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How many of the simulated streams (or stream-years) had a false alarm."""

    alarmed: int
    among: int

    @property
    def share(self) -> float:
        """What was seen."""
        return self.alarmed / self.among

    @property
    def most(self) -> float:
        """Exact upper limit of the share, 95 %, one-sided."""
        return upper(self.alarmed, self.among, _MISSED)


_NEW_BASELINE = ((50, Measured(alarmed=0, among=400)), (20, Measured(alarmed=2, among=200)))
"""Runs of the baseline at least; continuous streams under a wandering and daily load in their first 500 runs after it.
The 400 are 200 after 50 runs and 200 after 100."""
EVENT_YEARS = Measured(alarmed=0, among=72 + 90)
"""Stream-years of events from the first day on, baselines of 20 runs."""
WHOLE_RUNS = Measured(alarmed=4, among=200)
"""Streams of events whose runs fail as a whole, in their first 2,000 runs; all four had not seen it in the baseline."""


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
    """Upper limit of it (95 %)."""
    measured_none: bool
    """True where not one such stream alarmed."""
    measured_events_per_year_most: float
    """Upper limit for this suite's streams of events (95 %); none of them was seen to alarm."""


def continuous(key: StreamKey) -> bool:
    """Whether a stream is one of latency or tokens, judged by the run and by the day."""
    return key.dimension.startswith(("latency.", "tokens."))


def false_alarms(plan: JudgePlan, streams: Sequence[StreamKey], baseline_runs: int) -> FalseAlarms:
    """For the streams of one suite at one endpoint under this plan."""
    levels = sum(map(continuous, streams))
    events = len(streams) - levels
    looks = plan.runs_per_year + plan.confirmations_per_year
    by_run, by_day = looks * math.exp(-plan.ln_c_step), 365 * math.exp(-plan.ln_c_day)
    size = next((seen for least, seen in _NEW_BASELINE if baseline_runs >= least), None)
    return FalseAlarms(
        budget=plan.false_alarms_per_year,
        exact_per_year=levels * (by_run + by_day) + events * looks * math.exp(-plan.ln_c_discrete),
        exact_new_baseline=events * plan.delta,
        measured_new_baseline=levels * size.share if size else None,
        measured_new_baseline_most=levels * size.most if size else None,
        measured_none=size is not None and not size.alarmed,
        measured_events_per_year_most=events * EVENT_YEARS.most,
    )
