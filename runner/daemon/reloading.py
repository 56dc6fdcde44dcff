"""Takes up changed suites while the daemon runs: all are read first, then what changed changes, and nothing else.

Feeds ``daemon``. A file that cannot be used leaves what ran before running; it is shown on the list of suites, counted
in a metric and told by one alert. Due times, streaks, evidence and open alerts of suites that did not change are not
touched, because nothing here touches them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from probes.suite import Owner
from reports.escaping import one_line
from reports.metrics.metrics import Metrics
from runner.daemon.gauging import restore
from runner.daemon.load_alerts import tell
from runner.daemon.removing import close
from runner.daemon.roster import Refused, Roster, lost, roster, with_missing
from runner.daemon.rounds import Rounds, source_of
from runner.daemon.suite_files import SuiteFile, read
from runner.daemon.suite_watch import Look, SuiteWatch
from runner.preparing.prepare import PreparedSuite
from runner.schedule.beats import Place, newest_scheduled
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

MOST_LOGGED, MOST_LOGGED_CHARS = 5, 500
"""Problems of one file in the log, and characters of one: files are written by others."""
LEAST_WAIT_S, WAITING_S = 2.0, 1.0
RETURN_S = 60.0
"""How long after a lost folder a missing file is waited for: what comes back file by file must not remove the rest."""
SHARE = 50.0
"""A look may take a fiftieth of the time between two: with many files they are further apart."""


@dataclass(slots=True)
class Reloading:
    """The suites of one daemon, as their files are now."""

    here: Installation
    rounds: Rounds
    metrics: Metrics
    watch: SuiteWatch | None
    """None where suites are not watched."""
    roster: Roster = field(default_factory=Roster)
    asked: bool = False
    """True where somebody asked to look at once."""
    _trouble: str = ""
    """Why the files cannot be looked at."""
    _stale: bool = False
    """True where files were read and do not run yet."""
    _next_look: float = 0.0
    _patient_until: float = float("-inf")
    _waiting: bool = False
    """True where something runs whose file may yet come back."""
    _told: tuple[Refused, ...] | None = None
    """What the alerts in the store are about; None: nobody has looked, or one is told once its silence is over."""
    _told_last: tuple[Refused, ...] = ()
    """Those that were refused before: whose they were."""
    _leaving: dict[Place, Owner] = field(default_factory=dict)
    """Places that run no more and are not closed yet."""

    async def begin(self, suites: Iterable[PreparedSuite]) -> None:
        """Run these suites, and close what was removed while no daemon ran.

        Raises:
            StoreError: the store cannot be read or written.
        """
        await self._take(Roster(running={Path(prepared.file): prepared for prepared in suites}))
        known = await asyncio.to_thread(self.here.store.scheduled)
        self._leaving |= dict.fromkeys(known - self._places(self.roster).keys(), Owner())
        await self._settle()

    @property
    def suites(self) -> tuple[PreparedSuite, ...]:
        """Those that run."""
        return tuple(self.roster.running.values())

    def ask(self) -> None:
        """Look at once, and read anew whatever holds something else."""
        self.asked = True

    async def look(self) -> None:
        """A chore: take up what changed, and go on with what could not be written before.

        Raises:
            StoreError: the store cannot be read or written; the next look tries again.
        """
        clock = self.here.clock
        if self.watch is not None and (self.asked or clock.monotonic() >= self._next_look):
            at_once, self.asked = self.asked, False
            began = clock.monotonic()
            seen = await asyncio.to_thread(self.watch.look, at_once=at_once)
            took_s = clock.monotonic() - began
            self._next_look = began + (WAITING_S if seen.waiting else max(LEAST_WAIT_S, SHARE * took_s))
            if seen.changed or seen.gone or seen.touched or seen.trouble != self._trouble:
                await self._read(self.watch, seen)
        if self._trouble:
            self._patient_until = clock.monotonic() + RETURN_S
        self._stale |= self._waiting and clock.monotonic() >= self._patient_until
        if self.watch is not None and self._stale:
            await self._renew(self.watch)
        await self._settle()

    async def _read(self, watch: SuiteWatch, seen: Look) -> None:
        changed, self._trouble = seen.trouble != self._trouble, seen.trouble
        # a thread a file, so that runs under way are timed between two of them
        fresh = [await asyncio.to_thread(read, path, watch.preparing) for path in seen.changed]
        watch.take(seen, fresh)
        self._stale |= bool(fresh or seen.gone or changed)

    async def _renew(self, watch: SuiteWatch) -> None:
        before, after = self.roster, self._roster(watch.files.values())
        await self._take(after)
        self._stale = False
        log.info("reloaded", **_changes(before, after), refused=[str(one.path) for one in after.refused])
        for one in after.refused:
            if one not in before.refused:
                told = [one_line(str(problem), MOST_LOGGED_CHARS) for problem in one.problems[:MOST_LOGGED]]
                log.warning("suite_file_refused", file=str(one.path), problems=told, all=len(one.problems))

    def _roster(self, files: Iterable[SuiteFile]) -> Roster:
        """What is to run. Where the folder is lost, everything goes on; where it comes back, what is not there yet."""
        running, files = self.roster.running, tuple(files)
        if self._trouble:
            return lost(running, self._trouble)
        after = roster(files, running)
        patient = self.here.clock.monotonic() < self._patient_until
        whole = with_missing(after, {file.path for file in files}, running) if patient else after
        self._waiting = whole is not after
        return whole

    async def _take(self, after: Roster) -> None:
        """Run this roster. The store is asked before anything changes: where it fails, the next look tries again."""
        before = self.roster
        places, known = self._places(after), self._places(before)
        changed = [place for place, prepared in places.items() if known.get(place) is not prepared]
        newest = await asyncio.to_thread(self._remembered, changed, known)
        self.roster = after
        for place in known.keys() - places.keys():
            self.rounds.drop(place)
            self._leaving[place] = known[place].suite.owner
        for place in changed:
            self._leaving.pop(place, None)
            self.rounds.put(places[place], place[1], newest=newest[place], places=len(places))
        self.metrics.loaded(suites=len(after.running), refused=len(after.refused))

    def _remembered(self, changed: Iterable[Place], known: Collection[Place]) -> dict[Place, datetime | None]:
        """When each place ran last. Metrics of new ones begin where they were left."""
        store, changed = self.here.store, list(changed)
        newest = {place: newest_scheduled(store, place) for place in changed}
        for place in changed:
            if place not in known:
                restore(self.metrics, store, place)
        store.save_scheduled(changed)
        return newest

    async def _settle(self) -> None:
        """Close places that run no more, once their last run is over, and tell what cannot be used."""
        for place, owner in list(self._leaving.items()):
            if place not in self.rounds.out:
                await self._close(place, owner)
        if self._told != self.roster.refused:
            refused, here = self.roster.refused, self.here
            silent = await asyncio.to_thread(
                tell,
                here.store,
                self.roster,
                here.outbox.notifiers.keys(),
                here.clock.now(),
                before=self._told_last,
                reach=here.letterhead.reach,
            )
            self._told, self._told_last = None if silent else refused, refused

    async def _close(self, place: Place, owner: Owner) -> None:
        here = self.here
        closed = await asyncio.to_thread(
            close, here.store, place, here.clock.now(), owner=owner, report_link=here.report_link
        )
        self._leaving.pop(place, None)
        suite, endpoint = place
        self.rounds.troubles.tell(source_of(place), "")
        self.metrics.forget(suite, None if suite not in self._names() else endpoint)
        log.info("removed", suite=suite, endpoint=endpoint, alerts_closed=closed)

    def _names(self) -> set[str]:
        return {prepared.suite.name for prepared in self.suites}

    def _places(self, of: Roster) -> dict[Place, PreparedSuite]:
        return {(p.suite.name, endpoint): p for p in of.running.values() for endpoint in p.suite.monitored}


def _is_same(old: PreparedSuite, new: PreparedSuite) -> bool:
    """True where a suite stayed as it was; a file that only has another name changes nothing."""
    return new is old or (new.file != old.file and new.suite == old.suite)


def _changes(before: Roster, after: Roster) -> dict[str, list[str]]:
    """Names of suites by what became of them."""
    old = {prepared.suite.name: prepared for prepared in before.running.values()}
    new = {prepared.suite.name: prepared for prepared in after.running.values()}
    return {
        "added": sorted(new.keys() - old.keys()),
        "changed": sorted(name for name in new.keys() & old.keys() if not _is_same(old[name], new[name])),
        "removed": sorted(old.keys() - new.keys()),
    }
