"""Housekeeping that every store must do: sums, pruning and what it leaves, copies, sizes, and the salt of hashes."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from checks.drift.result import SUITE_SCOPE, StreamKey
from probes.errors import HoldfastError, StoreError
from probes.sample import Timing
from reports.rollup import Rollup, Sketch
from runner.keeping.housekeeping import Housekeeping, due_now
from runner.keeping.privacy_settings import Retention
from runner.normal.replay import replay_place
from runner.store import open_store
from runner.store.base import BaselineAct, Installed, Spending, Spent, Store
from tests.fakes.records import NOW, failing_run
from tests.fakes.stored import LATENCY, PLACE, alert, entry, numbered, written

ANSWERS = StreamKey(scope=SUITE_SCOPE, dimension="answers")
LATER = NOW + timedelta(days=500)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(str(tmp_path / "store.db") if request.param == "file" else ":memory:")) as opened:
        yield opened


def keep(store: Store, **retain: str) -> Counter[str]:
    """All steps of keeping house long after everything."""
    house = Housekeeping(store=store, retain=Retention.model_validate(retain))
    for _ in house.steps(LATER):
        pass
    return house.done


def ids(store: Store) -> set[str]:
    return {header.run_id for header in store.runs(limit=100)}


# ------------------------------------------------------------------------------------------------ sums
def test_sums_are_those_of_the_runs_however_they_were_cut_into_steps(store: Store) -> None:
    failing = failing_run()
    records = [
        numbered(number, probes=failing.probes, drift=failing.drift, health=failing.health) for number in range(1, 10)
    ]
    for record in records:
        store.save_run(written(record))
    while store.roll_up(most=2):
        pass
    (day,) = store.rollups(*PLACE, size="day", since=NOW - timedelta(days=1))
    hours = store.rollups(*PLACE, size="hour", since=NOW - timedelta(days=1))
    samples = [sample for record in records for sample in record.samples]
    failed = Counter(sample.failure.kind.value for sample in samples if sample.failure)
    assert (day.runs, day.samples, dict(day.failures)) == (9, len(samples), dict(failed))
    assert day.failed == failed.total() > 0
    assert day.healths == {failing.health.value: 9}
    assert day.drift == max(result.score for result in failing.drift if result.score is not None)
    assert day.output_tokens == sum(sample.usage.output_tokens or 0 for sample in samples)
    verdicts = [finding for record in records for probe in record.probes for finding in probe.findings]
    assert (day.passed, day.checked) == (sum(f.passed for f in verdicts), sum(f.total for f in verdicts))
    assert len(hours) > 1
    assert sum((hour.total_s for hour in hours), Sketch()).buckets == day.total_s.buckets
    probe = failing.probes[0].probe
    (of_probe,) = store.rollups(*PLACE, size="day", since=NOW - timedelta(days=1), probe=probe)
    assert of_probe.samples == 9 * len(failing.probes[0].samples)
    assert store.roll_up(most=2) == 0, "no run is added twice"


def test_quantiles_of_a_sketch_are_within_two_percent_and_sketches_add_up() -> None:
    values = np.random.default_rng(7).lognormal(0.0, 1.0, 20_000)
    whole = Sketch.of(values.tolist())
    parts = Sketch.of(values[:7_000].tolist()) + Sketch.of(values[7_000:].tolist())
    assert whole.buckets == parts.buckets
    for share in (0.01, 0.5, 0.9, 0.99, 1.0):
        told = whole.quantile_s(share)
        assert told == pytest.approx(float(np.quantile(values, share, method="inverted_cdf")), rel=0.0201)
    assert whole.mean_s == pytest.approx(float(values.mean()))
    assert (Sketch().quantile_s(0.5), Sketch().mean_s) == (None, None)


def test_adding_an_hour_that_nobody_judged_keeps_the_score() -> None:
    hour = Rollup(suite="s", endpoint="e", probe="", size="hour", start=NOW, runs=1, drift=40.0)
    assert (hour + replace(hour, drift=None)).drift == 40.0
    assert (hour + replace(hour, drift=70.0)).drift == 70.0


# ------------------------------------------------------------------------------------------------ pruning
def test_runs_go_only_where_nothing_refers_to_them_and_their_sums_stay(store: Store) -> None:
    for number in range(1, 9):
        more = {
            2: {"in_baseline": True},
            3: {"alerts": [alert()]},
            4: {"outbox": [entry(incident="incident-9")]},
            8: {"streams": {LATENCY: {"incident": {"since": "run-0006"}}}},
        }
        store.save_run(written(numbered(number), **more.get(number, {})))
        if number == 5:
            act = BaselineAct(suite=PLACE[0], endpoint=PLACE[1], kind="mark", at=NOW, author="a", reason="r")
            store.save_act(act, {}, baseline_runs=None)
    done = keep(store, samples="30d")
    assert ids(store) == {"run-0002", "run-0003", "run-0004", "run-0005", "run-0006", "run-0008"}
    assert done["runs"] == 2
    gone = store.pruned(*PLACE)
    assert gone is not None
    assert (gone.runs, gone.until) == (2, numbered(7).started_at)
    (day,) = store.rollups(*PLACE, size="day", since=NOW - timedelta(days=1))
    assert day.runs == 8
    with pytest.raises(HoldfastError, match=r"cannot be replayed: 2 runs up to 2026.* were pruned"):
        replay_place(store, *PLACE)


def test_runs_that_are_in_no_sum_yet_are_not_pruned(store: Store) -> None:
    for number in (1, 2):
        store.save_run(written(numbered(number)))
    assert store.prunable(LATER, most=10) == ()
    store.roll_up(most=10)
    assert store.prunable(LATER, most=10) == ("run-0001",)


def test_a_run_that_is_referred_to_since_it_was_found_old_stays(store: Store) -> None:
    for number in range(1, 6):
        store.save_run(written(numbered(number)))
    store.roll_up(most=10)
    assert len(store.prunable(LATER, most=10)) == 4
    act = BaselineAct(suite=PLACE[0], endpoint=PLACE[1], kind="accept", at=NOW, author="a", reason="r")
    store.save_act(act, {LATENCY: {"incident": {"since": "run-0002"}}}, baseline_runs=["run-0001"])
    assert [store.forget_run(f"run-000{number}") for number in range(1, 6)] == [0, 0, 1, 1, 0]
    assert ids(store) == {"run-0001", "run-0002", "run-0005"}, "baseline, named by a stream, and the newest"


def test_what_began_at_the_very_instant_stays_and_a_microsecond_before_it_goes(store: Store) -> None:
    at = NOW + timedelta(days=10)
    kept = Retention.model_validate({"text": "1h", "samples": "1d"})
    before = {1: timedelta(days=1, microseconds=1), 2: timedelta(days=1), 3: timedelta(0)}
    for number, age in before.items():
        store.save_run(written(numbered(number, started_at=at - age)))
    for _ in Housekeeping(store=store, retain=kept).steps(at):
        pass
    assert ids(store) == {"run-0002", "run-0003"}


def test_what_was_spent_today_is_kept_for_the_caps_however_short_everything_is(store: Store) -> None:
    now = NOW.replace(hour=20)
    spent = Spent(requests=1, tokens=10, usd=1.0)
    for day, run_id in ((now, "today"), (now - timedelta(days=1), "yesterday")):
        at = day.replace(hour=3)
        store.save_spending([Spending(run_id=run_id, suite=PLACE[0], endpoint=PLACE[1], at=at, spent=spent)])
    for _ in Housekeeping(store=store, retain=Retention.model_validate({"samples": "1h"})).steps(now):
        pass
    assert store.spent(NOW - timedelta(days=7)) == {PLACE[0]: spent}


def test_texts_go_first_then_runs_then_sums(store: Store) -> None:
    for number in (1, 2):
        store.save_run(written(numbered(number)))
    retain = Retention.model_validate({"text": "1d", "samples": "30d", "rollups": "1y"})
    assert dict(due_now(store, retain, NOW + timedelta(days=7))) == {"texts": 2, "runs": 0, "rollups": 0}
    keep(store, text="1d")
    old = store.run("run-0001")
    assert old is not None
    assert {sample.answer for sample in old.samples} == {None}
    assert keep(store, text="1d", samples="30d")["runs"] == 1
    assert keep(store, text="1d", samples="30d", rollups="1y")["rollups"] > 0
    assert store.rollups(*PLACE, size="day", since=NOW - timedelta(days=1)) == ()


def test_a_stream_that_compares_with_an_expired_answer_begins_anew_by_a_recorded_act(store: Store) -> None:
    record = numbered(1)
    answer = next(sample.answer for sample in record.samples if sample.answer)
    probe = record.probes[0].probe
    state = {"phase": "watching", "hashes": {probe: "h"}, "baseline": {"wordings": {probe: {"texts": [answer]}}}}
    other = {LATENCY: {"phase": "watching", "n": 1}}
    store.save_run(written(record, streams={ANSWERS: state, **other}))
    store.save_installed(Installed(suite=PLACE[0], endpoint=PLACE[1], streams=2, runs_per_year=100.0))
    early = Housekeeping(store=store, retain=Retention.model_validate({"text": "14d"}))
    for _ in early.steps(NOW + timedelta(days=1)):
        pass
    assert set(store.stream_states(*PLACE)) == {ANSWERS, LATENCY}, "its texts are still kept"
    assert keep(store, text="14d")["streams"] == 1
    assert store.stream_states(*PLACE) == other
    (act,) = store.acts(*PLACE)
    assert (act.kind, act.author, act.streams) == ("reset", "holdfast", (ANSWERS,))
    assert "retain.text (14d)" in act.reason


# ------------------------------------------------------------------------------------------------ the file
def test_the_salt_is_drawn_once_a_store(store: Store, tmp_path: Path) -> None:
    assert len(store.salt()) == 32
    assert store.salt() == store.salt()
    with closing(open_store(str(tmp_path / "other.db"))) as other:
        assert other.salt() != store.salt()


def test_a_backup_taken_while_others_write_is_whole_private_and_never_overwrites(store: Store, tmp_path: Path) -> None:
    done = threading.Event()

    def write_on() -> None:
        for number in range(1, 30):
            store.save_run(written(numbered(number)))
        done.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    copy = tmp_path / "copy.db"
    size = store.copy_to(str(copy))
    writer.join()
    assert done.is_set()
    assert size == copy.stat().st_size
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(open_store(str(copy))) as copied:
        assert all(copied.run(run_id) == store.run(run_id) for run_id in ids(copied))
    with pytest.raises(StoreError, match="exists already"):
        store.copy_to(str(copy))
    with pytest.raises(StoreError, match="cannot be written"):
        store.copy_to(str(tmp_path / "nowhere" / "copy.db"))


COPYING = """
import sys
from runner.store import open_store
open_store(sys.argv[1]).copy_to(sys.argv[2])
"""


def test_a_backup_that_is_killed_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    store, copies = tmp_path / "store.db", tmp_path / "copies"
    copies.mkdir()
    with closing(open_store(str(store))):
        pass
    with closing(sqlite3.connect(store)) as filled:
        filled.execute("CREATE TABLE ballast AS SELECT randomblob(80000000) AS it")
        filled.commit()
    process = subprocess.Popen([sys.executable, "-c", COPYING, store, copies / "copy.db"])
    while process.poll() is None and not any(copies.iterdir()):
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it was not done yet"
    assert not (copies / "copy.db").exists()
    assert all(stat.S_IMODE(left.stat().st_mode) == 0o600 for left in copies.iterdir())
    with closing(open_store(str(store))) as opened:
        assert opened.copy_to(str(copies / "copy.db")) > 80_000_000, "and the next one is not held up"


def test_a_backup_that_fails_leaves_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "nowhere.db").symlink_to(tmp_path / "gone" / "copy.db")
    for name in ("nowhere.db", "missing/copy.db", "x" * 300):
        with pytest.raises(StoreError, match=r"exists already|cannot be written"):
            store.copy_to(str(tmp_path / name))
    assert not list(tmp_path.glob(".*")), "no part is left"


def test_what_is_kept_for_thousands_of_years_is_kept(store: Store) -> None:
    store.save_run(written(numbered(1)))
    store.save_run(written(numbered(2)))
    assert not +Counter({name: number for name, number in keep(store, text="9000y").items() if name != "rolled_up"})
    assert due_now(store, Retention.model_validate({"text": "9000y"}), LATER)["texts"] == 0


def test_the_size_of_a_store_counts_every_row_and_vacuum_gives_free_room_back(store: Store) -> None:
    for number in range(1, 30):
        store.save_run(written(numbered(number)))
    size = store.size()
    rows = {table.table: table.rows for table in size.tables}
    assert (rows["runs"], size.runs, size.runs_with_texts) == (29, 29, 29)
    assert rows["samples"] == sum(len(numbered(n).samples) for n in range(1, 30))
    assert (size.oldest, size.newest) == (numbered(1).started_at, numbered(29).started_at)
    keep(store, samples="1d", text="1h")
    store.vacuum()
    after = store.size()
    assert after.free_bytes == 0
    assert after.file_bytes < size.file_bytes
    assert after.runs == 1


def test_how_long_an_answer_was_outlives_it(store: Store) -> None:
    record = numbered(1)
    sample = replace(record.samples[0], answer=None, answer_chars=412, timing=Timing(total_s=1.0))
    probe = replace(record.probes[0], samples=(sample,))
    store.save_run(written(replace(record, probes=(probe,))))
    kept = store.run("run-0001")
    assert kept is not None
    assert kept.samples[0].chars == 412
