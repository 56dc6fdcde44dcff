"""One SQLite file, opened with care: who may write when, what is durable, and plain words for what goes wrong.

Feeds the tables of the SQLite store. The connection runs in the driver's autocommit mode, so that only ``write``
begins and commits: sqlite-utils joins the open transaction with savepoints and commits nothing of its own accord.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import sqlite_utils

from probes.errors import StoreError, UnusableStore
from runner.store import migrations
from runner.store.columns import clean_text
from runner.store.copying import copy
from runner.store.reading import Reader, reading
from runner.store.store_file import GONE, identity, make_file

MEMORY = ":memory:"
BUSY_S = 10.0
"""How long a write waits for another process's write before it gives up, in seconds."""
SWITCH_PAUSE_S = 0.02

PRAGMAS = (
    # NORMAL syncs at checkpoints only. What was committed is with the operating system, so it survives any death of
    # this process, kill -9 included; only a power loss may take the last transactions, and then whole ones.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    # An expired text is overwritten in the file, not merely unlinked.
    "PRAGMA secure_delete = ON",
)

PLAIN_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full, or the file may not grow",
    sqlite3.SQLITE_READONLY: "it may not be written (a read-only file, folder or disk)",
    sqlite3.SQLITE_PERM: "it may not be opened by this user",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened as a file",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a backup",
    sqlite3.SQLITE_BUSY: f"another process kept it locked for more than {BUSY_S:.0f} s",
    sqlite3.SQLITE_LOCKED: "it is locked by another connection",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
    sqlite3.SQLITE_CONSTRAINT: "what is to be written contradicts what is stored",
}


BEYOND_REPAIR = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
"""What no restart mends: a person has to name another file, or restore a backup."""


class SqliteDatabase:
    """A connection that any thread may use: a lock makes them take turns, also through a whole transaction.

    Several processes may open the same file: their writes queue (``BEGIN IMMEDIATE`` and a busy timeout).
    """

    def __init__(self, path: str) -> None:
        """Open, create (mode 0600, folders included) and migrate.

        Raises:
            StoreError: the file cannot be used, with its path and the reason.
        """
        self.path = path
        self._lock = threading.RLock()
        self._file: tuple[int, int] | None = None
        with self._plain_words():
            if path != MEMORY:
                make_file(path)
            connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            self._db = sqlite_utils.Database(connection, execute_plugins=False)
            try:
                self._prepare()
                self._file = self._on_disk()
            except BaseException:
                connection.close()
                raise

    def _prepare(self) -> None:
        self._use_log()
        for pragma in PRAGMAS:
            self._db.execute(pragma)
        with self.write():
            try:
                migrations.apply(self._db)
            except UnusableStore as error:
                raise UnusableStore(f"the store {self.path} {error}") from error

    def _use_log(self) -> None:
        """Switch to a write-ahead log: readers do not wait for the writer, and a write is one append.

        Several processes that meet at a new file refuse each other here without SQLite's own waiting. Where another
        process holds a file that was emptied under it, SQLite does wait: at each of our tries, so it is told not to.
        """
        self._db.execute("PRAGMA busy_timeout = 0")
        self._switch_to_log()
        self._db.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")

    def _switch_to_log(self) -> None:
        for _ in range(int(BUSY_S / SWITCH_PAUSE_S)):
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                time.sleep(SWITCH_PAUSE_S)
            else:
                return
        self._db.execute("PRAGMA journal_mode = WAL")

    def write(self) -> AbstractContextManager[None]:
        """One transaction, begun as a writer so that nothing read in it can be stale. Nested ones join it."""
        self._still_there()
        return self._transaction("BEGIN IMMEDIATE")

    def _on_disk(self) -> tuple[int, int] | None:
        """Which file the path names now (device and number); None in memory."""
        return None if self.path == MEMORY else identity(self.path)

    def _still_there(self) -> None:
        """A file deleted under an open connection takes writes without a word, and nobody can ever read them."""
        if self._file is not None and self._on_disk() != self._file:
            raise StoreError(f"the store {self.path} cannot be used: {GONE}")

    def snapshot(self) -> AbstractContextManager[None]:
        """Several reads that see one state, whatever other processes write meanwhile. Nothing is written in it."""
        return self._transaction("BEGIN")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock, self._plain_words():
            if self._db.conn.in_transaction:
                with self._db.atomic():
                    yield
                return
            self._db.execute(begin)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.rollback()  # does nothing where the error has already ended the transaction
                raise

    def read(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of one statement, as dicts. Nothing stays open, so that no reader holds the log back."""
        with self._lock, self._plain_words():
            cursor = self._db.execute(sql, [_bound(param) for param in params])
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def aside(self) -> Iterator[Reader]:
        """Long readings, for which nobody who wants to save waits (but in memory, where there is one connection)."""
        if self.path == MEMORY:
            yield self
            return
        with self._plain_words(), reading(self.path, BUSY_S) as reader:
            yield reader

    def change(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run one UPDATE or DELETE inside ``write``; how many rows it touched."""
        return self._db.execute(sql, [_bound(param) for param in params]).rowcount

    def insert(self, table: str, row: Mapping[str, Any]) -> int:
        """Insert one row inside ``write``; its row number."""
        number = self._db.table(table).insert({name: _bound(value) for name, value in row.items()}).last_rowid
        assert number is not None  # every table here has row numbers
        return number

    def insert_all(
        self, table: str, rows: Iterable[Mapping[str, Any]], *, replace: bool = False, ignore: bool = False
    ) -> None:
        """Insert rows of one shape inside ``write``. ``replace`` those with the same key, or ``ignore`` the new ones.

        One prepared statement for all: sqlite-utils looks at the type of every value of every row, which takes longer
        than writing them, and a run of a large suite has a hundred thousand values.
        """
        shaped = list(rows)
        if not shaped:
            return
        names = list(shaped[0])
        columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        how = "INSERT OR REPLACE" if replace else "INSERT OR IGNORE" if ignore else "INSERT"
        values = [[_bound(row[name]) for name in names] for row in shaped]
        # table and columns are our own names, never an endpoint's
        self._db.conn.executemany(f'{how} INTO "{table}" ({columns}) VALUES ({places})', values)

    def copy_to(self, path: str) -> int:
        """Write a consistent copy while others write; its size in bytes. Raises StoreError as ``copying.copy`` does."""
        if self.path == MEMORY:
            with self._lock:
                return copy(self._db.conn, path)
        with self._plain_words(), closing(sqlite3.connect(self.path, timeout=BUSY_S)) as source:
            return copy(source, path)

    def vacuum(self) -> None:
        """Write the file anew without its free pages.

        Raises:
            StoreError: another process is using it, or there is no room for a second copy.
        """
        with self._lock, self._plain_words():
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection; the last one to leave folds the log into the file."""
        with self._lock, self._plain_words():
            self._db.close()

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kind = UnusableStore if _code(error) in BEYOND_REPAIR else StoreError
            raise kind(f"the store {self.path} cannot be used: {_reason(error)}") from error


def _bound(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


def _code(error: sqlite3.Error) -> int | None:
    """SQLite's primary code, which is the low byte."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _reason(error: sqlite3.Error) -> str:
    words = PLAIN_WORDS.get(_code(error) or 0)
    return f"{words} ({error})" if words else str(error)
