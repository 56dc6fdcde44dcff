"""Files that a suite names: found from the suite's folder, read whole, bounded, never a device or a pipe.

Feeds the reading of keys, certificates, attachments and data files while a suite is loaded.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from probes.files_noted import note, note_name

FileId = tuple[int, int]
"""Device and inode: the same for two names of one file."""


OUTSIDE = "it is outside the suite's folder"
HIDDEN = "it is hidden, or in a hidden folder"


class Unreadable(Exception):
    """A file cannot be used. Its text says why, in a half-sentence without the path; it is made a fault at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of one file."""

    data: bytes = field(repr=False)
    identity: FileId


def inside(folder: Path, written: str) -> Path:
    """The file that a suite in ``folder`` means, behind all symbolic links.

    Raises:
        Unreadable: it is not below the folder, or hidden there (``.env``, ``.git/config``).
    """
    try:
        behind = folder.resolve()
        path = (behind / written).resolve()
    except (OSError, ValueError, RuntimeError):  # too long, a zero byte, links in a circle
        raise Unreadable("it is not a path") from None
    if not path.is_relative_to(behind):
        raise Unreadable(OUTSIDE)
    if any(_hidden(part) for part in path.relative_to(behind).parts):
        raise Unreadable(HIDDEN)
    note_name(folder / written, path)
    return path


def _hidden(part: str) -> bool:
    """Two dots are no secret: behind ``..data`` Kubernetes keeps the files of a mounted config map."""
    return part.startswith(".") and not part.startswith("..")


def read_file(path: Path, most_bytes: int) -> Content:
    """Read a regular file of at most ``most_bytes``.

    Raises:
        Unreadable: there is none, it is something else, empty, too large, or may not be read.
    """
    note(path, None)
    try:
        # a pipe without a writer would block for ever when opened any other way
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable("there is no such file") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"it cannot be read: {_reason(error)}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is a folder" if stat.S_ISDIR(status.st_mode) else "it is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {_reason(error)}") from None
    finally:
        os.close(descriptor)
    if not data:
        raise Unreadable("it is empty")
    if len(data) > most_bytes:
        raise Unreadable(f"it is larger than {_size(most_bytes)}")
    note(path, data)
    return Content(data=data, identity=(status.st_dev, status.st_ino))


def _reason(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or "not a path").lower()


def _size(size: int) -> str:
    return f"{size // 2**20} MiB" if size >= 2**20 else f"{size // 2**10} KiB"
