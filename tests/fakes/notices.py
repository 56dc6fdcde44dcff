"""Notices of transitions as people are told of them. Feeds tests of messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from probes.suite import Owner
from reports.alerts.incidents import conditions
from reports.alerts.machine import Transition
from reports.messages.message import notice
from reports.notice import AlertEvent, Notice
from reports.summary import BaselineView, RunRecord
from tests.fakes import records
from tests.fakes.alerting import START

OWNER = Owner(team="support", contact="#support-oncall", runbook="https://wiki.example.com/support-bot")


def told(
    record: RunRecord,
    kind: str,
    event: AlertEvent = AlertEvent.OPENED,
    acknowledged: str = "",
    baseline: BaselineView | None = None,
    **fields: object,
) -> Notice:
    """The notice of a transition as the machine makes it from the run."""
    (condition,) = [c for c in conditions(record) if c.kind == kind]
    transition = Transition(
        event=event,
        notifier="slack",
        key=condition.key,
        kind=kind,
        severity=condition.severity,
        incident_id="inc-1",
        at=START + timedelta(hours=2, minutes=15),
        opened_at=START,
        facts=condition.facts,
        summary=condition.summary,
        faults=condition.faults,
    )
    transition = replace(transition, **fields)  # type: ignore[arg-type]
    return notice(
        transition,
        record,
        baseline or records.a_baseline(),
        OWNER,
        "https://reports.example.com/1",
        "holdfast replay x",
        false_alarms_per_year=1,
        acknowledged=acknowledged,
    )
