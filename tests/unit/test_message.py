"""What people are told of a transition."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.drift.result import Effect, StreamState
from probes.failure import FailureClass
from probes.fault import Fault
from probes.suite import Owner
from reports.alerts import NOT_LISTENING, Transition
from reports.incidents import conditions
from reports.message import ANSWER_CHARS, notice
from reports.notice import AlertEvent, Notice
from reports.summary import RunRecord
from tests.fakes import records
from tests.fakes.alerting import START

OWNER = Owner(team="support", contact="#support-oncall", runbook="https://wiki.example.com/support-bot")


def told(record: RunRecord, kind: str, event: AlertEvent = AlertEvent.OPENED, **fields: object) -> Notice:
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
    return notice(transition, record, records.a_baseline(), OWNER, "https://reports.example.com/1", "holdfast replay x")


def test_a_broken_contract_is_told_with_one_answer_before_and_after() -> None:
    message = told(records.failing_run(), "contract")
    assert message.headline == (
        "support-bot at production: contract broken - refund-window contains '30 days' (1 of 3 pass) and 1 more"
    )
    assert (message.before, message.after) == (records.OLD_ANSWER, records.NEW_ANSWER)
    assert message.failures == ("server x1",)
    assert message.faults == (Fault.WRONG_ANSWER, Fault.MALFORMED)
    assert (message.team, message.contact, message.runbook) == (OWNER.team, OWNER.contact, OWNER.runbook)
    assert (message.report, message.replay) == ("https://reports.example.com/1", "holdfast replay x")


def test_an_outage_is_told_by_classes_without_answers() -> None:
    lost = [records.a_failed_sample(FailureClass.TIMEOUT_CONNECT, "no route", index=i) for i in range(3)]
    message = told(records.a_run([records.a_probe(samples=lost, findings=[])]), "availability")
    assert message.headline == ("support-bot at production: not available - 3 of 3 samples failed (timeout_connect)")
    assert (message.before, message.after, message.failures) == ("", "", ("timeout_connect x3",))
    assert message.faults == (Fault.TIMEOUT,)


def test_drift_of_answers_shows_the_answer_that_moved_most() -> None:
    message = told(records.failing_run(), "drift")
    assert message.headline.startswith("support-bot at production: drift - tokens.output x1.31 (between")
    assert (message.before, message.after) == (records.OLD_ANSWER, records.NEW_ANSWER)


def test_drift_of_latency_alone_shows_no_answers() -> None:
    slow = records.a_stream("latency.total", StreamState.ALARM, 100.0, effect=Effect(kind="ratio", value=1.4))
    message = told(records.a_run(drift=[slow]), "drift")
    assert message.headline == "support-bot at production: drift - latency.total x1.40"
    assert (message.before, message.after) == ("", "")


def test_a_resolved_incident_says_how_long_it_lasted_and_what_it_was() -> None:
    message = told(records.healthy_run(), "contract", AlertEvent.RESOLVED, facts=("refund-window: was broken",))
    assert message.headline == "support-bot at production: contract kept again after 2h 15m"
    assert (message.facts, message.before, message.after) == (("refund-window: was broken",), "", "")


def test_an_incident_nobody_listens_to_any_more_does_not_claim_to_be_over() -> None:
    message = told(records.healthy_run(), "contract", AlertEvent.RESOLVED, reason=NOT_LISTENING)
    assert message.headline == (
        f"support-bot at production: contract alert closed, {NOT_LISTENING}; it was open for 2h 15m"
    )


def test_a_reminder_says_for_how_long_it_has_been_so() -> None:
    assert "contract broken, for 2h 15m now - " in told(records.failing_run(), "contract", AlertEvent.REMINDER).headline


@pytest.mark.parametrize("kind", ["contract", "policy", "availability", "drift", "no-data", "spend"])
def test_every_kind_has_words_for_its_beginning_and_its_end(kind: str) -> None:
    message = told(records.failing_run(), "contract")
    transition = Transition(
        event=AlertEvent.OPENED,
        notifier="slack",
        key=message.key,
        kind=kind,
        severity="page",
        incident_id="inc-1",
        at=message.at,
        opened_at=START,
        facts=("it is bad",),
    )
    over = replace(transition, event=AlertEvent.RESOLVED)
    begun, ended = (notice(t, records.healthy_run(), None, Owner(), "", "").headline for t in (transition, over))
    assert begun.endswith(" - it is bad") and ended.endswith(" after 2h 15m")


def test_long_answers_are_shortened_visibly() -> None:
    samples = [records.a_sample(index=i, answer="word " * 500) for i in range(3)]
    failing = records.failing_run().probes[0]
    message = told(records.a_run([replace(failing, samples=tuple(samples))]), "contract")
    assert len(message.after) <= ANSWER_CHARS and message.after.endswith("\u2026")


def test_without_a_baseline_or_with_expired_texts_nothing_is_made_up() -> None:
    record = records.failing_run()
    expired = replace(
        record,
        probes=tuple(replace(p, samples=tuple(replace(s, answer=None) for s in p.samples)) for p in record.probes),
    )
    message = told(expired, "contract")
    assert (message.before, message.after) == ("", "")


def test_a_hostile_run_is_told_on_one_headline_that_can_be_encoded() -> None:
    message = told(records.hostile_run(), "drift")
    assert "\n" not in message.headline.partition(": drift - ")[2]
    assert "\x1b" not in message.after and message.after.encode()
