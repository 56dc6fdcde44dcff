"""What every store promises. A new store joins by one line in ``STORES`` and must pass all of this unchanged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.canary.judge import judge_pairs
from checks.drift.observation import observe
from checks.drift.result import StreamKey, StreamResult, StreamState
from checks.finding import Finding, Outcome, SampleOutcome, Status
from probes.errors import StoreError
from probes.failure import Failure, FailureClass
from probes.route import Route
from probes.sample import Document, TokenUsage
from reports.alerts.silences import Acknowledgement
from reports.consultation import CalibrationResult, Consultation, Place, Served
from reports.notice import AlertEvent
from reports.summary import RunRecord
from runner.store import open_store
from runner.store.base import BaselineAct, Installed, OutboxEntry, RunWrite, Spending, Spent, Store
from runner.store.columns import clean_text
from runner.store.sqlite import SqliteStore
from tests.fakes.canaries import a_canary, a_hostile_canary
from tests.fakes.forgetting import expire_texts
from tests.fakes.records import (
    HOSTILE,
    NOW,
    a_failed_sample,
    a_finding,
    a_probe,
    a_run,
    a_sample,
    a_stream,
    failing_run,
    healthy_run,
    hostile_run,
    unknown_run,
)
from tests.fakes.stored import ENDPOINT, LATENCY, PLACE, SUITE, a_silence, alert, entry, numbered, written

STATE = {"n": 3, "sums": [0.1 + 0.2, 1e-300, -0.0, 5e-324], "kind": "log", "frozen": None}


# ------------------------------------------------------------------------------------------------ the stores
def _refuse_outbox_rows(store: Store) -> None:
    assert isinstance(store, SqliteStore)
    store._db._db.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no more notices'); END"
    )


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one kind of store is opened, and how its last insert of a run is made to fail."""

    url: Callable[[Path], str]
    refuse_outbox_rows: Callable[[Store], None]


STORES = {
    "sqlite": Kind(url=lambda folder: f"sqlite:///{folder}/new/store.db", refuse_outbox_rows=_refuse_outbox_rows),
    "sqlite in memory": Kind(url=lambda _: ":memory:", refuse_outbox_rows=_refuse_outbox_rows),
}


