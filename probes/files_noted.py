"""Which files a suite was made of, noted while it is loaded. Feeds the daemon's watch over its suites."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

MISSING = ""
"""Stands for what a file that could not be read held."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What was read."""

    held: dict[Path, str] = field(default_factory=dict)
    """By file, as the suite names it: a hash of what it held."""
    named: dict[Path, Path] = field(default_factory=dict)
    """By file behind all links: as the suite names it."""


_noted: ContextVar[Noted | None] = ContextVar("files_noted", default=None)


@contextmanager
def noting() -> Iterator[Noted]:
    """Within the block every file of a suite that is read, or found missing, is noted with a hash of what it held."""
    files = Noted()
    before = _noted.set(files)
    try:
        yield files
    finally:
        _noted.reset(before)


def note(path: Path, content: bytes | None) -> None:
    """A file was read; ``content`` None: it could not be."""
    if (files := _noted.get()) is not None:
        name = files.named.get(path, path)
        files.held[name] = MISSING if content is None else hashlib.blake2b(content).hexdigest()


def note_name(name: Path, path: Path) -> None:
    """What ``note`` tells of a file is told of this name of it: a link may lead elsewhere tomorrow."""
    if (files := _noted.get()) is not None:
        files.named[path] = name


def digest_of(path: Path) -> str:
    """The hash of what a file holds now, as ``note`` makes it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()
