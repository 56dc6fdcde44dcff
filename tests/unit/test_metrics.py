"""What Prometheus is told: what is open now and nothing else, and what nobody was told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from checks.drift.result import StreamState
from checks.verdict import Health
from reports.metrics.metrics import Metrics
from reports.metrics.series import MOST_VALUES
from reports.metrics.table import FAMILIES
from reports.summary import AlertView
from tests.fakes.records import a_run, a_stream, failing_run


def alert(kind: str = "drift", severity: str = "ticket", state: str = "open") -> AlertView:
    return AlertView(key=f"support-bot/production/{kind}", kind=kind, severity=severity, state=state)


def shown_open(metrics: Metrics) -> set[tuple[str, str]]:
    """Kinds and severities of the alerts shown as open."""
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    opened = [s.labels for s in samples if s.name == "holdfast_alert_open" and s.value == 1]
    return {(labels["kind"], labels["severity"]) for labels in opened}


@pytest.mark.parametrize(
    ("following", "left"),
    [
        ([alert(severity="page")], {("drift", "page")}),
        ([alert(state="resolved")], set()),
        ([alert("contract", "page")], {("contract", "page")}),
        ([], set()),
    ],
)
def test_an_alert_that_changed_or_ended_is_no_longer_shown_as_it_was(
    following: Sequence[AlertView], left: set[tuple[str, str]]
) -> None:
    metrics = Metrics("1")
    metrics.ran(a_run(alerts=[alert()]))
    assert shown_open(metrics) == {("drift", "ticket")}
    metrics.ran(a_run(alerts=following))
    assert shown_open(metrics) == left


def test_what_broke_is_counted_by_class_over_runs() -> None:
    metrics = Metrics("1")
    metrics.ran(failing_run())
    metrics.ran(failing_run())
    counts = {
        sample.labels["class"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "holdfast_faults_total"
    }
    assert counts == {"wrong_answer": 4, "malformed": 2, "routing": 2, "unreachable": 2}


def test_a_run_of_another_place_takes_nothing_back() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run(alerts=[alert()]))
    metrics.ran(replace(a_run(), endpoint="candidate"))
    assert shown_open(metrics) == {("drift", "ticket")}


def test_a_run_that_could_not_be_judged_holds_what_was_open() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run(alerts=[alert()]))
    metrics.ran(a_run(health=Health.UNKNOWN, drift=[], alerts=[]))
    assert shown_open(metrics) == {("drift", "ticket")}
    metrics.ran(a_run(health=Health.UNKNOWN, drift=[a_stream("latency.total")], alerts=[]))
    assert shown_open(metrics) == set()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """What one series says; None where there is none."""
    return metrics.registry.get_sample_value(name, labels or None)


def test_attempts_to_tell_are_counted_by_notifier_and_outcome() -> None:
    metrics = Metrics("1")
    metrics.outbox(pending=3)
    for outcome in ("delayed", "delayed", "given_up"):
        metrics.notice("slack", outcome)
    metrics.outbox(pending=0)
    assert value(metrics, "holdfast_notices_total", notifier="slack", outcome="delayed") == 2
    assert value(metrics, "holdfast_notices_total", notifier="slack", outcome="given_up") == 1
    assert value(metrics, "holdfast_outbox_pending") == 0


# ------------------------------------------------------------------------------------------------ exposition
def test_every_metric_of_the_table_is_exposed_and_none_else() -> None:
    exposed = [family.name for family in Metrics("1").registry.collect()]
    assert exposed == [family.name.removesuffix("_total") for family in FAMILIES]


def test_names_follow_one_rule() -> None:
    for family in FAMILIES:
        assert re.fullmatch(r"holdfast(_[a-z]+)+", family.name)
        assert family.name.endswith("_total") is (family.kind == "counter")
        assert family.kind != "histogram" or family.name.endswith("_seconds")
        assert "unit" not in family.labels, "the unit is part of the name"


def test_histograms_of_the_endpoint_have_the_bounds_of_the_genai_conventions() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run())
    bounds = [
        float(sample.labels["le"])
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "holdfast_latency_seconds_bucket"
    ]
    assert bounds == [*(0.01 * 2**power for power in range(14)), float("inf")]


def test_openmetrics_carries_trace_ids_of_samples_and_the_plain_format_does_not() -> None:
    metrics = Metrics("1")
    record = a_run()
    metrics.ran(record)
    body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0; q=0.9, text/plain; q=0.5")
    told = set(re.findall(r'# \{trace_id="([0-9a-f]{32})"\}', body.decode()))
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n") and told
    assert told <= {sample.trace_id for sample in record.samples}
    plain, content_type = metrics.exposition("text/plain, */*")
    assert b"trace_id" not in plain and b"holdfast_latency_seconds_bucket" in plain
    assert content_type.startswith("text/plain; version=0.0.4")


def test_an_odd_accept_header_gets_an_exposition() -> None:
    metrics = Metrics("1")
    for accept in ("", "\x00;;,,;=", "application/openmetrics-text;version=x,", "text/html"):
        body, _ = metrics.exposition(accept)
        assert b"holdfast_build_info" in body


# ------------------------------------------------------------------------------------------------ bounded
def test_labels_hold_no_text_of_an_endpoint_no_run_and_no_hash() -> None:
    metrics = Metrics("1")
    record = failing_run()
    metrics.ran(record)
    text = metrics.text().decode()
    assert record.run_id not in text
    assert not any(sample.request_hash in text or sample.sample_id in text for sample in record.samples)
    messages = [sample.failure.message for sample in record.samples if sample.failure]
    assert messages and not any(message in text for message in messages)


def test_places_beyond_the_limit_are_counted_together_and_their_gauges_left_out() -> None:
    metrics = Metrics("1", most_places=2)
    for number in range(5):
        metrics.ran(replace(a_run(), suite=f"suite-{number}"))
    counted = {
        labels["suite"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "holdfast_runs_total" and (labels := sample.labels)
    }
    assert counted == {"suite-0": 1, "suite-1": 1, "_other": 3}
    text = metrics.text().decode()
    assert "suite-2" not in text
    assert 'holdfast_health{endpoint="_other"' not in text
    assert (value(metrics, "holdfast_label_values_dropped_total", label="place") or 0) > 0


def test_streams_beyond_the_limit_of_a_label_are_left_out() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run(drift=[a_stream(f"trace.stage-{number}") for number in range(MOST_VALUES + 3)]))
    text = metrics.text().decode()
    assert f"trace.stage-{MOST_VALUES - 1}" in text
    assert f"trace.stage-{MOST_VALUES}" not in text


# ------------------------------------------------------------------------------------------------ forgetting
def test_every_series_of_a_suite_goes_with_it_and_nothing_late_brings_one_back() -> None:
    metrics = Metrics("1")
    record = a_run(alerts=[alert()], drift=[a_stream("latency.total")])
    metrics.expect("support-bot", "production")
    metrics.ran(record)
    metrics.ran(replace(record, suite="support-bot-2"))
    metrics.spending(suite="support-bot", unit="usd", spent=1.0, cap=5.0)
    metrics.forget("support-bot")
    metrics.ran(record)
    metrics.erred("support-bot", "production")
    metrics.skipped("support-bot", "production", "overlap")
    metrics.overdue({("support-bot", "production"): 3.0}, under_way=0)
    metrics.spending(suite="support-bot", unit="usd", spent=1.0, cap=5.0)
    text = metrics.text().decode()
    assert 'suite="support-bot"' not in text
    assert 'suite="support-bot-2"' in text


def test_an_endpoint_that_goes_leaves_the_others_of_its_suite() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run(alerts=[alert()]))
    metrics.ran(replace(a_run(alerts=[alert()]), endpoint="candidate"))
    metrics.forget("support-bot", "candidate")
    text = metrics.text().decode()
    assert 'endpoint="candidate"' not in text
    assert shown_open(metrics) == {("drift", "ticket")}


def test_a_suite_that_comes_back_begins_at_zero() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run())
    metrics.forget("support-bot")
    metrics.expect("support-bot", "production")
    labels = {"suite": "support-bot", "endpoint": "production", "health": "healthy"}
    assert value(metrics, "holdfast_runs_total", **labels) == 0
    metrics.ran(a_run())
    assert value(metrics, "holdfast_runs_total", **labels) == 1


def test_a_stream_has_one_state_at_a_time() -> None:
    metrics = Metrics("1")
    for state in (StreamState.QUIET, StreamState.ALARM):
        metrics.ran(a_run(drift=[a_stream("latency.total", state, 100.0)]))
    states = [
        sample.labels["state"]
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "holdfast_stream_state"
    ]
    assert states == ["alarm"]


def test_a_muted_incident_is_shown_as_muted_and_not_as_open() -> None:
    metrics = Metrics("1")
    metrics.ran(a_run(alerts=[alert(state="muted")]))
    labels = {"suite": "support-bot", "endpoint": "production", "kind": "drift", "severity": "ticket"}
    assert value(metrics, "holdfast_alert_muted", **labels) == 1
    assert value(metrics, "holdfast_alert_open", **labels) == 0
    metrics.alerts("support-bot", "production", [alert()])
    assert value(metrics, "holdfast_alert_muted", **labels) == 0
    assert value(metrics, "holdfast_alert_open", **labels) == 1


def test_a_cap_that_is_taken_away_is_no_longer_told() -> None:
    metrics = Metrics("1")
    metrics.spending(suite="support-bot", unit="usd", spent=1.0, cap=5.0)
    assert value(metrics, "holdfast_spend_cap_usd", suite="support-bot") == 5
    metrics.spending(suite="support-bot", unit="usd", spent=1.0, cap=None)
    assert value(metrics, "holdfast_spend_cap_usd", suite="support-bot") is None
    assert value(metrics, "holdfast_spent_today_usd", suite="support-bot") == 1


def test_places_that_run_sooner_are_told_and_those_without_while_failing_are_not() -> None:
    metrics, here, there = Metrics("1"), ("support-bot", "production"), ("billing", "production")
    metrics.quickened({here: True, there: False})
    told = [value(metrics, "holdfast_quickened", suite=suite, endpoint=endpoint) for suite, endpoint in (here, there)]
    assert told == [1, 0]
    metrics.quickened({there: True})
    told = [value(metrics, "holdfast_quickened", suite=suite, endpoint=endpoint) for suite, endpoint in (here, there)]
    assert told == [None, 1]
    metrics.forget(*there)
    metrics.quickened({there: True})
    assert value(metrics, "holdfast_quickened", suite="billing", endpoint="production") is None


def test_a_run_in_maintenance_and_one_without_a_network_are_shown_as_such() -> None:
    metrics = Metrics("1")
    labels = {"suite": "support-bot", "endpoint": "production"}
    metrics.ran(replace(a_run(), maintenance="backup"))
    assert value(metrics, "holdfast_maintenance", **labels) == 1
    metrics.ran(replace(a_run(), offline="no route"))
    assert value(metrics, "holdfast_maintenance", **labels) == 0
    assert value(metrics, "holdfast_withheld_runs_total", **labels, reason="offline") == 1
