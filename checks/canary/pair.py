"""One question asked of both endpoints, back to back, and what a pair tells each dimension. Feeds ``dimensions``."""

from __future__ import annotations

from dataclasses import dataclass

from checks.drift.observation import SampleFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two answers to one asking of one probe, in random order and close in time."""

    number: int
    """0-based; the order in which pairs are judged."""
    probe: str
    candidate: SampleFacts
    production: SampleFacts
    candidate_distance: float | None = None
    """How far the candidate's answer is from what production normally says, 0 to 1; None where that is unknown."""
    production_distance: float | None = None

    @property
    def held(self) -> bool:
        """True where one side was never asked: a spending cap, an endpoint left alone."""
        return self.candidate.held or self.production.held
