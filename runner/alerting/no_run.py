"""Stands in for a run where something is told that no run found: nothing was asked in it. Feeds notices."""

from __future__ import annotations

from datetime import datetime

from checks.verdict import Health
from reports.summary import RunRecord
from runner.schedule.beats import Place


def no_run(place: Place, at: datetime) -> RunRecord:
    """A record without an id, of unknown health."""
    suite, endpoint = place
    return RunRecord(
        run_id="",
        suite=suite,
        endpoint=endpoint,
        trigger="",
        started_at=at,
        duration_s=0.0,
        health=Health.UNKNOWN,
        probes=(),
        drift=(),
    )
