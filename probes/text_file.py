"""A suite or settings file on disk to its text, or why it cannot be read. Feeds ``suite_file``."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from probes.errors import InputError, Problem
from probes.files_noted import note
from probes.yaml_reader import MAX_BYTES

NO_FILE = "it is no regular file"


def refuse_pipe(path: Path, error: type[InputError]) -> None:
    """Refuse what was merely found in a folder and is no file; whoever names a pipe has somebody writing into it.

    Opening a pipe waits until somebody writes, perhaps for ever, and nothing could end that thread.

    Raises:
        InputError: (the given class) it is a pipe, a socket or a device.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return  # whoever reads it says why it cannot be read
    if not (S_ISREG(mode) or S_ISDIR(mode)):
        raise error([Problem(file=str(path), line=0, column=0, message=NO_FILE)])


def read_text(path: Path, error: type[InputError]) -> str:
    """The text of one file of at most 1 MiB.

    Raises:
        InputError: (the given class) it cannot be read, is larger, or is not UTF-8.
    """

    def refused(message: str, hint: str = "") -> InputError:
        return error([Problem(file=str(path), line=0, column=0, message=message, hint=hint)])

    note(path, None)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as trouble:
        raise refused("there is no such file") from trouble
    except (OSError, ValueError) as trouble:
        raise refused(f"the file cannot be read: {getattr(trouble, 'strerror', None) or trouble}") from trouble
    note(path, content)
    if len(content) > MAX_BYTES:
        raise refused("the file is larger than 1 MiB", "split it into several")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = content[: trouble.start].count(b"\n") + 1
        raise refused(f"the file is not UTF-8 text, first in line {line}", "save it as UTF-8") from trouble
