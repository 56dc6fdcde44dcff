"""What is forgotten for good, in small steps: texts, runs nothing refers to, old sums. Feeds ``sqlite_house``.

Kept whatever their age: baseline runs and runs that decisions, streams, open incidents or waiting notices refer to,
runs that are not yet in the sums, and the newest run, whose number must not be given twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from runner.store.columns import from_json, instant, instant_text
from runner.store.database import SqliteDatabase
from runner.store.house_store import Pruned
from runner.store.reading import Reader
from runner.store.rollup_table import ROLLED
from runner.store.rows import Row
from runner.store.unsaying import forget_messages

# ------------------------------------------------------------------------------------------------ texts
WITH_TEXTS = "SELECT seq FROM runs WHERE texts_expired < 2 AND started_at < ? ORDER BY started_at LIMIT ?"
TEXTS = (
    "DELETE FROM texts WHERE run = ?",
    "DELETE FROM reasons WHERE run = ?",
    "DELETE FROM consultation_texts WHERE run = ?",
    "UPDATE calibrations SET told = '[]' WHERE told != '[]' AND run = ?",
    """UPDATE alerts SET state = json_set(state, '$.facts', json_array('what was found then is not kept any more'))
       WHERE (suite, endpoint) = (SELECT suite, endpoint FROM runs WHERE seq = ?1)
       AND json_extract(state, '$.run_id') = (SELECT run_id FROM runs WHERE seq = ?1)
       AND json_array_length(state, '$.facts') > 0""",
    "UPDATE runs SET texts_expired = 2 WHERE seq = ?",
)
"""0: texts are there; 1: they went before 0017, messages of failures did not; 2: they are gone as well."""
TOLD = (
    "UPDATE canaries SET told = NULL WHERE told IS NOT NULL AND started_at < ?",
    "DELETE FROM outbox WHERE state != 'waiting' AND created_at < ?",
)
ASKED = """
    SELECT DISTINCT r.suite, p.probe, p.request_hash FROM probes AS p JOIN runs AS r ON r.seq = p.run
    WHERE r.texts_expired = 0 AND r.seq > ? AND r.seq <= ?
"""
UNASKED = """
    DELETE FROM conversations WHERE suite = ? AND probe = ? AND request_hash = ? AND NOT EXISTS (
        SELECT 1 FROM probes AS p JOIN runs AS r ON r.seq = p.run
        WHERE p.run > ? AND r.suite = conversations.suite AND p.probe = conversations.probe
        AND p.request_hash = conversations.request_hash
    )
"""
_PAGE = 500


def forget_texts(db: SqliteDatabase, before: datetime, most: int) -> int:
    """Texts of the oldest runs that have some, and messages of failures. The caller holds the transaction."""
    found = db.read(WITH_TEXTS, [instant_text(before), most])
    for run in found:
        forget_messages(db, run["seq"])
        for statement in TEXTS:
            db.change(statement, [run["seq"]])
    return len(found)


def forget_told(db: SqliteDatabase, before: datetime) -> int:
    """What canaries told, and settled notices."""
    return sum(db.change(statement, [instant_text(before)]) for statement in TOLD)


def unasked(reader: Reader) -> tuple[int, list[tuple[str, str, str]]]:
    """The newest run, and the conversations that no run up to it with its texts left has asked.

    A conversation is shared by all runs that asked it. Who still asks is read a page at a time.
    """
    last = int(reader.read("SELECT COALESCE(MAX(seq), 0) AS last FROM runs")[0]["last"])
    left = {_asked(row) for row in reader.read("SELECT suite, probe, request_hash FROM conversations")}
    for begin in range(last, 0, -_PAGE):  # newest first: most is still asked
        if not left:
            break
        left -= {_asked(row) for row in reader.read(ASKED, [begin - _PAGE, begin])}
    return last, sorted(left)


def forget_conversation(db: SqliteDatabase, asked: tuple[str, str, str], last: int) -> int:
    """One conversation, unless a run after ``last`` asks it again. The caller holds the transaction."""
    return db.change(UNASKED, [*asked, last])


def _asked(row: Row) -> tuple[str, str, str]:
    return row["suite"], row["probe"], row["request_hash"]


# ------------------------------------------------------------------------------------------------ runs
_UNNAMED = """
    SELECT seq, run_id, suite, endpoint, started_at FROM runs
    WHERE {which} AND in_baseline = 0
      AND seq <= COALESCE((SELECT CAST(value AS INTEGER) FROM facts WHERE name = ?2), 0)
      AND seq < (SELECT MAX(seq) FROM runs)
      AND run_id NOT IN (SELECT after_run FROM acts WHERE after_run IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.run = runs.seq AND o.state = 'waiting')
      AND NOT EXISTS (
        SELECT 1 FROM alert_events AS e JOIN alerts AS a ON a.phase = 'open' AND a.key = e.key
        AND a.notifier = e.notifier AND json_extract(a.state, '$.incident_id') = e.incident_id WHERE e.run = runs.seq
      )
