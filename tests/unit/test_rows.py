"""Rows and JSON give back what went in, to the last digit, whatever an endpoint sent."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.result import Effect, StreamKey, StreamResult, StreamState
from checks.finding import Finding, Outcome, SampleOutcome, Status
from checks.verdict import Health
from probes.errors import StoreError
from probes.failure import Failure, FailureClass
from probes.fault import Fault
from probes.route import Route
from probes.sample import Attempt, Document, Finish, Sample, Step, Timing, TokenUsage, ToolCall
from probes.suite import Message
from reports.alerts.machine import AlertState
from reports.notice import AlertEvent, Notice
from reports.summary import ProbeRecord
from runner.store import alert_rows, columns, observation_rows, rows, sample_rows
from runner.store.base import BaselineAct, OutboxEntry
from tests.fakes.records import HOSTILE, NOW, a_probe, a_run, a_sample

TEXTS = st.text(max_size=20)
"""Hypothesis leaves surrogates out here; those have tests of their own."""
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**62)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | COUNTS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def every_field(noun: type, /, **given_: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Instances with a value for every field: one that is added to the noun and not to its row fails the test."""
    return st.builds(noun, **{field.name: given_.get(field.name, ...) for field in dataclasses.fields(noun)})


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


SECONDS = optional(NUMBERS)
SECONDS_OF = [field.name for field in dataclasses.fields(Timing) if field.name.endswith("_s")]
TEXT_COLUMNS = ("answer", "refusal", "tool_calls", "documents", "citations", "steps")
FAILURES = every_field(
    Failure, kind=st.sampled_from(FailureClass), message=TEXTS, status=optional(COUNTS), retry_after_s=SECONDS
)
TIMINGS = every_field(
    Timing, **dict.fromkeys(("reused", "stamped"), optional(st.booleans())), **dict.fromkeys(SECONDS_OF, SECONDS)
)
CALLS = st.lists(every_field(ToolCall, id=TEXTS, name=TEXTS, arguments=TEXTS), max_size=2).map(tuple)
DOCUMENTS = st.lists(every_field(Document, id=TEXTS, text=optional(TEXTS), score=SECONDS), max_size=2).map(tuple)
ROUTES = every_field(
    Route,
    **dict.fromkeys(sample_rows.ROUTE_NAMES, optional(TEXTS)),
    fallbacks=optional(COUNTS),
    retries=optional(COUNTS),
    attempts=COUNTS,
)
SAMPLES = every_field(
    Sample,
    **dict.fromkeys(("sample_id", "trace_id"), TEXTS),
    **{name: st.just(getattr(a_sample(), name)) for name in ("run_id", "suite", "endpoint", "probe")},
    request_hash=st.sampled_from(["hash-of-refund-window", "another"]),
    index=COUNTS,
    started_at=INSTANTS,
    timing=TIMINGS,
    usage=every_field(
        TokenUsage,
        **dict.fromkeys([f.name for f in dataclasses.fields(TokenUsage)][:-1], optional(COUNTS)),
        raw=st.dictionaries(TEXTS, JSON, max_size=3),
    ),
    route=ROUTES,
    **dict.fromkeys(("answer", "refusal", "finish_raw"), optional(TEXTS)),
    tool_calls=CALLS,
    documents=optional(DOCUMENTS),
    citations=st.lists(TEXTS, max_size=2).map(tuple),
    filters=st.dictionaries(TEXTS, TEXTS, max_size=2),
    told_trace_id=optional(TEXTS),
    steps=st.lists(
        every_field(
            Step,
            turn=COUNTS,
            timing=TIMINGS,
            usage=st.just(TokenUsage(input_tokens=3, raw={"a": [1]})),
            **dict.fromkeys(("answer", "refusal", "finish_raw"), optional(TEXTS)),
            tool_calls=CALLS,
            finish=optional(st.sampled_from(Finish)),
            documents=optional(DOCUMENTS),
            citations=st.lists(TEXTS, max_size=2).map(tuple),
            filters=st.dictionaries(TEXTS, TEXTS, max_size=2),
            route=ROUTES,
            cost_usd=SECONDS,
            status=optional(COUNTS),
        ),
        max_size=2,
    ).map(tuple),
    finish=optional(st.sampled_from(Finish)),
    failure=optional(FAILURES),
    attempts=st.lists(
        every_field(Attempt, number=COUNTS, failure=optional(FAILURES), total_s=NUMBERS, waited_s=NUMBERS), max_size=2
    ).map(tuple),
    cost_usd=SECONDS,
    status=optional(COUNTS),
    answer_chars=optional(COUNTS),
    headers=st.dictionaries(TEXTS, TEXTS, max_size=3),
)


