"""What only a file can show: sudden death, several processes, refused files, migrations, indexes."""

from __future__ import annotations

import errno
import itertools
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from probes.errors import StoreError, UnusableStore, UsageError
from runner.store import (
    alert_table,
    channel_states,
    channel_table,
    migrations,
    open_store,
    outbox_table,
    pruning,
    rollup_table,
    run_reading,
)
from runner.store.database import SqliteDatabase
from runner.store.sqlite import SqliteStore
from tests.fakes.forgetting import expire_texts
from tests.fakes.records import NOW
from tests.fakes.stored import LATENCY, PLACE, alert, entry, numbered, written

ROOT = Path(__file__).parents[2]


def plain(path: Path) -> sqlite3.Connection:
    """The file through other eyes."""
    return sqlite3.connect(path, isolation_level=None)


# ------------------------------------------------------------------------------------------------ sudden death
CHILD = """
import sys, time
from runner.store import open_store
from tests.fakes.stored import LATENCY, alert, entry, numbered, written

path, moment = sys.argv[1:]
store = open_store(path)
store.save_run(written(numbered(1), streams={LATENCY: {"n": 1}}))
write = written(numbered(2), streams={LATENCY: {"n": 2}}, alerts=[alert()], outbox=[entry()])

def told(statement):
    if moment in statement:
        print("now", flush=True)
        time.sleep(60)

store._db._db.conn.set_trace_callback(told)
store.save_run(write)
print("now", flush=True)
time.sleep(60)
"""


def killed_at(moment: str, path: Path) -> None:
    """Save a run in another process and kill that process with SIGKILL as it reaches this statement."""
    command = [sys.executable, "-c", CHILD, str(path), moment]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "now\n"
        child.send_signal(signal.SIGKILL)
        assert child.wait(timeout=10) == -signal.SIGKILL


