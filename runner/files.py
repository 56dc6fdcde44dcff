"""Files written whole or not at all, for reports and results."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from probes.errors import HoldfastError, UsageError


def write_text(path: Path, text: str) -> None:
    """Write a file with its folders, through a temporary name, so that no half file is ever seen.

    It has the umask's mode, and nobody may do more with it than with the file that it replaces; a link at its name is
    replaced, not followed.
    What is there and is no file (a pipe, a device) is written to as it is.

    Raises:
        HoldfastError: it cannot be written.
    """
    content = text.encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
        else:
            _replace(path, content)
    except OSError as error:
        raise HoldfastError(f"{path}: cannot be written: {error.strerror or error}") from error


def _replace(path: Path, content: bytes) -> None:
    # a name nobody can guess, so that nobody plants a link there; not the file's own, which may be as long as names get
    partial = path.with_name(f".holdfast-{secrets.token_hex(8)}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if path.is_file() and not path.is_symlink():
                os.fchmod(file.fileno(), os.fstat(file.fileno()).st_mode & stat.S_IMODE(path.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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