def through_rows(sample: Sample, probe: ProbeRecord) -> Sample:
    """What a store does: the sample's row joined with its texts, with its run and probe at hand."""
    row = sample_rows.sample_row(sample, probe=probe, run=1, position=0, probe_position=0)
    texts = sample_rows.text_row(sample, run=1, position=0) or dict.fromkeys(TEXT_COLUMNS)
    run = {"run_id": sample.run_id, "suite": sample.suite, "endpoint": sample.endpoint}
    asked = {"probe": probe.probe, "request_hash": probe.request_hash}
    return sample_rows.sample({**row, **texts}, run=run, probe=asked)


@given(SAMPLES)
@settings(max_examples=80, deadline=None)
def test_a_sample_comes_back_from_its_rows_with_every_field_as_it_was(sample: Sample) -> None:
    assert through_rows(sample, a_probe()) == sample


@given(SAMPLES)
@settings(max_examples=40, deadline=None)
def test_a_row_of_a_sample_holds_only_what_a_column_can_hold(sample: Sample) -> None:
    row = sample_rows.sample_row(sample, probe=a_probe(), run=1, position=0, probe_position=0)
    assert all(isinstance(value, (str, int, float, type(None))) for value in row.values())


def test_numbers_that_no_column_holds_become_unknown_instead_of_losing_the_run() -> None:
    failure = Failure(kind=FailureClass.OVERLOADED, message="later", retry_after_s=math.inf)
    raw = {"tokens": math.nan, "details": [math.inf, {"more": -math.inf}]}
    sample = a_sample(usage=TokenUsage(input_tokens=10**30, raw=raw), failure=failure, cost_usd=math.nan)
    sample = dataclasses.replace(sample, attempts=(Attempt(number=1, failure=failure, total_s=0.1),))
    back = through_rows(sample, a_probe())
    assert back.usage == TokenUsage(raw={"tokens": None, "details": [None, {"more": None}]})
    assert back.failure is not None and back.failure.retry_after_s is None
    assert back.attempts[0].failure == back.failure and back.cost_usd is None


@pytest.mark.parametrize(
    "changes", [{"run_id": "other"}, {"suite": "other"}, {"endpoint": "other"}, {"probe": "other"}]
)
def test_a_sample_that_names_another_run_suite_endpoint_or_probe_is_refused(changes: dict[str, str]) -> None:
    record = a_run()
    with pytest.raises(StoreError, match="does not belong"):
        sample_rows.check_identity(record, record.probes[0], dataclasses.replace(a_sample(), **changes))
    sample_rows.check_identity(record, record.probes[0], a_sample())


# ------------------------------------------------------------------------------------------------ columns
@given(INSTANTS, INSTANTS)
def test_instants_sort_as_texts_in_the_order_of_time_and_come_back_exactly(one: datetime, other: datetime) -> None:
    texts = columns.instant_text(one), columns.instant_text(other)
    assert (texts[0] < texts[1]) == (one < other)
    assert columns.instant(texts[0]) == one and columns.instant(texts[0]).tzinfo is UTC


