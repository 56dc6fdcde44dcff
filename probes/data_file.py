"""Data files beside a suite: bytes to rows or variables, by the ending of the name. Feeds ``unfolding``.

A suite may come with a pull request, and what it reads here is sent to an endpoint it names itself: so the rules of
attachments hold (below the suite's folder, not hidden, no secret of this suite).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from probes.csv_rows import csv_rows
from probes.files_beside import HIDDEN, OUTSIDE, Content, FileId, Unreadable, inside, read_file
from probes.json_rows import json_line_rows, json_mapping, json_rows
from probes.positions import Fault, YamlPath
from probes.rows import Refusing, Table

T = TypeVar("T")
MOST_BYTES = 8 * 2**20
"""Of one data file."""
READERS: Mapping[str, Callable[[str, Refusing], Table]] = {
    ".csv": csv_rows,
    ".json": json_rows,
    ".jsonl": json_line_rows,
    ".ndjson": json_line_rows,
}
_SECRET = "it holds a secret or a private key"
_HINTS = {
    OUTSIDE: "a suite reads only files beside itself: whoever writes it could else send any file of this machine",
    HIDDEN: "such files often hold credentials; give the file a name without a dot in front",
    _SECRET: "an endpoint is never told a secret as part of a question",
}


@dataclass(slots=True, kw_only=True)
class DataFiles:
    """One suite's data files while they are read."""

    folder: Path
    """The suite's own."""
    secret_files: frozenset[FileId] = frozenset()
    faults: list[Fault] = field(default_factory=list)

    def rows(self, written: str, path: YamlPath) -> Table | None:
        """The rows of a file; None, and faults, where it cannot be used.

        Args:
            written: The path as the suite writes it.
            path: Where the suite writes it.
        """
        reader = READERS.get(Path(written).suffix.lower())
        if reader is None:
            self._refuse(path, written, "its name tells no format", f"known endings: {', '.join(READERS)}")
            return None
        table = self._read(written, path, reader)
        if table is not None and not table.rows:
            self._refuse(path, written, "it has no rows", "each row becomes a case")
            return None
        return table

    def mapping(self, written: str, path: YamlPath) -> dict[str, Any] | None:
        """The one JSON object of a file; None, and faults, where it cannot be used."""
        if Path(written).suffix.lower() != ".json":
            self._refuse(path, written, "variables come from a .json file", 'like {"shop": "ours"}')
            return None
        return self._read(written, path, json_mapping)

    def _read(self, written: str, path: YamlPath, reader: Callable[[str, Refusing], T | None]) -> T | None:
        refusing = Refusing(path=path, file=str(self.folder / written))
        try:
            text = _text(self._content(written), refusing)
        except Unreadable as trouble:
            self._refuse(path, written, str(trouble), _HINTS.get(str(trouble), ""))
            return None
        made = None if text is None else reader(text, refusing)
        self.faults += refusing.told()
        return None if refusing.faults else made

    def _content(self, written: str) -> Content:
        content = read_file(inside(self.folder, written), MOST_BYTES)
        if content.identity in self.secret_files or b"PRIVATE KEY-----" in content.data:
            raise Unreadable(_SECRET)
        return content

    def _refuse(self, path: YamlPath, written: str, why: str, hint: str) -> None:
        self.faults.append(Fault(path=path, message=f"{written[:60]!r} cannot be read: {why}", hint=hint))


def _text(content: Content, refusing: Refusing) -> str | None:
    """UTF-8, with or without a byte order mark; None, and a fault in its line, for anything else."""
    try:
        text = content.data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = content.data.count(b"\n", 0, trouble.start) + 1
        refusing.at(line, f"the byte 0x{content.data[trouble.start]:02x} is not UTF-8", "save the file as UTF-8")
        return None
    if "\0" in text:
        refusing.at(text.count("\n", 0, text.index("\0")) + 1, "a zero byte stands here", "save the file as UTF-8 text")
        return None
    return text