@pytest.mark.parametrize("moment", ['INTO "samples"', 'INTO "outbox"', "COMMIT"])
def test_a_process_killed_in_the_middle_of_saving_leaves_nothing_of_the_run(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "store.db"
    killed_at(moment, path)
    store = open_store(str(path))
    assert [header.run_id for header in store.runs()] == ["run-0001"]
    assert store.stream_states(*PLACE) == {LATENCY: {"n": 1}}
    assert store.alert_states(*PLACE) == () and store.undelivered() == 0
    store.save_run(written(numbered(2), outbox=[entry()]))
    assert store.undelivered() == 1
    store.close()


def test_a_process_killed_after_saving_loses_neither_run_nor_alert_nor_notice(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    killed_at("nothing that is ever said", path)
    store = open_store(str(path))
    assert store.run("run-0002") == numbered(2)
    assert store.alert_states(*PLACE) == (alert(),)
    assert [pending.entry.notice.incident_id for pending in store.due(NOW)] == ["incident-1"]
    store.close()


def test_saving_a_run_begins_and_commits_exactly_once(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "store.db"))
    statements: list[str] = []
    store._db._db.conn.set_trace_callback(statements.append)
    store.save_run(written(numbered(1), streams={LATENCY: {"n": 1}}, alerts=[alert()], outbox=[entry()]))
    control = [statement for statement in statements if statement.startswith(("BEGIN", "COMMIT", "ROLLBACK;"))]
    assert control == ["BEGIN IMMEDIATE", "COMMIT"]
    store.close()


# ------------------------------------------------------------------------------------------------ several processes
def test_two_processes_write_in_turn_and_never_lease_the_same_notice(tmp_path: Path) -> None:
    """Two stores on one file have two connections, which is all that SQLite sees of two processes."""
    path = str(tmp_path / "store.db")
    stores = [open_store(path), open_store(path)]
    leased: list[int] = []

    def work(store: SqliteStore, first: int) -> None:
        for number in range(first, first + 10):
            store.save_run(written(numbered(number), outbox=[entry(incident=f"incident-{number}")]))
            leased.extend(pending.outbox_id for pending in store.due(NOW, limit=2))

    threads = [threading.Thread(target=work, args=(store, 100 * at)) for at, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(stores[0].runs(limit=100)) == 20
    assert len(leased) == len(set(leased)) > 0
    for store in stores:
        store.close()


def test_several_processes_may_open_a_new_file_at_the_same_moment(tmp_path: Path) -> None:
    opened: list[int] = []

    def open_at_once(path: Path, start: threading.Barrier) -> None:
        start.wait()
        store = open_store(str(path))
        opened.append(len(store.runs()))
        store.close()

    for attempt in range(15):  # without a second try, about one in fifteen meets the switch to the log
        start = threading.Barrier(4)
        threads = [threading.Thread(target=open_at_once, args=(tmp_path / f"{attempt}.db", start)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
    assert opened == [0] * 60


def test_a_writer_that_never_ends_is_reported_and_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.store.database.BUSY_S", 0.05)
    path = tmp_path / "store.db"
    store = open_store(str(path))
    other = plain(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process kept it locked"):
        store.save_run(written(numbered(1)))
    assert store.runs() == ()
    other.execute("ROLLBACK")
    other.close()
    store.save_run(written(numbered(1)))
    assert len(store.runs()) == 1
    store.close()


# ------------------------------------------------------------------------------------------------ files
def test_a_new_store_makes_its_folders_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "store.db"
    old = os.umask(0)
    try:
        store = open_store(f"sqlite:///{path}")
        store.save_run(written(numbered(1)))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_a_store_is_kept_in_a_log_that_survives_the_process_and_enforces_its_references(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "store.db"))
    told = {name: database.read(f"PRAGMA {name}")[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert told == {"journal_mode": {"journal_mode": "wal"}, "synchronous": {"synchronous": 1},
                    "foreign_keys": {"foreign_keys": 1}}  # fmt: skip
    with pytest.raises(StoreError, match="contradicts"), database.write():
        database.insert("observations", {"run": 7, "observation": "{}", "plan": "{}"})
    database.close()


@pytest.mark.parametrize("address", ["sqlite:///store.db", "store.db", "sqlite:////{folder}/store.db"])
def test_an_address_may_be_relative_absolute_or_a_plain_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store(address.format(folder=str(tmp_path).lstrip("/"))).close()
    assert (tmp_path / "store.db").is_file()


@pytest.mark.parametrize(
    "address", ["postgresql://holdfast:hunter2@db/holdfast", "mysql://hunter2@db", "", "sqlite:///"]
)
def test_an_address_of_no_store_is_refused_without_repeating_its_password(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(address)
    assert "sqlite:///" in str(caught.value) and "hunter2" not in str(caught.value)


def test_postgresql_is_refused_with_the_word_that_it_comes_later() -> None:
    with pytest.raises(UsageError, match="later version"):
        open_store("postgresql://db/holdfast")


def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes " * 200)
    with pytest.raises(UnusableStore, match=r"notes\.txt.*not a SQLite database") as caught:
        open_store(str(path))
    assert caught.value.exit_code == 2, "no restart mends it"
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    assert path.read_text() == "my notes " * 200


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = plain(path)
    other.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(UnusableStore, match=r"other\.db is a database of another program.*customers"):
        open_store(str(path))
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]
    other.close()


def test_a_folder_or_a_place_that_cannot_be_written_is_refused_with_its_path(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/proc/holdfast/store.db"):
        with pytest.raises(StoreError, match="cannot be opened") as caught:
            open_store(path)
        assert path in str(caught.value) and isinstance(caught.value.__cause__, OSError)


def test_a_full_disk_is_told_in_plain_words_and_loses_nothing_older(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "store.db"))
    store.save_run(written(numbered(1)))
    pages = store._db.read("PRAGMA page_count")[0]["page_count"]
    store._db.read(f"PRAGMA max_page_count = {pages}")

    def write_on_and_on() -> None:
        for number in itertools.count(2):
            store.save_run(written(numbered(number)))

    with pytest.raises(StoreError, match=r"store\.db cannot be used: the disk is full"):
        write_on_and_on()
    kept = store.runs(limit=1000)
    assert kept[-1].run_id == "run-0001"
    assert all(store.run(header.run_id) == numbered(int(header.run_id[-4:])) for header in kept)
    store.close()


def test_a_store_that_may_only_be_read_says_so_and_still_reads(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "store.db"))
    store.save_run(written(numbered(1)))
    store._db.read("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="may not be written"):
        store.save_run(written(numbered(2)))
    assert store.run("run-0001") == numbered(1)
    store.close()


def test_a_closed_store_raises_a_store_error() -> None:
    store = open_store(":memory:")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.runs()


def test_an_expired_answer_is_overwritten_in_the_file_and_not_merely_unlinked(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(str(path))
    store.save_run(written(numbered(1)))
    store.save_run(written(numbered(2)))
    answer = numbered(1).samples[0].answer
    assert answer is not None
    expire_texts(store, numbered(3).started_at)
    store.close()
    assert answer.encode() not in path.read_bytes()


# ------------------------------------------------------------------------------------------------ migrations
def test_a_database_of_a_newer_holdfast_is_refused_by_the_step_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(str(path)).close()
    other = plain(path)
    other.execute("INSERT INTO migrations VALUES ('9999_from_the_future', '2030')")
    other.close()
    with pytest.raises(StoreError, match=r"store\.db was written by a newer Holdfast.*9999_from_the_future"):
        open_store(str(path))


def test_migrations_are_applied_once_and_recorded_by_name(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for _ in range(2):
        open_store(str(path)).close()
    other = plain(path)
    assert [name for (name,) in other.execute("SELECT name FROM migrations")] == [n for n, _ in migrations.MIGRATIONS]
    other.close()


def test_a_store_from_before_alerts_between_runs_keeps_its_incidents_and_notices(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = SqliteStore(str(path))
    before.save_run(written(numbered(1), alerts=[alert(), alert("quiet", notifier="pager")], outbox=[entry()]))
    before.close()
    with closing(plain(path)) as other:
        other.execute("DELETE FROM migrations WHERE name >= '0013'")
        for table in ("alerts_due", "alerts_open", "alerts_muted"):
            other.execute(f"DROP INDEX idx_{table}")
        for column in ("phase", "muted", "due_at"):
            other.execute(f"ALTER TABLE alerts DROP COLUMN {column}")
        later = [name for name, _ in migrations.MIGRATIONS if name > "0013_alerts_between_runs"]
        other.executemany("INSERT INTO migrations VALUES (?, '2026')", [(name,) for name in later])
    after = SqliteStore(str(path))
    assert after.open_alerts() == (alert(),)
    assert after.open_at([PLACE[0]]) == (alert(),)
    assert [pending.entry.notifier for pending in after.due(NOW)] == ["slack"]
    after.close()


def test_the_names_of_migrations_are_in_order_and_never_repeated() -> None:
    names = [name for name, _ in migrations.MIGRATIONS]
    assert names == sorted(set(names))


def test_a_migration_that_breaks_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    store = open_store(str(path))
    store.save_run(written(numbered(1)))
    store.close()

    def half(db: migrations.Database) -> None:
        db.table("half").create({"id": int})
        db.execute("INSERT INTO nowhere VALUES (1)")

    steps = (*migrations.MIGRATIONS, ("0002_half", half))
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", steps)
        with pytest.raises(StoreError, match="nowhere"):
            open_store(str(path))
    again = SqliteStore(str(path))
    assert again.run("run-0001") == numbered(1)
    assert again._db.read("SELECT name FROM sqlite_master WHERE name = 'half'") == []
    again.close()


# ------------------------------------------------------------------------------------------------ many runs
NEWEST = "SELECT * FROM runs {where} ORDER BY started_at DESC, seq DESC LIMIT ?"
QUERIES = {
    "all runs": (NEWEST.format(where=""), 1),
    "runs of a suite": (NEWEST.format(where="WHERE suite = ?"), 2),
    "runs of an endpoint": (NEWEST.format(where="WHERE endpoint = ?"), 2),
    "runs of a suite at an endpoint": (NEWEST.format(where="WHERE suite = ? AND endpoint = ?"), 3),
    "history": (run_reading.HISTORY, 3),
    "samples": (run_reading.SAMPLES, 1),
    "findings": (run_reading.FINDINGS, 1),
    "probes": (run_reading.PROBES, 1),
    "observations": (run_reading.OBSERVED, 4),
    "answers": (run_reading.ANSWERS, 4),
    "due": (outbox_table.DUE, 3),
    "alert states": (alert_table.STATES, 2),
    "alerts due": (alert_table.DUE, 1),
    "alerts open": (alert_table.OPEN_AT, 1),
    "alerts muted": (alert_table.MUTED_FOR, 1),
    "waiting": (outbox_table.WAITING, 0),
    "given up": (outbox_table.GIVEN_UP, 1),
    "queue of a channel": (channel_table.WAITING, 2),
    "openings told": (channel_table.OPENED, 2),
    "messages sent": (channel_table.SENT, 2),
    "notices of a message": (channel_table.NOTICES, 1),
    "told in a digest": (channel_table.TOLD_IN, 2),
    "fellows of a channel": (channel_states.FELLOWS, 3),
    "expired texts": (pruning.TEXTS[0], 1),
    "expiring runs": (pruning.WITH_TEXTS, 2),
    "prunable runs": (pruning.OLD, 4),
    "conversation nobody asks": (pruning.UNASKED, 4),
    "old sums": (pruning.ROLLUPS, 2),
    "sums of an hour": (rollup_table.ONE, 5),
    "sums since": (rollup_table.SINCE, 5),
    "next runs to sum up": (rollup_table.NEXT, 2),
}
WHOLE_BY_DESIGN = (
    "SCAN r USING INDEX idx_runs_started_at",
    "SCAN runs USING INDEX idx_runs_started_at",
    "SCAN r",
    "SCAN acts",
)
"""The list of all runs walks its index from the newest and stops at the limit; ``r`` is history's own short list;
decisions are made by people, so they are few."""
NO_TABLE = ("idx_outbox_waiting", "idx_outbox_queue", "SCAN json_each")
"""What waits is little, and so are the names handed in."""
SORTS_LITTLE = (
    "alerts due", "alerts open", "alerts muted", "due", "waiting", "history",
    "openings told", "messages sent", "told in a digest", "fellows of a channel", "queue of a channel",
)  # fmt: skip
"""What waits is little, as is what a channel was told lately; history sorts no more than the runs of its limit."""


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_walks_a_whole_table_or_sorts_all_runs(name: str) -> None:
    sql, count = QUERIES[name]
    database = SqliteDatabase(":memory:")
    steps = [row["detail"] for row in database.read(f"EXPLAIN QUERY PLAN {sql}", [1] * count)]
    walked = [step for step in steps if step.startswith("SCAN") and step not in WHOLE_BY_DESIGN]
    assert [step for step in walked if not any(name in step for name in NO_TABLE)] == []
    assert name in SORTS_LITTLE or not any("TEMP B-TREE" in step for step in steps)
    database.close()


# ------------------------------------------------------------------------------------------------ a file that went
@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_written_to_a_file_that_was_removed_or_replaced(tmp_path: Path, replaced: bool) -> None:
    place = tmp_path / "holdfast.db"
    with closing(open_store(str(place))) as store:
        store.save_run(written(numbered(1)))
        place.unlink()
        if replaced:
            open_store(str(place)).close()
        with pytest.raises(StoreError, match="removed or replaced"):
            store.save_run(written(numbered(2)))
        with pytest.raises(StoreError, match="removed or replaced"):
            store.due(NOW)


def test_the_documentation_names_every_table_there_is_and_none_that_is_not(tmp_path: Path) -> None:
    open_store(str(tmp_path / "new.db")).close()
    with closing(sqlite3.connect(tmp_path / "new.db")) as db:
        made = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    page = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")
    _, _, after = page.partition("| tables | hold |")
    rows = after.partition("\n\n")[0].splitlines()[2:]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(made)


def test_a_place_that_takes_no_file_is_for_people_and_a_file_that_may_not_be_opened_for_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnusableStore, match="Is a directory"):
        open_store(str(tmp_path))
    with pytest.raises(UnusableStore, match="No such file"):
        open_store("/proc/holdfast/no.db")  # a place that takes no file, whoever asks
    (tmp_path / "link.db").symlink_to(tmp_path / "not mounted yet" / "holdfast.db")
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store(str(tmp_path / "link.db"))
    assert caught.value.exit_code == 3
    monkeypatch.setattr("os.open", refusing)
    with pytest.raises(StoreError, match="cannot be opened: Permission denied") as caught:
        open_store(str(tmp_path / "other.db"))
    assert caught.value.exit_code == 3


def refusing(path: object, *_: object) -> int:
    """What the operating system says to somebody without rights."""
    raise PermissionError(errno.EACCES, "Permission denied", path)


def test_a_file_that_may_not_be_looked_at_is_not_told_as_one_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_store(str(tmp_path / "holdfast.db"))) as store:
        monkeypatch.setattr("pathlib.Path.stat", refusing)
        with pytest.raises(StoreError, match="cannot be looked at: Permission denied"):
            store.due(NOW)
        monkeypatch.undo()
        assert store.due(NOW) == ()


def test_a_file_emptied_under_another_process_is_waited_for_once_and_not_at_every_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "holdfast.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        with closing(plain(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        os.truncate(path, 0)
        monkeypatch.setattr("runner.store.database.BUSY_S", 0.4)
        begun = time.monotonic()
        with pytest.raises(StoreError, match="another process kept it locked"):
            open_store(str(path))
        assert time.monotonic() - begun < 4, "one wait of 0.4 s; twenty would be 8 s"
        holder.communicate("\n")


HOLDER = """
import sys
from runner.store import open_store
store = open_store(sys.argv[1])
store.prove_writable()
print("open", flush=True)
sys.stdin.readline()
"""
