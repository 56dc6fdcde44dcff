"""What Prometheus is told: what is open now and nothing else, and what nobody was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from checks.verdict import Health
from reports.metrics import Metrics
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


def test_notices_given_up_are_counted() -> None:
    metrics = Metrics("1")
    metrics.outbox(pending=3, delivered=2, given_up=1)
    metrics.outbox(pending=0, delivered=0, given_up=2)
    text = metrics.text().decode()
    assert "holdfast_notices_given_up_total 3.0" in text
    assert "holdfast_outbox_pending 0.0" in text
