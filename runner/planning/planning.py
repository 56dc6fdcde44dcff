"""What a suite at an endpoint will find, cost and get wrong: from the store where there is one. Feeds the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey
from checks.drift.score import streams_of
from checks.plan.alarms import false_alarms
from checks.plan.forecast import LONGEST, MOST_SAMPLES, Shape, forecast, horizons
from checks.plan.normal import ASSUMED_BASELINE_RUNS, assumed
from checks.plan.recorded import recorded
from probes.suite import Suite
from reports.plan.record import Share, SuitePlan
from reports.summary import RunRecord
from runner.normal.golden import golden_streams
from runner.planning.asking_more import SEED, World, compared_within, options, source
from runner.planning.monthly import monthly
from runner.planning.quiet_runs import Quiet, as_last_asked, quiet_runs
from runner.preparing.orders import groups_of
from runner.preparing.prepare import PreparedSuite
from runner.schedule.schedule import confirmations_per_year, runs_per_year
from runner.store.base import Store

_PAID_RUNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is simulated."""

    repeats: int
    """Trials of every size of change."""
    longest: int
    """Runs of a trial at most."""


EFFORTS = {
    "quick": Effort(repeats=8, longest=200),
    "usual": Effort(repeats=12, longest=LONGEST),
    "thorough": Effort(repeats=64, longest=LONGEST),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """What is to be planned."""

    prepared: PreparedSuite
    endpoint: str
    budget: float
    """False alarms a year of the installation, where the suite does not say."""
    baseline_runs: int = ASSUMED_BASELINE_RUNS
    """Assumed where none are recorded."""
    effort: Effort = EFFORTS["usual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the store knows of the place; nothing without a store."""

    shares: tuple[Share, ...] = ()
    golden: Mapping[str, int] = field(default_factory=dict)
    """Streams of the golden baseline, by endpoint."""
    quiet: Quiet = field(default_factory=Quiet)
    paid: tuple[RunRecord, ...] = ()


def planned(order: PlanOrder, store: Store | None) -> SuitePlan:
    """The plan. Raises ``StoreError`` where the store cannot be read."""
    suite, endpoint = order.prepared.suite, order.endpoint
    known = _Known() if store is None else _known(store, suite, endpoint)
    shares, streams = _installation(suite, known), _streams(suite, endpoint)
    judge = _judge(order, sum(share.streams for share in shares))
    quiet = known.quiet
    told = recorded(quiet.runs, formed=quiet.formed, newest=quiet.newest)
    normal, shape = told or assumed(order.baseline_runs), _shape(order)
    waits = horizons(judge.runs_per_year, longest=order.effort.longest)
    outlooks = forecast(source(), normal, shape, judge, waits, repeats=order.effort.repeats)
    compared = compared_within(waits)
    return SuitePlan(
        suite=suite.name,
        endpoint=endpoint,
        scheduled=suite.schedule is not None,
        probes=len(suite.probes),
        shape=shape,
        streams=len(streams) + known.golden.get(endpoint, 0),
        installation=shares,
        judge=judge,
        false_alarms=false_alarms(judge, streams, normal.formed_runs),
        recorded_runs=normal.baseline_runs if told else 0,
        formed_runs=normal.formed_runs,
        baseline_runs=normal.baseline_runs,
        repeats=order.effort.repeats,
        seed=SEED,
        horizons=waits,
        outlooks=outlooks,
        monthly=monthly(suite, endpoint, known.paid, runs_per_year=judge.runs_per_year),
        compared_within=compared,
        options=tuple(
            options(
                World(suite=suite, endpoint=endpoint, normal=normal, shape=shape, judge=judge, paid=known.paid),
                outlooks,
                compared,
                repeats=order.effort.repeats,
                longest=order.effort.longest,
            )
        ),
        unrecorded=quiet.lacking,
        notes=tuple(_notes(order, known)),
    )


def _known(store: Store, suite: Suite, endpoint: str) -> _Known:
    quiet = quiet_runs(store, suite.name, endpoint)
    headers = store.runs(suite=suite.name, endpoint=endpoint, limit=_PAID_RUNS)
    records = (store.run(header.run_id) for header in headers)
    return _Known(
        shares=tuple(
            Share(
                suite=entry.suite,
                endpoint=entry.endpoint,
                streams=entry.streams,
                runs_per_year=entry.runs_per_year,
                planned=False,
            )
            for entry in store.installed()
        ),
        golden={name: golden_streams(store.acts(suite.name, name)) for name in suite.endpoints},
        quiet=replace(quiet, runs=as_last_asked(quiet.runs, {probe.id for probe in suite.probes})),
        paid=tuple(record for record in records if record is not None),
    )


def _streams(suite: Suite, endpoint: str) -> tuple[StreamKey, ...]:
    place = suite.endpoints[endpoint]
    retrieving = place.response is not None and place.response.documents is not None
    asked, groups = [probe.id for probe in suite.probes], tuple(groups_of(suite))
    control = any(probe.control for probe in suite.probes)
    return streams_of(asked, streaming=place.streamed, retrieving=retrieving, groups=groups, control=control)


def _installation(suite: Suite, known: _Known) -> tuple[Share, ...]:
    """What the store knows, and this suite at every endpoint it monitors as it is written now."""
    rate = runs_per_year(suite.schedule)
    mine = [
        Share(
            suite=suite.name,
            endpoint=name,
            streams=len(_streams(suite, name)) + known.golden.get(name, 0),
            runs_per_year=rate,
            planned=True,
        )
        for name in suite.monitored
    ]
    others = [share for share in known.shares if share.suite != suite.name or share.endpoint not in suite.monitored]
    return (*mine, *others)


def _judge(order: PlanOrder, streams: int) -> JudgePlan:
    drift = order.prepared.suite.drift
    runs = runs_per_year(order.prepared.suite.schedule)
    return JudgePlan(
        runs_per_year=runs,
        confirmations_per_year=confirmations_per_year(drift.confirm, runs),
        streams=streams,
        false_alarms_per_year=drift.false_alarms_per_year or order.budget,
        tolerance_latency=drift.tolerance.latency,
        tolerance_tokens=drift.tolerance.tokens,
        tolerance_rates=drift.tolerance.rates,
    )


def _shape(order: PlanOrder) -> Shape:
    suite = order.prepared.suite
    samples = [suite.samples_of(probe) for probe in suite.probes]
    checked = any(order.prepared.checks_at(probe, order.endpoint) for probe in suite.probes)
    return Shape(samples=sum(samples), probe_samples=min(samples), checked=checked)


def _notes(order: PlanOrder, known: _Known) -> Iterator[str]:
    suite = order.prepared.suite
    yield from known.quiet.lacking_of
    if order.prepared.consults and not known.paid:
        yield "what judges and embeddings are asked is not in the requests, tokens and dollars until runs are recorded"
    if sum(suite.samples_of(probe) for probe in suite.probes) > MOST_SAMPLES:
        yield f"a run is simulated as one of {MOST_SAMPLES} samples; with all of them it finds no less"
    if len(suite.monitored) > 1:
        yield "requests, tokens and dollars are those of this one endpoint"
