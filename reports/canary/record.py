"""One canary as it is told and stored: who was compared, the pairs, the verdict, and why it ended. Feeds formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from checks.canary.pair import Pair
from checks.canary.plan import CanaryPlan
from checks.canary.verdict import BrokenContract, CanaryResult, CanaryVerdict
from probes.sample import TokenUsage

EXIT_CODES = {CanaryVerdict.PASS: 0, CanaryVerdict.FAIL: 1, CanaryVerdict.INCONCLUSIVE: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question with both answers: what a reader wants to see first. Hostile texts."""

    probe: str
    question: str
    production: str
    candidate: str
    why: str
    """What is wrong with the candidate's, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRecord:
    """A finished canary."""

    canary_id: str
    suite: str
    production: str
    """Name of an endpoint, or of the baseline file that stood for it."""
    candidate: str
    started_at: datetime
    duration_s: float
    plan: CanaryPlan
    pairs: tuple[Pair, ...]
    result: CanaryResult
    ended: str
    """Why it ended, as a sentence: decided, or which cap was reached."""
    broken_on_both: tuple[BrokenContract, ...] = ()
    """Contracts that neither side keeps: not the candidate's fault, and not to be overlooked."""
    examples: tuple[Example, ...] = ()
    cost_usd: float | None = None
    """US dollars of both sides, judge included; None where a price is unknown."""
    usage: TokenUsage = field(default_factory=TokenUsage)
    note: str = ""
    """What a reader should know of its limits, in one line."""

    @property
    def exit_code(self) -> int:
        """0 PASS, 1 FAIL, 3 INCONCLUSIVE."""
        return EXIT_CODES[self.result.verdict]
