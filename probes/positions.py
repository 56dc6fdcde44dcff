"""Where things stand in a user's YAML file: positions of values and keys, and faults found at them.

Made by ``yaml_reader``; feeds suites and settings, whose every problem names file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.errors import Problem

YamlPath = tuple[str | int, ...]
"""Keys and list indexes from the top of the file down to one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in another file that a document names: a row of a data file. Counted from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong at one path of a document; it becomes a ``Problem`` once its line is looked up."""

    path: YamlPath
    message: str
    hint: str = ""
    at_key: bool = False
    """True where the key itself is wrong, not what stands behind it."""
    spot: Spot | None = None
    """Where it stands, if not in the document itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """Line and column, both counted from 1, of every value and every key of one file."""

    values: Mapping[YamlPath, tuple[int, int]] = field(default_factory=dict)
    keys: Mapping[YamlPath, tuple[int, int]] = field(default_factory=dict)

    def find(self, path: YamlPath) -> tuple[int, int]:
        """Line and column of the value at ``path``, or of its nearest parent that exists."""
        path = tuple(path)
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def find_key(self, path: YamlPath) -> tuple[int, int]:
        """Line and column of the last key of ``path``; where that is no key, of the value."""
        return self.keys.get(tuple(path)) or self.find(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML mapping as plain Python values, with positions and what was wrong with it as YAML."""

    file: str
    data: dict[str, Any]
    positions: Positions
    faults: tuple[Fault, ...] = ()
    """Faults that leave something to go on with (a duplicate key, a tag nobody knows)."""

    def problem(self, fault: Fault) -> Problem:
        """The fault with its place in the file."""
        if (spot := fault.spot) is not None:
            return Problem(file=spot.file, line=spot.line, column=spot.column, message=fault.message, hint=fault.hint)
        find = self.positions.find_key if fault.at_key else self.positions.find
        line, column = find(fault.path)
        return Problem(file=self.file, line=line, column=column, message=fault.message, hint=fault.hint)


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems from the first line to the last, each told once (an alias may lead twice to one place)."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))


def value_at(data: object, path: YamlPath) -> object:
    """The value at a path.

    Raises:
        LookupError: there is none.
    """
    for part in path:
        if isinstance(data, Mapping) or (isinstance(data, list) and isinstance(part, int)):
            data = data[part]  # type: ignore[index]
        else:
            raise LookupError(path)
    return data
