"""The asking half of a run: the probes, then whoever is to judge the answers. Feeds ``engine``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from probes.access import Accesses
from probes.clock import Clock
from probes.duration import format_duration
from probes.errors import HoldfastError, StoreError
from probes.fire import fire_all
from probes.sample import Sample
from probes.transport import Transport
from reports.wording import count
from runner.asking.consulting import Consultants
from runner.limits.bookkeeping import keeping_books
from runner.limits.holding import RunLimits
from runner.preparing.orders import Consulted, Fired, RunOrder
from runner.store.base import Store

log = structlog.get_logger("holdfast.engine")

Progress = Callable[[Sample], None]


@dataclass(slots=True)
class Asked:
    """What came back so far."""

    on_sample: Progress | None
    samples: Sequence[Sample] = ()
    """In the order of the probes once all are there; those that came so far until then."""
    consulted: Consulted = Consulted()
    cut_off: str = ""
    _so_far: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.samples = self._so_far

    def note(self, sample: Sample) -> None:
        """One sample more."""
        self._so_far.append(sample)
        if self.on_sample:
            self.on_sample(sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Asks. One serves all runs of a process."""

    store: Store
    transport: Transport
    clock: Clock
    accesses: Accesses
    consultants: Consultants

    async def fire(self, order: RunOrder, run_id: str, held: list[RunLimits], on_sample: Progress | None) -> Fired:
        """Ask the probes, then whoever is to judge the answers. ``held``: the limits of all that is asked."""
        started_at, began = self.clock.now(), self.clock.monotonic()
        limits, asked = held[0], Asked(on_sample)
        try:
            async with keeping_books(self.store, held):
                await self._within(order, asked, self._all(order, run_id, held, asked))
        except BaseException:
            await self._given_up(held)
            raise
        duration_s = self.clock.monotonic() - began
        return Fired(
            run_id=run_id,
            started_at=started_at,
            duration_s=duration_s,
            samples=tuple(asked.samples),
            spending=tuple(spent for each in held for spent in each.end()),
            caps_reached=limits.reached(),
            note=limits.note(duration_s),
            consulted=asked.consulted,
            cut_off=asked.cut_off,
        )

    async def _within(self, order: RunOrder, asked: Asked, asking: Awaitable[None]) -> None:
        """Ask, and no longer than the order says: what came back by then is kept."""
        try:
            async with asyncio.timeout(order.timeout_s) as limit:
                await asking
        except TimeoutError:
            if not limit.expired():
                raise
            wanted = sum(samples for _, samples in order.probes)
            took = format_duration(order.timeout_s or 0.0)
            back = f"{len(asked.samples)} of {count(wanted, 'sample')} back"
            asked.cut_off = f"cut off at its {took} time limit, {back}"

    async def _all(self, order: RunOrder, run_id: str, held: list[RunLimits], asked: Asked) -> None:
        asked.samples = await self._ask(order, run_id, held[0], asked.note)
        asked.consulted = await self._consult(order, run_id, asked.samples, held)

    async def _consult(
        self, order: RunOrder, run_id: str, samples: Sequence[Sample], held: list[RunLimits]
    ) -> Consulted:
        try:
            return await self.consultants.consult(order, run_id, samples, held)
        except HoldfastError:
            raise
        except Exception as error:  # noqa: BLE001  bulkhead: a bug here must not lose the samples; their checks are errors
            kind = type(error).__name__
            log.error("consulting_broke", suite=order.prepared.suite.name, endpoint=order.endpoint, error=kind)
            return Consulted()

    async def _given_up(self, held: Sequence[RunLimits]) -> None:
        """A run that was cancelled leaves nothing but what it used: the next one must not spend it again."""
        spending = tuple(spent for limits in held for spent in limits.end())
        try:
            await asyncio.to_thread(self.store.save_spending, spending)
            for limits in held:
                limits.saved()
        except StoreError as error:
            log.error("spending_not_stored", error=str(error))

    async def _ask(
        self, order: RunOrder, run_id: str, limits: RunLimits, on_sample: Progress | None
    ) -> tuple[Sample, ...]:
        return await fire_all(
            transport=self.transport,
            clock=self.clock,
            suite=order.prepared.suite,
            endpoint_name=order.endpoint,
            run_id=run_id,
            probes=order.probes,
            on_sample=on_sample,
            gates=limits.gates,
            places=limits.places,
            accesses=self.accesses,
        )