@pytest.fixture(params=STORES.values(), ids=STORES)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def store(kind: Kind, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(kind.url(tmp_path))
    yield opened
    opened.close()


# ------------------------------------------------------------------------------------------------ what is written


# ------------------------------------------------------------------------------------------------ runs
@pytest.mark.parametrize("record", [healthy_run(), failing_run(), unknown_run(), a_run(())])
def test_a_run_comes_back_exactly_as_it_was_saved(store: Store, record: RunRecord) -> None:
    store.save_run(written(record))
    assert store.run(record.run_id) == record


def test_a_run_of_hostile_texts_comes_back_with_only_its_lone_surrogates_replaced(store: Store) -> None:
    record = hostile_run()
    probe = record.probes[0]
    samples = tuple(
        replace(s, sample_id=f"s{i}", run_id=HOSTILE, suite=HOSTILE, endpoint=HOSTILE, headers={HOSTILE: HOSTILE})
        for i, s in enumerate(probe.samples)
    )
    record = replace(record, probes=(replace(probe, samples=samples),))
    store.save_run(written(record, streams={LATENCY: {"note": HOSTILE}}))
    back = store.run(HOSTILE)
    assert back is not None and repr(back) == repr(record).replace("\\ud800", "\ufffd")
    assert back.probes[0].samples[0].answer == clean_text(HOSTILE)
    assert [stored.observation.run_id for stored in store.observations(HOSTILE, HOSTILE)] == [clean_text(HOSTILE)]
    assert store.stream_states(HOSTILE, HOSTILE) == {LATENCY: {"note": clean_text(HOSTILE)}}


def test_a_run_that_is_not_stored_is_none(store: Store) -> None:
    assert store.run("run-0001") is None


def test_a_run_is_stored_once_and_a_second_time_refused_without_a_trace(store: Store) -> None:
    store.save_run(written(numbered(1)))
    with pytest.raises(StoreError, match="already stored"):
        store.save_run(written(numbered(1, note="again"), outbox=[entry()]))
    assert store.run("run-0001") == numbered(1)
    assert store.undelivered() == 0


def test_a_run_that_fails_at_its_last_insert_leaves_nothing_behind(kind: Kind, store: Store) -> None:
    store.save_run(written(numbered(1), streams={LATENCY: {"n": 1}}, alerts=[alert("pending")]))
    kind.refuse_outbox_rows(store)
    write = written(numbered(2), streams={LATENCY: {"n": 2}}, alerts=[alert()], outbox=[entry()])
    with pytest.raises(StoreError):
        store.save_run(write)
    assert store.run("run-0002") is None
    assert [header.run_id for header in store.runs()] == ["run-0001"]
    assert len(list(store.observations(*PLACE))) == 1
    assert store.stream_states(*PLACE) == {LATENCY: {"n": 1}}
    assert store.alert_states(*PLACE) == (alert("pending"),)
    store.save_run(replace(write, outbox=()))
    assert store.run("run-0002") == write.record


def test_a_state_that_json_cannot_hold_refuses_the_whole_run(store: Store) -> None:
    with pytest.raises(StoreError, match="JSON"):
        store.save_run(written(numbered(1), streams={LATENCY: {"ln_m": float("nan")}}))
    assert store.runs() == ()


def test_runs_are_listed_newest_first_filtered_and_limited(store: Store) -> None:
    for number, suite, endpoint in ((1, SUITE, "a"), (3, SUITE, "b"), (2, "other", "a")):
        store.save_run(written(numbered(number, suite=suite, endpoint=endpoint)))
    listed = lambda **chosen: [int(header.run_id[-4:]) for header in store.runs(**chosen)]  # noqa: E731
    assert listed() == [3, 2, 1]
    assert listed(limit=2) == [3, 2]
    assert listed(suite=SUITE) == [3, 1]
    assert listed(endpoint="a") == [2, 1]
    assert listed(suite=SUITE, endpoint="a") == [1]
    assert listed(suite="nobody") == [] and listed(limit=0) == []


def test_the_line_of_a_run_tells_what_a_list_shows(store: Store) -> None:
    record = numbered(1)
    store.save_run(written(record, in_baseline=True))
    (header,) = store.runs()
    assert (header.run_id, header.suite, header.endpoint, header.trigger) == ("run-0001", *PLACE, "schedule")
    assert (header.started_at, header.duration_s, header.health) == (record.started_at, 4.218, "healthy")
    assert header.in_baseline and header.started_at.tzinfo is UTC


# ------------------------------------------------------------------------------------------------ judges of answers
CONSULTED = (
    Consultation(
        purpose="rubric/1",
        kind="verdict",
        endpoint="judge",
        vote=1,
        places=(Place(probe="refund-window", sample_id="run-0001-refund-window-0", position=2),),
        model="judge-1",
        fingerprint="fp_1",
        usage=TokenUsage(input_tokens=400, output_tokens=30),
        cost_usd=0.002,
        total_s=0.9,
        verdict="FAIL",
        text=f"Because. {clean_text(HOSTILE)}",
    ),
    Consultation(
        purpose="semantic_similarity/1",
        kind="embedding",
        endpoint="embedder",
        calibration=True,
        failure=Failure(kind=FailureClass.SPEND_CAP, message="not asked: a cap is reached", status=None),
    ),
)
CALIBRATED = CalibrationResult(
    endpoint="judge", asked="a1", at=NOW, agree=3, total=5, tolerate=1, unanswered=1, told=("case 2: pass, known fail",)
)


def consulted(number: int, **changes: Any) -> RunRecord:
    return numbered(number, **{"consultations": CONSULTED, "calibration": CALIBRATED, **changes})


def test_what_judges_were_asked_comes_back_with_its_run_and_their_texts_expire(store: Store) -> None:
    record = consulted(1)
    store.save_run(written(record))
    kept = store.run(record.run_id)
    assert kept is not None
    assert (kept.consultations, kept.calibration) == (CONSULTED, CALIBRATED)
    expire_texts(store, record.started_at + timedelta(seconds=1))
    left = store.run(record.run_id)
    assert left is not None and left.calibration is not None
    assert [asked.text for asked in left.consultations] == [None, None]
    assert (left.consultations[0].verdict, left.calibration.told, left.calibration.agree) == ("FAIL", (), 3)


def test_who_judged_in_the_baseline_is_known_and_who_judged_elsewhere_is_not(store: Store) -> None:
    assert store.judges(*PLACE) == ()
    other = (replace(CONSULTED[0], model="judge-2", fingerprint=None),)
    store.save_run(written(consulted(1), in_baseline=True))
    store.save_run(written(consulted(2, consultations=other)))
    assert store.judges(*PLACE) == (Served(endpoint="judge", model="judge-1", fingerprint="fp_1"),)
    store.save_run(written(consulted(3, consultations=other), in_baseline=True))
    assert [served.model for served in store.judges(*PLACE)] == ["judge-1", "judge-2"]
    assert store.judges(SUITE, "candidate") == ()


def test_the_newest_calibration_that_was_asked_is_found(store: Store) -> None:
    assert store.calibration(*PLACE) is None
    later = replace(CALIBRATED, agree=5, at=NOW + timedelta(hours=1))
    store.save_run(written(consulted(1)))
    store.save_run(written(consulted(2, calibration=later)))
    store.save_run(written(consulted(3, calibration=replace(CALIBRATED, reused=True))))
    assert store.calibration(*PLACE) == later


# ------------------------------------------------------------------------------------------------ for the judge
def test_stream_states_come_back_to_the_last_digit_and_replace_the_earlier_ones(store: Store) -> None:
    other = StreamKey(scope="refund-window", dimension="answers")
    store.save_run(written(numbered(1), streams={LATENCY: {"n": 1}, other: {"n": 1}}))
    store.save_run(written(numbered(2), streams={LATENCY: STATE}))
    store.save_run(written(numbered(3, endpoint="candidate"), streams={other: {"n": 9}}))
    assert store.stream_states(*PLACE) == {LATENCY: STATE}
    assert repr(store.stream_states(*PLACE)[LATENCY]["sums"]) == repr(STATE["sums"])
    assert store.stream_states(SUITE, "candidate") == {other: {"n": 9}}
    assert store.stream_states(SUITE, "nobody") == {}


def test_observations_come_back_in_the_order_of_saving_with_answers_and_plan(store: Store) -> None:
    late, early = written(numbered(9), plan={"ln_c": 0.1 + 0.2}), written(numbered(2), in_baseline=True)
    store.save_run(late)
    store.save_run(early)
    store.save_run(written(numbered(3, endpoint="candidate")))
    first, second = store.observations(*PLACE)
    assert (first.observation, first.plan, first.in_baseline) == (late.observation, {"ln_c": 0.1 + 0.2}, False)
    assert (second.observation, second.in_baseline) == (early.observation, True)
    assert not first.texts_expired and not second.texts_expired


def test_observations_start_at_the_run_asked_for_across_many_pages(store: Store) -> None:
    probes = (a_probe(samples=[a_sample()], findings=()),)
    for number in range(230):
        store.save_run(written(numbered(number, probes=probes)))
    told = [stored.observation.run_id for stored in store.observations(*PLACE, since_run="run-0005")]
    assert told == [f"run-{number:04d}" for number in range(5, 230)]
    assert len(list(store.observations(*PLACE))) == 230


def test_observations_since_a_run_of_elsewhere_are_refused(store: Store) -> None:
    store.save_run(written(numbered(1, endpoint="candidate")))
    with pytest.raises(StoreError, match="run-0001"):
        next(store.observations(*PLACE, since_run="run-0001"))


def test_a_run_may_be_saved_while_observations_are_being_read(store: Store) -> None:
    store.save_run(written(numbered(1)))
    reading = store.observations(*PLACE)
    assert next(reading).observation.run_id == "run-0001"
    store.save_run(written(numbered(2)))
    assert [stored.observation.run_id for stored in reading] == ["run-0002"]


def test_history_holds_the_newest_runs_oldest_first_for_every_stream(store: Store) -> None:
    for number in range(1, 6):
        drift: tuple[StreamResult, ...] = (a_stream("latency.total", score=number + 0.1),)
        if number == 5:
            drift = (*drift, a_stream("answers", StreamState.COLLECTING, scope="greeting"))
        store.save_run(written(numbered(number, drift=drift)))
    history = store.history(*PLACE, limit=3)
    assert [(point.run_id, point.score, point.state) for point in history[LATENCY]] == [
        ("run-0003", 3.1, "quiet"),
        ("run-0004", 4.1, "quiet"),
        ("run-0005", 5.1, "quiet"),
    ]
    assert history[LATENCY][0].started_at == numbered(3).started_at
    (young,) = history[StreamKey(scope="greeting", dimension="answers")]
    assert (young.score, young.state) == (None, "collecting")
    assert store.history(SUITE, "nobody") == {}


def test_when_a_stream_began_to_move_is_told_with_how_many_runs_ago_that_was(store: Store) -> None:
    moved = a_stream("latency.total", StreamState.ALARM, 100.0, since="run-0002")
    for number in range(1, 5):
        store.save_run(written(numbered(number, drift=[moved] if number > 2 else [])))
    began = store.began(*PLACE, ["run-0002", "run-0004", "nobody"])
    assert {name: entry.runs_ago for name, entry in began.items()} == {"run-0002": 3, "run-0004": 1}
    assert began["run-0002"].at == NOW + timedelta(minutes=30)
    assert store.began(SUITE, "nobody", ["run-0002"]) == {}
    read = store.run("run-0003")
    assert read is not None
    assert {name: entry.runs_ago for name, entry in read.began.items()} == {"run-0002": 1}
    assert read.declared == ()
    point = store.history(*PLACE)[moved.key][-1]
    assert (point.ln_m, point.ln_c) == (moved.ln_m, moved.ln_c)


def test_a_run_knows_the_changes_that_were_declared_before_it_and_none_after(store: Store) -> None:
    moved = a_stream("golden.latency.total", StreamState.ALARM, 100.0, since="run-0003")
    for number in range(1, 5):
        store.save_run(written(numbered(number, drift=[moved] if number > 2 else [])))
        if number == 2:
            store.save_act(act("mark"), {}, baseline_runs=None)
            store.save_act(act("freeze"), {}, baseline_runs=None)
    store.save_act(act("mark"), {}, baseline_runs=None)
    read = store.run("run-0004")
    assert read is not None
    assert [(entry.kind, entry.author, entry.runs_ago) for entry in read.declared] == [("mark", act().author, 1)]
    assert read.began["run-0003"].runs_ago == 1


# ------------------------------------------------------------------------------------------------ the baseline
def act(kind: str = "capture", **changes: Any) -> BaselineAct:
    plain = BaselineAct(
        suite=SUITE, endpoint=ENDPOINT, kind=kind, at=NOW + timedelta(days=1), author="on-call", reason="new release"
    )
    return replace(plain, **changes)


def test_without_baseline_runs_there_is_no_baseline_to_show(store: Store) -> None:
    store.save_run(written(numbered(1)))
    assert store.baseline(*PLACE) is None
    assert store.baseline_answers(*PLACE) == {}


def test_the_baseline_shows_values_answers_and_routes_of_its_successful_samples(store: Store) -> None:
    hit = Route(model="m", cache="hit")
    samples = [
        a_sample(index=0, answer="B", route=Route(model="m"), usage=TokenUsage(input_tokens=5, output_tokens=7)),
        a_sample(index=1, answer="A", route=hit, usage=TokenUsage(output_tokens=8)),
        a_sample(index=2, answer="A", route=Route(model="n", region="eu"), usage=TokenUsage()),
        a_failed_sample(FailureClass.SERVER, "HTTP 500", index=3),
    ]
    timed = [replace(s, timing=replace(s.timing, total_s=float(i), first_token_s=None)) for i, s in enumerate(samples)]
    store.save_run(written(numbered(1, probes=(a_probe(samples=timed),)), in_baseline=True))
    store.save_run(written(numbered(2), in_baseline=False))
    shown = store.baseline(*PLACE)
    assert shown is not None and (shown.runs, shown.captured_at, shown.author) == (1, None, "")
    assert shown.values == {"latency.total": (0.0, 2.0), "tokens.output": (7.0, 8.0), "tokens.input": (5.0,)}
    assert shown.answers == {"refund-window": (("A", 2), ("B", 1))}
    assert shown.routes == {"m": 2, "n / eu": 1}
    assert store.baseline_answers(*PLACE) == {"refund-window": ("B", "A", "A")}


def test_the_baseline_knows_which_of_its_answers_broke_a_contract_whenever_they_came(store: Store) -> None:
    said = [("sorry", Status.FAIL), ("thirty", Status.PASS), ("slow once", Status.FAIL)]
    later = [("sorry", Status.FAIL), ("slow once", Status.PASS), ("thirty", Status.PASS)]
    for number, told in enumerate((said, later), start=1):
        samples = [a_sample(index=index, answer=answer) for index, (answer, _) in enumerate(told)]
        outcomes = tuple(
            SampleOutcome(sample_id=f"run-{number:04d}-refund-window-{index}", outcome=Outcome(status=status))
            for index, (_, status) in enumerate(told)
        )
        found = replace(a_finding(statuses=[status for _, status in told]), outcomes=outcomes)
        kept = numbered(number, probes=(a_probe(samples=samples, findings=(found,)),))
        assert kept.probes[0].samples[0].sample_id == outcomes[0].sample_id
        store.save_run(written(kept, in_baseline=True))
    shown = store.baseline(*PLACE)
    assert shown is not None
    assert shown.broken == {"refund-window": frozenset({"sorry"})}


def test_the_baseline_counts_for_each_probe_the_runs_in_which_it_passed(store: Store) -> None:
    def findings(failed: int, mode: str) -> tuple[Finding, ...]:
        statuses = (Status.FAIL,) * failed + (Status.PASS,) * (3 - failed)
        return (a_finding(statuses=statuses, mode=mode),)

    told = [(0, "contract"), (1, "contract"), (1, "tracked"), (2, "tracked")]
    for number, (failed, mode) in enumerate(told, start=1):
        probe = a_probe(findings=findings(failed, mode))
        store.save_run(written(numbered(number, probes=(probe,)), in_baseline=True))
    lost = a_probe(samples=[a_failed_sample(FailureClass.SERVER, "HTTP 500")], findings=())
    store.save_run(written(numbered(5, probes=(lost,)), in_baseline=True))
    shown = store.baseline(*PLACE)
    assert shown is not None
    normal = shown.probes["refund-window"]
    assert (normal.runs, normal.well) == (5, 2)
    assert (len(normal.total_s), len(normal.output_tokens)) == (12, 12)
    without = store.baseline(*PLACE, without_run="run-0001")
    assert without is not None
    assert (without.probes["refund-window"].runs, without.probes["refund-window"].well) == (4, 1)


def test_a_run_is_never_its_own_baseline(store: Store) -> None:
    store.save_run(written(numbered(1), in_baseline=True))
    assert store.baseline(*PLACE, without_run="run-0001") is None
    store.save_run(written(numbered(2), in_baseline=True))
    shown = store.baseline(*PLACE, without_run="run-0001")
    assert shown is not None and shown.runs == 1
    assert sum(times for _, times in shown.answers["refund-window"]) == 3


def test_the_baseline_shows_each_list_of_documents_once_the_most_frequent_first(store: Store) -> None:
    lists = [("kb-2",), ("kb-1", "kb-2"), ("kb-1", "kb-2")]
    samples = [
        a_sample(index=index, answer=None, documents=tuple(Document(id=name, text=f"of {index}") for name in names))
        for index, names in enumerate(lists)
    ]
    store.save_run(written(numbered(1, probes=(a_probe(samples=samples), a_probe("greeting"))), in_baseline=True))
    shown = store.baseline(*PLACE)
    assert shown is not None
    told = {probe: [[one.id for one in documents] for documents in each] for probe, each in shown.documents.items()}
    assert told == {"refund-window": [["kb-1", "kb-2"], ["kb-2"]]}


def test_every_request_of_a_probe_is_told_with_its_runs_the_one_asked_last_at_the_end(store: Store) -> None:
    assert store.requests(*PLACE) == ()
    old = replace(a_probe(samples=[a_sample(answer="old", request_hash="old")]), request_hash="old")
    for number, probe in enumerate((old, old, a_probe()), start=1):
        store.save_run(written(numbered(number, probes=(probe, a_probe("greeting")))))
    told = [(asked.probe, asked.request_hash, asked.runs) for asked in store.requests(*PLACE)]
    assert told == [
        ("refund-window", "old", 2),
        ("refund-window", "hash-of-refund-window", 1),
        ("greeting", "hash-of-greeting", 3),
    ]
    first = store.run("run-0001")
    assert first is not None
    assert {asked.since for asked in store.requests(*PLACE) if asked.runs > 1} == {first.started_at}
    assert store.requests(SUITE, "nobody") == ()


def test_a_probe_that_was_edited_is_compared_only_with_its_newest_request(store: Store) -> None:
    old = replace(a_probe(samples=[a_sample(answer="old", request_hash="old")]), request_hash="old")
    new = a_probe(samples=[a_sample(answer="new")])
    store.save_run(written(numbered(1, probes=(old, a_probe("greeting"))), in_baseline=True))
    store.save_run(written(numbered(2, probes=(new,)), in_baseline=True))
    answers = store.baseline_answers(*PLACE)
    assert answers["refund-window"] == ("new",)
    assert len(answers["greeting"]) == 3
    shown = store.baseline(*PLACE)
    assert shown is not None and shown.runs == 2 and shown.answers["refund-window"] == (("new", 1),)


def test_a_decision_replaces_streams_and_marks_and_names_who_took_it(store: Store) -> None:
    for number in (1, 2, 3):
        store.save_run(written(numbered(number), in_baseline=number == 1, streams={LATENCY: {"n": number}}))
    store.save_act(act(), {LATENCY: STATE}, baseline_runs=["run-0002", "run-0003"])
    assert store.stream_states(*PLACE) == {LATENCY: STATE}
    assert [header.in_baseline for header in store.runs()] == [True, True, False]
    shown = store.baseline(*PLACE)
    assert shown is not None and shown.runs == 2
    assert (shown.captured_at, shown.author, shown.reason) == (act().at, "on-call", "new release")


def test_a_decision_may_leave_the_marks_as_they_are(store: Store) -> None:
    store.save_run(written(numbered(1), in_baseline=True))
    streams = (LATENCY, StreamKey(scope="greeting", dimension="answers"))
    store.save_act(act("accept", streams=streams), {}, baseline_runs=None)
    assert store.runs()[0].in_baseline
    assert store.stream_states(*PLACE) == {}
    assert store.acts(*PLACE) == (replace(act("accept", streams=streams), after_run="run-0001"),)


def test_after_a_reset_the_baseline_is_nobodys_until_the_next_decision(store: Store) -> None:
    store.save_run(written(numbered(1), in_baseline=True))
    store.save_act(act(), {}, baseline_runs=None)
    store.save_act(act("reset", streams=(LATENCY,)), {}, baseline_runs=None)
    shown = store.baseline(*PLACE)
    assert shown is not None and shown.author == "on-call"
    store.save_act(act("reset"), {}, baseline_runs=["run-0001"])
    shown = store.baseline(*PLACE)
    assert shown is not None and (shown.author, shown.captured_at) == ("", None)
    assert [one.kind for one in store.acts(*PLACE)] == ["capture", "reset", "reset"]
    assert store.acts(SUITE, "nobody") == ()


def test_a_decision_about_a_run_that_is_not_there_changes_nothing(store: Store) -> None:
    store.save_run(written(numbered(1), in_baseline=True, streams={LATENCY: STATE}))
    with pytest.raises(StoreError, match="run-0007"):
        store.save_act(act(), {}, baseline_runs=["run-0007"])
    assert store.acts(*PLACE) == ()
    assert store.runs()[0].in_baseline and store.stream_states(*PLACE) == {LATENCY: STATE}


def test_installed_suites_are_kept_once_for_each_endpoint(store: Store) -> None:
    mine = Installed(suite=SUITE, endpoint=ENDPOINT, streams=60, runs_per_year=35040.0)
    other = Installed(suite="another", endpoint=ENDPOINT, streams=1, runs_per_year=0.1 + 0.2)
    store.save_installed(mine)
    store.save_installed(other)
    store.save_installed(replace(mine, streams=61))
    assert store.installed() == (other, replace(mine, streams=61))


def test_what_the_schedule_runs_no_more_leaves_the_budget_too(store: Store) -> None:
    mine = Installed(suite="bot", endpoint="production", streams=60, runs_per_year=35_040)
    by_hand = replace(mine, suite="by-hand")
    store.save_installed(mine)
    store.save_installed(by_hand)
    store.save_scheduled([("bot", "production"), ("bot", "standby")])
    store.save_scheduled([("bot", "production")])
    assert store.scheduled() == {("bot", "production"), ("bot", "standby")}
    store.forget_scheduled("bot", "production")
    store.forget_scheduled("bot", "nowhere")
    assert store.scheduled() == {("bot", "standby")}
    assert store.installed() == (by_hand,)


# ------------------------------------------------------------------------------------------------ holding the store
def test_what_is_written_while_the_store_is_held_lands_together_or_not_at_all(store: Store) -> None:
    mine = Installed(suite=SUITE, endpoint=ENDPOINT, streams=60, runs_per_year=1.0)

    def judge_that_breaks() -> None:
        with store.exclusive():
            store.save_installed(mine)
            store.save_run(written(numbered(1)))
            assert store.run("run-0001") is not None
            raise RuntimeError("the judge broke")

    with pytest.raises(RuntimeError, match="judge"):
        judge_that_breaks()
    assert store.installed() == () and store.runs() == ()
    with store.exclusive(), store.exclusive():
        store.save_run(written(numbered(1)))
    assert store.run("run-0001") == numbered(1)


def test_a_refused_write_inside_a_held_store_takes_only_itself_back(store: Store) -> None:
    with store.exclusive():
        store.save_run(written(numbered(1)))
        with pytest.raises(StoreError):
            store.save_run(written(numbered(2), streams={LATENCY: {"bad": float("inf")}}))
    assert [header.run_id for header in store.runs()] == ["run-0001"]


def test_another_thread_waits_while_the_store_is_held(store: Store) -> None:
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.append(len(store.runs())))
    with store.exclusive():
        reader.start()
        reader.join(timeout=0.05)
        assert seen == []
        store.save_run(written(numbered(1)))
    reader.join(timeout=5)
    assert seen == [1]


