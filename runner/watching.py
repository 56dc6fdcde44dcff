"""Watching the watcher: what the daemon does beside its runs so that it never goes quietly blind. Feeds ``daemon``.

Vital signs, the outbound heartbeat, alerts about missing data, the guard of our own network, the pace of places that
fail: each a part with chores of its own, put together here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import structlog

from probes.suite import Suite
from reports.metrics import Metrics
from reports.no_data import CONNECTIVITY, Absence, absence_condition, offline_condition
from reports.summary import RunRecord
from runner.beats import ASSUMED, Place
from runner.cadence import Cadence, near_cap
from runner.chores import Chore, Troubles
from runner.heartbeat import Pulse
from runner.installation_alerts import InstallationAlerts
from runner.pages import latest
from runner.prepare import PreparedSuite
from runner.rounds import Rounds, source_of
from runner.schedule import slots_of
from runner.sight import Sight
from runner.vitals import DAEMON, Vitals
from runner.wiring import Installation
from runner.withholding import WHILE_FAILING

log = structlog.get_logger("holdfast.daemon")

Phase = Literal["starting", "serving", "stopping"]

SIGHT_EVERY_S = 15.0
NETWORK_EVERY_S = 10.0
PACE_EVERY_S = 1.0
ABSENT_S = 600.0
"""A daemon that was away for less than this is not told of: it was restarted."""


@dataclass(slots=True, kw_only=True)
class Watching:
    """The watch of one daemon."""

    here: Installation
    metrics: Metrics
    troubles: Troubles
    rounds: Rounds
    suites: Callable[[], Sequence[PreparedSuite]]
    """Those that are fired, as they are at the time."""
    sickness: Callable[[], Sequence[str]]
    """What is wrong with the daemon, one line each."""
    ready: Callable[[], bool]
    """False while it starts or stops."""
    notes: Troubles = field(default_factory=Troubles)
    """What people should know and what is no sickness of the daemon's."""
    vitals: Vitals = field(init=False)
    sight: Sight = field(init=False)
    alerts: InstallationAlerts = field(init=False)
    cadence: Cadence = field(default_factory=Cadence)
    _measured: bool = False
    _back: bool = False
    _down: str | None = None

    def __post_init__(self) -> None:
        here = self.here
        self.vitals = Vitals(
            store=here.store,
            clock=here.clock,
            metrics=self.metrics,
            troubles=self.troubles,
            notifiers=lambda: frozenset(here.outbox.notifiers),
        )
        self.sight = Sight(
            store=here.store,
            clock=here.clock,
            suites=self.suites,
            letterhead=here.letterhead,
            out=self.rounds.out,
            windows=here.settings.maintenance,
            offline=lambda: bool(here.guard and here.guard.down),
            on_change=self.metrics.alerts,
        )
        self.alerts = InstallationAlerts(
            store=here.store, clock=here.clock, suites=self._plain, on_change=self.metrics.alerts
        )
        if here.guard is not None:
            here.guard.suites = self._plain
        self.rounds.on_ran.append(self.ran)

    def _plain(self) -> Iterable[Suite]:
        return (prepared.suite for prepared in self.suites())

    async def begin(self) -> None:
        """Before the first run: tell where no daemon was here for a while.

        Raises:
            StoreError: the store cannot be read or written.
        """
        last = await asyncio.to_thread(self.here.store.last_alive, DAEMON)
        missed = absence(self._plain(), last, self.here.clock.now())
        if missed is not None:
            log.warning("was_away", since=missed.since.isoformat(), places=missed.places)
            await asyncio.to_thread(self.alerts.settle, DAEMON, absence_condition(missed))
        await self.vitals.look_at_store()

    def chores(self) -> Iterator[Chore]:
        """What is to be done over and over."""
        yield from self.vitals.chores()
        yield Chore(name="looking for missing data", every_s=SIGHT_EVERY_S, work=self.look)
        yield Chore(name="watching our own network", every_s=NETWORK_EVERY_S, work=self.look_at_network)
        yield Chore(name="pace of what fails", every_s=PACE_EVERY_S, work=self.quicken)
        if (heartbeat := self.here.settings.heartbeat) is not None:
            yield Pulse(
                settings=heartbeat,
                clock=self.here.clock,
                metrics=self.metrics,
                sickness=self.sickness,
                ready=self.ready,
            ).chore()

    def ran(self, record: RunRecord) -> None:
        """Look at a run, whatever made it."""
        self.sight.ran(record)
        self.cadence.ran(record)
        self._measured = self._measured or record.health.value != "unknown"

    async def look(self) -> None:
        """Missing data, and that there is data again after nobody was here.

        Raises:
            StoreError: the store cannot be read or written.
        """
        if self._measured and not self._back:
            await asyncio.to_thread(self.alerts.settle, DAEMON, absence_condition(None))
            self._back = True
        await self.sight.look()

    async def look_at_network(self) -> None:
        """Tell that our own network is lost, and that it is back.

        Raises:
            StoreError: the store cannot be read or written.
        """
        guard = self.here.guard
        if guard is None:
            return
        await guard.look_again()
        if guard.down != self._down:
            await asyncio.to_thread(self.alerts.settle, CONNECTIVITY, offline_condition(guard.down))
            self._down = guard.down

    # ------------------------------------------------------------------------------------------ pace
    async def quicken(self) -> None:
        """Begin extra runs where something is failing, as far as the spending caps allow.

        Raises:
            StoreError: what was stored cannot be read.
        """
        places = [(p.suite, endpoint) for p in self.suites() for endpoint in p.suite.monitored]
        for suite, endpoint in self.cadence.expect(((s.name, e), s.schedule) for s, e in places):
            if (newest := await asyncio.to_thread(latest, self.here.store, suite, endpoint)) is not None:
                self.cadence.ran(newest)
        for place in self.cadence.failing:
            self._quicken(place)
        self._calm()

    def _quicken(self, place: Place) -> None:
        near = near_cap(self.here.limits.ledger.standings(place[0]))
        told = f"it is failing and keeps its normal pace: {near}" if near else ""
        if self.notes.tell(source_of(place), told) and told:
            log.warning("pace_kept", suite=place[0], endpoint=place[1], reason=near)
        if not near and self.cadence.due(place, self.here.clock.now(), self.rounds.table.due_at(place)):
            self.rounds.begin_beside(place, WHILE_FAILING)

    def _calm(self) -> None:
        kept = {source_of(place) for place in self.cadence.failing}
        for source in self.notes.sources():
            if source not in kept and " at " in source:
                self.notes.tell(source, "")


def absence(suites: Iterable[Suite], last: datetime | None, now: datetime) -> Absence | None:
    """The time without a daemon, where it was long enough and runs were missed; else None."""
    if last is None or (now - last) < timedelta(seconds=ABSENT_S):
        return None
    due = [
        slots_of(suite.schedule or ASSUMED, start=last).after(last) for suite in suites for _endpoint in suite.monitored
    ]
    missed = sum(at is not None and at <= now for at in due)
    return Absence(since=last, until=now, places=missed) if missed else None
