"""A consistent copy of a SQLite database, private and never over another file. Feeds ``database``."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from secrets import token_hex

from probes.errors import StoreError


def copy(source: sqlite3.Connection, path: str) -> int:
    """Write a copy of what the connection sees now, readable by its owner only; its size in bytes.

    It has its name only once it is whole: a backup that is interrupted leaves nothing that looks like one.

    Raises:
        StoreError: there is a file already, or it cannot be written.
    """
    place = Path(path).absolute()
    if os.path.lexists(place):
        raise StoreError(f"{path} exists already; a backup overwrites nothing")
    part = place.with_name(f".{place.name[:100]}.{token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _fill(source, part)
        _name(part, place)
    except FileExistsError:
        raise StoreError(f"{path} exists already; a backup overwrites nothing") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise StoreError(f"the backup {path} could not be made: {error}") from error
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)
    return place.stat().st_size


def _fill(source: sqlite3.Connection, part: Path) -> None:
    with closing(sqlite3.connect(part)) as target:
        source.backup(target)  # in one step, so one reading: writers go on, into the log
        target.execute("PRAGMA journal_mode = DELETE")  # one file, complete without a log beside it


def _name(part: Path, place: Path) -> None:
    """Give a file its name, unless another has it by now. Raises FileExistsError."""
    try:
        os.link(part, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the moment between looking and naming is all that is left
        if os.path.lexists(place):
            raise FileExistsError from None
        part.rename(place)
