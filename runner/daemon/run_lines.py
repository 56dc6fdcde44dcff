"""What the log tells of a run that was stored: one line for it, one for each failed sample. Feeds ``daemon``.

A trace id leads from a line to the endpoint's own traces. Answers, prompts and what endpoints said stay out.
"""

from __future__ import annotations

import structlog

from probes.sample import Sample
from reports.summary import RunRecord

log = structlog.get_logger("holdfast.daemon")

MOST_FAILED_TOLD = 20
"""Lines about failed samples in one run: a dead endpoint must not fill a disk."""


def tell_run(record: RunRecord) -> None:
    """Write the lines. At level ``debug`` there is one for each answered sample, too."""
    names = {"suite": record.suite, "endpoint": record.endpoint, "run_id": record.run_id}
    failed = [sample for sample in record.samples if sample.failure is not None]
    for sample in record.samples:
        if sample.failure is None:
            log.debug("sample", **names, **_of(sample), total_s=sample.timing.total_s)
    for sample in failed[:MOST_FAILED_TOLD]:
        log.warning("sample_failed", **names, **_of(sample), **_failure(sample))
    if record.cut_off:
        log.warning("run_cut_off", **names, reason=record.cut_off)
    log.info(
        "run",
        **names,
        trigger=record.trigger,
        health=record.health.value,
        duration_s=round(record.duration_s, 3),
        samples=len(record.samples),
        failed=len(failed),
    )


def _of(sample: Sample) -> dict[str, str]:
    return {"probe": sample.probe, "sample_id": sample.sample_id, "trace_id": sample.trace_id}


def _failure(sample: Sample) -> dict[str, str | int | None]:
    assert sample.failure is not None
    return {"class": sample.failure.kind.value, "status": sample.failure.status}
