"""The cron-like service: fires suites on their schedules, delivers notices, and stops cleanly."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from probes.errors import HoldfastError
from reports.metrics.metrics import Metrics
from runner.daemon.alert_clock import alert_clock
from runner.daemon.channel_chores import DELIVERY_EVERY_S, channel_chores
from runner.daemon.chores import Chore, Troubles, keep_doing, patiently
from runner.daemon.house_chore import house_chore
from runner.daemon.last_resort import LastResort
from runner.daemon.refreshing import Refreshing
from runner.daemon.reloading import Reloading
from runner.daemon.rounds import Rounds, source_of
from runner.daemon.suite_watch import SuiteWatch
from runner.daemon.watching import Phase, Watching
from runner.delivery.outbox import SEND_TIMEOUT_S
from runner.logs import log_loop_trouble
from runner.preparing.prepare import PreparedSuite
from runner.schedule.beats import Beat, Place
from runner.store.base import Store
from runner.wiring import Installation

log = structlog.get_logger("holdfast.daemon")

RELOAD_EVERY_S = 1.0
CLOCK_EVERY_S = 5.0
GIVEN_UP_TOLD_S = 3600.0
"""How long ``/healthz`` tells of a notice that was given up."""
STOP_RUNS_S = 20.0
"""How long runs under way may finish after SIGTERM; what is not done then is given up and leaves no trace."""
STOP_DELIVERY_S = 5.0
"""How long after that deliveries may still begin; one under way gets its whole time, lest it be posted twice."""
LAST_LOOK_S = 10.0
THREADS = 64
"""For the store and for channels whose clients block: those that hang must not take the threads of all others."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Daemon:
    """One running service over one installation."""

    here: Installation
    suites: Sequence[PreparedSuite]
    metrics: Metrics
    watch: SuiteWatch | None = None
    """Sees which suites change; None: they stay as they are."""
    stop_runs_s: float = STOP_RUNS_S
    troubles: Troubles = field(default_factory=Troubles)
    last_resort: LastResort = field(init=False)
    rounds: Rounds = field(init=False)
    reloading: Reloading = field(init=False)
    watching: Watching = field(init=False)
    phase: Phase = "starting"
    """What ``/readyz`` goes by."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _chores_end: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.last_resort = LastResort(notifiers=self.here.outbox.notifiers, clock=self.here.clock)
        self.rounds = Rounds(self.here, self.metrics, self.troubles, self.last_resort, self._stop)
        self.reloading = Reloading(self.here, self.rounds, self.metrics, self.watch)
        self.here.outbox.on_outcome = self.metrics.notice
        for name in self.here.outbox.notifiers:
            self.metrics.expect_notifier(name)
        self.watching = Watching(
            here=self.here,
            metrics=self.metrics,
            troubles=self.troubles,
            rounds=self.rounds,
            suites=lambda: self.suites,
            sickness=self.sickness,
            ready=lambda: self.phase == "serving",
        )

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT (or ``stop``), then let runs finish and deliver what is waiting.

        Raises:
            StoreError: the store cannot be read at the start. Later it is trouble, told by ``sickness``.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_loop_trouble)
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="holdfast"))
        for name in SIGNALS:
            loop.add_signal_handler(name, self._signalled)
        # not the loop's: closing it would restore what the signal does by default, which is to end the process
        signal.signal(signal.SIGHUP, lambda _number, _frame: self.reloading.ask())
        await self.watching.begin()
        await self._schedule()
        tasks = {asyncio.create_task(self._keep_doing(chore)) for chore in self._chores()}
        self.phase = "serving"
        log.info("started", suites=[prepared.suite.name for prepared in self.suites])
        try:
            await self._stop.wait()
        finally:
            await self._wind_down(tasks)

    def stop(self) -> None:
        """Ask the daemon to stop in good order; a second call changes nothing."""
        self._stop.set()

    def hurry(self) -> None:
        """Ask the daemon to leave at once: runs and deliveries under way are given up."""
        self._stop.set()
        self._hurry.set()

    @property
    def hurried(self) -> bool:
        """True once it was asked to leave at once."""
        return self._hurry.is_set()

    async def hurrying(self) -> None:
        """Wait until it is asked to leave at once."""
        await self._hurry.wait()

    def _signalled(self) -> None:
        """The first signal stops, the second leaves at once, the third is the operating system's."""
        if not self._stop.is_set():
            self.stop()
            return
        self.hurry()
        for name in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(name)

    async def _wind_down(self, chores: set[asyncio.Task[None]]) -> None:
        self.phase = "stopping"
        log.info("stopping", runs_under_way=self.under_way)
        await self.rounds.wind_down(self.stop_runs_s, self._hurry)
        self._chores_end.set()
        last_words = asyncio.create_task(self._last_deliveries())
        await patiently({last_words, *chores}, STOP_DELIVERY_S + SEND_TIMEOUT_S + 1, self._hurry)
        log.info("stopped", undelivered=None if self.hurried else await self._undelivered())

    async def _last_deliveries(self) -> None:
        try:
            await self.here.outbox.drain(STOP_DELIVERY_S)
        except HoldfastError as error:
            log.error("outbox_left", error=str(error))

    async def _undelivered(self) -> int | None:
        try:
            return await asyncio.wait_for(asyncio.to_thread(_undelivered, self.here.store), LAST_LOOK_S)
        except TimeoutError:
            log.error("outbox_unreadable", error="the store does not answer")
            return None
        except HoldfastError as error:
            log.error("outbox_unreadable", error=str(error))
            return None

    # ------------------------------------------------------------------------------------------ schedule
    async def _schedule(self) -> None:
        await self.reloading.begin(self.suites)
        self.rounds.table.start()

    async def _reload(self) -> None:
        try:
            await self.reloading.look()
        finally:
            self.suites = self.reloading.suites

    async def follow_clock(self) -> None:
        """A chore: notice that the clock was set, or that the machine slept."""
        if jump_s := self.rounds.table.follow_clock():
            log.warning("clock_stepped", seconds=round(jump_s, 1))
            self.rounds.expect_all()

    # ------------------------------------------------------------------------------------------ chores
    def _chores(self) -> list[Chore]:
        here = self.here
        refreshing = Refreshing(store=here.store, notifiers=here.outbox.notifiers, clock=here.clock)
        incidents = alert_clock(here, lambda: self.suites, self.metrics.alerts)
        chores = [
            Chore(name="outbox", every_s=DELIVERY_EVERY_S, work=self._look_after_outbox),
            *channel_chores(here.outbox, here.store, self.troubles),
            Chore(name="suites", every_s=RELOAD_EVERY_S, work=self._reload),
            Chore(name="clock", every_s=CLOCK_EVERY_S, work=self.follow_clock),
            Chore(name="alert clock", every_s=CLOCK_EVERY_S, work=incidents.look),
            *refreshing.chores(),
            *self.watching.chores(),
        ]
        return [*chores, house_chore(here.store, here.settings.privacy.retain, here.clock)]

    async def _keep_doing(self, chore: Chore) -> None:
        await keep_doing(chore, self.here.clock, self.troubles, self._chores_end)

    async def _look_after_outbox(self) -> None:
        store, outbox = self.here.store, self.here.outbox
        pending = await asyncio.to_thread(store.undelivered)
        self.metrics.outbox(pending=pending)
        strangers = await outbox.unknown()
        an_hour_ago = self.here.clock.now() - timedelta(seconds=GIVEN_UP_TOLD_S)
        lost = await asyncio.to_thread(store.given_up, an_hour_ago)
        waiting = f"{strangers} waiting for notifiers that the settings do not name"
        self.troubles.tell("notices without a notifier", waiting if strangers else "")
        self.troubles.tell("notices given up", f"{lost} in the last hour, which nobody was told" if lost else "")

    # ------------------------------------------------------------------------------------------ health
    @property
    def beats(self) -> dict[Place, Beat]:
        """By when each place should begin its next run."""
        return self.rounds.beats

    @property
    def under_way(self) -> int:
        """How many runs are out now."""
        return len(self.rounds.out)

    def blind(self, place: Place) -> bool:
        """True where the newest run could not be stored: what the store says of its health is from before."""
        return bool(self.troubles.of(source_of(place)))

    def sickness(self) -> tuple[str, ...]:
        """What is wrong with the daemon itself, one line each; empty while it is well."""
        now = self.here.clock.now()
        late = [
            self._overdue(place, beat.due_at) for place, beat in self.beats.items() if beat.due_at and beat.overdue(now)
        ]
        asleep = self.phase == "serving" and not self.rounds.table.running
        return (*(["scheduler: it is not running"] if asleep else []), *late, *self.troubles.lines())

    def _overdue(self, place: Place, due_at: datetime) -> str:
        why = self.rounds.whereabouts.words(place, due_at)
        return f"{source_of(place)} is overdue" + (f" ({why})" if why else "")


def _undelivered(store: Store) -> int:
    """How many notices wait. The store is held, for only then it notices that its file is gone."""
    with store.exclusive():
        return store.undelivered()
