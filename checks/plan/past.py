"""What lies behind a stream when the change comes. Feeds the trials."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Quiet runs before the change."""

    formed: int
    """Those that a baseline was formed from at once; what came later was learned run by run, which is worth less."""
    seen: int
    """All of them."""

    def formed_of(self, least: int) -> int:
        """Runs a stream formed its baseline from, where it needs at least so many."""
        return min(max(self.formed, least), self.seen)
