"""Runs that come sooner while something is failing (``while_failing``), within the spending caps. Feeds the daemon.

The judge is not asked about the extra runs (``runner.asking.withholding``), so they cost nothing of the budget of false
alarms. Drift alone brings none: without the judge they could not tell that it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from probes.suite import Schedule
from reports.alerts.incidents import conditions
from reports.summary import AlertView, RunRecord
from runner.limits.spending import Standing
from runner.schedule.beats import Place

QUICKENING = frozenset({"contract", "policy", "availability"})
"""Kinds of incidents that more runs tell the end of."""
STANDING = ("pending", "open", "muted")
"""States of an incident that is there. Who silences it is not told of it, and waits for its end all the same."""
NEAR = 0.8
"""From this share of a spending cap on, runs keep their normal pace: the rest is for them."""


def failing(record: RunRecord, alerts: Sequence[AlertView]) -> bool:
    """True where a run found something broken, or an incident of its place is pending or open, told or muted.

    A run of a maintenance window, or of a time in which our own network was lost, says neither.
    """
    if record.maintenance or record.offline:
        return False
    standing = any(view.kind in QUICKENING and view.state in STANDING for view in alerts)
    return standing or any(c.bad and c.kind in QUICKENING for c in conditions(record))


def near_cap(standings: Iterable[Standing]) -> str:
    """The first spending cap of which so much is used that extra runs are left out, in words; empty for none."""
    near = next((standing for standing in standings if standing.spent >= NEAR * standing.cap), None)
    if near is None:
        return ""
    whose = "suite" if near.suite else "installation"
    return f"{near.spent / near.cap:.0%} of the {whose}'s spending cap for today is used"


@dataclass(slots=True)
class _Pace:
    quick_s: float
    began_at: datetime | None = None
    took_s: float = 0.0
    failing: bool = False


@dataclass(slots=True)
class Cadence:
    """Which places run sooner now. Keeps nothing that the store could not tell again."""

    _paces: dict[Place, _Pace] = field(default_factory=dict)

    def expect(self, places: Iterable[tuple[Place, Schedule | None]]) -> tuple[Place, ...]:
        """Take the schedules of all places as they are now; those that are new here."""
        wanted = {place: s.while_failing_s for place, s in places if s is not None and s.while_failing_s is not None}
        new = tuple(place for place in wanted if place not in self._paces)
        kept = {place: self._paces.get(place, _Pace(quick_s=quick_s)) for place, quick_s in wanted.items()}
        for place, quick_s in wanted.items():
            kept[place].quick_s = quick_s
        self._paces = kept
        return new

    def ran(self, record: RunRecord) -> None:
        """Look at a run, whatever made it."""
        pace = self._paces.get((record.suite, record.endpoint))
        if pace is not None:
            pace.began_at, pace.took_s = record.started_at, record.duration_s
            pace.failing = failing(record, record.alerts)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that may run sooner."""
        return tuple(self._paces)

    @property
    def failing(self) -> tuple[Place, ...]:
        """The places that are to run sooner."""
        return tuple(place for place, pace in self._paces.items() if pace.failing)

    def due(self, place: Place, now: datetime, next_at: datetime | None) -> bool:
        """True where the extra run of a failing place is to begin. ``next_at``: when its schedule runs it anyway.

        Shortly before that none begins, and none that would take longer than there is time, as far as the last run
        tells: the scheduled run, which the judge sees, is not to be left out for one.
        """
        pace = self._paces[place]
        if pace.began_at is None or timedelta() <= now - pace.began_at < timedelta(seconds=pace.quick_s):
            return False  # a beginning that is yet to come was told by a clock that was set back since
        room_s = max(pace.quick_s / 2, 1.5 * pace.took_s)
        return next_at is None or next_at <= now or (next_at - now).total_seconds() > room_s
