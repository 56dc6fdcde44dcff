"""What is known of the newest runs of a place, from a run that was made just now or from the store. Feeds ``sight``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from checks.verdict import Health
from reports.alerts.no_data import Seen, measured
from reports.summary import RunRecord
from runner.schedule.beats import Place
from runner.store.base import RunHeader, Store

LOOK_BACK = 50
"""Stored runs looked through for one that was measured."""
NEVER = Seen(conclusive_at=None, until=None, newest_at=None)


def seen_in(record: RunRecord, before: Seen) -> Seen:
    """What is known after a run."""
    return _measured(record) if measured(record) else replace(before, newest_at=record.started_at)


def stored(store: Store, place: Place) -> Seen:
    """What the store knows.

    Raises:
        StoreError: it cannot be read.
    """
    runs = store.runs(suite=place[0], endpoint=place[1], limit=LOOK_BACK)
    seen = next((_measured(run) for run in runs if run.health != Health.UNKNOWN), NEVER)
    return replace(seen, newest_at=runs[0].started_at if runs else None)


def _measured(run: RunRecord | RunHeader) -> Seen:
    until = run.started_at + timedelta(seconds=run.duration_s)
    return Seen(conclusive_at=run.started_at, until=until, newest_at=run.started_at)
