"""What an import hands back: the suite's text, and what could not be carried. Feeds ``holdfast import``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A line of a file of the tool imported from; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Lost:
    """One thing that was not carried, or not wholly."""

    place: Place
    what: str
    """Its path in that file, like ``tests[3].assert[0]``."""
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.why}" if self.what else f"{self.place}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A suite as text, and an honest list."""

    suite: str = field(repr=False)
    """YAML."""
    probes: int
    checks: int
    lost: tuple[Lost, ...]
    """In the order of the files."""
