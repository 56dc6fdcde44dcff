"""Health of a probe and of a run from findings, failures and drift. Three answers, never two: nothing broken or
unknown is ever green."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from checks.drift.result import SUITE_SCOPE, StreamResult, StreamState
from checks.finding import Finding, Status
from probes.sample import Sample


class Health(StrEnum):
    """``failing``: a contract is broken or a stream in alarm. ``unknown``: it could not be measured."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILING = "failing"
    UNKNOWN = "unknown"


WORST_FIRST = (Health.FAILING, Health.UNKNOWN, Health.DEGRADED, Health.HEALTHY)


def worst(healths: Iterable[Health]) -> Health:
    """The health of a whole from its parts. A whole of no parts was not measured."""
    present = set(healths)
    return next((health for health in WORST_FIRST if health in present), Health.UNKNOWN)


def probe_health(
    probe: str, samples: Sequence[Sample], findings: Sequence[Finding], drift: Sequence[StreamResult]
) -> Health:
    """Health of one probe in one run.

    Failing: a contract check failed, or one of the probe's own streams is in alarm. Unknown: no sample has an
    answer, some were never asked (a spending cap, a dead endpoint), or a check broke. Degraded: some samples failed,
    an answer needed a second request, or a stream of the probe stands at warn.
    """
    states = {result.state for result in drift if result.key.scope == probe}
    if StreamState.ALARM in states or any(f.mode == "contract" and f.status is Status.FAIL for f in findings):
        return Health.FAILING
    answered = [sample for sample in samples if sample.failure is None]
    held = any(sample.failure is not None and sample.failure.held_back for sample in samples)
    if held or not answered or any(finding.status is Status.ERROR for finding in findings):
        return Health.UNKNOWN
    if len(answered) < len(samples) or any(s.route.attempts > 1 for s in answered) or StreamState.WARN in states:
        return Health.DEGRADED
    return Health.HEALTHY


def run_health(probes: Iterable[Health], drift: Sequence[StreamResult]) -> Health:
    """Health of a run: its worst probe, or its pooled streams and those of labels where they are worse."""
    states = {result.state for result in drift if result.key.scope == SUITE_SCOPE or result.key.of_label}
    pooled = Health.HEALTHY
    if StreamState.WARN in states:
        pooled = Health.DEGRADED
    if StreamState.ALARM in states:
        pooled = Health.FAILING
    return worst([*probes, pooled])


EXIT_CODES = {Health.HEALTHY: 0, Health.DEGRADED: 0, Health.FAILING: 1, Health.UNKNOWN: 3}


def exit_code(healths: Iterable[Health], *, strict: bool) -> int:
    """Exit code of a command over several runs: a failure known beats a measurement missed."""
    health = worst(healths)
    return 1 if strict and health is Health.DEGRADED else EXIT_CODES[health]
