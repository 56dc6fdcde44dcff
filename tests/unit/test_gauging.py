"""Metrics tell the daemon's present at each scrape, and a restart begins where the store left off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from checks.drift.result import StreamState
from checks.verdict import Health
from reports.metrics.metrics import Metrics
from runner.daemon.gauging import overdue_s, restore
from runner.schedule.beats import Beat
from runner.store.base import Store
from tests.fakes.alert_clock import BY_TIME, Here
from tests.fakes.records import a_stream
from tests.fakes.stored import ENDPOINT, SUITE, alert, numbered, written

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LABELS = {"suite": SUITE, "endpoint": ENDPOINT}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, {**LABELS, **labels})


def test_a_run_is_overdue_from_the_end_of_its_grace_on() -> None:
    beats = {
        ("a", "e"): Beat(due_at=NOW - timedelta(seconds=90), grace_s=60.0),
        ("b", "e"): Beat(due_at=NOW - timedelta(seconds=30), grace_s=60.0),
        ("c", "e"): Beat(due_at=None, grace_s=60.0),
    }
    assert overdue_s(beats, NOW) == {("a", "e"): 30.0, ("b", "e"): 0.0, ("c", "e"): 0.0}


def test_a_restart_shows_health_and_open_incidents_as_they_were_stored(store: Store) -> None:
    record = numbered(1, health=Health.FAILING)
    store.save_run(written(record, alerts=(alert("open"),)))
    metrics = Metrics("1")
    restore(metrics, store, (SUITE, ENDPOINT))
    assert value(metrics, "holdfast_health", health="failing") == 1
    assert value(metrics, "holdfast_last_run_timestamp_seconds") == record.started_at.timestamp()
    opened = alert("open")
    assert value(metrics, "holdfast_alert_open", kind=opened.kind, severity=opened.severity) == 1
    assert value(metrics, "holdfast_runs_total", health="failing") == 0, "no run was made since the start"


def test_a_place_that_never_ran_has_counters_and_no_health(store: Store) -> None:
    metrics = Metrics("1")
    restore(metrics, store, (SUITE, ENDPOINT))
    assert value(metrics, "holdfast_run_errors_total", reason="store") == 0
    assert value(metrics, "holdfast_health", health="unknown") is None


def test_an_incident_that_time_alone_opens_is_shown_before_the_next_run(tmp_path: Path) -> None:
    here, metrics = Here(tmp_path), Metrics("1")
    here.alerts.on_change = metrics.alerts
    here.add(BY_TIME)
    here.run()
    assert here.look(9) == []
    labels = {"suite": "bot", "endpoint": "production", "kind": "contract", "severity": "page"}
    assert metrics.registry.get_sample_value("holdfast_alert_open", labels) in (None, 0)
    assert here.look(1) == ["slack opened bot"]
    assert metrics.registry.get_sample_value("holdfast_alert_open", labels) == 1
    here.store.close()


def test_a_restart_shows_an_alarm_of_drift_as_it_was_stored_and_resolves_no_alert_of_prometheus(store: Store) -> None:
    alarmed = a_stream("latency.total", StreamState.ALARM, 100.0)
    of_probe = a_stream("answers", StreamState.ALARM, 100.0)
    of_probe = replace(of_probe, key=replace(of_probe.key, scope="capital"))
    store.save_run(
        written(replace(numbered(1), drift=(alarmed, of_probe, a_stream("answers", StreamState.QUIET, 3.0))))
    )
    metrics = Metrics("1")
    restore(metrics, store, (SUITE, ENDPOINT))
    assert value(metrics, "holdfast_stream_state", stream="latency.total", state="alarm") == 1
    assert value(metrics, "holdfast_drift_score", stream="latency.total") == 100
    assert metrics.text().count(b"holdfast_stream_state{") == 1, "single probes have no series"
    metrics.judged((SUITE, ENDPOINT), "latency.total", "quiet", 3.0)
    assert value(metrics, "holdfast_stream_state", stream="latency.total", state="alarm") is None


def test_a_restart_in_a_maintenance_window_still_shows_it(store: Store) -> None:
    store.save_run(written(replace(numbered(1, health=Health.FAILING), maintenance="backup")))
    metrics = Metrics("1")
    restore(metrics, store, (SUITE, ENDPOINT))
    assert value(metrics, "holdfast_maintenance") == 1
    store.save_run(written(numbered(2)))
    restore(metrics, store, (SUITE, ENDPOINT))
    assert value(metrics, "holdfast_maintenance") == 0
