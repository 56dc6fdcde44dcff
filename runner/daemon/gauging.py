"""What metrics tell of the daemon's present: brought up to date at each scrape, and after a restart. Feeds ``daemon``
and ``web``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from reports.alerts.machine import views
from reports.metrics.metrics import Metrics
from runner.schedule.beats import Beat, Place
from runner.store.base import Store

if TYPE_CHECKING:
    from runner.daemon.daemon import Daemon


def gauge(daemon: Daemon) -> None:
    """Tell what is so now: overdue runs, runs under way, who runs sooner, troubles, what was spent today."""
    now = daemon.here.clock.now()
    daemon.metrics.overdue(overdue_s(daemon.beats, now), under_way=daemon.under_way)
    daemon.metrics.quickened(daemon.watching.pace.quickened())
    daemon.metrics.troubles(len(daemon.sickness()))
    for suite, unit, spent, cap in daemon.here.limits.ledger.today():
        daemon.metrics.spending(suite=suite, unit=unit, spent=spent, cap=cap)


def overdue_s(beats: Mapping[Place, Beat], now: datetime) -> dict[Place, float]:
    """For how many seconds each place's run has been overdue, its grace passed; 0 where it is not."""
    return {place: _late_s(beat, now) if beat.overdue(now) else 0.0 for place, beat in beats.items()}


def _late_s(beat: Beat, now: datetime) -> float:
    return (now - beat.due_at).total_seconds() - beat.grace_s if beat.due_at is not None else 0.0


def restore(metrics: Metrics, store: Store, place: Place) -> None:
    """Begin the series of a place where its newest stored run left them, so that a restart resolves no alert.

    Raises:
        StoreError: the store cannot be read.
    """
    suite, endpoint = place
    metrics.expect(suite, endpoint)
    newest = next(iter(store.runs(suite=suite, endpoint=endpoint, limit=1)), None)
    if newest is None:
        return
    metrics.stands(suite, endpoint, newest.health, newest.started_at.timestamp())
    metrics.maintained(suite, endpoint, maintenance=bool(newest.maintenance))
    metrics.alerts(suite, endpoint, views(store.alert_states(suite, endpoint)))
    for told in store.stream_scores(newest.run_id):
        if " of " not in told.stream:  # those of single probes and labels have no series
            metrics.judged(place, told.stream, told.state, told.score)
