"""What the SQLite store knows of keeping house: the part ``HouseStore`` of its contract. Feeds ``sqlite``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from secrets import token_hex

from reports.rollup import Rollup
from runner.store import pruning, rollup_table, sizes
from runner.store.database import SqliteDatabase
from runner.store.house_store import Pruned, StoreSize

SALT = "salt"
SALT_BYTES = 32
KEPT = """
    SELECT DISTINCT p.probe, t.answer FROM runs AS r JOIN probes AS p ON p.run = r.seq
    JOIN samples AS s ON s.run = p.run AND s.probe_position = p.position
    JOIN texts AS t ON t.run = s.run AND t.position = s.position
    WHERE r.suite = ? AND r.endpoint = ? AND r.texts_expired = 0 AND t.answer IS NOT NULL
"""


class SqliteHouse:
    """Methods over ``_db``, which the whole store opens."""

    _db: SqliteDatabase

    def salt(self) -> bytes:
        with self._db.write():
            fresh = {"name": SALT, "value": token_hex(SALT_BYTES)}
            self._db.insert_all("facts", [fresh], ignore=True)
            return bytes.fromhex(self._db.read("SELECT value FROM facts WHERE name = ?", [SALT])[0]["value"])

    def roll_up(self, *, most: int) -> int:
        with self._db.write():
            return rollup_table.roll_up(self._db, most)

    def rollups(self, suite: str, endpoint: str, *, size: str, since: datetime, probe: str = "") -> tuple[Rollup, ...]:
        return rollup_table.since(self._db, suite, endpoint, size=size, since=since, probe=probe)

    def forget_texts(self, before: datetime, *, most: int) -> int:
        with self._db.write():
            return pruning.forget_texts(self._db, before, most)

    def forget_told(self, before: datetime) -> int:
        with self._db.write():
            return pruning.forget_told(self._db, before)

    def forget_conversations(self) -> int:
        with self._db.aside() as reader:
            last, left = pruning.unasked(reader)
        gone = 0
        for asked in left:
            with self._db.write():
                gone += pruning.forget_conversation(self._db, asked, last)
        return gone

    def kept_answers(self, suite: str, endpoint: str) -> Mapping[str, frozenset[str]]:
        told: dict[str, set[str]] = defaultdict(set)
        with self._db.aside() as reader:
            for row in reader.read(KEPT, [suite, endpoint]):
                told[row["probe"]].add(row["answer"])
        return {probe: frozenset(answers) for probe, answers in told.items()}

    def forget_leftovers(self, before: datetime, *, today: datetime) -> int:
        with self._db.write():
            return pruning.forget_leftovers(self._db, before, today)

    def prunable(self, before: datetime, *, most: int) -> tuple[str, ...]:
        with self._db.aside() as reader:
            return tuple(islice(pruning.prunable(reader, before), most))

    def forget_run(self, run_id: str) -> int:
        with self._db.write():
            return pruning.forget_run(self._db, run_id)

    def forget_rollups(self, before: datetime, *, most: int) -> int:
        with self._db.write():
            return pruning.forget_rollups(self._db, before, most)

    def due_for_pruning(
        self, *, texts: datetime | None, runs: datetime | None, rollups: datetime | None
    ) -> Mapping[str, int]:
        told = {
            "texts": (pruning.COUNT_TEXTS, texts),
            "runs": (pruning.COUNT_RUNS, runs),
            "rollups": (pruning.COUNT_ROLLUPS, rollups),
        }
        with self._db.aside() as reader:
            return pruning.due(reader, told)

    def pruned(self, suite: str, endpoint: str) -> Pruned | None:
        return pruning.pruned(self._db, suite, endpoint)

    def size(self) -> StoreSize:
        with self._db.aside() as reader:
            return sizes.size(reader)

    def copy_to(self, path: str) -> int:
        return self._db.copy_to(path)

    def vacuum(self) -> None:
        self._db.vacuum()
