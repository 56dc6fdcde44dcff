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
from reports.alerts.no_data import CONNECTIVITY, INSTALLATION, Absence, absence_condition, measured, offline_condition
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.alerting.installation_alerts import InstallationAlerts
from runner.daemon.chores import Chore, Troubles
from runner.daemon.heartbeat import Pulse
from runner.daemon.quickening import Quickening
from runner.daemon.rounds import Rounds
from runner.daemon.sight import Sight
from runner.daemon.vitals import DAEMON, Vitals
from runner.preparing.prepare import PreparedSuite
from runner.schedule.beats import ASSUMED
from runner.schedule.schedule import slots_of
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

Phase = Literal["starting", "serving", "stopping"]

SIGHT_EVERY_S = 15.0
NETWORK_EVERY_S = 10.0
NO_WITNESS = "none of {} can be reached, so they do not show whether our own network is there"
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
    vitals: Vitals = field(init=False)
    sight: Sight = field(init=False)
    alerts: InstallationAlerts = field(init=False)
    pace: Quickening = field(init=False)
    _looked_at: datetime | None = None
    _measured: bool = False
    _back: bool = False
    _down: str | None = None
    _unreached: str = ""
    _pulse: Pulse | None = None

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
            lost=self.rounds.whereabouts.lost_words,
            windows=here.settings.maintenance,
            offline=lambda: bool(here.guard and here.guard.down),
            on_change=self.metrics.alerts,
        )
        self.alerts = InstallationAlerts(
            store=here.store,
            clock=here.clock,
            suites=self._plain,
            on_change=self.metrics.alerts,
            reach=here.letterhead.reach,
        )
        self.pace = Quickening(here=here, rounds=self.rounds, suites=self.suites)
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
        if self.here.guard is not None:
            self.here.guard.begin(told=await asyncio.to_thread(self._told_as_lost))
        await self._tell_absence(await asyncio.to_thread(self.here.store.last_alive, DAEMON))
        await self.vitals.look_at_store()

    async def _tell_absence(self, last: datetime | None) -> None:
        missed = absence(self._plain(), last, self.here.clock.now())
        if missed is not None:
            log.warning("was_away", since=missed.since.isoformat(), places=missed.places)
            await asyncio.to_thread(self.alerts.settle, DAEMON, absence_condition(missed))

    def chores(self) -> Iterator[Chore]:
        """What is to be done over and over."""
        yield from self.vitals.chores()
        yield Chore(name="looking for missing data", every_s=SIGHT_EVERY_S, work=self.look)
        yield Chore(name="watching our own network", every_s=NETWORK_EVERY_S, work=self.look_at_network)
        yield self.pace.chore()
        if (heartbeat := self.here.settings.heartbeat) is not None:
            self._pulse = Pulse(
                settings=heartbeat,
                clock=self.here.clock,
                metrics=self.metrics,
                sickness=self.sickness,
                ready=self.ready,
            )
            yield self._pulse.chore()

    def notes(self) -> Iterator[str]:
        """What is to be known and makes nothing red, one line each."""
        if self.here.guard is not None and self.here.guard.unreached:
            yield f"connectivity: {NO_WITNESS.format(self.here.guard.unreached)}"
        if self._pulse is not None and self._pulse.failing:
            yield f"heartbeat: {self._pulse.failing}"
        yield from self.pace.notes.lines()

    def ran(self, record: RunRecord) -> None:
        """Look at a run, whatever made it."""
        self.sight.ran(record)
        self.pace.ran(record)
        self._measured = self._measured or measured(record)

    async def look(self) -> None:
        """Missing data, and that there is data again after nobody was here.

        A machine that slept was not here either: its places have their time again, as after a start.

        Raises:
            StoreError: the store cannot be read or written.
        """
        if self.rounds.stop.is_set():
            return  # runs that waited were called off: nothing of that is missing data
        now, last = self.here.clock.now(), self._looked_at
        if last is not None and now - last >= timedelta(seconds=ABSENT_S):
            await self._tell_absence(last)
            self._measured = self._back = False
            self.sight.begin_again(now)
        self._looked_at = now
        if self._measured and not self._back:
            await asyncio.to_thread(self.alerts.settle, DAEMON, absence_condition(None))
            self._back = True
        await self.sight.look()

    def _told_as_lost(self) -> bool:
        """True where a daemon before this one told that our network is lost, and nobody that it is back."""
        return any(state.live for state in self.here.store.alert_states(INSTALLATION, CONNECTIVITY))

    async def look_at_network(self) -> None:
        """Tell that our own network is lost, and that it is back.

        Raises:
            StoreError: the store cannot be read or written.
        """
        guard = self.here.guard
        if guard is None:
            return
        await guard.look_again()
        if guard.unreached != self._unreached:
            if guard.unreached:
                log.warning("connectivity_unreachable", addresses=guard.unreached)
            self._unreached = guard.unreached
        if guard.down != self._down and (guard.down or guard.sure):
            await asyncio.to_thread(self.alerts.settle, CONNECTIVITY, offline_condition(guard.down))
            self._down = guard.down


def absence(suites: Iterable[Suite], last: datetime | None, now: datetime) -> Absence | None:
    """The time without a daemon, where it was long enough and runs were missed; else None."""
    if last is None or (now - last) < timedelta(seconds=ABSENT_S):
        return None
    due = [
        slots_of(suite.schedule or ASSUMED, start=last).after(last) for suite in suites for _endpoint in suite.monitored
    ]
    missed = sum(at is not None and at <= now for at in due)
    return Absence(since=last, until=now, places=missed) if missed else None
