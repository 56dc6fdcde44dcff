"""What other endpoints were asked about a run's answers, and whether the judge is still the same. Made by the runner,
kept by the store, read by reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.failure import Failure
from probes.sample import TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One check of one sample that needed a reply."""

    probe: str
    sample_id: str
    position: int
    """0-based place of the check among those of its probe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation:
    """One inquiry and what came of it. Asked once, however many checks needed it."""

    purpose: str
    """What it was for, with the version of its words: ``rubric/1``."""
    kind: str
    """``verdict`` or ``embedding``."""
    endpoint: str
    vote: int = 0
    places: tuple[Place, ...] = ()
    """The checks that needed it; empty where only the calibration did."""
    calibration: bool = False
    """True where the calibration needed it."""
    model: str | None = None
    """The model that served it, as the reply says."""
    fingerprint: str | None = None
    usage: TokenUsage = TokenUsage()
    cost_usd: float | None = None
    """US dollars; None where the price is unknown."""
    total_s: float | None = None
    """Seconds from send to the end of the reply."""
    verdict: str = ""
    """The verdict it ended with; empty where there is none, or where the reply has another form."""
    text: str | None = None
    """What the judge said; None where it said nothing, where vectors were asked for, and once texts have expired.
    Hostile text."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationResult:
    """How many known verdicts the judge gave, beside a run or a while before it."""

    endpoint: str
    asked: str
    """Hash of what was asked: a result counts only for the same questions."""
    at: datetime
    """When it was asked."""
    agree: int
    total: int
    tolerate: int
    unanswered: int = 0
    """Cases to which the judge gave no reply: nobody knows then whether it moved."""
    told: tuple[str, ...] = ()
    """Of the first few that differ: which case, what the judge said, what is known. Quotes hostile text."""
    reused: bool = False
    """True where the result is that of an earlier run, not yet due again."""

    @property
    def moved(self) -> bool:
        """True where more verdicts differ than the suite tolerates."""
        return self.total - self.agree > self.tolerate

    def __str__(self) -> str:
        """``instrument changed: calibration 3 of 5 agree``."""
        agree = f"calibration {self.agree} of {self.total} agree"
        if self.moved and self.unanswered:
            return f"the judge could not be calibrated: {agree}, {self.unanswered} without a reply"
        return f"instrument changed: {agree}" if self.moved else agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Who answered for a judge."""

    endpoint: str
    model: str
    fingerprint: str = ""

    def __str__(self) -> str:
        return f"{self.model} ({self.fingerprint})" if self.fingerprint else self.model


def unanswered(consultations: Sequence[Consultation]) -> tuple[Consultation, ...]:
    """Those without a reply."""
    return tuple(asked for asked in consultations if asked.failure is not None)


def verdicts(consultations: Sequence[Consultation], probe: str) -> tuple[Consultation, ...]:
    """What judges said about the answers of one probe, in the order of asking."""
    return tuple(
        asked
        for asked in consultations
        if asked.kind == "verdict" and any(place.probe == probe for place in asked.places)
    )
