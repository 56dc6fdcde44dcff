"""How large a SQLite store is, table by table. Feeds ``sqlite_house``."""

from __future__ import annotations

import sqlite3
from typing import Any

from probes.errors import StoreError
from runner.store.columns import instant
from runner.store.house_store import StoreSize, TableSize
from runner.store.reading import Reader

TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
# dbstat is a compile-time option of SQLite; it reads every page
BYTES = """
    SELECT m.tbl_name AS name, SUM(s.pgsize) AS bytes FROM dbstat AS s
    JOIN sqlite_master AS m ON m.name = s.name WHERE s.aggregate = 1 GROUP BY m.tbl_name
"""
RUNS = """
    SELECT COUNT(*) AS runs, MIN(started_at) AS oldest, MAX(started_at) AS newest,
    COALESCE(SUM(texts_expired = 0), 0) AS told FROM runs
"""


def size(db: Reader) -> StoreSize:
    """Everything in one reading, table by table so that no reading lasts long."""
    bytes_of = _bytes(db)
    (runs,) = db.read(RUNS)
    tables = [
        TableSize(table=name, rows=_number(db, f'SELECT COUNT(*) AS n FROM "{name}"'), bytes=bytes_of.get(name, 0))  # noqa: S608  our own names
        for name in (row["name"] for row in db.read(TABLES))
    ]
    page = _number(db, "PRAGMA page_size")
    return StoreSize(
        file_bytes=page * _number(db, "PRAGMA page_count"),
        free_bytes=page * _number(db, "PRAGMA freelist_count"),
        tables=sorted(tables, key=lambda table: (-table.bytes, -table.rows, table.table)),
        runs=runs["runs"],
        oldest=instant(runs["oldest"]) if runs["oldest"] else None,
        newest=instant(runs["newest"]) if runs["newest"] else None,
        runs_with_texts=runs["told"],
    )


def _number(db: Reader, sql: str) -> int:
    value: Any = next(iter(db.read(sql)[0].values()))
    return int(value)


def _bytes(db: Reader) -> dict[str, int]:
    """By table; empty where this SQLite was built without telling."""
    try:
        return {row["name"]: row["bytes"] for row in db.read(BYTES)}
    except StoreError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError) and "dbstat" in str(error.__cause__):
            return {}
        raise
