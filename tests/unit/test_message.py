"""What people are told of a transition."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.drift.result import Effect, StreamState
from probes.failure import FailureClass
from probes.fault import Fault
from probes.suite import Owner
from reports.alerts.machine import NOT_LISTENING, Transition
from reports.messages.message import ANSWER_CHARS, notice
from reports.notice import AlertEvent
from tests.fakes import records
from tests.fakes.alerting import START
from tests.fakes.notices import OWNER, told


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


def test_an_answer_that_broke_a_contract_is_never_shown_as_the_normal_one() -> None:
    learned = records.a_baseline()
    now = replace(learned, answers={"refund-window": ((records.NEW_ANSWER, 60), (records.OLD_ANSWER, 2))})
    earlier = "Refunds are not possible any more."
    before = replace(now, answers={"refund-window": ((earlier, 9),)}, broken={"refund-window": frozenset({earlier})})
    assert told(records.failing_run(), "contract", baseline=now).before == records.OLD_ANSWER
    message = told(records.failing_run(), "contract", baseline=before)
    assert (message.before, message.after) == ("", records.NEW_ANSWER)


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
    assert message.closed and message.ended_as == "CLOSED"
    assert not told(records.healthy_run(), "contract", AlertEvent.RESOLVED).closed


def test_a_reminder_says_for_how_long_it_has_been_so() -> None:
    assert "contract broken, for 2h 15m now - " in told(records.failing_run(), "contract", AlertEvent.REMINDER).headline


@pytest.mark.parametrize(
    ("event", "reason", "words"),
    [
        (AlertEvent.ESCALATED, "not acknowledged", "contract broken, for 2h 15m now, not acknowledged - "),
        (AlertEvent.FLAPPING, "comes and goes", "contract broken, comes and goes - "),
        (AlertEvent.UPDATED, "steadily now", "contract broken, steadily now - "),
    ],
)
def test_what_is_special_about_an_incident_stands_in_its_headline(event: AlertEvent, reason: str, words: str) -> None:
    assert words in told(records.failing_run(), "contract", event, reason=reason).headline


def test_an_incident_that_comes_and_goes_is_not_called_broken_while_it_is_well() -> None:
    facts = ("opened and ended 4 times within 1h", "in the last bad run: refund-window contains")
    message = told(
        records.failing_run(), "contract", AlertEvent.FLAPPING, reason="comes and goes", facts=facts, well=True
    )
    assert message.headline == (
        "support-bot at production: contract comes and goes; well at this moment - opened and ended 4 times within 1h"
    )
    assert (message.facts, message.before, message.after, message.failures) == (facts, "", "", ())
    assert message.bearings == ()


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


def test_an_incident_that_had_to_be_bad_for_a_while_says_since_when_it_was() -> None:
    before = START - timedelta(minutes=30)
    assert told(records.failing_run(), "contract", bad_since=before).since == (
        "2026-03-14 08:30 UTC, with the first of the bad runs in a row"
    )
    assert told(records.failing_run(), "contract", bad_since=START).since == ""
    assert told(records.failing_run(), "contract", AlertEvent.RESOLVED, bad_since=before).since == ""


def test_an_open_incident_brings_its_commands_and_one_that_is_over_none() -> None:
    message = told(records.failing_run(), "contract")
    assert message.silence == "holdfast silence inc-1 --for 2h --reason 'looking into it'"
    assert message.acknowledge == "holdfast alerts ack inc-1 --reason 'looking into it'"
    over = told(records.healthy_run(), "contract", AlertEvent.RESOLVED, "acknowledged by oncall")
    assert (over.silence, over.acknowledge, over.acknowledged, over.bearings) == ("", "", "", ())


def test_who_looks_after_an_incident_is_told_and_nobody_else_is_asked_to() -> None:
    message = told(records.failing_run(), "contract", AlertEvent.REMINDER, "acknowledged by oncall")
    assert (message.acknowledged, message.acknowledge) == ("acknowledged by oncall", "")


def test_a_cause_that_stands_among_the_facts_is_told_once() -> None:
    message = replace(told(records.failing_run(), "drift"), cause="route moved", facts=("route moved",))
    assert "likely cause" not in dict(message.bearings)
    assert dict(replace(message, facts=("other",)).bearings)["likely cause"] == "route moved"


def test_answers_that_are_kept_as_hashes_are_not_shown() -> None:
    record = records.failing_run()
    hashed = "hash:" + "a2" * 16
    kept = replace(
        record,
        probes=tuple(replace(p, samples=tuple(replace(s, answer=hashed) for s in p.samples)) for p in record.probes),
    )
    message = told(kept, "contract")
    assert (message.before, message.after) == ("", "")
