"""Which files a suite was made of, noted while it is loaded. Feeds the daemon's watch over its suites."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

MISSING = ""
"""Stands for what a file that could not be read held."""

_noted: ContextVar[dict[Path, str] | None] = ContextVar("files_noted", default=None)


@contextmanager
def noting() -> Iterator[dict[Path, str]]:
    """Within the block every file of a suite that is read, or found missing, is noted with a hash of what it held."""
    files: dict[Path, str] = {}
    before = _noted.set(files)
    try:
        yield files
    finally:
        _noted.reset(before)


def note(path: Path, content: bytes | None) -> None:
    """A file was read; ``content`` None: it could not be."""
    if (files := _noted.get()) is not None:
        files[path] = MISSING if content is None else hashlib.blake2b(content).hexdigest()


def digest_of(path: Path) -> str:
    """The hash of what a file holds now, as ``note`` makes it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()
