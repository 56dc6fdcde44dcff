"""Begins extra runs where something is failing, as far as the spending caps allow. Feeds ``watching``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from reports.summary import RunRecord
from runner.asking.withholding import WHILE_FAILING
from runner.daemon.cadence import Cadence, near_cap
from runner.daemon.chores import Chore, Troubles
from runner.daemon.rounds import Rounds, source_of
from runner.pages import latest
from runner.preparing.prepare import PreparedSuite
from runner.schedule.beats import Place
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

PACE_EVERY_S = 1.0


@dataclass(slots=True, kw_only=True)
class Quickening:
    """The pace of one daemon's places."""

    here: Installation
    rounds: Rounds
    suites: Callable[[], Sequence[PreparedSuite]]
    """Those that are fired, as they are at the time."""
    notes: Troubles = field(default_factory=Troubles)
    """Places that are failing and keep their normal pace, with the reason."""
    cadence: Cadence = field(default_factory=Cadence)
    _known: Sequence[PreparedSuite] | None = None

    def chore(self) -> Chore:
        """What is to be done over and over."""
        return Chore(name="pace of what fails", every_s=PACE_EVERY_S, work=self.look)

    def ran(self, record: RunRecord) -> None:
        """Look at a run, whatever made it."""
        self.cadence.ran(record)

    def quickened(self) -> dict[Place, bool]:
        """Every place with a ``while_failing``, and whether it runs sooner now."""
        kept, failing = set(self.notes.sources()), set(self.cadence.failing)
        return {place: place in failing and source_of(place) not in kept for place in self.cadence.places}

    async def look(self) -> None:
        """Begin the extra runs that are due.

        Raises:
            StoreError: what was stored cannot be read.
        """
        if (suites := self.suites()) is not self._known:
            await self._expect(suites)
            self._known = suites
        failing = self.cadence.failing
        for place in failing:
            self._quicken(place)
        for source in set(self.notes.sources()) - {source_of(place) for place in failing}:
            self.notes.tell(source, "")

    async def _expect(self, suites: Sequence[PreparedSuite]) -> None:
        places = [(prepared.suite, endpoint) for prepared in suites for endpoint in prepared.suite.monitored]
        for suite, endpoint in self.cadence.expect(((s.name, e), s.schedule) for s, e in places):
            if (newest := await asyncio.to_thread(latest, self.here.store, suite, endpoint)) is not None:
                self.cadence.ran(newest)

    def _quicken(self, place: Place) -> None:
        near = near_cap(self.here.limits.ledger.standings(place[0]))
        told = f"it is failing and keeps its normal pace: {near}" if near else ""
        if self.notes.tell(source_of(place), told) and told:
            log.warning("pace_kept", suite=place[0], endpoint=place[1], reason=near)
        if not near and self.cadence.due(place, self.here.clock.now(), self.rounds.table.due_at(place)):
            self.rounds.begin_beside(place, WHILE_FAILING)
