"""What a message says besides its headline: how sure, since when, how wide, from what, and what did not move."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.drift.result import StreamState
from probes.failure import FailureClass
from probes.fault import Fault
from reports.messages.bearings import Bearings, bearings
from tests.fakes import records
from tests.fakes.records import HOSTILE


def test_drift_is_told_with_its_score_its_budget_its_beginning_and_what_stayed() -> None:
    found = bearings("drift", records.failing_run(), [Fault.EXPENSIVE], false_alarms_per_year=1)
    assert found.sure == (
        "score 100 where 100 is the alarm (tokens.output); the threshold is set so that chance alone brings at most "
        "1 false alarm a year over all suites together"
    )
    assert found.since == "2026-03-14 08:30 UTC, 3 runs before this one"
    assert found.extent.startswith("the suite as a whole; by themselves 1 of 4 probes (refund-window); of 2 cohorts")
    assert found.cause == "route moved, which explains answers, tokens.output and latency.total"
    assert found.unmoved == "finish has not moved"


def test_without_a_budget_none_is_claimed() -> None:
    assert "false alarm" not in bearings("drift", records.failing_run(), []).sure


def test_half_a_false_alarm_a_year_is_said_as_such() -> None:
    found = bearings("drift", records.failing_run(), [], false_alarms_per_year=0.5)
    assert "at most 0.5 false alarms a year" in found.sure


def test_a_broken_contract_is_no_estimate() -> None:
    found = bearings("contract", records.failing_run(), [Fault.WRONG_ANSWER], false_alarms_per_year=1)
    assert found.sure == (
        "seen, not estimated: 2 of 3 answers broke the worst check; this spends nothing of the false-alarm budget"
    )
    assert found.extent.startswith("2 of 4 probes (refund-window and invoice-json)")
    assert "checks" not in found.unmoved and "refusals" not in found.unmoved


def test_an_outage_is_counted_and_told_by_the_sentence_of_its_class() -> None:
    lost = [records.a_failed_sample(FailureClass.TIMEOUT_CONNECT, "no route", index=i) for i in range(3)]
    record = records.a_run([records.a_probe(samples=lost, findings=[])])
    found = bearings("availability", record, [Fault.TIMEOUT])
    assert found.sure.startswith("counted, not estimated: 3 of 3 requests failed")
    assert found.extent.startswith("1 of 1 probe (refund-window)")
    assert found.cause == "The endpoint did not answer within the time it was given"
    assert found.since == ""


def test_drift_of_one_probe_alone_is_not_told_as_the_whole_suite() -> None:
    moved = records.a_stream("latency.total", StreamState.ALARM, 100.0, scope="refund-window")
    quiet = records.a_stream("tokens.output")
    young = records.a_stream("answers", StreamState.COLLECTING)
    probes = [records.a_probe("refund-window"), records.a_probe("invoice-json")]
    found = bearings("drift", records.a_run(probes, drift=[moved, quiet, young]), [])
    assert found.extent.startswith("1 of 2 probes (refund-window)")
    assert found.unmoved == "every contract is kept; tokens.output has not moved; of answers nothing is known yet"


@pytest.mark.parametrize("kind", ["no-data", "spend"])
def test_kinds_that_no_run_explains_claim_nothing(kind: str) -> None:
    assert bearings(kind, records.failing_run(), [Fault.COVERAGE_GAP]) == Bearings()


@pytest.mark.parametrize("kind", ["contract", "policy", "availability", "drift"])
def test_a_hostile_run_is_told_on_lines_that_steer_nothing(kind: str) -> None:
    record = records.hostile_run()
    record = replace(record, probes=tuple(replace(p, probe=HOSTILE, labels={HOSTILE: HOSTILE}) for p in record.probes))
    found = bearings(kind, record, [Fault.WRONG_ANSWER], false_alarms_per_year=1)
    for text in (found.sure, found.since, found.extent, found.cause, found.unmoved):
        assert "\n" not in text and "\x1b" not in text and len(text) <= 500


@pytest.mark.parametrize("kind", ["contract", "policy", "availability", "drift", "spend"])
def test_a_run_without_anything_is_told_without_anything(kind: str) -> None:
    found = bearings(kind, records.a_run([], drift=[]), [], false_alarms_per_year=1)
    assert (found.sure, found.since, found.cause, found.unmoved) == ("", "", "", "")
