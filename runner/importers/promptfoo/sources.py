"""The files a promptfoo configuration names, read below one folder only. Feeds prompts, tests, variables, assertions.

A configuration may come from a stranger, and what it names ends up in the suite: nothing outside the folder is read.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.errors import InputError, Problem
from runner.importers.foreign_yaml import MAX_BYTES, read_yaml
from runner.importers.imported import Place
from runner.importers.located import Ledger, Located
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

FILE = "file://"
CODE = frozenset({".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py", ".rb", ".sh"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".pdf", ".mp3", ".wav", ".mp4"})
MOST_FILES = 1_000
_GLOB_SIGNS = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where files are looked up, and the ledger of what is read."""

    folder: Path
    """Where relative paths start: the folder of the configuration."""
    root: Path
    """Nothing outside of it is read."""
    ledger: Ledger = field(repr=False)

    def named(self, written: str, folder: Path | None = None) -> list[Path]:
        """The files behind a path or pattern, in the order of their names; at least one.

        Raises:
            CannotCarry: it is code, lies outside the folder, or there is none.
        """
        path = written.removeprefix(FILE)
        start = (folder or self.folder).resolve()
        found = self._globbed(start, path) if _GLOB_SIGNS & set(path) else [start / path]
        if any(one.suffix in CODE or one.name.partition(":")[0] != one.name for one in found):
            raise CannotCarry(LOCAL_CODE)
        for one in found:
            if not one.resolve().is_relative_to(self.root.resolve()):
                raise CannotCarry(f"{path} lies outside {self.root}; name a folder above it with --root")
        if not found or not all(one.is_file() for one in found):
            raise CannotCarry(f"there is no file {path}")
        return found

    def _globbed(self, start: Path, pattern: str) -> list[Path]:
        try:
            found = sorted(one for one in start.glob(pattern.removeprefix("./")) if one.is_file())
        except (ValueError, NotImplementedError, OSError) as error:
            raise CannotCarry(f"{pattern} is no pattern of files: {error}") from None
        if len(found) > MOST_FILES:
            raise CannotCarry(f"{pattern} finds more than {MOST_FILES} files")
        return found

    def text(self, path: Path) -> str:
        """What stands in a file, as UTF-8 without a mark of byte order.

        Raises:
            CannotCarry: it cannot be read.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise CannotCarry(f"{path.name} is larger than 10 MiB")
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CannotCarry(f"{path.name} cannot be read: {error}") from None

    def shown(self, path: Path) -> str:
        """The file's name as places show it."""
        here = self.folder.resolve()
        return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

    def document(self, path: Path) -> Located:
        """A YAML or JSON file.

        Raises:
            CannotCarry: it cannot be read.
        """
        try:
            return read_yaml(self.text(path), self.shown(path), self.ledger)
        except InputError as error:
            raise CannotCarry(str(error)) from None

    def lines(self, path: Path) -> Iterator[Located]:
        """The values of a file of JSON lines.

        Raises:
            CannotCarry: it cannot be read.
        """
        for number, line in enumerate(self.text(path).split("\n")):
            if line.strip():
                try:
                    yield read_yaml(line, self.shown(path), self.ledger, number, (number,))
                except InputError as error:
                    raise CannotCarry(str(error)) from None

    def rows(self, path: Path) -> Iterator[Located]:
        """The rows of a CSV file with a heading, as mappings of texts; columns that a row lacks are empty.

        Raises:
            CannotCarry: it cannot be read.
        """
        shown, text = self.shown(path), self.text(path)
        reader = csv.reader(io.StringIO(text, newline=""))
        try:
            heading = [name.strip() for name in next(reader, [])]
            line = reader.line_num + 1
            for index, cells in enumerate(reader):
                if any(cells):
                    yield self._row(
                        shown, index, line, dict(zip(heading, [*cells, *[""] * len(heading)], strict=False))
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            raise CannotCarry(f"{shown} is no CSV: {error}") from None

    def _row(self, file: str, index: int, line: int, cells: dict[str, str]) -> Located:
        place = Place(file=file, line=line)
        made: dict[str, Located] = {}
        for name, cell in cells.items():
            made[name] = Located(value=cell, place=place, steps=(index, name), ledger=self.ledger)
            self.ledger.read[made[name].key] = place
        return Located(value=made, place=place, steps=(index,), ledger=self.ledger)

    def value(self, found: Located) -> Any:
        """What an assertion's ``file://`` stands for: the value of YAML and JSON, else the text.

        Raises:
            CannotCarry: it cannot be read.
        """
        (path, *more) = self.named(found.value)
        if more:
            raise CannotCarry("one file is needed here")
        if path.suffix in (".json", ".yaml", ".yml"):
            return read_or_refuse(self.text(path), self.shown(path))
        return self.text(path).strip()

    def variable(self, path: Path) -> str:
        """What a variable's file stands for: its text, YAML as JSON.

        Raises:
            CannotCarry: it cannot be read.
        """
        if path.suffix in PICTURES:
            raise CannotCarry(f"{path.name} is no text; name it in `files` of the probe")
        if path.suffix in (".yaml", ".yml"):
            value = read_or_refuse(self.text(path), self.shown(path))
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return self.text(path).strip()


def read_or_refuse(text: str, file: str) -> Any:
    """The plain value of a YAML or JSON text that is taken whole.

    Raises:
        CannotCarry: it is neither.
    """
    try:
        return read_yaml(text, file, Ledger()).plain
    except InputError as error:
        raise CannotCarry(str(error)) from None


def configuration(file: Path, ledger: Ledger) -> Located:
    """The configuration itself.

    Raises:
        InputError: it cannot be read, or is no mapping.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Problem(file=str(file), line=0, column=0, message=f"cannot be read: {error}")]) from None
    found = read_yaml(text, str(file), ledger)
    if not found.is_map:
        problem = Problem(
            file=str(file),
            line=1,
            column=1,
            message="a promptfoo configuration is a mapping",
            hint="like prompts: [...]",
        )
        raise InputError([problem])
    return found
