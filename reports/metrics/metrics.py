"""What the daemon tells Prometheus of its runs, its notices and itself: docs/metrics.md. Feeds ``/metrics`` and pushes.

Every method counts or sets something of the table; nothing here reads a clock, a file or the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from checks.drift.result import SUITE_SCOPE, StreamState
from checks.verdict import Health
from probes.sample import Sample
from reports.attribution import faults
from reports.metrics import exposition
from reports.metrics import table as m
from reports.metrics.of_daemon import OfDaemon
from reports.metrics.series import MOST_PLACES, Series
from reports.summary import AlertView, RunRecord

SAMPLE_OUTCOMES = ("answered", "failed")
SKIP_REASONS = ("overlap", "missed")
ERROR_REASONS = ("store", "timeout", "bug")
WITHHELD_REASONS = ("maintenance", "offline")

Place = tuple[str, str]


class Metrics(OfDaemon):
    """The counters and gauges of one daemon, in a registry of their own."""

    def __init__(self, version: str, *, process: bool = False, most_places: int = MOST_PLACES) -> None:
        """``process`` adds memory, CPU and open files of this process under their usual names (``process_*``)."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series of start times beside every counter: nobody reads them
        self.registry = CollectorRegistry()
        self._process = ProcessCollector(registry=self.registry) if process else None
        super().__init__(Series(self.registry, most_places=most_places))
        self._incidents: dict[Place, set[tuple[str, str]]] = {}
        self._states: dict[tuple[str, str, str], str] = {}
        self._quickened: set[Place] = set()
        self._gone: set[tuple[str, ...]] = set()
        self._series.put(m.BUILD, version, to=1)

    # -------------------------------------------------------------------------------------------- places
    def expect(self, suite: str, endpoint: str) -> None:
        """A suite at an endpoint is scheduled: its counters begin at 0, so that the first event is an increase."""
        self._gone -= {(suite,), (suite, endpoint)}
        for health in Health:
            self._series.count(m.RUNS, suite, endpoint, health.value, by=0)
        for outcome in SAMPLE_OUTCOMES:
            self._series.count(m.SAMPLES, suite, endpoint, outcome, by=0)
        for reason in SKIP_REASONS:
            self._series.count(m.SKIPPED, suite, endpoint, reason, by=0)
        for reason in ERROR_REASONS:
            self._series.count(m.RUN_ERRORS, suite, endpoint, reason, by=0)
        for reason in WITHHELD_REASONS:
            self._series.count(m.WITHHELD, suite, endpoint, reason, by=0)

    def forget(self, suite: str, endpoint: str | None = None) -> None:
        """Remove every series of a suite (at one endpoint, where that is given) until it is expected again.

        A run that is still under way then, or an account of the day's spending, brings none of them back.
        """
        key = (suite,) if endpoint is None else (suite, endpoint)
        self._gone.add(key)
        self._series.forget(suite, endpoint)
        for place in [place for place in tuple(self._incidents) if place[: len(key)] == key]:
            del self._incidents[place]
        for stream in [stream for stream in self._states if stream[: len(key)] == key]:
            del self._states[stream]

    def _is_gone(self, suite: str, endpoint: str = "") -> bool:
        return (suite,) in self._gone or (suite, endpoint) in self._gone

    # -------------------------------------------------------------------------------------------- runs
    def ran(self, record: RunRecord) -> None:
        """Count one run."""
        place = (record.suite, record.endpoint)
        if self._is_gone(*place):
            return
        self.maintained(*place, maintenance=bool(record.maintenance))
        self._series.count(m.RUN_ERRORS, *place, "timeout", by=int(bool(record.cut_off)))
        if record.maintenance or record.offline:
            self._withheld(place, record)
            return
        self._series.count(m.RUNS, *place, record.health.value)
        self._series.put(m.LAST_DURATION, *place, to=record.duration_s)
        self.stands(*place, record.health.value, record.started_at.timestamp())
        for sample in record.samples:
            self._sampled(place, sample)
        for probe in record.probes:
            for finding in probe.findings:
                self._series.count(m.CHECKS, *place, finding.status.value)
        for fault, number in faults.of_run(record).items():
            self._series.count(m.FAULTS, *place, fault.value, by=number)
        self._judged(place, record)

    def _withheld(self, place: Place, record: RunRecord) -> None:
        """Count a run that says nothing of how available or right an endpoint is; what was paid stays counted."""
        self._series.count(m.WITHHELD, *place, "offline" if record.offline else "maintenance")
        self.stands(*place, record.health.value, record.started_at.timestamp())
        for sample in record.samples:
            self._used(place, sample)

    def maintained(self, suite: str, endpoint: str, *, maintenance: bool) -> None:
        """Show whether the newest run was made in a maintenance window."""
        if not self._is_gone(suite, endpoint):
            self._series.put(m.MAINTENANCE, suite, endpoint, to=maintenance)

    def stands(self, suite: str, endpoint: str, health: str, began_at: float) -> None:
        """Show a health and when its run began (Unix time): after a run, and at the start as it was stored."""
        if self._is_gone(suite, endpoint):
            return
        for one in Health:
            self._series.put(m.HEALTH, suite, endpoint, one.value, to=one.value == health)
        self._series.put(m.LAST_RUN, suite, endpoint, to=began_at)

    def _sampled(self, place: Place, sample: Sample) -> None:
        self._series.count(m.SAMPLES, *place, SAMPLE_OUTCOMES[bool(sample.failure)])
        self._used(place, sample)
        if sample.failure:
            self._series.count(m.FAILURES, *place, sample.failure.kind.value)
            return
        timing = sample.timing
        timed = (
            (m.FIRST_TOKEN, place, timing.first_token_s),
            (m.LATENCY, place, timing.total_s),
            (m.CLIENT_WAIT, (), timing.client_wait_s),
        )
        for family, labels, seconds in timed:
            if seconds is not None:
                self._series.observe(family, *labels, seconds=seconds, trace_id=sample.trace_id)

    def _used(self, place: Place, sample: Sample) -> None:
        if sample.cost_usd is not None:
            self._series.count(m.COST, *place, by=sample.cost_usd)
        elif sample.failure is None:
            self._series.count(m.UNPRICED, *place)
        usage = sample.usage
        counts = (
            ("input", usage.input_tokens),
            ("cached_input", usage.cached_input_tokens),
            ("output", usage.output_tokens),
            ("reasoning", usage.reasoning_tokens),
        )
        for kind, tokens in counts:
            if tokens:
                self._series.count(m.TOKENS, *place, kind, by=tokens)

    # -------------------------------------------------------------------------------------------- judge and alerts
    def _judged(self, place: Place, record: RunRecord) -> None:
        for state in StreamState:
            self._series.put(m.STREAMS, *place, state.value, to=sum(r.state is state for r in record.drift))
        for result in record.drift:
            if result.key.scope == SUITE_SCOPE:
                self.judged(place, result.key.dimension, result.state.value, result.score)
        if record.alerts or record.drift or record.health is not Health.UNKNOWN:
            self.alerts(*place, record.alerts)  # a run that could not be judged holds what was open

    def judged(self, place: Place, stream: str, state: str, score: float | None) -> None:
        """Show the state of a pooled stream and take back the one before: after a run, and at the start as stored."""
        if score is not None:
            self._series.put(m.SCORE, *place, stream, to=score)
        before = self._states.get((*place, stream))
        if before not in (None, state):
            self._series.take(m.STREAM_STATE, *place, stream, str(before))
        self._states[*place, stream] = state
        self._series.put(m.STREAM_STATE, *place, stream, state, to=1)

    def alerts(self, suite: str, endpoint: str, alerts: Sequence[AlertView]) -> None:
        """Show what is open now, and take back every kind and severity shown before that is not."""
        if self._is_gone(suite, endpoint):
            return
        now = {state: {(a.kind, a.severity) for a in alerts if a.state == state} for state in ("open", "muted")}
        shown = self._incidents.setdefault((suite, endpoint), set())
        shown.update((alert.kind, alert.severity) for alert in alerts)
        for what in tuple(shown):  # a copy: between runs this is called from a thread
            self._series.put(m.ALERT_OPEN, suite, endpoint, *what, to=what in now["open"])
            self._series.put(m.ALERT_MUTED, suite, endpoint, *what, to=what in now["muted"])

    def spending(self, *, suite: str, unit: str, spent: float, cap: float | None) -> None:
        """What a suite (empty: the installation) spent today and may spend; ``unit`` is usd or tokens."""
        if self._is_gone(suite):
            return
        spent_of, cap_of = (m.SPENT_USD, m.CAP_USD) if unit == "usd" else (m.SPENT_TOKENS, m.CAP_TOKENS)
        self._series.put(spent_of, suite, to=spent)
        if cap is None:
            self._series.take(cap_of, suite)
        else:
            self._series.put(cap_of, suite, to=cap)

    # -------------------------------------------------------------------------------------------- schedule
    def scheduled(self, suite: str, endpoint: str, *, gap_s: float) -> None:
        """A place has a schedule, whose runs are at most so many seconds apart."""
        if not self._is_gone(suite, endpoint):
            self._series.put(m.LONGEST_GAP, suite, endpoint, to=gap_s)

    def quickened(self, places: Mapping[Place, bool]) -> None:
        """Every place that may run sooner while it fails, and whether it does now; the others lose the series."""
        for place in self._quickened - places.keys():
            self._series.take(m.QUICKENED, *place)
        self._quickened = {place for place in places if not self._is_gone(*place)}
        for place in self._quickened:
            self._series.put(m.QUICKENED, *place, to=places[place])

    def skipped(self, suite: str, endpoint: str, reason: str, runs: int = 1) -> None:
        """Count runs that were due and not made, by one word for why: ``overlap``, ``missed``."""
        if not self._is_gone(suite, endpoint):
            self._series.count(m.SKIPPED, suite, endpoint, reason, by=runs)

    def erred(self, suite: str, endpoint: str, reason: str = "bug") -> None:
        """Count a run that ended in an error of ours (``store``, ``timeout``, ``bug``): what is known of health is from
        before, so it is unknown now."""
        if self._is_gone(suite, endpoint):
            return
        self._series.count(m.RUN_ERRORS, suite, endpoint, reason)
        for health in Health:
            self._series.put(m.HEALTH, suite, endpoint, health.value, to=health is Health.UNKNOWN)

    def late(self, seconds: float) -> None:
        """Count how late a run began."""
        self._series.observe(m.LATENESS, seconds=max(seconds, 0.0))

    def overdue(self, seconds: Mapping[Place, float], *, under_way: int) -> None:
        """For how long each place's run has been overdue (0: it is not), and how many runs are out."""
        self._series.put(m.UNDER_WAY, to=under_way)
        for place, overdue_s in seconds.items():
            if not self._is_gone(*place):
                self._series.put(m.OVERDUE, *place, to=overdue_s)

    # -------------------------------------------------------------------------------------------- exposition
    def text(self) -> bytes:
        """The exposition in Prometheus' own format."""
        return self.exposition("")[0]

    def of_suites(self) -> bytes:
        """What is told of suites alone: for a process that ends with its runs."""
        return exposition.of_suites(self.registry)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The exposition in the format that an ``Accept`` header asks for, and its content type: OpenMetrics, with
        exemplars, where it may.

        Only what changed since the last one is written anew; may be called in any thread.
        """
        return exposition.exposition(self._series, self._process, accept)
