"""What a run adds up to: broken contracts, moved streams, failures by class, usage. Feeds wording and formats."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult, StreamState
from checks.finding import Finding, Status
from probes.failure import FailureClass
from probes.sample import Sample
from reports.consultation import Consultation
from reports.summary import RunRecord

_RANK = {state: rank for rank, state in enumerate(reversed(StreamState))}
"""Alarm first: the order in which people want to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCount:
    """One failure class of a run with how often it came and one message as an example."""

    kind: FailureClass
    count: int
    message: str
    """Hostile text."""
    status: int | None


def findings(record: RunRecord) -> tuple[Finding, ...]:
    """All findings of a run, in the order of the suite."""
    return tuple(finding for probe in record.probes for finding in probe.findings)


def broken_contracts(record: RunRecord) -> tuple[Finding, ...]:
    """Contract checks that failed, policy included."""
    return tuple(f for f in findings(record) if f.mode == "contract" and f.status is Status.FAIL)


def broken_checks(record: RunRecord) -> tuple[Finding, ...]:
    """Checks that could not do their work."""
    return tuple(finding for finding in findings(record) if finding.status is Status.ERROR)


def worst_first(results: Iterable[StreamResult]) -> tuple[StreamResult, ...]:
    """Streams by state, then score, then name; streams of the suite before those of a probe."""
    return tuple(sorted(results, key=lambda r: (_RANK[r.state], -(r.score or 0), r.key.scope != "suite", r.key)))


def risen(record: RunRecord) -> tuple[StreamResult, ...]:
    """Streams that are neither quiet nor still collecting, worst first."""
    calm = (StreamState.QUIET, StreamState.COLLECTING)
    return worst_first(result for result in record.drift if result.state not in calm)


def folded(results: Sequence[StreamResult]) -> tuple[tuple[StreamResult, tuple[str, ...]], ...]:
    """Streams with the probes that only repeat them: a probe's stream is folded into the pooled one of its dimension
    where that stands at least as badly, so that one fact is not told ten times. The order is kept."""
    pooled = {r.key.dimension: _RANK[r.state] for r in results if r.key.scope == SUITE_SCOPE}
    repeats = [r for r in results if r.key.scope != SUITE_SCOPE and pooled.get(r.key.dimension, 99) <= _RANK[r.state]]
    return tuple(
        (
            r,
            tuple(
                other.key.scope
                for other in repeats
                if r.key == StreamKey(scope=SUITE_SCOPE, dimension=other.key.dimension)
            ),
        )
        for r in results
        if r not in repeats
    )


def in_state(record: RunRecord, state: StreamState) -> tuple[StreamResult, ...]:
    """Streams in one state, worst first."""
    return worst_first(result for result in record.drift if result.state is state)


def failed(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Samples without an answer."""
    return tuple(sample for sample in samples if sample.failure is not None)


def held(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Samples that were never asked: the endpoint was given up, a spending cap reached, or the run's time over."""
    return tuple(sample for sample in samples if _is_held(sample))


def capped(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Samples that were never asked because a spending cap was reached."""
    return tuple(s for s in samples if s.failure is not None and s.failure.kind is FailureClass.SPEND_CAP)


def spared(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Samples that were never asked because the endpoint looked dead."""
    return tuple(s for s in samples if s.failure is not None and s.failure.kind is FailureClass.NOT_ASKED)


def lost(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Samples that were asked and got no answer."""
    return tuple(sample for sample in samples if sample.failure is not None and not _is_held(sample))


def _is_held(sample: Sample | Consultation) -> bool:
    return sample.failure is not None and sample.failure.held_back


def cached(samples: Sequence[Sample]) -> int:
    """Answers that a gateway took from its cache, as far as replies tell."""
    return sum(1 for sample in samples if sample.failure is None and sample.route.cache == "hit")


def failures(samples: Sequence[Sample]) -> tuple[FailureCount, ...]:
    """Failures by class, most frequent first, each with the first message that came."""
    came = [sample.failure for sample in samples if sample.failure is not None]
    first = {failure.kind: failure for failure in reversed(came)}
    counts = Counter(failure.kind for failure in came)
    return tuple(
        FailureCount(kind=kind, count=count, message=first[kind].message, status=first[kind].status)
        for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def asked_again(samples: Sequence[Sample]) -> int:
    """Samples that were answered, but not at the first request."""
    return sum(1 for sample in samples if sample.failure is None and sample.route.attempts > 1)


def requests(samples: Sequence[Sample]) -> int:
    """Requests sent for these samples, repeats included."""
    least = (0 if _is_held(sample) else 1 for sample in samples)
    return sum(max(least, len(s.attempts), s.route.attempts) for s, least in zip(samples, least, strict=True))


def tokens(samples: Sequence[Sample], field: str) -> int | None:
    """Sum of one field of ``TokenUsage``; None where nobody said."""
    said = [value for sample in samples if (value := getattr(sample.usage, field)) is not None]
    return sum(said) if said else None


def cost_usd(samples: Sequence[Sample | Consultation]) -> float | None:
    """US dollars of samples and of what was asked about them; None where one price is unknown, or there are none.

    What was never asked cost nothing.
    """
    known, unknown = cost_known(samples)
    return None if known is None or unknown else known


def cost_known(samples: Sequence[Sample | Consultation]) -> tuple[float | None, int]:
    """US dollars as far as they are known (None: of no sample), and of how many samples they are not."""
    costs = [sample.cost_usd for sample in samples if not _is_held(sample)]
    known = [cost for cost in costs if cost is not None]
    if not known and not costs and samples:
        return 0.0, 0
    return (math.fsum(known) if known else None), len(costs) - len(known)
