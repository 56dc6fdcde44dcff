"""A canary from its order to its record: what it may use is held, its pairs are asked, it is stored with its cost.

Feeds ``holdfast canary``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from checks.canary.pair import Pair
from checks.drift.wording import key_of
from probes.access import Accesses
from probes.clock import Clock
from probes.transport import Transport
from reports.canary.record import CanaryRecord
from reports.keeping.runs import kept_canary
from reports.keeping.texts import Pen
from runner.asking.consulting import Consultants
from runner.canary.pairing import CanaryOrder, Pairing
from runner.canary.sides import Side
from runner.canary.stored import StoredSide
from runner.keeping.privacy import Pens
from runner.limits.bookkeeping import keeping_books
from runner.limits.holding import Limits, RunLimits
from runner.preparing.orders import RunOrder
from runner.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """Runs canaries with what an installation has."""

    store: Store
    transport: Transport
    clock: Clock
    limits: Limits
    accesses: Accesses
    pens: Pens | None = None
    """How its texts may be kept; None: as they came."""
    new_id: Callable[[], str] = lambda: token_hex(8)

    async def run(self, order: CanaryOrder, on_pair: Callable[[Pair], None] | None = None) -> CanaryRecord:
        """Ask pairs until the verdict stands or a cap is reached, and store it with what was spent.

        Raises:
            StoreError: the store cannot be read or written.
        """
        canary_id = self.new_id()
        pen = (self.pens or Pens(self.store)).of(order.prepared.suite)
        held: list[RunLimits] = []
        production = (
            await self._side(order, order.production, canary_id, held, pen)
            if order.baseline is None
            else StoredSide(file=order.baseline, clock=self.clock, canary_id=canary_id)
        )
        candidate = await self._side(order, order.candidate, canary_id, held, pen)
        run = Pairing(
            order=order,
            canary_id=canary_id,
            clock=self.clock,
            production=production,
            candidate=candidate,
            started_at=self.clock.now(),
            began=self.clock.monotonic(),
            on_pair=on_pair,
            as_kept=pen.as_kept,
        )
        run.normal = self._normal(order, production)
        stored = production if isinstance(production, StoredSide) else None
        run.most = {p.id: stored.left(p.id) if stored else order.plan.max_pairs for p in order.probes}
        try:
            async with keeping_books(self.store, held):
                await run.all_pairs()
        finally:
            spending = tuple(spent for limits in held for spent in limits.end())
            await asyncio.to_thread(self.store.save_spending, spending)
            for limits in held:
                limits.saved()
        record = kept_canary(pen, run.record(), run.asked)
        await asyncio.to_thread(self.store.save_canary, record)
        return record

    def _normal(self, order: CanaryOrder, production: Side | StoredSide) -> dict[str, list[str]]:
        """By probe: keys of what production normally answers."""
        if isinstance(production, StoredSide):
            return {probe.id: production.reference(probe.id) for probe in order.probes}
        stored = self.store.baseline_answers(order.prepared.suite.name, order.production)
        return {probe.id: [key_of(text) for text in stored.get(probe.id, ())] for probe in order.probes}

    async def _side(self, order: CanaryOrder, endpoint: str, canary_id: str, held: list[RunLimits], pen: Pen) -> Side:
        asked = RunOrder(
            prepared=order.prepared,
            endpoint=endpoint,
            probes=tuple((probe, 1) for probe in order.probes),
            trigger="canary",
            alerting=False,
        )
        suite = order.prepared.suite
        answers = self.store.baseline_answers(suite.name, order.production)
        self.transport.prepare(suite.endpoints[endpoint])
        limits = await self.limits.hold(asked, canary_id)
        held.append(limits)
        return Side(
            prepared=order.prepared,
            endpoint=endpoint,
            canary_id=canary_id,
            limits=limits,
            held=held,
            transport=self.transport,
            clock=self.clock,
            accesses=self.accesses,
            consultants=Consultants(
                store=self.store,
                transport=self.transport,
                clock=self.clock,
                limits=self.limits,
                accesses=self.accesses,
            ),
            normal=answers,
            as_kept=pen.as_kept,
        )