def test_threads_may_write_and_read_at_once(store: Store) -> None:
    probes = (a_probe(samples=[a_sample()], findings=()),)

    def write(first: int) -> None:
        for number in range(first, first + 10):
            store.save_run(written(numbered(number, probes=probes)))
            store.history(*PLACE)

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(store.runs(limit=100)) == 30


# ------------------------------------------------------------------------------------------------ alerts, outbox
def test_alert_states_are_kept_by_key_and_notifier(store: Store) -> None:
    pager = alert(notifier="pager")
    store.save_run(written(numbered(1), alerts=[alert("pending"), pager]))
    store.save_run(written(numbered(2), alerts=[alert("open")]))
    store.save_run(written(numbered(3, endpoint="candidate"), alerts=[alert("quiet")]))
    assert store.alert_states(*PLACE) == (pager, alert("open"))
    assert store.alert_states(SUITE, "nobody") == ()


def test_what_time_changed_is_written_without_a_run_and_with_its_notices(store: Store) -> None:
    pager = alert(notifier="pager")
    store.save_run(written(numbered(1), alerts=[alert("pending"), pager]))
    store.save_alerts(*PLACE, [alert()], [entry()], at=later(60))
    assert store.alert_states(*PLACE) == (pager, alert())
    assert [pending.entry.notice.event for pending in store.due(later(60))] == [AlertEvent.OPENED]
    opened = [change for change in store.alert_changes(since=later(60)) if change.notifier == "slack"][-1]
    assert (opened.event.state, opened.event.at, opened.event.run_id) == ("open", later(60), "")


