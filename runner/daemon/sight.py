"""Which places are out of sight: no run could be measured there for too long. Feeds ``watching``.

Slots of the schedule that went by without data are counted, from the newest run that was measured or from the start of
this daemon, whichever is later: that nobody ran before is told once for all (``watching``), not place by place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex

import structlog

from probes.clock import Clock
from probes.errors import StoreError
from probes.maintenance import Window
from reports.alerts.listening import Listener
from reports.alerts.machine import AlertState, Transition, step, views
from reports.alerts.no_data import KIND, Seen, listening, needed, place_conditions
from reports.summary import AlertView, RunRecord
from runner.alerting.decided import notices_between
from runner.alerting.letterhead import Letterhead
from runner.alerting.muting import muting
from runner.alerting.silencing import end_recovered
from runner.daemon.last_seen import NEVER, seen_in, stored
from runner.preparing.prepare import PreparedSuite
from runner.schedule.beats import ASSUMED, Place, grace_s
from runner.schedule.schedule import slots_of
from runner.schedule.slots import Slots
from runner.schedule.windows import window_at
from runner.store.base import Store

log = structlog.get_logger("holdfast.daemon")

FOR_EVER = timedelta(days=36_500)
Missing = tuple[tuple[str, bool | None], ...]
"""By notifier."""


@dataclass(slots=True, kw_only=True)
class Sight:
    """Keeps in view when each place was last measured."""

    store: Store
    clock: Clock
    suites: Callable[[], Sequence[PreparedSuite]]
    letterhead: Letterhead
    out: Container[Place]
    """Places with a run under way: its end is waited for."""
    lost: Callable[[Place], str] = lambda _place: ""
    """That runs of a place are made and cannot be stored, and why; empty where that is not so."""
    windows: Sequence[Window] = ()
    offline: Callable[[], bool] = lambda: False
    """True while our own network is lost: that is told by itself."""
    new_id: Callable[[], str] = lambda: token_hex(8)
    on_change: Callable[[str, str, Sequence[AlertView]], None] = lambda _suite, _endpoint, _alerts: None
    """Told of what was written: suite, endpoint and the incidents there now."""
    _began_at: datetime | None = None
    _blinded: bool = False
    """True where the last look had no network, or a store that could not be written: each is told by itself."""
    _seen: dict[Place, Seen] = field(default_factory=dict)
    _settled: dict[Place, Missing] = field(default_factory=dict)
    _well: dict[Place, tuple[PreparedSuite, datetime]] = field(default_factory=dict)
    """Places at which nothing is missing, with the suite as it was looked at, and until when that holds."""
    _open: frozenset[Place] | None = None
    """Places with an incident of missing data in the store when we began."""

    def begin_again(self, now: datetime) -> None:
        """Nobody was here for a while: every place has its time from now on."""
        self._began_at = now

    def ran(self, record: RunRecord) -> None:
        """Look at a run, whatever made it."""
        place = (record.suite, record.endpoint)
        self._seen[place] = seen_in(record, self._seen.get(place, NEVER))

    async def look(self) -> None:
        """Open and resolve incidents of missing data.

        Raises:
            StoreError: the store cannot be read or written; the next look finds it again.
        """
        now = self.clock.now()
        self._began_at = self._began_at or now
        try:
            if self._open is None:
                self._open = await asyncio.to_thread(_open_places, self.store)
            if self.offline():
                self._blinded = True
                return
            await self._sees_again(now)
            await self._look_at_all(now)
        except StoreError:
            self._blinded = True
            raise

    async def _sees_again(self, now: datetime) -> None:
        """What could not be measured or stored meanwhile is not missing as soon as it can be: it has its time."""
        if self._blinded:
            await asyncio.to_thread(self.store.prove_writable)
            self._blinded = False
            self.begin_again(now)

    async def _look_at_all(self, now: datetime) -> None:
        suites = self.suites()
        self._keep({(prepared.suite.name, endpoint) for prepared in suites for endpoint in prepared.suite.monitored})
        for prepared in suites:
            for endpoint in prepared.suite.monitored:
                if not self._is_well(prepared, endpoint, now):
                    await self._look_at(prepared, endpoint, now)

    def _keep(self, places: Container[Place]) -> None:
        """Forget the places that are gone: where one comes back, it begins anew."""
        for place in [place for place in self._seen if place not in places]:
            del self._seen[place]
            self._settled.pop(place, None)
            self._well.pop(place, None)

    def _is_well(self, prepared: PreparedSuite, endpoint: str, now: datetime) -> bool:
        """True where nothing can have gone missing yet: most looks at most places end here."""
        known = self._well.get((prepared.suite.name, endpoint))
        return known is not None and known[0] is prepared and now < known[1]

    async def _look_at(self, prepared: PreparedSuite, endpoint: str, now: datetime) -> None:
        suite, place = prepared.suite, (prepared.suite.name, endpoint)
        self._well.pop(place, None)
        if window_at((*suite.maintenance, *self.windows), now) is not None:
            return
        if place not in self._seen:
            self._seen[place] = await asyncio.to_thread(stored, self.store, place)
        missing, first_at = self._missing(prepared, place, now)
        if missing == self._settled.get(place) or await self._told(prepared, endpoint, missing, now):
            self._settled[place] = missing
            if all(bad is False for _, bad in missing):
                self._well[place] = prepared, first_at
        await asyncio.sleep(0)  # thousands of places must not keep the loop from those who measure

    async def _told(self, prepared: PreparedSuite, endpoint: str, missing: Missing, now: datetime) -> bool:
        place = (prepared.suite.name, endpoint)
        if place not in self._settled and place not in (self._open or ()) and not any(bad for _, bad in missing):
            return True  # at the start: there is nothing to open and nothing to end
        return await asyncio.to_thread(self._settle, prepared, endpoint, missing, now)

    def _missing(self, prepared: PreparedSuite, place: Place, now: datetime) -> tuple[Missing, datetime]:
        """To each notifier of the kind: true, false, or None where it is held; and from when on it may be true."""
        schedule, seen = prepared.suite.schedule or ASSUMED, self._seen[place]
        began_at = self._began_at or now
        grace = timedelta(seconds=grace_s(schedule) + (schedule.jitter_s if schedule.cron else 0.0))

        def missing_at(start: datetime, since: datetime, listener: Listener) -> datetime:
            count, lasting = needed(listener)
            return gone(slots_of(schedule, start=start), since, count) + max(grace, lasting)

        told: list[tuple[str, bool | None]] = []
        first_at = now + FOR_EVER
        for name, listener in listening(prepared.suite.alerts):
            # slots that came while a run was under way are not missed
            known_at = (
                missing_at(seen.conclusive_at, seen.until, listener) if seen.conclusive_at and seen.until else now
            )
            patient_at = max(known_at, missing_at(began_at, began_at, listener))
            first_at = min(first_at, known_at)
            held = now < patient_at or place in self.out
            told.append((name, False if now < known_at else None if held else True))
        return tuple(told), first_at

    def _settle(self, prepared: PreparedSuite, endpoint: str, missing: Missing, now: datetime) -> bool:
        """Write what follows; false where something was held that the next look may tell."""
        suite, place = prepared.suite, (prepared.suite.name, endpoint)
        with self.store.exclusive():
            states = self.store.alert_states(*place)
            held = {name for name, bad in missing if bad and _capped(states, name)}
            missing = tuple((name, None if name in held else bad) for name, bad in missing)
            after, told = step(
                states,
                place_conditions(place, suite.alerts, missing, self._seen[place], self.lost(place)),
                suite.alerts,
                now=now,
                new_incident_id=self.new_id,
                owners=suite.owners,
                muted=muting(self.store, suite, endpoint, now),
                acknowledged=self.store.acknowledgements([state.incident_id for state in states if state.live]),
            )
            mine, news = _of_kind(after, states), [transition for transition in told if transition.kind == KIND]
            if mine:
                notices = notices_between(self.store, prepared, endpoint, news, self.letterhead)
                self.store.save_alerts(*place, mine, notices, at=now)
                end_recovered(self.store, states, after, now)
        if mine:
            self.on_change(*place, views(after, news))
        _say(news)
        return not held


def gone(slots: Slots, since: datetime, count: int) -> datetime:
    """The slot that is the so many-th after an instant; the end of time where a line fires no more."""
    at = since
    for _ in range(count):
        later = slots.after(at)
        if later is None:
            return since + FOR_EVER
        at = later
    return at


def _open_places(store: Store) -> frozenset[Place]:
    live = (state.key.split("/") for state in store.open_alerts() if state.kind == KIND)
    return frozenset((suite, endpoint) for suite, endpoint, _ in live)


def _capped(states: Sequence[AlertState], notifier: str) -> bool:
    """True where this notifier has been told that a spending cap is why nothing is asked."""
    return any(state.kind == "spend" and state.live and state.notifier == notifier for state in states)


def _of_kind(after: Sequence[AlertState], before: Sequence[AlertState]) -> list[AlertState]:
    """The states of missing data that are new or changed."""
    known: Mapping[tuple[str, str], AlertState] = {(state.key, state.notifier): state for state in before}
    mine = (state for state in after if state.kind == KIND)
    return [state for state in mine if known.get((state.key, state.notifier)) != state and _told_of(state, known)]


def _told_of(state: AlertState, known: Mapping[tuple[str, str], AlertState]) -> bool:
    """A place that never missed anything leaves no row behind."""
    return state.live or (state.key, state.notifier) in known


def _say(news: Sequence[Transition]) -> None:
    for transition in news:
        log.info("alert", key=transition.key, alert_event=transition.event.value, notifier=transition.notifier)
