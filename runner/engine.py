"""The whole sentence: fire a suite, check the answers, compare with normal, judge, decide alerts, store.

The only file that knows all storeys. Expected trouble arrives as values; what is left is a bug, and is stored as
a run that could not be measured instead of being lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from secrets import token_hex

import structlog

from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey
from checks.drift.score import streams_of
from checks.run_checks import run_checks
from checks.verdict import Health, probe_health
from probes.access import Accesses
from probes.clock import Clock
from probes.errors import HoldfastError, StoreError
from probes.fire import KEYS_ONLY, fire_all, request_hash
from probes.sample import Sample
from probes.suite import Probe
from probes.transport import Transport
from reports.alerts import AlertState, Transition, step, views
from reports.message import notice
from reports.ownership import conditions_told, owner_of
from reports.retrieval import retrieval_note
from reports.summary import Began, ProbeRecord, RunRecord
from reports.tally import risen
from runner.bookkeeping import keeping_books
from runner.confirming import CONFIRM, confirmations_per_year
from runner.consulting import Consultants, context_of
from runner.golden import golden_streams
from runner.holding import Limits, RunLimits
from runner.judging import Judged, judge_run
from runner.not_stored import NotStored
from runner.orders import Consulted, Fired, RunOrder
from runner.records import bare, by_probe, observation_of, record_of, replay_command
from runner.schedule import runs_per_year
from runner.store.base import Installed, Json, OutboxEntry, RunWrite, Store
from runner.store.declared import declared, declaring

log = structlog.get_logger("holdfast.engine")

Progress = Callable[[Sample], None]


class Engine:
    """Makes runs. One engine serves many suites; runs of one suite at one endpoint follow one another."""

    def __init__(
        self,
        *,
        store: Store,
        transport: Transport,
        clock: Clock,
        false_alarms_per_year: float = 1.0,
        report_link: Callable[[RunRecord], str] = lambda _record: "",
        new_id: Callable[[], str] = lambda: token_hex(8),
        limits: Limits | None = None,
        accesses: Accesses = KEYS_ONLY,
    ) -> None:
        self._store = store
        self._transport = transport
        self._clock = clock
        self._budget = false_alarms_per_year
        self._report_link = report_link
        self._new_id = new_id
        self._limits = limits or Limits(store, clock)
        self._accesses = accesses
        self._consultants = Consultants(
            store=store, transport=transport, clock=clock, limits=self._limits, accesses=accesses
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
            held = [await self._limits.hold(order, run_id)]
            fired = await self._fire(order, run_id, held, on_sample)
            # Judging takes milliseconds of CPU: off the loop, so that it does not fall into other probes' timings.
            record = await asyncio.to_thread(self._conclude, order, fired)
            for limits in held:
                limits.saved()
            return record

    async def _fire(self, order: RunOrder, run_id: str, held: list[RunLimits], on_sample: Progress | None) -> Fired:
        """Ask the probes, then whoever is to judge the answers. ``held``: the limits of all that is asked."""
        started_at, began = self._clock.now(), self._clock.monotonic()
        limits = held[0]
        try:
            async with keeping_books(self._store, held):
                samples = await self._ask(order, run_id, limits, on_sample)
                consulted = await self._consult(order, run_id, samples, held)
        except BaseException:
            await self._given_up(held)
            raise
        duration_s = self._clock.monotonic() - began
        return Fired(
            run_id=run_id,
            started_at=started_at,
            duration_s=duration_s,
            samples=samples,
            spending=tuple(spent for each in held for spent in each.end()),
            caps_reached=limits.reached(),
            note=limits.note(duration_s),
            consulted=consulted,
        )

    async def _consult(
        self, order: RunOrder, run_id: str, samples: Sequence[Sample], held: list[RunLimits]
    ) -> Consulted:
        try:
            return await self._consultants.consult(order, run_id, samples, held)
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
            await asyncio.to_thread(self._store.save_spending, spending)
            for limits in held:
                limits.saved()
        except StoreError as error:
            log.error("spending_not_stored", error=str(error))

    async def _ask(
        self, order: RunOrder, run_id: str, limits: RunLimits, on_sample: Progress | None
    ) -> tuple[Sample, ...]:
        return await fire_all(
            transport=self._transport,
            clock=self._clock,
            suite=order.prepared.suite,
            endpoint_name=order.endpoint,
            run_id=run_id,
            probes=order.probes,
            on_sample=on_sample,
            gates=limits.gates,
            places=limits.places,
            accesses=self._accesses,
        )

    def _conclude(self, order: RunOrder, fired: Fired) -> RunRecord:
        """Judge and store; where a bug of ours stops that, store the samples as a run that could not be judged."""
        try:
            return self._judged(order, fired)
        except NotStored:
            raise
        except StoreError as error:
            nothing = Judged(states={}, results=(), learned=False, note="it could not be compared with what is stored")
            raise NotStored(str(error), record_of(order, fired, self._checked_alone(order, fired), nothing)) from error
        except HoldfastError:
            raise
        except Exception as error:  # noqa: BLE001  bulkhead: a bug must neither lose the samples nor end the daemon
            kind = type(error).__name__  # not its text: it may quote what the endpoint said
            log.error("judging_broke", suite=order.prepared.suite.name, endpoint=order.endpoint, error=kind)
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
        probes = self._check(order, fired)
        confirming = order.trigger == CONFIRM
        observation = observation_of(
            fired,
            probes,
            order.checks_hashes,
            confirming=confirming,
            groups=order.groups if order.whole else None,
            controls=[probe.id for probe, _ in order.probes if probe.control],
        )
        plan = self.plan(order)
        judged = judge_run(self._states(order), observation, plan, whole=order.whole)
        record = self._with_beginnings(self._with_documents(record_of(order, fired, probes, judged)))
        alerts, transitions = self._decide(order, record, fired.caps_reached)
        record = replace(record, alerts=views(alerts, transitions))
        return record, RunWrite(
            record=record,
            observation=observation,
            plan={"judge": plan.to_json(), "whole": order.whole, "judged": True},
            in_baseline=judged.learned,
            streams=judged.states,
            alerts=alerts,
            outbox=self._notices(order, record, transitions),
            spending=fired.spending,
        )

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
        suite, asked = order.prepared.suite, by_probe(fired.samples)
        probes = tuple(
            ProbeRecord(
                probe=probe.id,
                labels=suite.labels_of(probe),
                request_hash=request_hash(suite.endpoints[order.endpoint], probe),
                conversation=probe.conversation,
                health=Health.UNKNOWN,
                samples=tuple(bare(sample) for sample in asked.get(probe.id, ())),
                findings=(),
            )
            for probe, _ in order.probes
        )
        nothing = Judged(states={}, results=(), learned=False, note=note)
        record = replace(record_of(order, fired, probes, nothing), health=Health.UNKNOWN, probes=probes)
        with self._store.exclusive():
            write = RunWrite(
                record=record,
                observation=observation_of(fired, probes),
                plan={"judge": self.plan(order).to_json(), "whole": order.whole, "judged": False},
                in_baseline=False,
                streams=self._states(order),
                spending=fired.spending,
            )
            self._store.save_run(write)
        return record

    def _states(self, order: RunOrder) -> dict[StreamKey, Json]:
        return dict(self._store.stream_states(order.prepared.suite.name, order.endpoint))

    def _check(self, order: RunOrder, fired: Fired) -> tuple[ProbeRecord, ...]:
        normal = self._store.baseline_answers(order.prepared.suite.name, order.endpoint)
        return self._checked_against(order, fired, normal)

    def _checked_alone(self, order: RunOrder, fired: Fired) -> tuple[ProbeRecord, ...]:
        """The checks without anything that is stored."""
        return self._checked_against(order, fired, {})

    def _checked_against(
        self, order: RunOrder, fired: Fired, normal: Mapping[str, tuple[str, ...]]
    ) -> tuple[ProbeRecord, ...]:
        asked = by_probe(fired.samples)
        return tuple(
            self._checked(order, probe, asked.get(probe.id, ()), normal.get(probe.id, ()), fired.consulted)
            for probe, _ in order.probes
        )

    def _checked(
        self,
        order: RunOrder,
        probe: Probe,
        samples: Sequence[Sample],
        normal: tuple[str, ...],
        consulted: Consulted,
    ) -> ProbeRecord:
        suite = order.prepared.suite
        context = context_of(suite, probe, normal, consulted.replies)
        findings = run_checks(order.prepared.checks_at(probe, order.endpoint), probe.id, samples, context)
        return ProbeRecord(
            probe=probe.id,
            labels=suite.labels_of(probe),
            request_hash=request_hash(suite.endpoints[order.endpoint], probe),
            conversation=probe.conversation,
            health=probe_health(probe.id, samples, findings, ()),
            samples=tuple(samples),
            findings=findings,
        )

    def plan(self, order: RunOrder) -> JudgePlan:
        """The thresholds of this run: the installation's budget shared over all streams of all its suites."""
        suite = order.prepared.suite
        endpoint = suite.endpoints[order.endpoint]
        retrieving = endpoint.response is not None and endpoint.response.documents is not None
        asked, groups = [probe.id for probe in suite.probes], tuple(order.groups)
        control = any(probe.control for probe in suite.probes)
        streams = streams_of(asked, streaming=endpoint.streamed, retrieving=retrieving, groups=groups, control=control)
        mine = Installed(
            suite=suite.name,
            endpoint=order.endpoint,
            streams=len(streams) + golden_streams(self._store.acts(suite.name, order.endpoint)),
            runs_per_year=runs_per_year(suite.schedule),
        )
        installed = self._store.installed()
        if mine not in installed:
            self._store.save_installed(mine)
            installed = self._store.installed()
        tolerance = suite.drift.tolerance
        return JudgePlan(
            runs_per_year=mine.runs_per_year,
            streams=sum(entry.streams for entry in installed),
            false_alarms_per_year=suite.drift.false_alarms_per_year or self._budget,
            tolerance_latency=tolerance.latency,
            tolerance_tokens=tolerance.tokens,
            tolerance_rates=tolerance.rates,
            capturing=order.capturing,
            confirmations_per_year=confirmations_per_year(suite.drift.confirm, mine.runs_per_year),
        )

    def _decide(
        self, order: RunOrder, record: RunRecord, caps_reached: Sequence[str] | None
    ) -> tuple[tuple[AlertState, ...], tuple[Transition, ...]]:
        if not (order.alerting and order.whole):
            return (), ()  # what a partial run did not ask must not count as well
        suite = order.prepared.suite
        states = self._store.alert_states(suite.name, order.endpoint)
        return step(
            states,
            conditions_told(record, suite.alerts, suite.owners, caps_reached=caps_reached),
            suite.alerts,
            now=record.started_at,
            new_incident_id=self._new_id,
            owners=suite.owners,
        )

    def _notices(
        self, order: RunOrder, record: RunRecord, transitions: Sequence[Transition]
    ) -> tuple[OutboxEntry, ...]:
        told = [transition for transition in transitions if transition.notifier]
        if not told:
            return ()
        suite = order.prepared.suite
        baseline = self._store.baseline(suite.name, order.endpoint)
        return tuple(
            OutboxEntry(
                notifier=transition.notifier,
                notice=notice(
                    transition,
                    record,
                    baseline,
                    owner_of(transition.faults, suite.owners, suite.owner),
                    report=self._report_link(record),
                    replay=replay_command(order.prepared.file, record),
                ),
            )
            for transition in told
        )
