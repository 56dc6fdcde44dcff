"""Samples for tests of checks: one answered sample, and the same with anything changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from probes.failure import Failure, FailureClass
from probes.sample import Finish, Sample

_PLAIN = Sample(
    sample_id="sample-0",
    run_id="run-1",
    suite="support-bot",
    endpoint="production",
    probe="refund-window",
    index=0,
    request_hash="hash",
    trace_id="0" * 31 + "1",
    started_at=datetime(2026, 3, 14, 9, 15, tzinfo=UTC),
    answer="",
    finish=Finish.STOP,
)


def answered(answer: str | None = "You have 30 days.", index: int = 0, **changes: Any) -> Sample:
    """A sample with this answer; ``changes`` are fields of Sample."""
    return replace(_PLAIN, answer=answer, index=index, sample_id=f"sample-{index}", **changes)


def timed_out(index: int = 0) -> Sample:
    """A sample that got no answer in time."""
    failure = Failure(kind=FailureClass.TIMEOUT_TOTAL, message="no answer within 60 s")
    return answered(None, index, failure=failure, finish=None)
