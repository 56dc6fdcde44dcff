"""The table of everything the daemon tells Prometheus: names, labels, and a sentence each. Feeds ``metrics``, its docs
and the tests of the rules and dashboards.

One naming rule: ``holdfast_`` + what is told + its unit where it has one (``seconds``, ``usd``, ``tokens``) +
``_total`` where it only counts up (https://prometheus.io/docs/practices/naming/). Labels are bounded: names from suites
and settings, and enumerations of ours; never a text, an id or a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PLACE = ("suite", "endpoint")
GENAI_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Bounds of ``gen_ai.client.operation.duration`` and ``time_to_first_chunk``, OpenTelemetry GenAI conventions."""
LATENESS_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
LAG_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric."""

    name: str
    """As queries write it; of a histogram without ``_bucket``, ``_sum`` and ``_count``."""
    kind: Kind
    labels: tuple[str, ...] = ()
    help: str
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, in seconds."""

    @property
    def of_suites(self) -> bool:
        """Whether its series go when their suite goes."""
        return "suite" in self.labels


def _counter(name: str, help_: str, *labels: str) -> Family:
    return Family(name=f"holdfast_{name}_total", kind="counter", labels=labels, help=help_)


def _gauge(name: str, help_: str, *labels: str) -> Family:
    return Family(name=f"holdfast_{name}", kind="gauge", labels=labels, help=help_)


def _seconds(name: str, help_: str, *labels: str, bounds: tuple[float, ...] = GENAI_SECONDS) -> Family:
    return Family(name=f"holdfast_{name}_seconds", kind="histogram", labels=labels, help=help_, bounds=bounds)


# ------------------------------------------------------------------------------------------------ runs
RUNS = _counter("runs", "Runs by health.", *PLACE, "health")
RUN_ERRORS = _counter("run_errors", "Runs lost to store or bug, or cut off (timeout).", *PLACE, "reason")
WITHHELD = _counter(
    "withheld_runs",
    "Runs that count neither for nor against an endpoint, whose samples are not counted: maintenance, offline.",
    *PLACE,
    "reason",
)
MAINTENANCE = _gauge("maintenance", "1 where the newest run was made in a maintenance window.", *PLACE)
SKIPPED = _counter("skipped_runs", "Runs that were due and not made: overlap or missed.", *PLACE, "reason")
HEALTH = _gauge("health", "1 for the present health, 0 for the others.", *PLACE, "health")
LAST_RUN = _gauge("last_run_timestamp_seconds", "When a run last began, in Unix time.", *PLACE)
LAST_DURATION = _gauge("last_run_duration_seconds", "How long the newest run took.", *PLACE)
OVERDUE = _gauge("overdue_seconds", "For how long a run has been overdue, its grace passed; 0 while none is.", *PLACE)
LATENESS = _seconds("run_lateness", "From when a run was due until it began.", bounds=LATENESS_SECONDS)
UNDER_WAY = _gauge("runs_under_way", "Runs that are out now.")
LONGEST_GAP = _gauge("schedule_gap_seconds", "The longest time between two runs that the schedule wants.", *PLACE)
QUICKENED = _gauge("quickened", "Where there is a while_failing: 1 while runs come sooner, else 0.", *PLACE)

# ------------------------------------------------------------------------------------------------ samples and checks
SAMPLES = _counter("samples", "Samples by outcome: answered or failed.", *PLACE, "outcome")
FAILURES = _counter("failures", "Failed samples by class (docs/failures.md).", *PLACE, "class")
FAULTS = _counter("faults", "Failed samples and checks that failed or broke, by what broke.", *PLACE, "class")
CHECKS = _counter("checks", "Findings of checks by status.", *PLACE, "status")
FIRST_TOKEN = _seconds("first_token", "From the instant a request left until its first token.", *PLACE)
LATENCY = _seconds("latency", "From the instant a request left until its reply was complete.", *PLACE)
CLIENT_WAIT = _seconds("client_wait", "What our own client added: large where this machine is too busy.")
TOKENS = _counter(
    "tokens", "Tokens: input (cached_input is a part of it) and output (reasoning is a part).", *PLACE, "type"
)
COST = _counter("cost_usd", "US dollars, where the price is known.", *PLACE)
UNPRICED = _counter("samples_unpriced", "Answered samples of unknown cost.", *PLACE)
SPENT_USD = _gauge("spent_today_usd", "US dollars since 00:00 UTC; suite is empty for the installation.", "suite")
SPENT_TOKENS = _gauge("spent_today_tokens", "Tokens since 00:00 UTC; suite is empty for the installation.", "suite")
CAP_USD = _gauge("spend_cap_usd", "Most to spend in a day (UTC), where there is a cap.", "suite")
CAP_TOKENS = _gauge("spend_cap_tokens", "Most tokens in a day (UTC), where there is a cap.", "suite")

