"""Standard output and error for the whole of a command: what happens when nobody takes what it says. Feeds ``main``.

A reader that left (``| head``) changes nothing: what it does not want is dropped, and the exit code is the command's
own, so that no gate takes a failing run for a healthy one. A disk that is full is told.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import IO, TYPE_CHECKING, TextIO, cast

from probes.errors import HoldfastError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

OUTPUT, ERRORS = 1, 2


class OutputLost(HoldfastError):
    """Standard output takes nothing, for another reason than a reader that left."""


class Outlet(io.FileIO):
    """One end of the process. The first failure is the last one: whatever follows is dropped."""

    def __init__(self, descriptor: int, *, told: bool) -> None:
        """``told``: raise where it fails; else nobody is left to tell."""
        super().__init__(descriptor, "wb", closefd=False)
        self._told, self._broken = told, False

    def write(self, data: ReadableBuffer, /) -> int:
        """As a file's, but never a ``BrokenPipeError``.

        Raises:
            OutputLost: it cannot be written, and ``told`` is true; once.
        """
        if not self._broken:
            try:
                return super().write(data)
            except OSError as error:
                self._broken = True
                if self._told and error.errno != errno.EPIPE:
                    raise OutputLost(f"the output could not be written: {error.strerror or error}") from error
        return memoryview(data).nbytes


def use_outlets() -> None:
    """Put outlets where the process has its own ends: not where they are closed or somebody has put others."""
    if _plain(sys.stdout, sys.__stdout__, OUTPUT):
        sys.stdout = _text(cast("TextIO", sys.stdout), Outlet(OUTPUT, told=True))
    if _plain(sys.stderr, sys.__stderr__, ERRORS):
        sys.stderr = _text(cast("TextIO", sys.stderr), Outlet(ERRORS, told=False))


def flush_output() -> None:
    """Bring out what is still held.

    Raises:
        OutputLost: it cannot be written.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def _plain(now: IO[str] | None, first: IO[str] | None, descriptor: int) -> bool:
    try:
        return now is not None and now is first and now.fileno() == descriptor and os.fstat(descriptor) is not None
    except (OSError, ValueError):
        return False


def _text(like: TextIO, outlet: Outlet) -> TextIO:
    like.flush()
    lines = outlet.isatty() or outlet.fileno() == ERRORS
    return io.TextIOWrapper(
        io.BufferedWriter(outlet), encoding=like.encoding, errors=like.errors, newline="\n", line_buffering=lines
    )
