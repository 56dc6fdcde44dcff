"""Since when the evidence of a discrete stream has stood up: a small memory. Feeds effect and ``since``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHOWN_RUNS = 24
_UP = 25.0  # the score below which runs are learned from


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """The first run of the present stretch of scores of 25 and more, and how many runs it has."""

    since: str | None = None
    runs: int = 0

    @property
    def window(self) -> int:
        """Runs that an effect should speak of: those of the stretch, at most 24; without one, the last 24."""
        return min(self.runs, SHOWN_RUNS) or SHOWN_RUNS

    def after(self, run_id: str, score: float) -> Rise:
        """The memory after one more run."""
        if score < _UP:
            return Rise()
        return Rise(since=self.since or run_id, runs=self.runs + 1)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"since": self.since, "runs": self.runs}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Rise:
        """The inverse of ``to_json``."""
        return cls(**value)