def test_states_of_time_that_cannot_be_written_whole_are_not_written_at_all(store: Store) -> None:
    store.save_alerts(*PLACE, [alert("pending")], [], at=NOW)
    timeless = replace(entry(), notice=replace(entry().notice, at=datetime(2026, 1, 1)))  # noqa: DTZ001  refused
    with pytest.raises(StoreError, match="time zone"):
        store.save_alerts(*PLACE, [alert()], [entry(), timeless], at=later(60))
    assert (store.alert_states(*PLACE), store.undelivered()) == ((alert("pending"),), 0)


def test_places_are_found_by_when_an_alert_of_theirs_is_due(store: Store) -> None:
    soon = alert(notifier="pager", due_at=later(10))
    store.save_alerts(*PLACE, [alert(due_at=later(60)), soon], [], at=NOW)
    store.save_alerts(SUITE, "candidate", [alert(due_at=later(30))], [], at=NOW)
    store.save_alerts("other", "prod", [alert()], [], at=NOW)
    assert store.alerts_due(later(9)) == {}
    assert store.alerts_due(later(30)) == {(SUITE, "candidate"): (alert(due_at=later(30)),), PLACE: (soon,)}
    store.save_alerts(SUITE, "candidate", [alert()], [], at=later(30))
    assert store.alerts_due(later(60)) == {PLACE: (soon, alert(due_at=later(60)))}