def test_an_instant_is_kept_in_utc_and_refused_without_a_zone() -> None:
    tokyo = datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert columns.instant_text(tokyo) == "2026-03-01T00:00:00.000000+00:00"
    with pytest.raises(StoreError, match="time zone"):
        columns.instant_text(datetime(2026, 3, 1))  # noqa: DTZ001


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=30))
def test_a_cleaned_text_can_always_be_encoded_and_changes_nothing_else(text: str) -> None:
    cleaned = columns.clean_text(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert cleaned == text


def test_a_lone_surrogate_becomes_one_replacement_character_and_a_pair_its_character() -> None:
    assert columns.clean_text("a\ud800b\udc00") == "a\ufffdb\ufffd"
    assert columns.clean_text("\ud83d\ude00") == "\U0001f600"


@given(JSON)
def test_json_comes_back_with_every_digit(value: Any) -> None:
    assert columns.from_json(columns.to_json(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_our_own_states_may_not_hold_numbers_that_json_lacks(value: float) -> None:
    with pytest.raises(StoreError, match="JSON"):
        columns.to_json({"ln_m": value})


def test_what_is_no_json_is_refused_in_plain_words_both_ways() -> None:
    with pytest.raises(StoreError, match="cannot be stored as JSON"):
        columns.to_json({"at": object()})
    with pytest.raises(StoreError, match="not JSON"):
        columns.from_json("{")


def test_a_row_of_another_shape_is_refused_without_quoting_it() -> None:
    with pytest.raises(StoreError, match="cannot read") as caught:
        columns.Codec(TypeAdapter(Notice)).load('{"secret": 1}')
    assert "secret" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ findings, drift
FINDINGS = every_field(
    Finding,
    **dict.fromkeys(("check", "argument", "reason"), TEXTS),
    probe=st.just("refund-window"),
    mode=st.sampled_from(["contract", "tracked"]),
    policy=st.booleans(),
    status=st.sampled_from(Status),
    fault=optional(st.sampled_from(Fault)),
    passed=COUNTS,
    total=COUNTS,
    outcomes=st.lists(
        every_field(
            SampleOutcome,
            sample_id=TEXTS,
            outcome=every_field(
                Outcome,
                status=st.sampled_from(Status),
                reason=TEXTS,
                span=optional(st.tuples(COUNTS, COUNTS)),
                fault=optional(st.sampled_from(Fault)),
            ),
        ),
        max_size=3,
    ).map(tuple),
)


@given(FINDINGS)
@settings(max_examples=60, deadline=None)
def test_a_finding_comes_back_and_its_row_alone_quotes_no_reason(finding: Finding) -> None:
    row = rows.finding_row(finding, run=1, position=0, probe_position=0)
    reasons = rows.reason_row(finding, run=1, position=0) or {"reason": None, "reasons": None}
    assert rows.finding({**row, **reasons}, probe=finding.probe) == finding
    bare = rows.finding({**row, "reason": None, "reasons": None}, probe=finding.probe)
    assert bare.reason == "" and all(entry.outcome.reason == "" for entry in bare.outcomes)
    assert bare.status is finding.status


@given(
    every_field(
        StreamResult,
        key=every_field(StreamKey, scope=TEXTS, dimension=TEXTS),
        state=st.sampled_from(StreamState),
        **dict.fromkeys(("score", "ln_m"), SECONDS),
        ln_c=NUMBERS,
        baseline_size=COUNTS,
        effect=optional(
            every_field(
                Effect,
                kind=st.sampled_from(["ratio", "difference", "distance"]),
                value=NUMBERS,
                low=SECONDS,
                high=SECONDS,
            )
        ),
        since=optional(TEXTS),
        note=TEXTS,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_stream_result_comes_back_to_the_last_digit(result: StreamResult) -> None:
    assert rows.stream_result(rows.drift_row(result, run=1, position=0)) == result


# ------------------------------------------------------------------------------------------------ what the judge saw
def facts(**changes: Any) -> SampleFacts:
    return dataclasses.replace(SampleFacts(failed=False, total_s=0.1 + 0.2, answer="yes"), **changes)


def seen(*samples: SampleFacts) -> RunObservation:
    probe = ProbeObservation(probe="p", request_hash="h", samples=samples)
    return RunObservation(run_id="r", started_at=NOW, probes=(probe,))


def through_json(observation: RunObservation, answers: dict[tuple[str, int], str | None]) -> Any:
    row = {"observation": observation_rows.observation_json(observation), "plan": "{}"}
    return observation_rows.stored_observation({**row, "in_baseline": 1, "texts_expired": 0}, answers)


def test_an_observation_is_stored_without_its_answers_and_comes_back_with_them() -> None:
    observation = seen(facts(), SampleFacts(failed=True), facts(answer=None), facts(answer="", refused=True))
    assert "yes" not in observation_rows.observation_json(observation)
    back = through_json(observation, {("p", 0): "yes", ("p", 1): None, ("p", 2): "unseen", ("p", 3): ""})
    assert back.observation == observation
    assert back.observation.started_at.tzinfo is UTC
    assert not back.texts_expired and back.in_baseline


def test_an_observation_whose_answers_are_gone_says_so() -> None:
    back = through_json(seen(facts()), {})
    assert back.texts_expired
    assert back.observation == seen(facts(answer=None))


@given(
    every_field(
        SampleFacts,
        failed=st.booleans(),
        refused=st.booleans(),
        check_failed=optional(st.booleans()),
        **dict.fromkeys(("first_token_s", "total_s"), SECONDS),
        **dict.fromkeys(("output_tokens", "input_tokens"), optional(COUNTS)),
        **dict.fromkeys(("route", "finish", "answer"), optional(TEXTS)),
    )
)
@settings(max_examples=60, deadline=None)
def test_the_facts_of_a_sample_come_back_to_the_last_digit(one: SampleFacts) -> None:
    assert through_json(seen(one), {("p", 0): one.answer}).observation == seen(one)


# ------------------------------------------------------------------------------------------------ alerts
NOTICES = every_field(
    Notice,
    **{
        field.name: TEXTS
        for field in dataclasses.fields(Notice)
        if field.name not in ("event", "at", "opened_at", "facts", "failures", "faults", "closed")
    },
    event=st.sampled_from(AlertEvent),
    at=INSTANTS,
    opened_at=INSTANTS,
    closed=st.booleans(),
    facts=st.lists(TEXTS, max_size=2).map(tuple),
    failures=st.lists(TEXTS, max_size=2).map(tuple),
    faults=st.lists(st.sampled_from(Fault), max_size=2).map(tuple),
)


@given(NOTICES)
@settings(max_examples=60, deadline=None)
def test_a_notice_comes_back_from_the_outbox_as_it_was(notice: Notice) -> None:
    row = alert_rows.outbox_row(OutboxEntry(notifier="slack", notice=notice), run=1)
    back = alert_rows.pending({**row, "id": 7, "receipt": '{"ts":"1"}'})
    assert back.entry == OutboxEntry(notifier="slack", notice=notice)
    assert back.entry.notice.at.tzinfo is UTC
    assert (back.outbox_id, back.attempts, back.receipt) == (7, 0, {"ts": "1"})


def test_an_alert_state_comes_back_as_it_was() -> None:
    state = AlertState(
        key="s/e/drift",
        notifier="slack",
        kind="drift",
        state="open",
        severity="page",
        outcomes=(True, False),
        incident_id="i1",
        opened_at=NOW,
        last_notice_at=NOW + timedelta(microseconds=1),
        facts=("latency moved", "tokens moved"),
        faults=(Fault.SLOW, Fault.EXPENSIVE),
    )
    back = alert_rows.alert_state(alert_rows.alert_row(state, suite="s", endpoint="e"))
    assert back == state
    assert back.opened_at is not None and back.opened_at.tzinfo is UTC


def test_only_a_move_of_an_incident_is_an_event() -> None:
    quiet = AlertState(key="k", notifier="n", kind="drift", state="quiet", severity="page")
    counted = dataclasses.replace(quiet, outcomes=(True,))
    opened = dataclasses.replace(quiet, state="open", incident_id="i1")
    assert not alert_rows.changed(None, quiet)
    assert not alert_rows.changed(quiet, counted)
    assert alert_rows.changed(None, opened) and alert_rows.changed(quiet, opened)
    assert alert_rows.changed(opened, dataclasses.replace(opened, severity="ticket"))
    assert not alert_rows.changed(quiet, dataclasses.replace(quiet, severity="ticket"))


def test_an_end_is_an_event_of_the_severity_that_the_incident_had() -> None:
    opened = AlertState(key="k", notifier="n", kind="drift", state="open", severity="info", incident_id="i1")
    quiet = dataclasses.replace(opened, state="quiet", severity="page", incident_id="")
    (row,) = alert_rows.event_rows(opened, quiet, run=7, at=NOW)
    assert (row["state"], row["severity"], row["run"]) == ("quiet", "info", 7)
    again = dataclasses.replace(opened, state="pending", severity="ticket", incident_id="i2")
    rows = alert_rows.event_rows(opened, again, run=7, at=NOW)
    assert [(r["state"], r["severity"], r["incident_id"]) for r in rows] == [
        ("quiet", "info", ""),
        ("pending", "ticket", "i2"),
    ]
    assert alert_rows.event_rows(quiet, quiet, run=7, at=NOW) == []


def test_a_decision_comes_back_with_the_streams_it_spoke_of() -> None:
    streams = (StreamKey(scope="suite", dimension="route"), StreamKey(scope=HOSTILE, dimension="answers"))
    act = BaselineAct(
        suite="s", endpoint="e", kind="accept", at=NOW, author="on-call", reason="new model", streams=streams
    )
    row = {**alert_rows.act_row(act), "after_run": None}  # filled in by the store
    assert alert_rows.act(row) == dataclasses.replace(
        act, streams=(streams[0], StreamKey(scope=columns.clean_text(HOSTILE), dimension="answers"))
    )


def test_a_probe_and_its_conversation_come_back_from_their_rows() -> None:
    probe = dataclasses.replace(a_probe(samples=(), findings=()), health=Health.DEGRADED)
    row = {**rows.probe_row(probe, run=1, position=0), **rows.conversation_row("s", probe)}
    assert rows.probe_record(row, samples=(), findings=()) == probe
    assert json.loads(row["messages"])[0]["role"] == "user"
    expired = rows.probe_record({**row, "messages": None}, samples=(), findings=())
    assert expired.conversation == () and isinstance(probe.conversation[0], Message)
