"""Rows of a data file, and what is wrong with them. Feeds the readers of data files and the making of cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.positions import Fault, Spot, YamlPath

MOST_TOLD = 10
"""Faults of one file that are told; a file that is wrong in one row is often wrong in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a CSV file, or one object of a JSON one."""

    values: Mapping[str, Any]
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a data file holds."""

    columns: tuple[str, ...]
    """Columns of a CSV file; of JSON the keys of all objects, in order of appearance."""
    rows: tuple[Row, ...] = ()


@dataclass(slots=True, kw_only=True)
class Refusing:
    """Where the reader of one data file puts what is wrong with it."""

    path: YamlPath
    """Where the suite names the file."""
    file: str
    faults: list[Fault] = field(default_factory=list)
    more: int = 0

    def spot(self, line: int, column: int = 1) -> Spot:
        """A place in the file."""
        return Spot(file=self.file, line=line, column=column)

    def at(self, line: int, message: str, hint: str = "", column: int = 1) -> None:
        """One thing wrong in one line."""
        if len(self.faults) < MOST_TOLD:
            self.faults.append(Fault(path=self.path, message=message, hint=hint, spot=self.spot(line, column)))
        else:
            self.more += 1

    def told(self) -> list[Fault]:
        """The first faults, and how many there are besides."""
        if not self.more:
            return self.faults
        return [*self.faults, Fault(path=self.path, message=f"{self.file} has {self.more} more faults like these")]
