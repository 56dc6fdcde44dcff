"""The day's sums of spending are those of its entries, whatever is written, deleted, killed or written elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.endpoint import Spend
from runner.limits.estimate import Estimate
from runner.limits.spending import Account, Ledger
from runner.store import open_store
from runner.store.base import Spending, Spent, Store
from runner.store.database import SqliteDatabase
from runner.store.migrations import MIGRATIONS
from runner.store.spending_table import save, spent
from tests.fakes.clock import FakeClock

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
BY_ENTRIES = """
    SELECT suite, count(*), sum(requests), sum(tokens), sum(usd), sum(estimated) FROM spending
    WHERE at >= ? AND run_id NOT IN (SELECT value FROM json_each(?)) GROUP BY suite ORDER BY suite
"""
BEFORE = """
    INSERT INTO spending (run_id, suite, at, endpoint, requests, tokens, usd, estimated)
    VALUES (?, ?, ?, 'e', 1, 5, 0.5, 0)
"""
INSTANTS = st.builds(lambda seconds: MIDNIGHT + timedelta(seconds=seconds), st.floats(-2 * 86400, 86400))
RUNS = st.sampled_from([f"r{number}" for number in range(8)])


def entry(run_id: str, suite: str = "a", *, at: datetime = MIDNIGHT, usd: float = 0.1, tokens: int = 7) -> Spending:
    amount = Spent(requests=1, tokens=tokens, usd=usd, estimated=1)
    return Spending(run_id=run_id, suite=suite, endpoint="production", at=at, spent=amount)


entries = st.builds(
    entry,
    RUNS,
    st.sampled_from(["a", "b"]),
    at=INSTANTS,
    usd=st.floats(0, 10),
    tokens=st.integers(0, 10_000),
)


def of_days(db: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    found = db.execute("SELECT day, suite, entries, tokens FROM spending_days").fetchall()
    return {(day, suite): (number, tokens) for day, suite, number, tokens in found}


def of_entries(db: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    asked = "SELECT substr(at, 1, 10), suite, count(*), sum(tokens) FROM spending GROUP BY 1, 2"
    return {(day, suite): (number, tokens) for day, suite, number, tokens in db.execute(asked).fetchall()}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.lists(entries, max_size=3), INSTANTS)),
    INSTANTS | st.just(MIDNIGHT),
    st.lists(RUNS, max_size=3),
)
def test_after_any_writing_replacing_and_pruning_the_sums_from_any_instant_are_those_of_the_entries(
    history: list[list[Spending] | datetime], since: datetime, without: list[str]
) -> None:
    with closing(SqliteDatabase(":memory:")) as db:
        for deed in history:
            with db.write():
                if isinstance(deed, datetime):
                    db.change("DELETE FROM spending WHERE at < ?", [deed.isoformat(timespec="microseconds")])
                else:
                    save(db, deed)
        names = ", ".join(f"'{run_id}'" for run_id in without)
        told = {
            row["suite"]: row
            for row in db.read(BY_ENTRIES, [since.isoformat(timespec="microseconds"), f"[{names}]".replace("'", '"')])
        }
        sums = spent(db, since, without)
        assert sums.keys() == told.keys()
        for suite, sum_ in sums.items():
            row = told[suite]
            whole = (row["sum(requests)"], row["sum(tokens)"], row["sum(estimated)"])
            assert (sum_.requests, sum_.tokens, sum_.estimated) == whole
            assert sum_.usd == pytest.approx(row["sum(usd)"], abs=1e-9)


def test_what_adding_and_taking_off_leaves_of_a_dollar_goes_with_the_last_entry_and_is_nothing_meanwhile() -> None:
    with closing(SqliteDatabase(":memory:")) as db:
        with db.write():
            save(db, [entry("kept", usd=0.3)])
        for number in range(2000):  # as a long run saves what it used so far, over and over
            with db.write():
                save(db, [entry("r", usd=0.1 * number)])
        assert spent(db, MIDNIGHT, [])["a"].usd == pytest.approx(0.3 + 0.1 * 1999, abs=1e-9)
        with db.write():
            save(db, [])
            db.change("DELETE FROM spending WHERE at < ?", ["2027"])
        assert db.read("SELECT * FROM spending_days") == []


def test_an_entry_that_somebody_changes_in_place_is_refused() -> None:
    with closing(SqliteDatabase(":memory:")) as db:
        with db.write():
            save(db, [entry("r")])
        with pytest.raises(Exception, match="replaced, never changed"), db.write():
            db.change("UPDATE spending SET tokens = 1")


def test_a_store_from_before_has_its_sums_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "h.db"
    place = [name for name, _ in MIGRATIONS].index("0016_spending_days")
    monkeypatch.setattr("runner.store.migrations.MIGRATIONS", MIGRATIONS[:place])
    open_store(str(file)).close()
    with closing(sqlite3.connect(file)) as db, db:
        rows = [("r1", "a", "2026-11-20T01"), ("r2", "a", "2026-11-20T02"), ("r3", "b", "2026-11-19T02")]
        for row in rows:
            db.execute(BEFORE, row)
    monkeypatch.setattr("runner.store.migrations.MIGRATIONS", MIGRATIONS)
    with closing(open_store(str(file))) as store:
        assert store.spent(MIDNIGHT) == {"a": Spent(requests=2, tokens=10, usd=1.0)}
        assert store.spent(MIDNIGHT - timedelta(days=1)).keys() == {"a", "b"}


# ------------------------------------------------------------------------------------------------ what a process knows
class Process:
    """One that runs suites under caps, beside others that write into the same store."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.runs = store, FakeClock(), list[Account]()
        self.ledger = Ledger(store, self.clock, Spend())

    def own(self, suite: str) -> int:
        """What our own books say of our own."""
        today = self.clock.now().date()
        return sum(run.days[today][1].tokens for run in self.runs if today in run.days and suite in ("", run.suite))

    def truth(self, suite: str) -> int:
        """That, and the entries of others."""
        midnight = MIDNIGHT.combine(self.clock.now().date(), time(), UTC)
        others = self.store.spent(midnight, without_runs={run.run_id for run in self.runs})
        return self.own(suite) + sum(spent.tokens for name, spent in others.items() if suite in ("", name))

    async def begin(self, suite: str, amount: int) -> None:
        run = Account(run_id=f"r{len(self.runs)}", suite=suite, endpoint="e", estimate=Estimate(tokens=1, usd=None))
        self.runs.append(run)
        await self.ledger.open(run, Spend())
        assert (self.ledger.spent(suite).tokens, self.ledger.spent("").tokens) == (self.truth(suite), self.truth(""))
        run.add(self.clock.now(), Spent(requests=1, tokens=amount))

    async def save(self, suite: str, _amount: int) -> None:
        """End the oldest run that is still to be saved."""
        for run in [run for run in self.runs if run.suite == suite and not run.saved][:1]:
            run.open = False
            self.store.save_spending(run.rows())
            run.saved = True

    async def elsewhere(self, suite: str, amount: int) -> None:
        number = int(self.clock.monotonic())
        self.clock.advance(1)
        self.store.save_spending([entry(f"x{number}", suite, at=self.clock.now(), tokens=amount)])

    async def tomorrow(self, _suite: str, _amount: int) -> None:
        self.clock.advance(86400)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Process.begin, Process.save, Process.elsewhere, Process.tomorrow]),
            st.sampled_from(["a", "b"]),
            st.integers(1, 1000),
        ),
        max_size=40,
    )
)
def test_whatever_is_saved_here_and_elsewhere_a_suite_that_begins_a_run_knows_what_it_and_all_have_spent(
    deeds: list[tuple[Callable[[Process, str, int], Awaitable[None]], str, int]],
) -> None:
    async def scenario() -> None:
        for deed, suite, amount in deeds:
            await deed(one, suite, amount)
            for name in ("a", "b", ""):  # others may not have been told yet; ours always count, and nothing twice
                assert one.own(name) <= one.ledger.spent(name).tokens <= one.truth(name)

    with closing(open_store(":memory:")) as store:
        one = Process(store)
        asyncio.run(scenario())


