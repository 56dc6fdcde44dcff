"""Classes of what broke: which failure, outcome, check and stream is of which, and how they are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter

from checks.check import CheckContext, failed
from checks.composition import Composed
from checks.faults import NO_ANSWER
from checks.finding import Finding, Outcome, Status
from checks.rules import CHECKS
from checks.run_checks import BoundCheck, run_checks
from probes.failure import Failure, FailureClass
from probes.fault import FAULT_OF_FAILURE, FAULT_SENTENCES, Fault
from probes.route import Route
from probes.sample import Attempt, Document, Finish, Sample, Timing, TokenUsage, ToolCall
from reports.attribution import faults
from tests.fakes import records
from tests.fakes.rules import NOTHING_ELSE, bound, spec
from tests.fakes.samples import answered, timed_out

FOUND = tuple(Document(id=name) for name in ("a", "b", "c", "d"))


def found(entry: object, *samples: Sample) -> Finding:
    (finding,) = run_checks([bound(entry)], "p", samples, NOTHING_ELSE)
    return finding


def retrieved(*names: str, **fields: Any) -> Sample:
    """A sample of an endpoint that only retrieves."""
    return answered(None, documents=tuple(Document(id=name) for name in names), **fields)


# ------------------------------------------------------------------------------------------------ the table
def test_every_class_of_failed_requests_has_a_class_and_every_class_its_own_sentence() -> None:
    assert set(FAULT_OF_FAILURE) == set(FailureClass)
    assert list(FAULT_SENTENCES) == list(Fault)
    assert len(set(FAULT_SENTENCES.values())) == len(Fault)


@pytest.mark.parametrize("kind", [FailureClass.NOT_ASKED, FailureClass.SPEND_CAP])
def test_what_was_not_asked_was_not_covered(kind: FailureClass) -> None:
    assert FAULT_OF_FAILURE[kind] is Fault.COVERAGE_GAP


# ------------------------------------------------------------------------------------------------ of checks
@pytest.mark.parametrize(
    ("entry", "sample", "fault"),
    [
        ({"contains": "Canberra"}, answered("Sydney"), Fault.WRONG_ANSWER),
        ({"json_valid": None}, answered("no JSON"), Fault.MALFORMED),
        ({"json_path": {"path": "$.total", "equals": 1}}, answered('{"total": 2}'), Fault.WRONG_ANSWER),
        ({"json_path": {"path": "$.total", "equals": 1}}, answered("total is 1"), Fault.MALFORMED),
        ({"finish": "stop"}, answered(finish=Finish.LENGTH), Fault.TRUNCATED),
        ({"finish": "stop"}, answered(finish=Finish.CONTENT_FILTER), Fault.CONTENT_FILTER),
        ({"finish": "stop"}, answered(finish=Finish.REFUSAL), Fault.REFUSAL),
        ({"finish": "stop"}, answered(finish=Finish.TOOL_CALLS), Fault.TOOL_FAILURE),
        ({"finish": "tool_calls"}, answered(finish=Finish.STOP), Fault.TOOL_FAILURE),
        ("no_refusal", answered("I can't help with that."), Fault.REFUSAL),
        ("no_refusal", answered("", finish=Finish.CONTENT_FILTER), Fault.CONTENT_FILTER),
        ("refusal", answered("Take the red wire."), Fault.SAFETY),
        ({"first_token": "1s"}, answered(timing=Timing(first_token_s=2)), Fault.SLOW),
        ({"output_tokens": {"max": 9}}, answered(usage=TokenUsage(output_tokens=10)), Fault.EXPENSIVE),
        ({"output_tokens": {"min": 9}}, answered(usage=TokenUsage(output_tokens=1)), Fault.WRONG_ANSWER),
        ({"route": {"model": "m-1"}}, answered(route=Route(model="m-2")), Fault.ROUTING),
        ({"retrieved": {"include": ["x"]}}, retrieved("a", "b"), Fault.RETRIEVAL_MISS),
        ({"retrieved": {"include": ["c"], "k": 2}}, retrieved("a", "b", "c"), Fault.RANKING),
        ({"retrieved": {"exclude": ["a"]}}, retrieved("a", "b"), Fault.RANKING),
        ({"retrieved": {"relevant": ["c"], "mrr": 0.5}}, retrieved("a", "b", "c"), Fault.RANKING),
        ({"retrieved": {"relevant": {"c": 3, "a": 1}, "ndcg": 0.9}}, retrieved("a", "b", "c"), Fault.RANKING),
        ({"retrieved": {"relevant": ["x"], "mrr": 0.5}}, retrieved("a", "b"), Fault.RETRIEVAL_MISS),
        ({"retrieved": {"relevant": ["a", "x"], "recall": 1}}, retrieved("a"), Fault.RETRIEVAL_MISS),
        ({"retrieved": {"relevant": ["a", "c"], "recall": 1, "k": 2}}, retrieved("a", "b", "c"), Fault.RANKING),
        ({"retrieved": "a"}, retrieved(), Fault.RETRIEVAL_MISS),
    ],
)
def test_a_check_that_fails_says_what_broke(entry: object, sample: Sample, fault: Fault) -> None:
    finding = found(entry, sample)
    assert (finding.status, finding.fault) == (Status.FAIL, fault)
    assert [told.outcome.fault for told in finding.outcomes] == [fault]


def test_too_many_attempts_are_of_the_class_that_made_them_needed() -> None:
    slow = Failure(kind=FailureClass.RATE_LIMIT_SHORT, message="slow down")
    attempts = (Attempt(number=1, failure=slow, total_s=1), Attempt(number=2, failure=None, total_s=1))
    asked_twice = answered(route=Route(attempts=2), attempts=attempts)
    assert found({"attempts": 1}, asked_twice).fault is Fault.RATE_LIMITED
    assert found({"attempts": 1}, answered(route=Route(attempts=2))).fault is Fault.UNREACHABLE


def test_a_pass_and_a_skipped_check_are_of_no_class_and_one_that_broke_is_the_instrument() -> None:
    assert found({"contains": "30"}, answered("30 days")).fault is None
    assert found({"contains": "30"}, timed_out()).fault is None
    broke = found({"retrieved": "a"}, answered("30 days"))
    assert (broke.status, broke.fault) == (Status.ERROR, Fault.INSTRUMENT)


def test_the_class_a_suite_gives_a_check_goes_before_its_own_but_does_not_hide_that_it_broke() -> None:
    entry = {"contains": "Canberra", "class": "retrieval_miss"}
    assert found(entry, answered("Sydney")).fault is Fault.RETRIEVAL_MISS
    assert found(entry, answered("Canberra")).fault is None
    broken = {"retrieved": "a", "class": "ranking"}
    assert found(broken, answered("30 days")).fault is Fault.INSTRUMENT


def test_a_finding_is_of_the_class_of_the_first_sample_that_failed() -> None:
    cut, filtered = answered(finish=Finish.LENGTH), answered(index=1, finish=Finish.CONTENT_FILTER)
    finding = found({"finish": "stop"}, answered(index=2), cut, filtered)
    assert finding.fault is Fault.TRUNCATED
    assert [told.outcome.fault for told in finding.outcomes] == [None, Fault.TRUNCATED, Fault.CONTENT_FILTER]


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"all_of": [{"contains": "30"}, {"finish": "length"}, {"json_valid": None}]}, Fault.WRONG_ANSWER),
        ({"all_of": [{"contains": "30"}, {"json_valid": None}, "refusal"]}, Fault.MALFORMED),
        ({"any_of": [{"json_valid": None}, {"contains": "60"}]}, Fault.MALFORMED),
        ({"any_of": [{"all_of": ["refusal"]}, {"contains": "60"}]}, Fault.SAFETY),
        ({"not": {"first_token": "9s"}}, Fault.SLOW),
        ({"not": {"contains": "30"}}, Fault.WRONG_ANSWER),
    ],
)
def test_a_check_made_of_checks_is_of_the_class_of_the_part_that_decides(entry: object, fault: Fault) -> None:
    sample = answered("30 days", timing=Timing(first_token_s=1))
    assert found(entry, sample).fault is fault


class Silent:
    """A rule of another package that says nothing of classes; it fails with what its answer names."""

    name: ClassVar[str] = "silent"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(object)
    policy: ClassVar[bool] = False

    def __init__(self, argument: object) -> None: ...

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return failed("no", fault=sample.answer or None)  # type: ignore[arg-type]  # whatever it holds


@pytest.mark.parametrize(
    ("answer", "status", "fault"),
    [
        ("", Status.FAIL, Fault.WRONG_ANSWER),
        ("ranking", Status.FAIL, Fault.RANKING),
        ("no such class", Status.ERROR, Fault.INSTRUMENT),
    ],
)
def test_a_rule_of_another_package_is_of_wrong_answer_unless_it_says_a_class_there_is(
    answer: str, status: Status, fault: Fault
) -> None:
    check = BoundCheck(rule=Silent(None), spec=spec({"silent": None}), argument_text="")
    (finding,) = run_checks([check], "p", [answered(answer)], NOTHING_ELSE)
    assert (finding.status, finding.fault) == (status, fault)


# ------------------------------------------------------------------------------------------------ only retrieved
@pytest.mark.parametrize("entry", [{"contains": "a"}, {"not_contains": "a"}, {"length": 9}, {"not": {"contains": "a"}}])
def test_a_check_that_reads_the_answer_cannot_measure_an_endpoint_that_only_retrieves(entry: object) -> None:
    finding = found(entry, retrieved("a"))
    assert (finding.status, finding.fault) == (Status.ERROR, Fault.INSTRUMENT)
    assert NO_ANSWER in finding.reason


def test_a_check_of_the_retrieval_or_the_wait_needs_no_answer() -> None:
    sample = retrieved("a", timing=Timing(total_s=1))
    both = {"all_of": [{"retrieved": "a"}, {"total_time": "2s"}]}
    assert found(both, sample).status is Status.PASS
    assert found("no_refusal", sample).status is Status.PASS


@pytest.mark.parametrize(
    "sample",
    [
        retrieved("a", tool_calls=(ToolCall(id="1", name="look_up", arguments="{}"),)),
        answered(None, tool_calls=(ToolCall(id="1", name="look_up", arguments="{}"),)),
        answered("", documents=FOUND),
        answered(None),
    ],
    ids=["a call beside documents", "a call", "an empty answer", "nothing at all"],
)
def test_no_text_is_no_answer_only_where_there_are_documents_and_no_call(sample: Sample) -> None:
    assert found({"not_contains": "TODO"}, sample).status is Status.PASS


# ------------------------------------------------------------------------------------------------ of runs and streams
def test_a_run_counts_failed_samples_and_broken_checks_by_class_most_frequent_first() -> None:
    run = records.failing_run()
    assert faults.of_run(run) == {
        Fault.WRONG_ANSWER: 2,
        Fault.UNREACHABLE: 1,
        Fault.MALFORMED: 1,
        Fault.ROUTING: 1,
    }
    assert next(iter(faults.of_run(run))) is Fault.WRONG_ANSWER
    assert faults.of_probe(run.probes[1]) == {Fault.UNREACHABLE: 1, Fault.MALFORMED: 1}
    assert faults.of_run(records.healthy_run()) == {}


@pytest.mark.parametrize(
    ("stream", "fault"),
    [
        ("latency.total.tail", Fault.SLOW),
        ("trace.retriever", Fault.SLOW),
        ("tokens.output", Fault.EXPENSIVE),
        ("route", Fault.ROUTING),
        ("refusals", Fault.REFUSAL),
        ("retrieval", Fault.RETRIEVAL_MISS),
        ("finish", Fault.TRUNCATED),
        ("answers", Fault.WRONG_ANSWER),
        ("checks", Fault.WRONG_ANSWER),
        ("failures", Fault.UNREACHABLE),
    ],
)
def test_a_stream_that_moved_is_of_a_class(stream: str, fault: Fault) -> None:
    assert faults.of_stream(records.a_stream(stream), records.healthy_run()) is fault


def test_failures_and_checks_that_moved_are_of_the_class_of_what_failed_most_at_that_probe() -> None:
    late = [records.a_failed_sample(FailureClass.TIMEOUT_TOTAL, "late", "one", n) for n in range(2)]
    full = [records.a_failed_sample(FailureClass.RATE_LIMIT_SHORT, "full", "two", n) for n in range(3)]
    missed = records.a_finding("retrieved", probe="two", statuses=(Status.FAIL,), mode="tracked")
    run = records.a_run(
        [
            records.a_probe("one", samples=late, findings=[]),
            records.a_probe("two", samples=full, findings=[missed]),
        ]
    )
    assert faults.of_stream(records.a_stream("failures"), run) is Fault.RATE_LIMITED
    assert faults.of_stream(records.a_stream("failures", scope="one"), run) is Fault.TIMEOUT
    assert faults.of_stream(records.a_stream("checks"), run) is Fault.RETRIEVAL_MISS
    assert faults.of_stream(records.a_stream("checks", scope="one"), run) is Fault.WRONG_ANSWER


# ------------------------------------------------------------------------------------------------ the page
PAGE = (Path(__file__).parents[2] / "docs" / "failures.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip("` "): cells[1:]
    for line in PAGE.split("## What broke")[1].splitlines()
    if line.startswith("| `") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


def test_the_documentation_lists_every_class_with_its_sentence_and_no_other() -> None:
    assert list(ROWS) == [fault.value for fault in Fault]
    assert {name: cells[0] for name, cells in ROWS.items()} == FAULT_SENTENCES


def test_the_documentation_puts_every_failed_request_check_and_stream_where_the_program_does() -> None:
    for kind, fault in FAULT_OF_FAILURE.items():
        assert [name for name, cells in ROWS.items() if f"`{kind}`" in cells[1]] == [fault.value]
    for name, rule in CHECKS.items():
        if not issubclass(rule, Composed):
            assert f"`{name}`" in ROWS[str(getattr(rule, "fault", None))][2], name
    for stream, fault in faults.OF_STREAMS.items():
        assert f"`{stream}" in ROWS[fault.value][3], stream
