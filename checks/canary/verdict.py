"""The words of a canary: of each dimension, and of the whole. Feeds reports and the exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checks.drift.result import Effect


class CanaryVerdict(StrEnum):
    """INCONCLUSIVE is neither: there was not enough evidence, or not enough could be measured."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionVerdict:
    """One dimension after the pairs so far."""

    dimension: str
    verdict: CanaryVerdict
    evidence_fail: float
    """Highest so far of ln evidence for "worse than tolerated"; fails at ``ln_fail`` of the plan."""
    evidence_pass: float
    """Highest so far of ln evidence for "not worse than the margin"; passes at ``ln_pass`` of the plan."""
    pairs: int
    """Pairs that told something of it."""
    silent: bool
    """True where neither endpoint ever told anything of it: it then has no part in the whole's verdict."""
    effect: Effect | None
    """How much worse, with a 95 % interval that holds however often one looks."""
    pairs_needed: int | None
    """Estimate of the further pairs for a verdict; 0 with one, None where these pairs lead to none."""
    reason: str
    """One line for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenContract:
    """A contract that the candidate breaks and production keeps."""

    probe: str
    check: str
    """Its label: the check's name, with its turn where it looked at one."""
    argument: str
    reason: str
    pair: int
    """0-based number of the pair in which it broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryResult:
    """The whole canary after the pairs so far."""

    verdict: CanaryVerdict
    decided: bool
    """True where more pairs would change nothing."""
    pairs: int
    dimensions: tuple[DimensionVerdict, ...]
    broken: tuple[BrokenContract, ...] = ()
    reason: str = ""
    """One line: what decided, or what is missing."""