# ------------------------------------------------------------------------------------------------ other processes
WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from runner.store import open_store
from runner.store.base import Spending, Spent

store, number = open_store(sys.argv[1]), 0
print("ready", flush=True)
while number < int(sys.argv[3]):
    at = datetime(2026, 11, 19, 23, 59, tzinfo=UTC) + timedelta(seconds=number)  # over a midnight
    spent = Spent(requests=1, tokens=number, usd=number / 7)
    run_id = f"{sys.argv[2]}-{number % 40}"  # most replace what was written before
    store.save_spending([Spending(run_id=run_id, suite=f"s{number % 3}", endpoint="e", at=at, spent=spent)])
    number += 1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    open_store(str(tmp_path / "h.db")).close()
    return tmp_path / "h.db"


def writer(file: Path, name: str, times: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(file), name, str(times)]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert started.stdout is not None and started.stdout.readline() == "ready\n"
    return started


def test_two_processes_that_write_at_once_over_midnight_leave_the_right_sums(file: Path) -> None:
    writing = [writer(file, name, 150) for name in ("x", "y")]
    assert [one.communicate(timeout=60) and one.returncode for one in writing] == [0, 0]
    with closing(sqlite3.connect(file)) as db:
        assert of_days(db) == of_entries(db)
        assert {day for day, _ in of_days(db)} == {"2026-11-20"}, "the day before was replaced"
        assert sum(number for number, _ in of_days(db).values()) == 80


def test_a_process_killed_in_the_middle_of_writing_leaves_sums_and_entries_alike(file: Path) -> None:
    for number in range(5):
        one = writer(file, f"k{number}", 100_000)
        with closing(sqlite3.connect(file)) as db:
            while not db.execute("SELECT 1 FROM spending WHERE run_id = ?", [f"k{number}-{7 * number}"]).fetchall():
                pass
        os.kill(one.pid, signal.SIGKILL)
        one.communicate(timeout=60)
        with closing(sqlite3.connect(file)) as db:
            assert of_entries(db)
            assert of_days(db) == of_entries(db)
