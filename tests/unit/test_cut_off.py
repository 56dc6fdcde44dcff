"""A run that takes longer than it may: what is under way has failed, the rest is not asked, and all of it counts."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from checks.finding import Status
from checks.verdict import Health
from probes.failure import FailureClass
from probes.fire import fire_all
from probes.oauth import Tokens
from probes.sample import Sample
from probes.time_limit import TimeLimit
from probes.transport import Transport
from reports.alerts.incidents import conditions
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.asking import firing
from runner.daemon.run_lines import tell_run
from runner.engine import Engine
from runner.limits.holding import Limits
from runner.preparing.prepare import PreparedSuite, prepare
from runner.store.base import Store
from tests.fakes.chat import chat_body, chat_stream
from tests.fakes.http_server import STREAM_HEADERS, FakeServer, Hang, Steps, head, piece, whole
from tests.fakes.spending import NOON, PRICES, TOKENS, Day, an_order

F = FailureClass
RIGHT, WRONG = whole(chat_body("Paris")), whole(chat_body("Rome"))
HANGS: Steps = [Hang()]
PLACE = ("paid", "production")
RULES: Mapping[str, Any] = {
    "defaults": {"checks": [{"contains": "Paris"}]},
    "alerts": [{"notify": "slack", "on": ["contract", "availability"]}],
}


def a_suite(folder: Path, url: str, *, probes: int | list[dict[str, Any]], **parts: Any) -> PreparedSuite:
    """So many probes, or these, at one endpoint; ``parts`` of the suite, and ``endpoint`` of its endpoint."""
    endpoint = {"base_url": url, "model": "m-1", "stream": False, "concurrency": 1, "prices": PRICES, "retries": 0}
    plain = [{"id": f"p{number}", "prompt": f"Question {number}?"} for number in range(20)]
    endpoints = {"production": {**endpoint, **parts.pop("endpoint", {})}, **parts.pop("endpoints", {})}
    tree = {
        "version": 1,
        "suite": "paid",
        "monitor": ["production"],
        "endpoints": endpoints,
        "probes": plain[:probes] if isinstance(probes, int) else probes,
        **parts,
    }
    file = folder / "paid.yaml"
    file.write_text(json.dumps(tree), encoding="utf-8")
    return prepare(file, {"CLIENT_SECRET": "s3cret-of-the-client"}, None)


def made(
    store: Store, folder: Path, replies: Sequence[Steps], *limits_s: float | None, **parts: Any
) -> tuple[list[RunRecord], FakeServer]:
    """A run for each limit, one after the other."""

    async def scenario() -> list[RunRecord]:
        clock = Day()
        async with server, Transport(clock=clock) as transport:
            engine = Engine(store=store, transport=transport, clock=clock, limits=Limits(store, clock))
            prepared = a_suite(folder, server.url, **{**RULES, **parts})
            records = [
                await engine.run(an_order(prepared, trigger="schedule", timeout_s=limit_s)) for limit_s in limits_s
            ]
            left.update(asyncio.all_tasks() - {asyncio.current_task()} - server.tasks)
        return records

    server, left = FakeServer(*replies), set[Any]()
    records = asyncio.run(scenario())
    assert left == set(), "a run leaves no task behind"
    return records, server


def classes(record: RunRecord) -> list[str]:
    return [sample.failure.kind.value if sample.failure else "answered" for sample in record.samples]


def opened(record: RunRecord) -> dict[str, str]:
    return {alert.kind: alert.state for alert in record.alerts}


def words(sample: Sample) -> str:
    assert sample.failure is not None
    return sample.failure.message


# ------------------------------------------------------------------------------------------------ who hangs
def test_an_endpoint_that_hangs_past_the_runs_time_is_not_available(store: Store, tmp_path: Path) -> None:
    (record,), server = made(store, tmp_path, [HANGS], 0.3, probes=3, endpoint={"concurrency": 2})
    assert classes(record) == ["timeout_total", "timeout_total", "time_limit"]
    assert words(record.samples[0]).startswith("no complete answer within ")
    assert words(record.samples[0]).endswith("ms, then the run's time limit of 300ms was over")
    assert words(record.samples[2]) == "not asked: the run's time limit of 300ms was over"
    assert record.note.startswith(
        "cut off at the run's time limit of 300ms: 0 of 3 samples back, 2 under way, 1 not asked"
    )
    assert (record.health, opened(record)) == (Health.UNKNOWN, {"availability": "open"})
    assert len(server.requests) == 2
    stored = store.run(record.run_id)
    assert stored is not None and classes(stored) == classes(record) and stored.note == record.note
    assert store.undelivered() == 1


def test_what_was_measured_before_is_judged_and_a_broken_contract_is_told(store: Store, tmp_path: Path) -> None:
    (record,), _ = made(store, tmp_path, [WRONG, RIGHT, HANGS], 0.8, probes=4)
    assert classes(record) == ["answered", "answered", "timeout_total", "time_limit"]
    assert [probe.health.value for probe in record.probes] == ["failing", "healthy", "unknown", "unknown"]
    assert (record.health, opened(record)) == (Health.FAILING, {"contract": "open"})
    (row,) = store.observations(*PLACE)
    assert row.plan["judged"] is True
    facts = [sample for probe in row.observation.probes for sample in probe.samples]
    assert [(fact.failed, fact.held, fact.total_s is None) for fact in facts] == [
        (False, False, False),
        (False, False, False),
        (True, False, True),
        (True, True, True),
    ]


def test_the_log_and_the_metrics_tell_of_it_and_no_latency_is_counted(store: Store, tmp_path: Path) -> None:
    (record,), _ = made(store, tmp_path, [RIGHT, HANGS], 0.8, probes=3)
    metrics = Metrics("1")
    with capture_logs() as logs:
        metrics.ran(record)
        tell_run(record)
    place = dict(zip(("suite", "endpoint"), PLACE, strict=True))
    value = metrics.registry.get_sample_value
    assert value("holdfast_run_errors_total", {**place, "reason": "timeout"}) == 1
    assert value("holdfast_failures_total", {**place, "class": "timeout_total"}) == 1
    assert value("holdfast_failures_total", {**place, "class": "time_limit"}) == 1
    assert value("holdfast_latency_seconds_count", place) == 1
    (told,) = [line for line in logs if line["event"] == "run_cut_off"]
    assert told["log_level"] == "warning" and told["reason"] == record.cut_off
    assert record.cut_off.endswith(": 1 of 3 samples back, 1 under way, 1 not asked")


def test_a_request_that_was_cut_off_counts_as_spent_and_one_that_was_not_asked_does_not(
    store: Store, tmp_path: Path
) -> None:
    (record,), _ = made(store, tmp_path, [RIGHT, HANGS], 0.8, probes=3, spend={"tokens_per_day": 10_000})
    assert classes(record) == ["answered", "timeout_total", "time_limit"]
    spent = store.spent(NOON.replace(hour=0))["paid"]
    assert (spent.requests, spent.tokens, spent.estimated) == (2, 2 * TOKENS, 1)


def test_the_alert_opens_after_as_many_runs_as_its_rule_says_and_resolves_with_answers(
    store: Store, tmp_path: Path
) -> None:
    rule = {"notify": "slack", "on": ["availability"], "after": "2 of 3", "resolve_after": 1}
    records, _ = made(store, tmp_path, [RIGHT, HANGS, HANGS, RIGHT], None, 0.2, 0.2, 5.0, probes=1, alerts=[rule])
    assert [opened(record).get("availability") for record in records] == [None, "pending", "open", "resolved"]


# ------------------------------------------------------------------------------------------------ who waits
def test_a_run_that_could_ask_nothing_in_its_time_is_unknown_and_moves_nothing(store: Store, tmp_path: Path) -> None:
    own = {"requests_per_minute": 1}
    (first, waited), server = made(
        store, tmp_path, [WRONG], None, 0.2, probes=1, endpoint=own, spend={"tokens_per_day": 10_000}
    )
    assert (first.health, opened(first)) == (Health.FAILING, {"contract": "open"})
    assert (waited.health, classes(waited), waited.alerts) == (Health.UNKNOWN, ["time_limit"], ())
    assert waited.note.startswith("cut off at the run's time limit of 200ms: 0 of 1 sample back, 1 not asked")
    assert waited.cut_off and waited.note.endswith("nothing was asked")
    assert [state.outcomes for state in store.alert_states(*PLACE) if state.kind == "contract"] == [(True,)]
    assert [row.plan["judged"] for row in store.observations(*PLACE)] == [True, False]
    assert len(server.requests) == 1
    spent = store.spent(NOON.replace(hour=0))["paid"]
    assert (spent.requests, spent.estimated) == (1, 0), "who waited for the minute has used nothing"


def test_a_run_whose_own_limits_leave_most_unasked_does_not_blame_the_endpoint(store: Store, tmp_path: Path) -> None:
    own = {"requests_per_minute": 2}
    (record,), _ = made(store, tmp_path, [RIGHT], 0.8, probes=6, endpoint=own)
    assert Counter(classes(record)) == {"answered": 2, "time_limit": 4}
    assert record.health is Health.UNKNOWN
    assert {c.kind: c.bad for c in conditions(record)}["availability"] is False


def test_a_failure_stands_where_the_time_is_over_before_it_may_be_asked_again(store: Store, tmp_path: Path) -> None:
    busy = whole({"error": {"message": "busy"}}, 503, {"retry-after": "30"})
    (record,), server = made(store, tmp_path, [busy], 0.8, probes=1, endpoint={"retries": 2})
    assert classes(record) == ["server"] and len(server.requests) == 1
    assert record.cut_off == "cut off at the run's time limit of 800ms: 1 of 1 sample back"
    assert opened(record) == {"availability": "open"}


def test_a_repeat_that_hangs_is_the_last_attempt_of_its_sample(store: Store, tmp_path: Path) -> None:
    busy = whole({"error": {"message": "busy"}}, 503, {"retry-after": "0"})
    (record,), _ = made(store, tmp_path, [busy, HANGS], 0.8, probes=1, endpoint={"retries": 2})
    (sample,) = record.samples
    assert [attempt.failure and attempt.failure.kind for attempt in sample.attempts] == [F.SERVER, F.TIMEOUT_TOTAL]
    assert sample.failure is not None and sample.failure.kind is F.TIMEOUT_TOTAL


def test_a_script_that_hangs_in_its_second_turn_keeps_what_the_first_one_said(store: Store, tmp_path: Path) -> None:
    talk = {"id": "talk", "turns": [{"prompt": "Capital?"}, {"prompt": "And its river?"}, {"prompt": "Sure?"}]}
    (record,), server = made(store, tmp_path, [RIGHT, HANGS], 0.8, probes=[talk], defaults={})
    (sample,) = record.samples
    assert words(sample).startswith("in turn 2: no complete answer within ")
    assert [step.answer for step in sample.steps] == ["Paris"] and len(server.requests) == 2
    assert sample.failure is not None and sample.failure.kind is F.TIMEOUT_TOTAL


def test_an_answer_that_stops_halfway_keeps_its_status_and_its_first_token(store: Store, tmp_path: Path) -> None:
    begun: Steps = [head(200, STREAM_HEADERS), *map(piece, chat_stream("Par")[:2]), Hang()]
    (record,), _ = made(store, tmp_path, [begun], 0.8, probes=1, endpoint={"stream": True})
    (sample,) = record.samples
    assert sample.failure is not None
    assert (sample.failure.kind, sample.failure.status, sample.answer) == (F.TIMEOUT_TOTAL, 200, None)
    assert sample.timing.first_token_s is not None and sample.timing.total_s is None


def test_an_issuer_that_hangs_past_the_runs_time_is_named(tmp_path: Path) -> None:
    async def scenario() -> Sequence[Sample]:
        async with FakeServer(HANGS) as issuer, Transport(clock=Day()) as transport:
            client = {"token_url": issuer.url, "client_id": "probe", "client_secret": "${CLIENT_SECRET}"}
            prepared = a_suite(tmp_path, "http://127.0.0.1:9/v1", probes=1, endpoint={"oauth2": client})
            return await fire_all(
                transport=transport,
                clock=Day(),
                suite=prepared.suite,
                endpoint_name="production",
                run_id="r",
                probes=[(prepared.suite.probes[0], 2)],
                accesses=Tokens(transport=transport, clock=Day()),
                limit=TimeLimit(0.2),
            )

    first, second = asyncio.run(scenario())
    assert words(first).startswith("no token from the issuer within ") and first.failure is not None
    assert (first.failure.kind, words(second)) == (
        F.TIMEOUT_TOTAL,
        "not asked: the run's time limit of 200ms was over",
    )


# ------------------------------------------------------------------------------------------------ whose fault it is
JUDGED: Mapping[str, Any] = {"defaults": {"checks": [{"contains": "Paris"}, {"rubric": "Names the capital."}]}}


def judged(store: Store, folder: Path, *judge: Steps, limit_s: float = 0.8) -> RunRecord:
    """A run whose answers are there at once, and whose judge replies like this."""

    async def scenario() -> RunRecord:
        clock = Day()
        async with FakeServer(RIGHT) as server, FakeServer(*judge) as asked, Transport(clock=clock) as transport:
            engine = Engine(store=store, transport=transport, clock=clock)
            judges = {"judge": {"base_url": asked.url, "model": "j", "stream": False, "retries": 0, "concurrency": 1}}
            prepared = a_suite(
                folder, server.url, probes=2, endpoints=judges, **{**RULES, **JUDGED}, judge={"endpoint": "judge"}
            )
            return await engine.run(an_order(prepared, trigger="schedule", timeout_s=limit_s))

    return asyncio.run(scenario())


def test_a_judge_that_hangs_past_the_runs_time_is_no_fault_of_the_endpoint(store: Store, tmp_path: Path) -> None:
    record = judged(store, tmp_path, HANGS)
    assert classes(record) == ["answered", "answered"]
    statuses = [[finding.status for finding in probe.findings] for probe in record.probes]
    assert statuses == [[Status.PASS, Status.ERROR]] * 2
    first, second = (probe.findings[1].reason for probe in record.probes)
    assert "the judge gave no answer: timeout_total: no complete answer within" in first
    assert "the judge was not asked: the run's time limit of 800ms was over" in second
    assert (
        record.cut_off == "cut off at the run's time limit of 800ms: 2 of 2 questions about the answers without a reply"
    )
    told = {condition.kind: condition.bad for condition in conditions(record)}
    assert (record.health, told["availability"], told["contract"]) == (Health.UNKNOWN, False, False)
    assert opened(record) == {}
    (row,) = store.observations(*PLACE)
    assert row.plan["judged"] is True


def test_what_a_slow_store_keeps_from_being_judged_is_no_lost_answer(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "JUDGES_LATE_S", 0.05)
    looked_up, free = store.judges, threading.Event()

    def slowly(suite: str, endpoint: str) -> Any:
        free.wait(5)
        return looked_up(suite, endpoint)

    monkeypatch.setattr(store, "judges", slowly)
    threading.Timer(2.0, free.set).start()
    record = judged(store, tmp_path, whole(chat_body("PASS")), limit_s=0.8)
    assert classes(record) == ["answered", "answered"]
    assert [probe.findings[1].status for probe in record.probes] == [Status.ERROR] * 2
    assert record.cut_off == "cut off at the run's time limit of 800ms: no judge asked in time"


# ------------------------------------------------------------------------------------------------ the limit itself
def test_a_run_that_is_done_in_time_says_nothing_of_its_limit(store: Store, tmp_path: Path) -> None:
    (record,), _ = made(store, tmp_path, [RIGHT], 20.0, probes=2)
    assert (record.cut_off, record.note, classes(record)) == ("", "", ["answered", "answered"])


def test_a_run_that_is_cancelled_is_cancelled_whatever_time_it_has_left(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with FakeServer(HANGS) as server, Transport(clock=Day()) as transport:
            engine = Engine(store=store, transport=transport, clock=Day())
            order = an_order(a_suite(tmp_path, server.url, probes=2), timeout_s=30.0)
            run = asyncio.create_task(engine.run(order))
            await server.busy(1)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert asyncio.all_tasks() - {asyncio.current_task()} - server.tasks == set()

    asyncio.run(scenario())
    assert store.runs() == ()


def test_the_same_limit_for_others_counts_what_it_ended_for_itself() -> None:
    async def scenario() -> tuple[TimeLimit, TimeLimit]:
        limit = TimeLimit(0.0)
        other = limit.anew()
        assert limit.over and other.over and other.at == limit.at
        other.cut_short(1.5)
        return limit, other

    limit, other = asyncio.run(scenario())
    assert (limit.cut, limit.reached, other.cut, other.reached) == (0, False, 1, True)


def test_an_error_of_what_is_waited_for_is_not_taken_for_the_limit() -> None:
    async def broken() -> str:
        raise TimeoutError("its own")

    async def scenario() -> None:
        await TimeLimit(30.0).kept(broken, late=lambda: "late")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(scenario())
