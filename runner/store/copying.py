"""A consistent copy of a SQLite database, private and never over another file. Feeds ``database``."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from probes.errors import StoreError


def copy(source: sqlite3.Connection, path: str) -> int:
    """Write a copy of what the connection sees now, readable by its owner only; its size in bytes.

    Raises:
        StoreError: there is a file already, or it cannot be written.
    """
    place = Path(path)
    try:
        os.close(os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise StoreError(f"{path} exists already; a backup overwrites nothing") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        with closing(sqlite3.connect(path)) as target:
            source.backup(target)  # in one step, so one reading: writers go on, into the log
            target.execute("PRAGMA journal_mode = DELETE")  # one file, complete without a log beside it
    except sqlite3.Error as error:
        place.unlink(missing_ok=True)
        raise StoreError(f"the backup {path} could not be made: {error}") from error
    return place.stat().st_size