def test_open_and_flapping_incidents_are_found_by_their_suite_and_muted_ones_by_their_reason(store: Store) -> None:
    flapping, muted = alert("quiet", flapping=True, notifier="a"), alert(muted="inhibited by x/y", notifier="b")
    store.save_alerts(*PLACE, [flapping, muted, alert("pending", notifier="c")], [], at=NOW)
    store.save_alerts("other", "prod", [alert()], [], at=NOW)
    assert store.open_at([SUITE]) == (flapping, muted)
    assert store.open_at([]) == ()
    assert store.muted_for("inhibited by x/y") == (muted,)
    assert store.alert_endpoints(SUITE) == {ENDPOINT}


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def with_outbox(store: Store, *entries: OutboxEntry) -> None:
    store.save_run(written(numbered(1), outbox=entries))


def test_a_notice_is_due_at_once_and_comes_back_as_it_was(store: Store) -> None:
    with_outbox(store, entry())
    (pending,) = store.due(NOW)
    notice = replace(entry().notice, after=clean_text(HOSTILE))
    assert pending.entry == OutboxEntry(notifier="slack", notice=notice)
    assert (pending.attempts, pending.receipt) == (0, None)
    assert store.undelivered() == 1


def test_a_leased_notice_is_not_due_again_until_its_lease_ends(store: Store) -> None:
    with_outbox(store, entry())
    (first,) = store.due(NOW, lease_s=60)
    assert store.due(later(59.9)) == ()
    (again,) = store.due(later(60))
    assert again.outbox_id == first.outbox_id


def test_a_later_notice_of_an_incident_waits_for_the_earlier_one_of_the_same_notifier(store: Store) -> None:
    resolved = entry(AlertEvent.RESOLVED)
    with_outbox(store, entry(), resolved, entry(to="pager"), entry(incident="incident-2"))
    due = store.due(NOW)
    assert [(p.entry.notifier, p.entry.notice.incident_id, p.entry.notice.event) for p in due] == [
        ("slack", "incident-1", AlertEvent.OPENED),
        ("pager", "incident-1", AlertEvent.OPENED),
        ("slack", "incident-2", AlertEvent.OPENED),
    ]
    store.retry(due[0].outbox_id, later(500), "busy")
    assert store.due(later(100)) != () and all(p.entry.notice.event is AlertEvent.OPENED for p in store.due(later(300)))
    store.delivered(due[0].outbox_id, later(300), {"ts": "1.5"})
    (unlocked,) = [p for p in store.due(later(400)) if p.entry.notice.event is AlertEvent.RESOLVED]
    assert unlocked.receipt == {"ts": "1.5"}


def test_a_failed_attempt_is_counted_and_due_again_when_told(store: Store) -> None:
    with_outbox(store, entry())
    (pending,) = store.due(NOW)
    store.retry(pending.outbox_id, later(30), "HTTP 503")
    assert store.due(later(29.9)) == ()
    (again,) = store.due(later(30))
    assert (again.attempts, again.entry) == (1, pending.entry)


def test_a_given_up_notice_does_not_wait_any_more_and_lets_the_next_one_go(store: Store) -> None:
    with_outbox(store, entry(), entry(AlertEvent.RESOLVED))
    (first,) = store.due(NOW)
    store.give_up(first.outbox_id, NOW, "channel archived")
    assert store.undelivered() == 1
    (second,) = store.due(NOW)
    assert second.entry.notice.event is AlertEvent.RESOLVED


def test_a_delivered_notice_stays_delivered_whatever_a_late_worker_says(store: Store) -> None:
    with_outbox(store, entry(), entry(AlertEvent.RESOLVED))
    (first,) = store.due(NOW)
    store.delivered(first.outbox_id, NOW, {"ts": "1"})
    store.delivered(first.outbox_id, NOW, {"ts": "2"})
    store.retry(first.outbox_id, NOW, "late")
    store.give_up(first.outbox_id, NOW, "later")
    (second,) = store.due(later(100))
    assert second.entry.notice.event is AlertEvent.RESOLVED and second.receipt == {"ts": "1"}
    store.delivered(second.outbox_id, later(101), {})
    assert store.undelivered() == 0 and store.due(later(9999)) == ()


def test_an_empty_receipt_does_not_wipe_out_the_first_one(store: Store) -> None:
    with_outbox(store, entry(), entry(AlertEvent.UPDATED), entry(AlertEvent.RESOLVED))
    (first,) = store.due(NOW)
    store.delivered(first.outbox_id, NOW, {"ts": "1"})
    (second,) = store.due(NOW)
    store.delivered(second.outbox_id, NOW, {})
    (third,) = store.due(NOW)
    assert third.receipt == {"ts": "1"}


def test_what_a_run_used_so_far_takes_the_place_of_what_was_written_before(store: Store) -> None:
    def so_far(requests: int) -> Spending:
        return Spending(run_id="r-1", suite=SUITE, endpoint="e", at=NOW, spent=Spent(requests=requests, tokens=5))

    for requests in (1, 2, 4):
        store.save_spending([so_far(requests), replace(so_far(requests), endpoint="judge")])
    assert store.spent(NOW)[SUITE] == Spent(requests=8, tokens=10)


def test_proving_that_a_store_can_be_written_changes_nothing_in_it(store: Store) -> None:
    store.save_run(written(numbered(1)))
    before = store.runs()
    store.prove_writable()
    assert store.runs() == before