# ------------------------------------------------------------------------------------------------ judge and alerts
SCORE = _gauge("drift_score", "Drift score of a pooled stream, 0 to 100; 100 is an alarm.", *PLACE, "stream")
STREAM_STATE = _gauge(
    "stream_state", "1; the label state is the present one of a pooled stream.", *PLACE, "stream", "state"
)
STREAMS = _gauge("streams", "All streams, those of single probes and labels included, by state.", *PLACE, "state")
ALERT_OPEN = _gauge("alert_open", "1 while an incident of this kind and severity is open.", *PLACE, "kind", "severity")
ALERT_MUTED = _gauge(
    "alert_muted", "1 while one is open and nobody is told: silenced, or held.", *PLACE, "kind", "severity"
)

# ------------------------------------------------------------------------------------------------ notices
OUTBOX = _gauge("outbox_pending", "Notices waiting for delivery.")
NOTICES = _counter(
    "notices", "Attempts to deliver a notice: delivered, delayed (tried again) or given_up.", "notifier", "outcome"
)

# ------------------------------------------------------------------------------------------------ the daemon itself
TROUBLES = _gauge("troubles", "What is wrong with the daemon now: the number of reasons that /healthz gives.")
LOOP_LAG = _seconds("loop_lag", "How late the daemon's own loop woke up.", bounds=LAG_SECONDS)
HEARTBEATS = _counter("heartbeats", "Heartbeats out, by outcome: sent or failed.", "outcome")
HEARTBEAT_EVERY = _gauge("heartbeat_interval_seconds", "How often a heartbeat is sent; 0 where the settings name none.")
HEARTBEAT_TAKEN = _gauge(
    "heartbeat_taken_timestamp_seconds", "When a heartbeat was last taken, or the first was waited for, in Unix time."
)
SUITES = _gauge("suites", "Suites that the schedule fires.")
SUITE_FILES_BAD = _gauge("suite_files_refused", "Suite files that the newest load refused.")
SUITE_LOADS = _counter("suite_loads", "Loads of the folder of suites, by outcome: whole or refused.", "outcome")
LABELS_DROPPED = _counter("label_values_dropped", "How often a value was beyond what its label may have.", "label")
BUILD = _gauge("build_info", "1; the version is the label.", "version")

TABLE: dict[str, tuple[Family, ...]] = {
    "Runs": (
        RUNS,
        RUN_ERRORS,
        WITHHELD,
        MAINTENANCE,
        SKIPPED,
        HEALTH,
        LAST_RUN,
        LAST_DURATION,
        OVERDUE,
        LATENESS,
        UNDER_WAY,
        LONGEST_GAP,
        QUICKENED,
    ),
    "Samples and checks": (SAMPLES, FAILURES, FAULTS, CHECKS, FIRST_TOKEN, LATENCY, CLIENT_WAIT),
    "Tokens and money": (TOKENS, COST, UNPRICED, SPENT_USD, SPENT_TOKENS, CAP_USD, CAP_TOKENS),
    "Judge and alerts": (SCORE, STREAM_STATE, STREAMS, ALERT_OPEN, ALERT_MUTED),
    "Notices": (OUTBOX, NOTICES),
    "The daemon itself": (
        TROUBLES,
        LOOP_LAG,
        HEARTBEATS,
        HEARTBEAT_EVERY,
        HEARTBEAT_TAKEN,
        SUITES,
        SUITE_FILES_BAD,
        SUITE_LOADS,
        LABELS_DROPPED,
        BUILD,
    ),
}
"""By the headings of docs/metrics.md."""
FAMILIES = tuple(family for families in TABLE.values() for family in families)
