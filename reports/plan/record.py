"""The nouns of a plan: what a suite will cost, what it will find, how often it will be wrong. Made by
``runner.planning.planning``, read by the formats."""

from __future__ import annotations

from dataclasses import dataclass

from checks.drift.plan import JudgePlan
from checks.plan.alarms import FalseAlarms
from checks.plan.forecast import Outlook, Shape
from checks.plan.search import Horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """What one endpoint is asked and charges in a twelfth of a year."""

    requests: int
    tokens: int | None
    """Input and output; None where nobody can know."""
    usd: float | None
    """None where the price, or what it is of, is unknown."""
    recorded: bool
    """True where tokens and dollars come from recorded runs; else they are guessed, and are at most these for
    questions of one turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One suite at one endpoint in the installation's budget."""

    suite: str
    endpoint: str
    streams: int
    runs_per_year: float
    planned: bool
    """True for the suite that is planned, False for what the store knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The suite as it is, or asked more often, or with more samples."""

    name: str
    runs_factor: int
    samples_factor: int
    ln_c: float
    monthly: Monthly
    outlooks: tuple[Outlook, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitePlan:
    """A plan of one suite at one endpoint."""

    suite: str
    endpoint: str
    scheduled: bool
    """False where the suite has no schedule: it is planned as if it ran every 15 minutes."""
    probes: int
    shape: Shape
    streams: int
    """Of this suite at this endpoint."""
    installation: tuple[Share, ...]
    judge: JudgePlan
    false_alarms: FalseAlarms
    recorded_runs: int
    """Quiet runs that the noise was taken from; 0 where it is assumed."""
    unrecorded: str
    """Why the noise is assumed: too few quiet runs, and since when; empty where it is recorded."""
    formed_runs: int
    """Runs that the baseline was formed from."""
    baseline_runs: int
    """Quiet runs that were seen before the change, these among them."""
    repeats: int
    seed: int
    horizons: tuple[Horizon, ...]
    outlooks: tuple[Outlook, ...]
    monthly: Monthly
    compared_within: Horizon
    """How long the options are given to find a change; runs are those of the suite as it is."""
    options: tuple[Option, ...]
    notes: tuple[str, ...]
