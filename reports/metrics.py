"""What the daemon tells Prometheus. Labels are bounded: names from suites and enums, never texts or ids.

Histogram bounds are those of the OpenTelemetry GenAI client metrics (duration, time to first chunk), in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from checks.drift.result import SUITE_SCOPE, StreamState
from checks.verdict import Health
from probes.sample import Sample
from reports import faults
from reports.summary import AlertView, RunRecord

GENAI_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
PLACE = ("suite", "endpoint")
SPENT = ("suite", "unit")
"""``unit``: usd or tokens. The installation's own figures have an empty ``suite``, which no suite can have."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters and gauges of one daemon, in a registry of their own."""

    def __init__(self, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series of start times beside every counter: nobody reads them
        self.registry = registry = CollectorRegistry()
        self._runs = Counter("holdfast_runs", "Runs by health.", (*PLACE, "health"), registry=registry)
        self._samples = Counter("holdfast_samples", "Samples by outcome.", (*PLACE, "outcome"), registry=registry)
        self._failures = Counter("holdfast_failures", "Failed samples by class.", (*PLACE, "class"), registry=registry)
        self._faults = Counter(
            "holdfast_faults",
            "Failed samples and failed or broken checks by class.",
            (*PLACE, "class"),
            registry=registry,
        )
        self._checks = Counter("holdfast_checks", "Check findings by status.", (*PLACE, "status"), registry=registry)
        self._tokens = Counter(
            "holdfast_tokens", "Tokens as counted by endpoints.", (*PLACE, "type"), registry=registry
        )
        self._cost = Counter("holdfast_cost_usd", "US dollars, where the price is known.", PLACE, registry=registry)
        self._unpriced = Counter("holdfast_samples_unpriced", "Samples of unknown cost.", PLACE, registry=registry)
        self._spent = Gauge("holdfast_spent_today", "Spent since 00:00 UTC.", SPENT, registry=registry)
        self._cap = Gauge("holdfast_spend_cap", "Most to spend in a day (UTC).", SPENT, registry=registry)
        self._first = _seconds("first_token", "Seconds from send to first token.", registry)
        self._total = _seconds("latency", "Seconds from send to the end of the reply.", registry)
        self._wait = _seconds("client_wait", "Seconds a request waited in our own client.", registry)
        self._health = Gauge("holdfast_health", "1 for the present health.", (*PLACE, "health"), registry=registry)
        self._last = Gauge("holdfast_last_run_timestamp_seconds", "When a run last began.", PLACE, registry=registry)
        self._score = Gauge("holdfast_drift_score", "0-100, 100 is an alarm.", (*PLACE, "stream"), registry=registry)
        self._streams = Gauge("holdfast_streams", "Streams by state.", (*PLACE, "state"), registry=registry)
        self._alerts = Gauge("holdfast_alert_open", "1 while open.", (*PLACE, "kind", "severity"), registry=registry)
        self._skipped = Counter("holdfast_skipped_runs", "Runs not made.", (*PLACE, "reason"), registry=registry)
        self._errors = Counter("holdfast_run_errors", "Runs that ended in an error of ours.", PLACE, registry=registry)
        self._outbox = Gauge("holdfast_outbox_pending", "Notices waiting for delivery.", registry=registry)
        self._delivered = Counter("holdfast_notices_delivered", "Notices delivered.", registry=registry)
        self._given_up = Counter("holdfast_notices_given_up", "Notices that nobody was told.", registry=registry)
        self._incidents: dict[tuple[str, str], set[tuple[str, str]]] = {}
        build = Gauge("holdfast_build_info", "1; the version is the label.", ("version",), registry=registry)
        build.labels(version).set(1)

    def ran(self, record: RunRecord) -> None:
        """Count one run."""
        place = (record.suite, record.endpoint)
        self._runs.labels(*place, record.health.value).inc()
        for health in Health:
            self._health.labels(*place, health.value).set(health is record.health)
        self._last.labels(*place).set(record.started_at.timestamp())
        for sample in record.samples:
            self._sampled(place, sample)
        for probe in record.probes:
            for finding in probe.findings:
                self._checks.labels(*place, finding.status.value).inc()
        for fault, number in faults.of_run(record).items():
            self._faults.labels(*place, fault.value).inc(number)
        self._judged(place, record)

    def _sampled(self, place: tuple[str, str], sample: Sample) -> None:
        self._samples.labels(*place, "failed" if sample.failure else "answered").inc()
        if sample.failure:
            self._failures.labels(*place, sample.failure.kind.value).inc()
        self._used(place, sample)
        if sample.failure:
            return
        timing = sample.timing
        timed = (
            (self._first, timing.first_token_s),
            (self._total, timing.total_s),
            (self._wait, timing.client_wait_s),
        )
        for histogram, seconds in timed:
            if seconds is not None:
                histogram.labels(*place).observe(seconds)

    def _used(self, place: tuple[str, str], sample: Sample) -> None:
        if sample.cost_usd is not None:
            self._cost.labels(*place).inc(sample.cost_usd)
        elif sample.failure is None:
            self._unpriced.labels(*place).inc()
        usage = sample.usage
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if tokens:
                self._tokens.labels(*place, kind).inc(tokens)

    def _judged(self, place: tuple[str, str], record: RunRecord) -> None:
        for state in StreamState:
            count = sum(result.state is state for result in record.drift)
            self._streams.labels(*place, state.value).set(count)
        for result in record.drift:
            if result.key.scope == SUITE_SCOPE and result.score is not None:
                self._score.labels(*place, result.key.dimension).set(result.score)
        if record.alerts or record.drift or record.health is not Health.UNKNOWN:
            self._alerted(place, record.alerts)  # a run that could not be judged holds what was open

    def _alerted(self, place: tuple[str, str], alerts: Sequence[AlertView]) -> None:
        """Show what is open now, and take back every kind and severity shown before that is not."""
        now_open = {(alert.kind, alert.severity) for alert in alerts if alert.state == "open"}
        shown = self._incidents.setdefault(place, set())
        shown.update((alert.kind, alert.severity) for alert in alerts)
        for kind, severity in shown:
            self._alerts.labels(*place, kind, severity).set((kind, severity) in now_open)

    def spending(self, *, suite: str, unit: str, spent: float, cap: float | None) -> None:
        """What a suite (empty: the installation) spent today and may spend; ``unit`` is usd or tokens."""
        self._spent.labels(suite, unit).set(spent)
        if cap is not None:
            self._cap.labels(suite, unit).set(cap)

    def skipped(self, suite: str, endpoint: str, reason: str) -> None:
        """Count a run that was due and not made: ``overlap`` or ``missed``."""
        self._skipped.labels(suite, endpoint, reason).inc()

    def erred(self, suite: str, endpoint: str) -> None:
        """Count a run that ended in an error of ours: what is known of health is from before, so it is unknown now."""
        self._errors.labels(suite, endpoint).inc()
        for health in Health:
            self._health.labels(suite, endpoint, health.value).set(health is Health.UNKNOWN)

    def outbox(self, *, pending: int, delivered: int, given_up: int = 0) -> None:
        """How many notices wait, and how many more were delivered and given up."""
        self._outbox.set(pending)
        self._delivered.inc(delivered)
        self._given_up.inc(given_up)

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)


def _seconds(name: str, help_: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(f"holdfast_{name}_seconds", help_, PLACE, buckets=GENAI_SECONDS, registry=registry)