"""
OLD = _UNNAMED.format(which="started_at < ?1") + "ORDER BY started_at, seq LIMIT ?3 OFFSET ?4"
ONE = _UNNAMED.format(which="run_id = ?1")
LEFTOVERS = (
    "DELETE FROM canaries WHERE started_at < ?1",
    "DELETE FROM spending WHERE at < min(?1, ?2)",
    "DELETE FROM alert_events WHERE run IS NULL AND at < ?1",
)
STATES = "SELECT state FROM streams WHERE suite = ? AND endpoint = ? AND (?3 = '' OR instr(state, ?3))"
GONE = """
    INSERT INTO pruned (suite, endpoint, runs, until) VALUES (?, ?, 1, ?)
    ON CONFLICT (suite, endpoint) DO UPDATE SET runs = runs + 1, until = MAX(until, excluded.until)
"""
_LOOKED_AT = 200
_REFERRING = frozenset({"since", "run_id"})


def prunable(reader: Reader, before: datetime) -> Iterator[str]:
    """Runs of that age that nothing refers to, oldest first; those that streams name are looked up once a place."""
    named: dict[tuple[str, str], frozenset[str]] = {}
    offset = 0
    while found := reader.read(OLD, [instant_text(before), ROLLED, _LOOKED_AT, offset]):
        offset += len(found)
        for row in found:
            place = row["suite"], row["endpoint"]
            if place not in named:
                named[place] = _named_at(reader, place)
            if row["run_id"] not in named[place]:
                yield row["run_id"]


def _named_at(reader: Reader, place: tuple[str, str], run_id: str = "") -> frozenset[str]:
    """Runs that the streams of a place name; with an id only those streams are read that hold it somewhere."""
    states = (from_json(state["state"]) for state in reader.read(STATES, [*place, run_id]))
    return frozenset(name for state in states for name in _named(state))


def forget_run(db: SqliteDatabase, run_id: str) -> int:
    """One run with all its parts, remembered as pruned. The caller holds the transaction.

    Asked once more whether nothing refers to it: since it was looked up, somebody may have made it the baseline.
    """
    found = db.read(ONE, [run_id, ROLLED])
    found = [run for run in found if run_id not in _named_at(db, (run["suite"], run["endpoint"]), run_id)]
    for run in found:
        db.change("DELETE FROM runs WHERE seq = ?", [run["seq"]])
        db.change(GONE, [run["suite"], run["endpoint"], run["started_at"]])
    return len(found)


def forget_leftovers(db: SqliteDatabase, before: datetime, today: datetime) -> int:
    """What belongs to no run; spending not before the day is over. The caller holds the transaction."""
    told = instant_text(before), instant_text(today)
    return sum(db.change(statement, told if "?2" in statement else told[:1]) for statement in LEFTOVERS)


def _named(value: Any) -> Iterator[str]:
    """Ids of runs in the state of a stream."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            if key in _REFERRING and isinstance(entry, str):
                yield entry
            else:
                yield from _named(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _named(entry)


def pruned(db: SqliteDatabase, suite: str, endpoint: str) -> Pruned | None:
    """What is gone of one place."""
    found = db.read("SELECT * FROM pruned WHERE suite = ? AND endpoint = ?", [suite, endpoint])
    return Pruned(runs=found[0]["runs"], until=instant(found[0]["until"])) if found else None


# ------------------------------------------------------------------------------------------------ sums
ROLLUPS = "DELETE FROM rollups WHERE rowid IN (SELECT rowid FROM rollups WHERE start < ? LIMIT ?)"


def forget_rollups(db: SqliteDatabase, before: datetime, most: int) -> int:
    """The oldest sums. The caller holds the transaction."""
    return db.change(ROLLUPS, [instant_text(before), most])


# ------------------------------------------------------------------------------------------------ what would go
COUNT_TEXTS = "SELECT COUNT(*) AS n FROM runs WHERE texts_expired < 2 AND started_at < ?"
COUNT_RUNS = "SELECT COUNT(*) AS n FROM runs WHERE in_baseline = 0 AND started_at < ?"
COUNT_ROLLUPS = "SELECT COUNT(*) AS n FROM rollups WHERE start < ?"


def due(reader: Reader, told: Mapping[str, tuple[str, datetime | None]]) -> dict[str, int]:
    """How much of each there is of that age; runs that something refers to are counted, too."""
    return {
        name: 0 if before is None else int(reader.read(sql, [instant_text(before)])[0]["n"])
        for name, (sql, before) in told.items()
    }
