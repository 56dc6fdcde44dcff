"""Rows read through a connection of their own, so that nobody who wants to save waits for them. Feeds ``database``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol


class Reader(Protocol):
    """Whatever rows can be read from."""

    def read(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of one statement, as dicts."""
        ...


class _Aside:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        cursor = self._connection.execute(sql, list(params))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def reading(path: str, timeout_s: float) -> Iterator[Reader]:
    """A reader of the file; every statement sees what was committed before it."""
    address = f"{Path(path).resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, timeout=timeout_s, uri=True)) as connection:
        yield _Aside(connection)
