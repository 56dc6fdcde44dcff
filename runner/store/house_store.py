"""The part of every store that keeps house: its salt, its size, sums by hour and day, and what is forgotten when.

Every method that writes is one small transaction, so that a run that is to be saved never waits for long; who keeps
house calls them until they say 0 (``runner.keeping.housekeeping``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reports.rollup import Rollup


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSize:
    """One table."""

    table: str
    rows: int
    bytes: int
    """Pages of the table and its indexes, what is free within them among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    """How large a store is, and since when."""

    file_bytes: int
    free_bytes: int
    """Of these, what deleted rows left: used again before the file grows."""
    tables: Sequence[TableSize]
    runs: int
    oldest: datetime | None
    newest: datetime | None
    runs_with_texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was pruned of one suite at one endpoint."""

    runs: int
    until: datetime
    """When the newest of them began."""


class HouseStore(Protocol):
    """Housekeeping. Every method may raise ``StoreError``."""

    def salt(self) -> bytes:
        """32 bytes by chance, the same for as long as the store lives: the key of all its hashes."""
        ...

    def roll_up(self, *, most: int) -> int:
        """Add the next runs, at most so many, to the sums of their hours and days; how many there were."""
        ...

    def rollups(self, suite: str, endpoint: str, *, size: str, since: datetime, probe: str = "") -> tuple[Rollup, ...]:
        """Sums of one probe (empty: of all together) from this instant on, oldest first. ``size``: hour or day."""
        ...

    def forget_texts(self, before: datetime, *, most: int) -> int:
        """Delete the texts of runs that began before this instant, of at most so many; how many runs there were."""
        ...

    def forget_told(self, before: datetime) -> int:
        """Delete what quotes texts and belongs to no run's texts: settled notices, what canaries told."""
        ...

    def forget_conversations(self) -> int:
        """Delete questions that no run with texts asks any more."""
        ...

    def kept_answers(self, suite: str, endpoint: str) -> Mapping[str, frozenset[str]]:
        """By probe, every stored answer that has not expired."""
        ...

    def forget_leftovers(self, before: datetime, *, today: datetime) -> int:
        """Delete what belongs to no run, from before this instant: canaries, spending, changes of alerts by time.

        ``today``: when the day of the spending caps began; what was spent since stays, however short all is kept.
        """
        ...

    def prunable(self, before: datetime, *, most: int) -> tuple[str, ...]:
        """Ids of runs that began before this instant and that nothing refers to, the oldest first."""
        ...

    def forget_run(self, run_id: str) -> int:
        """Delete one run with all its parts, and remember that it is gone.

        0 where it is gone already, or something refers to it by now that did not when it was ``prunable``.
        """
        ...

    def forget_rollups(self, before: datetime, *, most: int) -> int:
        """Delete sums of hours and days that began before this instant, at most so many; how many went."""
        ...

    def due_for_pruning(
        self, *, texts: datetime | None, runs: datetime | None, rollups: datetime | None
    ) -> Mapping[str, int]:
        """How many runs would lose their texts, how many runs and how many sums would go now."""
        ...

    def pruned(self, suite: str, endpoint: str) -> Pruned | None:
        """What was pruned of one suite at one endpoint; None where all runs are there."""
        ...

    def size(self) -> StoreSize:
        """How large everything is. Reads the whole file."""
        ...

    def copy_to(self, path: str) -> int:
        """Write a consistent copy while others write; the size of the copy in bytes.

        Raises ``StoreError`` where there is a file already, or it cannot be written.
        """
        ...

    def vacuum(self) -> None:
        """Write the file anew without free pages. Holds everybody up, and needs room for a second copy."""
        ...
