"""Files written whole or not at all, for reports and results."""

from __future__ import annotations

import os
from pathlib import Path

from probes.errors import HoldfastError, UsageError


def write_text(path: Path, text: str) -> None:
    """Write a file with its folders, through a temporary name, so that no half file is ever seen.

    Raises:
        HoldfastError: it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise HoldfastError(f"{path}: cannot be written: {error.strerror or error}") from error


def writable(file: Path | None, folder: Path | None) -> None:
    """Make sure before anything is sent that results can be written afterwards.

    Raises:
        UsageError: the file's folder or the folder cannot be made or written.
    """
    for place in (file.parent if file else None, folder):
        if place is None:
            continue
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{place}: cannot be made: {error.strerror or error}") from error
        if not os.access(place, os.W_OK):
            raise UsageError(f"{place}: may not be written")
    if file is not None and file.is_dir():
        raise UsageError(f"{file}: is a folder, not a file")
