"""The whole sentence: fire a suite, check the answers, compare with normal, judge, decide alerts, store.

The only file that knows all storeys. Expected trouble arrives as values; what is left is a bug, and is stored as
a run that could not be measured instead of being lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex

import structlog

from checks.drift.observation import RunObservation
from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey
from checks.verdict import Health
from probes.access import Accesses
from probes.clock import Clock
from probes.errors import HoldfastError, StoreError
from probes.fire import KEYS_ONLY
from probes.maintenance import Window
from probes.transport import Transport
from reports.alerts.machine import AlertState, Transition, views
from reports.evidence.retrieval import retrieval_note
from reports.keeping.runs import kept_observation
from reports.summary import Began, RunRecord
from reports.tally import risen
from runner.alerting.decided import decided_alerts, notices_of
from runner.alerting.letterhead import Letterhead
from runner.asking.checking import checked, unchecked
from runner.asking.confirming import CONFIRM
from runner.asking.connectivity import NO_GUARD, Guard
from runner.asking.consulting import Consultants
from runner.asking.firing import Firing, Progress
from runner.asking.kept import kept, kept_entries
from runner.asking.not_stored import NotStored
from runner.asking.records import observation_of, record_of
from runner.asking.withholding import Withheld, withheld
from runner.keeping.privacy import Pens
from runner.limits.holding import Limits
from runner.logs import lines_of_run
from runner.normal.judging import EVENTS, LEARNED_BY, Judged, judge_run
from runner.normal.thresholds import plan_of
from runner.preparing.orders import Fired, RunOrder
from runner.store.base import Json, RunWrite, Store
from runner.store.declared import declared, declaring

log = structlog.get_logger("holdfast.engine")


class Engine:
    """Makes runs. One engine serves many suites; runs of one suite at one endpoint follow one another."""

    def __init__(
        self,
        *,
        store: Store,
        transport: Transport,
        clock: Clock,
        false_alarms_per_year: float = 1.0,
        letterhead: Letterhead | None = None,
        new_id: Callable[[], str] = lambda: token_hex(8),
        limits: Limits | None = None,
        accesses: Accesses = KEYS_ONLY,
        windows: Sequence[Window] = (),
        guard: Guard = NO_GUARD,
        pens: Pens | None = None,
    ) -> None:
        self._store = store
        self._budget = false_alarms_per_year
        self._letterhead = letterhead or Letterhead()
        self._new_id = new_id
        self._windows = windows
        self._guard = guard
        self._pens = pens or Pens(store)
        self._limits = limits or Limits(store, clock)
        self._firing = Firing(
            store=store,
            transport=transport,
            clock=clock,
            accesses=accesses,
            consultants=Consultants(
                store=store, transport=transport, clock=clock, limits=self._limits, accesses=accesses
            ),
        )
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def run(self, order: RunOrder, on_sample: Progress | None = None) -> RunRecord:
        """Fire once, judge, store, and return what was stored.

        Raises:
            NotStored: the result could not be written; nothing of it was. What was measured is in it.
            StoreError: what was spent today cannot be read; nothing was sent.
        """
        turn = self._turns.setdefault((order.prepared.suite.name, order.endpoint), asyncio.Lock())
        async with turn:
            run_id = self._new_id()
            with lines_of_run(run_id=run_id, suite=order.prepared.suite.name, endpoint=order.endpoint):
                return await self._made(order, run_id, on_sample)

    async def _made(self, order: RunOrder, run_id: str, on_sample: Progress | None) -> RunRecord:
        held = [await self._limits.hold(order, run_id)]
        fired = await self._firing.fire(order, run_id, held, on_sample)
        fired = replace(fired, offline=await self._guard.lost(order, fired.samples))
        # Judging takes milliseconds of CPU: off the loop, so that it does not fall into other probes' timings.
        record = await asyncio.to_thread(self._conclude, order, fired)
        for limits in held:
            limits.saved()
        return record

    def _conclude(self, order: RunOrder, fired: Fired) -> RunRecord:
        """Judge and store; where nothing was asked, or a bug of ours stops that, store the samples unjudged."""
        if fired.unasked:
            return self._unjudged(order, fired, "nothing was asked")
        try:
            return self._judged(order, fired)
        except NotStored:
            raise
        except StoreError as error:
            nothing = Judged(states={}, results=(), learned=False, note="it could not be compared with what is stored")
            pen = self._pens.without_store(order.prepared.suite)
            fired, probes = kept(pen, fired, checked(order, fired, {}))
            raise NotStored(str(error), record_of(order, fired, probes, nothing)) from error
        except HoldfastError:
            raise
        except Exception as error:  # noqa: BLE001  bulkhead: a bug must neither lose the samples nor end the daemon
            kind = type(error).__name__  # not its text: it may quote what the endpoint said
            log.error("judging_broke", suite=order.prepared.suite.name, endpoint=order.endpoint, error=kind)
            with suppress(StoreError):
                self._store.save_spending(fired.spending)  # should even the samples be lost: what is spent is spent
            return self._unjudged(order, fired, f"a bug in holdfast kept this run from being judged ({kind})")

    def _judged(self, order: RunOrder, fired: Fired) -> RunRecord:
        """Check, judge, decide and store, with the store held so that no other process judges in between."""
        record: RunRecord | None = None
        try:
            with self._store.exclusive():
                record, write = self._decided(order, fired)
                self._store.save_run(write)
        except StoreError as error:
            if record is None:
                raise
            raise NotStored(str(error), record) from error
        return record

    def _decided(self, order: RunOrder, fired: Fired) -> tuple[RunRecord, RunWrite]:
        """What a run came to, and all that is to be written of it."""
        normal = self._store.baseline_answers(order.prepared.suite.name, order.endpoint)
        pen = self._pens.of(order.prepared.suite)
        probes = checked(order, fired, normal, pen.as_kept)
        confirming = order.trigger == CONFIRM
        observation = observation_of(
            fired,
            probes,
            order.checks_hashes,
            confirming=confirming,
            groups=order.groups if order.whole else None,
            controls=[probe.id for probe, _ in order.probes if probe.control],
        )
        fired, probes = kept(pen, fired, probes)
        observation = kept_observation(pen, observation, probes)
        plan = plan_of(self._store, order, self._budget)
        why = withheld(order, fired, self._windows)
        judged = self._judgement(order, observation, plan, why)
        record = self._with_beginnings(self._with_documents(record_of(order, fired, probes, judged)))
        record = why.marked(record) if why else record
        alerts, transitions = self._alerts(order, record, fired, why)
        record = replace(record, alerts=views(alerts, transitions), reach=self._letterhead.reach)
        return record, RunWrite(
            record=record,
            observation=observation,
            plan={
                "judge": plan.to_json(),
                "whole": order.whole,
                "judged": why is None,
                LEARNED_BY: EVENTS,
                **(why.told if why else {}),
            },
            in_baseline=judged.learned,
            streams=judged.states,
            alerts=alerts,
            outbox=kept_entries(pen, notices_of(self._store, order, record, transitions, self._letterhead)),
            spending=fired.spending,
        )

    def _judgement(self, order: RunOrder, run: RunObservation, plan: JudgePlan, why: Withheld | None) -> Judged:
        states = self._states(order)
        if why is not None:
            return why.judged(self._store, order, states)
        return judge_run(states, run, plan, whole=order.whole)

    def _alerts(
        self, order: RunOrder, record: RunRecord, fired: Fired, why: Withheld | None
    ) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
        if why is not None and why.alerts_held:
            return self._store.alert_states(record.suite, record.endpoint), ()
        return decided_alerts(self._store, order, record, fired.caps_reached, self._new_id)

    def _with_beginnings(self, record: RunRecord) -> RunRecord:
        """The run with when those runs began that its streams have moved since, and what was declared before it."""
        first = {result.since for result in record.drift if result.since is not None}
        if not first:
            return record
        place, acts = (record.suite, record.endpoint), self._store.acts(record.suite, record.endpoint)
        named = {act.after_run for act in declaring(acts) if act.after_run is not None}
        began = self._store.began(*place, (first | named) - {record.run_id})
        known = {name: entry for name, entry in began.items() if name in first}
        mine = {record.run_id: Began(at=record.started_at, runs_ago=0)}
        return replace(record, began={**mine, **known}, declared=declared(acts, began))

    def _with_documents(self, record: RunRecord) -> RunRecord:
        """The run with a note of which documents moved, where retrieval did."""
        if not any(result.key.dimension == "retrieval" for result in risen(record)):
            return record
        normal = self._store.baseline(record.suite, record.endpoint)
        note = retrieval_note(record, {} if normal is None else normal.documents)
        return replace(record, note="; ".join(filter(None, (record.note, note))))

    def _unjudged(self, order: RunOrder, fired: Fired, note: str) -> RunRecord:
        pen = self._pens.of(order.prepared.suite)
        fired, probes = kept(pen, fired, unchecked(order, fired))
        nothing = Judged(states={}, results=(), learned=False, note=note)
        record = replace(record_of(order, fired, probes, nothing), health=Health.UNKNOWN, probes=probes)
        record = why.marked(record) if (why := withheld(order, fired, self._windows)) else record
        with self._store.exclusive():
            write = RunWrite(
                record=record,
                observation=kept_observation(pen, observation_of(fired, probes), probes),
                plan={
                    "judge": plan_of(self._store, order, self._budget).to_json(),
                    "whole": order.whole,
                    "judged": False,
                },
                in_baseline=False,
                streams=self._states(order),
                spending=fired.spending,
            )
            self._store.save_run(write)
        return record

    def _states(self, order: RunOrder) -> dict[StreamKey, Json]:
        return dict(self._store.stream_states(order.prepared.suite.name, order.endpoint))
