"""What every notice of an installation carries, whatever it tells: where to read on, and how to answer. Feeds the alert
decisions of runs and of the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.summary import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Given once for a process."""

    report_link: Callable[[RunRecord], str] = lambda _record: ""
    """Where the evidence page of a run is: a URL, a path, or nothing."""
    reach: str = ""
    """What commands need to find this store (`` --store PATH``), quoted for a shell; may be empty."""
    false_alarms_per_year: float | None = None
    """The budget of the whole installation."""
