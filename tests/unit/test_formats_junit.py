"""JUnit cases say what CI must know: red is red, unknown is red, tracked is not."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from checks.drift.result import StreamState
from checks.finding import Status
from checks.verdict import Health
from reports.formats import junit
from reports.summary import RunRecord
from tests.fakes.records import a_finding, a_probe, a_run, a_stream, failing_run, healthy_run, unknown_run


def document(*records: RunRecord) -> Xml.Element:
    return Xml.fromstring(junit.render(records, exit_code=1))


def fates(record: RunRecord) -> dict[tuple[str, str], str]:
    return {
        (case.get("classname", ""), case.get("name", "")): next(
            (child.tag for child in case if child.tag != "system-out"), "passed"
        )
        for case in document(record).iter("testcase")
    }


def test_a_broken_contract_fails_its_case() -> None:
    assert fates(failing_run())[("support-bot.production.refund-window", 'contains "30 days"')] == "failure"


def test_a_tracked_check_never_fails_a_case() -> None:
    assert fates(failing_run())[("support-bot.production.arithmetic", 'contains "147"')] == "passed"


def test_a_broken_check_is_an_error() -> None:
    probe = a_probe(findings=[a_finding("json_path", "", statuses=(Status.ERROR,), reason="it broke")])
    assert fates(a_run([probe]))[("support-bot.production.refund-window", "json_path")] == "error"


def test_a_probe_without_answers_is_an_error() -> None:
    told = fates(unknown_run())
    assert told[("support-bot.production.refund-window", "answered")] == "error"
    assert told[("support-bot.production.refund-window", 'contains "30 days"')] == "skipped"


def test_a_stream_in_alarm_fails_and_a_collecting_one_is_skipped() -> None:
    told = fates(failing_run())
    assert told[("support-bot.production.drift", "tokens.output")] == "failure"
    assert told[("support-bot.production.drift", "latency.total")] == "passed"
    assert told[("support-bot.production.drift", "latency.total.tail")] == "skipped"
    assert told[("support-bot.production.refund-window.drift", "answers")] == "failure"


def test_counts_match_the_cases() -> None:
    root = document(failing_run(), unknown_run(), healthy_run())
    assert root.get("tests") == str(len(list(root.iter("testcase"))))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert root.get(count) == str(len(list(root.iter(tag)))), count


def test_a_run_that_measured_nothing_is_never_green() -> None:
    assert set(fates(a_run([], health=Health.UNKNOWN)).values()) == {"error"}
    assert "failure" in fates(a_run(health=Health.FAILING)).values()


def test_a_healthy_run_is_green() -> None:
    run = a_run(drift=[a_stream("answers", StreamState.QUIET, 2.0)])
    assert set(fates(run).values()) == {"passed"}
