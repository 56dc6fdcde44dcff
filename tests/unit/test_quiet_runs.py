"""Which recorded runs a plan counts as quiet: those of the present normal that went well, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from checks.drift.observation import observe
from checks.drift.result import StreamKey, StreamResult, StreamState
from checks.verdict import Health
from reports.summary import RunRecord
from runner.planning.quiet_runs import Quiet, quiet_runs
from runner.store.base import BaselineAct, RunWrite, Store
from runner.store.sqlite import SqliteStore
from tests.fakes.records import NOW, a_probe, a_run, a_sample

PLACE = ("support-bot", "production")
LATENCY = StreamKey(scope="suite", dimension="latency.total")


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(SqliteStore(":memory:")) as opened:
        yield opened


def told(score: float | None, state: StreamState = StreamState.QUIET, key: StreamKey = LATENCY) -> StreamResult:
    return StreamResult(key=key, state=state, score=score, ln_m=None, ln_c=15.5, baseline_size=20)


def save(
    store: Store,
    numbers: range,
    *drift: StreamResult,
    health: Health = Health.HEALTHY,
    whole: bool = True,
    in_baseline: bool = False,
) -> None:
    for number in numbers:
        started = NOW + timedelta(minutes=15 * number)
        run_id = f"run-{number}"
        probe = a_probe(samples=[a_sample(run_id=run_id)], findings=())
        record = a_run([probe], run_id=run_id, started_at=started, drift=drift, health=health)
        store.save_run(write_of(record, whole=whole, in_baseline=in_baseline))


def write_of(record: RunRecord, *, whole: bool, in_baseline: bool) -> RunWrite:
    seen = observe(
        run_id=record.run_id,
        started_at=record.started_at,
        probes=[(p.probe, p.request_hash, p.samples, (), [False] * len(p.samples)) for p in record.probes],
    )
    plan = {"whole": whole, "judged": True}
    return RunWrite(record=record, observation=seen, plan=plan, in_baseline=in_baseline)


def decide(store: Store, kind: str, *streams: StreamKey) -> None:
    act = BaselineAct(
        suite=PLACE[0], endpoint=PLACE[1], kind=kind, at=NOW, author="ops", reason="deploy", streams=streams
    )
    store.save_act(act, {}, baseline_runs=None if streams else ())


def quiet(store: Store) -> Quiet:
    return quiet_runs(store, *PLACE)


def test_runs_that_fail_are_in_alarm_or_stand_out_are_not_quiet(store: Store) -> None:
    golden = StreamKey(scope="suite", dimension="golden.checks")
    save(store, range(4), told(24.9))
    save(store, range(4, 6), told(25.0))
    save(store, range(6, 8), told(3.0), health=Health.FAILING, in_baseline=True)
    save(store, range(8, 10), told(3.0), health=Health.UNKNOWN)
    save(store, range(10, 12), told(3.0), told(3.0, StreamState.ALARM, golden))
    save(store, range(12, 14), told(3.0), whole=False)
    save(store, range(14, 16), told(3.0), told(40.0, StreamState.QUIET, golden))
    save(store, range(16, 18), told(None, StreamState.COLLECTING))
    assert [run.run_id for run in quiet(store).runs] == [f"run-{number}" for number in (0, 1, 2, 3, 14, 15, 16, 17)]


@pytest.mark.parametrize("kind", ["capture", "mark", "reset"])
def test_only_runs_since_the_newest_act_that_begins_all_anew_count(store: Store, kind: str) -> None:
    save(store, range(25), told(3.0), in_baseline=True)
    assert (len(quiet(store).runs), quiet(store).formed, quiet(store).lacking) == (25, 25, "")
    decide(store, kind)
    assert quiet(store).lacking == f"no quiet runs since the {kind} of 2026-03-14 09:15 UTC; 20 are needed"
    save(store, range(25, 28), told(3.0))
    assert len(quiet(store).runs) == 3
    assert quiet(store).lacking == f"3 quiet runs since the {kind} of 2026-03-14 09:15 UTC; 20 are needed"


def test_an_accept_begins_anew_what_its_streams_measure_and_nothing_else(store: Store) -> None:
    spread = StreamKey(scope="suite", dimension="latency.total.spread")
    save(store, range(30), told(3.0))
    decide(store, "accept", spread)
    save(store, range(30, 35), told(3.0))
    known = quiet(store)
    assert (len(known.runs), known.lacking, known.newest) == (35, "", {"latency.total": 5})
    assert known.lacking_of == ("latency.total: 5 quiet runs since the accept of 2026-03-14 09:15 UTC; 20 are needed",)
    save(store, range(35, 50), told(3.0))
    assert (quiet(store).newest, quiet(store).lacking_of) == ({"latency.total": 20}, ())


@pytest.mark.parametrize("kind", ["freeze", "reset"])
def test_acts_on_a_golden_baseline_begin_nothing_anew(store: Store, kind: str) -> None:
    save(store, range(22), told(3.0))
    decide(store, kind, StreamKey(scope="suite", dimension="golden.latency.total"))
    assert (len(quiet(store).runs), quiet(store).newest) == (22, {})


def test_the_baseline_keeps_its_size_when_its_runs_are_no_longer_among_the_newest(store: Store) -> None:
    save(store, range(20), told(None, StreamState.COLLECTING), in_baseline=True)
    save(store, range(20, 380), told(3.0))
    known = quiet(store)
    assert (len(known.runs), known.formed) == (336, 20)


def test_where_nobody_said_what_is_normal_the_reason_names_no_act(store: Store) -> None:
    assert quiet(store).lacking == "no quiet runs are recorded; 20 are needed"
    save(store, range(1), told(3.0))
    assert quiet(store).lacking == "1 quiet run is recorded; 20 are needed"
