"""Lets time pass for incidents between runs: a chore of the daemon that writes what changed, and the notices of it.

Cheap where nothing is due: one indexed query. A suite that is new here (at the start, after a reload) is looked at
once as a whole, because its rules may have changed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from secrets import token_hex

import structlog

from probes.clock import Clock
from probes.maintenance import Window
from reports.alerts.machine import AlertState, Transition, tick, views
from reports.alerts.telling import Muting, waits_for_a_run
from reports.summary import AlertView
from runner.alerting.decided import notices_between
from runner.alerting.dependencies import Dependencies
from runner.alerting.letterhead import Letterhead
from runner.alerting.muting import Mutes
from runner.alerting.silencing import end_recovered
from runner.preparing.prepare import PreparedSuite
from runner.schedule.windows import window_at
from runner.store.base import Store
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")


@dataclass(slots=True, kw_only=True)
class AlertClock:
    """Looks at the clock for all incidents of the suites it is given."""

    store: Store
    clock: Clock
    suites: Callable[[], Sequence[PreparedSuite]]
    """The suites as they are now."""
    letterhead: Letterhead
    windows: Sequence[Window] = ()
    """Maintenance windows of the installation: in them, and in those of a suite, nothing moves."""
    new_id: Callable[[], str] = lambda: token_hex(8)
    on_change: Callable[[str, str, Sequence[AlertView]], None] = lambda _suite, _endpoint, _alerts: None
    """Told of what was written: suite, endpoint and the incidents there now."""
    _known: dict[str, PreparedSuite] = field(default_factory=dict)

    async def look(self) -> None:
        """Tell what time has brought about.

        Raises:
            StoreError: the store cannot be read or written; what was not written is found again by the next look.
        """
        now = self.clock.now()
        mutes = Mutes(store=self.store, now=now)
        for prepared, endpoint in await asyncio.to_thread(self._places, mutes):
            await asyncio.to_thread(self._look_at, prepared, endpoint, mutes)
            if endpoint == prepared.suite.monitored[-1]:  # where one cannot be read, all of its places are still new
                self._known[prepared.suite.name] = prepared

    def _places(self, mutes: Mutes) -> list[tuple[PreparedSuite, str]]:
        suites = {prepared.suite.name: prepared for prepared in self.suites()}
        self._known = {name: known for name, known in self._known.items() if name in suites}
        new = [prepared for name, prepared in suites.items() if self._known.get(name) is not prepared]
        _note(new, suites.values())
        return list(self._asked(suites.values(), mutes))

    def _asked(self, suites: Iterable[PreparedSuite], mutes: Mutes) -> Iterator[tuple[PreparedSuite, str]]:
        """Every place of a new suite, and those where something is due that does not merely wait on."""
        due = self.store.alerts_due(mutes.now)
        for prepared in suites:
            suite = prepared.suite
            new = self._known.get(suite.name) is not prepared
            for endpoint in suite.monitored:
                states = due.get((suite.name, endpoint))
                if new or (states and not _wait_on(states, mutes.of(suite, endpoint))):
                    yield prepared, endpoint

    def _look_at(self, prepared: PreparedSuite, endpoint: str, mutes: Mutes) -> None:
        """``mutes`` as this look found them first: what they hide wrongly is found by the next."""
        suite, now = prepared.suite, mutes.now
        if window_at((*suite.maintenance, *self.windows), now) is not None:
            return
        states = self.store.alert_states(suite.name, endpoint)
        if self._ticked(prepared, endpoint, states, mutes)[0] == states:
            return  # nothing to write, so that nobody else's writing waits for us
        with self.store.exclusive():
            if self._network_was_lost(suite.name, endpoint):
                return
            states = self.store.alert_states(suite.name, endpoint)
            after, told = self._ticked(prepared, endpoint, states, Mutes(store=self.store, now=now))
            notices = notices_between(self.store, prepared, endpoint, told, self.letterhead)
            self.store.save_alerts(suite.name, endpoint, after, notices, at=now)
            end_recovered(self.store, states, after, now)
        self.on_change(suite.name, endpoint, views(after, told))
        for transition in told:
            log.info("alert", key=transition.key, alert_event=transition.event.value, notifier=transition.notifier)

    def _ticked(
        self, prepared: PreparedSuite, endpoint: str, states: Sequence[AlertState], mutes: Mutes
    ) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
        suite = prepared.suite
        return tick(
            states,
            suite.alerts,
            now=mutes.now,
            new_incident_id=self.new_id,
            muted=mutes.of(suite, endpoint),
            acknowledged=self.store.acknowledgements([state.incident_id for state in states if state.live]),
            owners=suite.owners,
        )

    def _network_was_lost(self, suite: str, endpoint: str) -> bool:
        """What is known is from before that, and nobody has looked since."""
        return any(run.offline for run in self.store.runs(suite=suite, endpoint=endpoint, limit=1))


def _note(new: Iterable[PreparedSuite], suites: Iterable[PreparedSuite]) -> None:
    """Log names that nobody has, and circles that came with a reload: the first of these to open is told."""
    dependent = [prepared.suite for prepared in new if prepared.suite.depends_on]
    known = Dependencies(list(suites) if dependent else [])
    for suite in dependent:
        for note in (*known.unknown(suite), *known.circle(suite)):
            log.warning("dependency_without_effect", suite=suite.name, note=note)


def alert_clock(
    here: Installation,
    suites: Callable[[], Sequence[PreparedSuite]],
    on_change: Callable[[str, str, Sequence[AlertView]], None],
) -> AlertClock:
    """The clock of one daemon. ``suites``: those it fires, as they are at the time."""
    return AlertClock(
        store=here.store,
        clock=here.clock,
        suites=suites,
        letterhead=here.letterhead,
        windows=here.settings.maintenance,
        on_change=on_change,
    )


def _wait_on(states: Sequence[AlertState], muted: Muting) -> bool:
    """True where all of them are muted for the reason for which they were, or until their next run."""

    def waits(state: AlertState) -> bool:
        reason = muted(state.key, state.kind, state.severity)
        return state.muted == reason != "" or (not reason and waits_for_a_run(state))

    return all(state.live and waits(state) for state in states)