def test_given_up_notices_are_counted_from_an_instant_on(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2"), entry(incident="incident-3"))
    first, second, third = store.due(NOW)
    store.give_up(first.outbox_id, later(10), "channel archived")
    store.give_up(second.outbox_id, later(20), "channel archived")
    store.delivered(third.outbox_id, later(20), {})
    store.give_up(third.outbox_id, later(30), "late")
    assert [store.given_up(later(seconds)) for seconds in (0, 10, 10.1, 20, 20.1)] == [2, 2, 1, 1, 0]


def test_what_is_due_to_other_notifiers_is_left_alone(store: Store) -> None:
    with_outbox(store, entry(), entry(to="pager"))
    assert store.undelivered_by_notifier() == {"slack": 1, "pager": 1}
    assert store.due(NOW, notifiers=()) == ()
    (mine,) = store.due(NOW, notifiers=["pager", "o'clock"], lease_s=60)
    assert mine.entry.notifier == "pager"
    assert store.due(later(59.9), notifiers=["pager"], lease_s=0) == ()
    (other,) = store.due(NOW)
    assert other.entry.notifier == "slack"
    store.delivered(other.outbox_id, NOW, {})
    assert store.undelivered_by_notifier() == {"pager": 1}


def test_due_takes_no_more_than_asked_for_oldest_first(store: Store) -> None:
    with_outbox(store, *(entry(incident=f"incident-{number}") for number in range(5)))
    taken = [pending.entry.notice.incident_id for pending in store.due(NOW, limit=2)]
    assert taken == ["incident-0", "incident-1"]
    assert len(store.due(NOW)) == 3


# ------------------------------------------------------------------------------------------------ channels
def test_a_waiting_notice_tells_planning_what_it_needs_and_keeps_when_it_was_first_seen(store: Store) -> None:
    with_outbox(store, entry(), entry(to="pager"))
    (row,) = store.waiting("slack")
    assert (row.incident_id, row.event, row.severity, row.at) == ("incident-1", AlertEvent.OPENED, "page", NOW)
    assert (row.seen_at, row.due_at, row.leased_until, row.attempts, row.updates) == (None, None, None, 0, False)
    for seconds in (5, 9):
        store.seen([row.outbox_id], later(seconds))
    assert store.waiting("slack")[0].seen_at == later(5) and store.waiting("nobody") == ()
    store.seen([row.outbox_id], later(-60))
    assert store.waiting("slack")[0].seen_at == later(-60), "the clock was set back: it waits from then on"


def test_a_notice_is_claimed_by_one_worker_until_its_lease_ends(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2"))
    first, second = (row.outbox_id for row in store.waiting("slack"))
    assert store.claim([first], NOW, 60, "digest-7") == (first,)
    assert [row.sent_as for row in store.waiting("slack")] == ["digest-7", ""]
    assert store.claim([first, second], later(59), 60) == (second,)
    assert store.claim([first, second], later(60), 60) == (first,)
    store.delivered(first, later(61), {})
    assert store.claim([first], later(999), 60) == ()


def test_a_later_notice_of_an_incident_is_claimed_only_with_those_before_it(store: Store) -> None:
    with_outbox(store, entry(), entry(AlertEvent.RESOLVED), entry(incident="incident-2"))
    opened, resolved, other = (row.outbox_id for row in store.waiting("slack"))
    assert store.claim([resolved, other], NOW, 60) == (other,)
    assert store.claim([opened], NOW, 60) == (opened,)
    assert store.claim([opened, resolved], later(1), 60) == (), "another worker tells that it began"
    store.delivered(opened, later(2), {})
    assert store.claim([opened, resolved], later(3), 60) == (resolved,)


def test_a_lease_of_a_clock_that_was_set_back_holds_nothing(store: Store) -> None:
    with_outbox(store, entry())
    (row,) = store.waiting("slack")
    assert store.claim([row.outbox_id], later(3600), 60) == (row.outbox_id,)
    assert store.claim([row.outbox_id], NOW, 60) == (row.outbox_id,)
    assert store.claim([row.outbox_id], later(1), 60) == ()


def test_looking_at_what_is_due_without_a_lease_leaves_it_as_nobody_tried_it(store: Store) -> None:
    with_outbox(store, entry())
    assert [store.due(NOW, lease_s=0)[0].entry.notifier for _ in range(2)] == ["slack", "slack"]
    assert store.waiting("slack")[0].leased_until is None


def test_the_receipt_of_a_digest_is_that_of_its_own_channel(store: Store) -> None:
    with_outbox(store, entry(), entry(AlertEvent.ESCALATED, to="pager"), entry(AlertEvent.RESOLVED))
    opened, resolved = (row.outbox_id for row in store.waiting("slack"))
    (escalated,) = (row.outbox_id for row in store.waiting("pager"))
    store.told_together([opened], later(1), {"ts": "7"}, "digest-1")
    store.told_together([escalated], later(2), {"ts": "8"}, "digest-1")
    ((_, receipt),) = store.notices([resolved])
    assert receipt == {"ts": "7"}


def test_a_digest_settles_its_notices_together_and_its_receipt_belongs_to_every_incident_of_it(store: Store) -> None:
    with_outbox(store, *(entry(incident=f"incident-{n}") for n in (1, 2)), entry(AlertEvent.RESOLVED))
    one, two, resolved = (row.outbox_id for row in store.waiting("slack"))
    store.told_together([one, two], later(1), {"ts": "7"}, "digest-1")
    (row,) = store.waiting("slack")
    assert (row.outbox_id, row.updates, row.digest_id) == (resolved, True, "digest-1")
    ((notice, receipt),) = store.notices([resolved])
    assert notice.event is AlertEvent.RESOLVED and receipt == {"ts": "7"}
    store.told_together([resolved], later(2), {"ts": "8"}, "digest-1")
    assert {n.incident_id: n.event for n in store.told_in("digest-1", "slack")} == {
        "incident-1": AlertEvent.RESOLVED,
        "incident-2": AlertEvent.OPENED,
    }
    store.save_run(written(numbered(2), outbox=[entry(AlertEvent.UPDATED, incident="incident-2")]))
    ((_, moved),) = store.notices([row.outbox_id for row in store.waiting("slack")])
    assert moved == {"ts": "8"}, "the message of a digest moved for all that it told of"
    assert store.told_in("digest-1", "pager") == ()


def test_traffic_counts_openings_by_incident_and_messages_by_digest(store: Store) -> None:
    with_outbox(store, *(entry(incident=f"incident-{n}") for n in range(4)), entry(AlertEvent.RESOLVED, incident="old"))
    ids = [row.outbox_id for row in store.waiting("slack")]
    store.told_together(ids[:3], later(10), {}, "digest-1")
    store.delivered(ids[3], later(20), {})
    store.delivered(ids[4], later(30), {})
    traffic = store.traffic("slack", opened_since=NOW, sent_since=NOW)
    assert traffic.opened == traffic.pages == (later(20), later(10), later(10), later(10))
    assert traffic.sent == (later(30), later(20), later(10)) and traffic.quiet_until is None
    assert store.traffic("slack", opened_since=later(10), sent_since=later(20)).sent == (later(30),)
    assert store.traffic("pager", opened_since=NOW, sent_since=NOW).sent == ()
    calm = replace(entry(incident="calm"), notice=replace(entry(incident="calm").notice, severity="ticket"))
    store.save_run(written(numbered(2), outbox=[calm]))
    store.delivered(store.waiting("slack")[0].outbox_id, later(40), {})
    more = store.traffic("slack", opened_since=NOW, sent_since=later(99))
    assert (more.opened, more.pages) == ((later(40), *traffic.opened), traffic.pages)


def test_a_failed_digest_is_due_again_as_a_whole_and_settled_notices_stay_settled(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2"))
    ids = [row.outbox_id for row in store.waiting("slack")]
    store.claim(ids, NOW, 60)
    store.retry_together(ids, later(9), "HTTP 500")
    assert {(row.attempts, row.due_at, row.leased_until, row.alone) for row in store.waiting("slack")} == {
        (1, later(9), None, False)
    }
    store.delivered(ids[0], later(10), {})
    store.retry_together(ids, later(20), "refused", alone=True)
    assert [(row.outbox_id, row.attempts, row.alone) for row in store.waiting("slack")] == [(ids[1], 2, True)]


def test_a_withdrawn_notice_is_settled_and_a_leased_one_is_not_withdrawn(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2"))
    ids = [row.outbox_id for row in store.waiting("slack")]
    store.claim(ids[:1], NOW, 60)
    store.withdraw(ids, later(1))
    assert [row.outbox_id for row in store.waiting("slack")] == ids[:1] and store.undelivered() == 1
    assert store.traffic("slack", opened_since=NOW, sent_since=NOW).sent == ()


def test_a_dead_channel_is_dead_until_it_takes_a_notice(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2"))
    ids = [row.outbox_id for row in store.waiting("slack")]
    store.channel_died("slack", later(1), "invalid_auth")
    store.channel_died("slack", later(5), "account_inactive")
    store.quiet("slack", later(8))
    store.dead_told("slack", later(6))
    (dead,) = store.dead_channels()
    assert (dead.notifier, dead.since, dead.error, dead.told_at) == ("slack", later(1), "account_inactive", later(6))
    store.delivered(ids[0], later(9), {})
    assert store.dead_channels() == ()
    store.channel_died("slack", later(10), "invalid_auth")
    assert store.dead_channels()[0].told_at == later(6), "others are told once a day however often it dies"
    store.told_together(ids[1:], later(11), {}, "digest-9")
    assert store.dead_channels() == ()
    assert store.traffic("slack", opened_since=NOW, sent_since=NOW).quiet_until == later(8)


def test_fellows_are_the_other_channels_of_an_alert_key(store: Store) -> None:
    with_outbox(store, entry(), entry(to="pager"), entry(to="mail"))
    key = entry().notice.key
    assert store.fellows(key, "slack", later(-1)) == ("mail", "pager")
    assert store.fellows(key, "slack", later(1)) == () == store.fellows("bot/prod/spend", "slack", later(-1))


# ------------------------------------------------------------------------------------------------ forgetting
def test_expired_texts_are_gone_from_runs_observations_and_baseline_and_the_numbers_stay(store: Store) -> None:
    failing = failing_run()
    store.save_run(written(numbered(1, probes=failing.probes, drift=failing.drift), in_baseline=True))
    store.save_run(written(numbered(2)))
    assert expire_texts(store, numbered(2).started_at) > 0
    old, young = store.run("run-0001"), store.run("run-0002")
    assert old is not None and young == numbered(2)
    assert all(probe.conversation == () for probe in old.probes)
    assert all(sample.answer is None and sample.timing == before.timing for sample, before in
               zip(old.samples, numbered(1, probes=failing.probes).samples, strict=True))  # fmt: skip
    assert all(finding.reason == "" for probe in old.probes for finding in probe.findings)
    assert old.drift == failing.drift
    first, second = store.observations(*PLACE)
    assert first.texts_expired and not second.texts_expired
    assert all(facts.answer is None for probe in first.observation.probes for facts in probe.samples)
    shown = store.baseline(*PLACE)
    assert shown is not None and shown.answers == {} and len(shown.values["latency.total"]) > 0
    assert store.baseline_answers(*PLACE) == {}


def test_a_conversation_lives_as_long_as_a_run_that_asked_it_has_its_texts(store: Store) -> None:
    asked = numbered(1).probes[0].conversation
    for number in (1, 2):
        store.save_run(written(numbered(number)))
    expire_texts(store, numbered(2).started_at)
    young = store.run("run-0002")
    assert young is not None and young.probes[0].conversation == asked
    expire_texts(store, numbered(3).started_at)
    store.save_run(written(numbered(3)))
    back = store.run("run-0003")
    assert back is not None and back.probes[0].conversation == asked
    gone = store.run("run-0002")
    assert gone is not None and gone.probes[0].conversation == ()


def test_expiring_twice_finds_nothing_more_and_never_touches_a_waiting_notice(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2"))
    store.delivered(store.due(NOW)[0].outbox_id, NOW, {"ts": "1"})
    assert expire_texts(store, later(86400)) > 0
    assert expire_texts(store, later(86400)) == 0
    (waiting,) = store.due(later(90000))
    assert waiting.entry.notice.incident_id == "incident-2" and waiting.entry.notice.headline


# ------------------------------------------------------------------------------------------------ canaries
def test_a_canary_comes_back_as_it_was_and_the_newest_first(store: Store) -> None:
    first, second = a_canary(), replace(a_hostile_canary(), canary_id="canary-0008")
    for record in (first, second):
        store.save_canary(record)
    assert store.canary("canary-0007") == first
    assert store.canary("canary-0009") is None
    assert [record.canary_id for record in store.canaries(SUITE)] == ["canary-0008", "canary-0007"]
    assert store.canaries(SUITE, limit=1)[0].canary_id == "canary-0008"
    assert store.canaries("other") == ()


def test_the_verdict_of_a_stored_canary_can_be_computed_again(store: Store) -> None:
    store.save_canary(a_canary(80, slower=1.6))
    stored = store.canary("canary-0007")
    assert stored is not None
    assert judge_pairs(stored.pairs, stored.plan) == stored.result


def test_what_a_canary_quotes_expires_like_other_texts_and_its_numbers_stay(store: Store) -> None:
    record = a_hostile_canary()
    store.save_canary(record)
    assert expire_texts(store, record.started_at + timedelta(seconds=1)) > 0
    stored = store.canary(record.canary_id)
    assert stored is not None
    assert (stored.examples, stored.result.broken[0].reason) == ((), "")
    assert stored.pairs == record.pairs


# ------------------------------------------------------------------------------------------------ spending
def a_spending(run_id: str = "run-0042", *, suite: str = SUITE, at: datetime = NOW, **spent: Any) -> Spending:
    amount = Spent(**{"requests": 3, "tokens": 1200, "usd": 0.5, "estimated": 1, **spent})
    return Spending(run_id=run_id, suite=suite, endpoint=ENDPOINT, at=at, spent=amount)


def a_spending_run(*spending: Spending) -> RunWrite:
    record = healthy_run()
    seen = observe(run_id=record.run_id, started_at=NOW, probes=[])
    return RunWrite(record=record, observation=seen, plan={}, in_baseline=False, spending=spending)


def test_what_was_spent_is_summed_by_suite_from_an_instant_on(store: Store) -> None:
    store.save_spending([a_spending("r1"), a_spending("r2", usd=0.25), a_spending("r3", suite="other")])
    store.save_spending([a_spending("r4", at=NOW - timedelta(microseconds=1))])
    assert store.spent(NOW) == {
        SUITE: Spent(requests=6, tokens=2400, usd=0.75, estimated=2),
        "other": Spent(requests=3, tokens=1200, usd=0.5, estimated=1),
    }


def test_a_suite_that_spent_nothing_is_left_out_and_so_are_runs_the_caller_knows_better(store: Store) -> None:
    store.save_spending([a_spending("r1"), a_spending("r2", suite="other", tokens=7)])
    assert store.spent(NOW + timedelta(days=1)) == {}
    assert [spent.tokens for spent in store.spent(NOW, without_runs=["r1", "never"]).values()] == [7]


def test_a_run_lands_together_with_what_it_spent_or_not_at_all(store: Store, kind: Kind) -> None:
    store.save_run(a_spending_run(a_spending()))
    assert store.spent(NOW)[SUITE].tokens == 1200
    with pytest.raises(StoreError):
        store.save_run(a_spending_run(a_spending(tokens=5)))  # the same run again
    assert store.spent(NOW)[SUITE].tokens == 1200


def test_other_openings_of_a_store_see_what_was_spent(kind: Kind, tmp_path: Path) -> None:
    url = kind.url(tmp_path)
    if url == ":memory:":
        pytest.skip("a store in memory is nobody else's")
    first, second = open_store(url), open_store(url)
    first.save_spending([a_spending()])
    assert second.spent(NOW)[SUITE].requests == 3
    first.close()
    second.close()


# ------------------------------------------------------------------------------------------------ silences, stories


def test_a_silence_stands_from_its_beginning_until_it_expires_or_is_ended(store: Store) -> None:
    silence = a_silence()
    store.save_silence(silence)
    assert store.silences(later(7199)) == (silence,)
    assert store.silences(later(7200)) == ()
    ended = replace(silence, ended_at=later(60), ended_note="ended by oncall")
    store.save_silence(ended)
    assert store.silences(later(61)) == ()
    assert store.silences_between(later(60), later(61)) == (ended,)
    assert store.silences_between(later(61), later(62)) == store.silences_between(later(-9), later(-1)) == ()


def test_silences_are_listed_the_oldest_first(store: Store) -> None:
    younger, older = a_silence("b", created_at=later(5)), a_silence("a")
    for silence in (younger, older):
        store.save_silence(silence)
    assert store.silences(later(10)) == (older, younger)


def test_the_newest_acknowledgement_of_an_incident_counts(store: Store) -> None:
    first = Acknowledgement(incident_id="i-1", key="a/b/drift", author="oncall", reason="on it", at=NOW)
    second = replace(first, author="deputy", at=later(5))
    for ack in (first, second, replace(first, incident_id="i-2")):
        store.save_acknowledgement(ack)
    assert store.acknowledgements(["i-1", "i-9"]) == {"i-1": second}


def test_open_incidents_of_every_suite_are_known_and_pending_ones_are_not_open(store: Store) -> None:
    elsewhere = alert(key="other/prod/drift", incident_id="incident-2")
    pending = alert("pending", key=f"{SUITE}/{ENDPOINT}/contract", incident_id="incident-3")
    store.save_run(written(numbered(1), alerts=[alert(), pending]))
    store.save_alerts("other", "prod", [elsewhere], [], at=NOW)
    assert {state.incident_id for state in store.open_alerts()} == {"incident-1", "incident-2"}
    assert store.pending_alerts() == (pending,)


def test_the_changes_of_an_incident_come_back_in_order_with_the_runs_that_made_them(store: Store) -> None:
    store.save_run(written(numbered(1), alerts=[alert("pending", opened_at=None)]))
    store.save_alerts(*PLACE, [alert()], [], at=later(1800))
    store.save_run(written(numbered(4), alerts=[alert("quiet", incident_id="")]))
    for changes in (store.alert_changes(incident_id="incident-1"), store.alert_changes(since=later(2700))):
        assert [(c.incident_id, c.quiet, c.event.state, c.event.run_id) for c in changes] == [
            ("incident-1", False, "pending", "run-0001"),
            ("incident-1", False, "open", ""),
            ("", True, "resolved", "run-0004"),
        ]
    assert store.alert_changes(since=later(9e6)) == store.alert_changes(incident_id="incident-9") == ()


def test_an_incident_is_found_by_how_its_id_begins(store: Store) -> None:
    store.save_run(written(numbered(1), alerts=[alert(), alert(notifier="mail", incident_id="incident-2")]))
    assert store.incident_ids("incident-") == ("incident-1", "incident-2")
    assert store.incident_ids("incident-2") == ("incident-2",)
    assert store.incident_ids("incident_") == store.incident_ids("%") == ()


def test_what_was_told_of_an_incident_comes_back_with_what_became_of_it(store: Store) -> None:
    with_outbox(store, entry(), entry(AlertEvent.RESOLVED), entry(to="mail"), entry(incident="incident-2"))
    rows = {(p.entry.notifier, p.entry.notice.incident_id): p.outbox_id for p in store.due(NOW)}
    store.delivered(rows["slack", "incident-1"], later(3), {})
    store.give_up(rows["mail", "incident-1"], later(4), "channel_not_found")
    told = store.told(["incident-1"])["incident-1"]
    assert [(t.notifier, t.notice.event.value, t.state, t.attempts, t.settled_at, t.error) for t in told] == [
        ("slack", "opened", "delivered", 0, later(3), ""),
        ("slack", "resolved", "waiting", 0, None, ""),
        ("mail", "opened", "given_up", 1, later(4), "channel_not_found"),
    ]
    assert store.told([]) == {}


def test_streams_that_stood_out_in_a_run_are_told_the_highest_score_first(store: Store) -> None:
    streams = [
        a_stream("tokens.output", StreamState.WATCH, 30.0),
        a_stream("latency.total", StreamState.ALARM, 120.0, scope="refund-window"),
        a_stream("route", StreamState.QUIET, 0.0),
    ]
    store.save_run(written(numbered(1, drift=tuple(streams))))
    assert [(s.stream, s.score, s.state) for s in store.stream_scores("run-0001")] == [
        ("latency.total of refund-window", 120.0, "alarm"),
        ("tokens.output", 30.0, "watch"),
    ]
    assert store.stream_scores("run-0099") == ()


# ------------------------------------------------------------------------------------------------ the daemon itself
def test_a_sign_of_life_is_kept_by_name_and_the_newest_counts(store: Store) -> None:
    assert store.last_alive("daemon") is None
    for seconds in (0, 15):
        store.mark_alive("daemon", later(seconds))
    assert store.last_alive("daemon") == later(15)
    assert store.last_alive("worker") is None


def test_the_oldest_notice_that_does_not_get_out_is_known_without_those_that_wait_for_company(store: Store) -> None:
    with_outbox(store, entry(), entry(incident="incident-2", to="pager"))
    assert store.oldest_undelivered(["slack"]) is not None
    assert store.oldest_undelivered(["elsewhere"]) is None
    (seen,) = store.waiting("slack")
    store.seen([seen.outbox_id], later(1))
    assert store.oldest_undelivered(["slack"]) is None, "a worker keeps it for a moment"
    store.retry(seen.outbox_id, later(60), "HTTP 500")
    assert store.oldest_undelivered(["slack"]) == store.oldest_undelivered(["pager"])


def test_why_a_run_was_withheld_comes_back_with_it(store: Store) -> None:
    record = replace(numbered(1), maintenance="the cluster moves", offline="no connection to 192.0.2.7:53 either")
    store.save_run(written(record))
    assert store.run(record.run_id) == record
    assert (store.runs()[0].maintenance, store.runs()[0].offline) == (record.maintenance, record.offline)
