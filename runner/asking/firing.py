"""The asking half of a run: the probes, then whoever is to judge the answers. Feeds ``engine``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from probes.access import Accesses
from probes.clock import Clock
from probes.errors import HoldfastError, StoreError
from probes.fire import fire_all
from probes.sample import Sample
from probes.time_limit import TimeLimit
from probes.transport import Transport
from runner.asking.consulting import Consultants
from runner.asking.cut_off import cut_off_words
from runner.limits.bookkeeping import keeping_books
from runner.limits.holding import RunLimits
from runner.preparing.orders import Consulted, Fired, RunOrder
from runner.store.base import Store

log = structlog.get_logger("holdfast.engine")

Progress = Callable[[Sample], None]


JUDGES_LATE_S = 10.0
"""How much longer than the run's time it may take to look up what judges are to be asked, and to put their words away:
with a store that is slow, what the endpoint answered must not be lost with it."""


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
        limits, asking = held[0], TimeLimit(order.timeout_s)
        judging = asking.anew()
        try:
            async with keeping_books(self.store, held):
                samples = await self._ask(order, run_id, limits, on_sample, asking)
                consulted = await self._consult(order, run_id, samples, held, judging)
        except BaseException:
            await self._given_up(held)
            raise
        duration_s = self.clock.monotonic() - began
        return Fired(
            run_id=run_id,
            started_at=started_at,
            duration_s=duration_s,
            samples=samples,
            spending=tuple(spent for each in held for spent in each.end()),
            caps_reached=limits.reached(),
            note=limits.note(duration_s),
            consulted=consulted,
            cut_off=cut_off_words(asking, samples, judging, consulted),
        )

    async def _consult(
        self, order: RunOrder, run_id: str, samples: Sequence[Sample], held: list[RunLimits], limit: TimeLimit
    ) -> Consulted:
        deadline = asyncio.timeout_at(None if limit.at is None else limit.at + JUDGES_LATE_S)
        try:
            async with deadline:
                return await self.consultants.consult(order, run_id, samples, held, limit=limit)
        except HoldfastError:
            raise
        except Exception as error:  # noqa: BLE001  bulkhead: a bug here must not lose the samples; their checks are errors
            if deadline.expired():
                limit.reached = True
                return Consulted()
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
        self, order: RunOrder, run_id: str, limits: RunLimits, on_sample: Progress | None, limit: TimeLimit
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
            limit=limit,
            accesses=self.accesses,
        )
