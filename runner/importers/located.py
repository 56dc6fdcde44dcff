"""Values of a foreign file that know where they stand, and a ledger of what became of each. Feeds the importers.

Nothing can be dropped in silence: every leaf that is read is in the ledger, is marked when it is carried or listed,
and what is left at the end is listed by the ledger itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from runner.importers.imported import Lost, Place

Step = str | int
LeafKey = tuple[str, tuple[Step, ...]]
"""The file, and the path in it."""


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was read, carried and lost. State: one import fills it."""

    read: dict[LeafKey, Place] = field(default_factory=dict)
    carried: set[LeafKey] = field(default_factory=set)
    listed: set[LeafKey] = field(default_factory=set)
    lost: dict[Lost, None] = field(default_factory=dict)

    def lose(self, place: Place, what: str, why: str) -> Lost:
        """Put one line on the list, each once."""
        line = Lost(place=place, what=what, why=why)
        self.lost[line] = None
        return line

    def close(self, unknown: str) -> tuple[Lost, ...]:
        """The list in the order of the files; what nobody looked at is on it, with ``unknown`` for a reason."""
        for key, place in self.read.items():
            if key not in self.carried and key not in self.listed:
                self.lose(place, shown_path(key[1]), unknown)
        files = {file: index for index, (file, _) in enumerate(self.read)}
        return tuple(sorted(self.lost, key=lambda one: (files.get(one.place.file, 0), one.place.line)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """One value, its place, and whatever is below it."""

    value: Any
    """A scalar; or a dict or list of ``Located``."""
    place: Place
    steps: tuple[Step, ...]
    ledger: Ledger = field(repr=False)
    leaf: LeafKey | None = None
    """Where this was made out of one cell or text: the leaf it came from."""

    @property
    def what(self) -> str:
        """The path as people write it."""
        return shown_path(self.steps)

    @property
    def key(self) -> LeafKey:
        """Where it is in the ledger."""
        return self.leaf or (self.place.file, self.steps)

    @property
    def plain(self) -> Any:
        """The plain value, without any mark in the ledger."""
        if isinstance(self.value, dict):
            return {key: inner.plain for key, inner in self.value.items()}
        return [inner.plain for inner in self.value] if isinstance(self.value, list) else self.value

    @property
    def is_map(self) -> bool:
        """True for a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """True for a list."""
        return isinstance(self.value, list)

    def at(self, key: str) -> Located | None:
        """What stands under a key; None where this is no mapping, or has no such key."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return found if isinstance(found, Located) else None

    def items(self) -> list[tuple[str, Located]]:
        """Keys and values of a mapping; nothing of anything else."""
        return list(self.value.items()) if isinstance(self.value, dict) else []

    def entries(self) -> list[Located]:
        """The entries of a list; of anything else itself."""
        return list(self.value) if isinstance(self.value, list) else [self]

    def leaves(self) -> Iterator[Located]:
        """Every scalar below, and every mapping or list that is empty."""
        inner = list(self.value.values()) if isinstance(self.value, dict) else self.value
        if isinstance(inner, list) and inner:
            for one in inner:
                yield from one.leaves()
        else:
            yield self

    def taken(self) -> Any:
        """The plain value, marked as carried."""
        self.ledger.carried.update(leaf.key for leaf in self.leaves())
        return self.plain

    def taken_at(self, key: str) -> Any:
        """The plain value under a key, marked as carried; None where there is none."""
        found = self.at(key)
        return None if found is None else found.taken()

    def lost(self, why: str) -> Lost:
        """List this with everything below it."""
        self.ledger.listed.update(leaf.key for leaf in self.leaves())
        return self.ledger.lose(self.place, self.what, why)

    def lost_at(self, key: str, why: str) -> None:
        """List what stands under a key, if anything does."""
        found = self.at(key)
        if found is not None:
            found.lost(why)

    def made(self, value: Any) -> Located:
        """A value made out of this one: it counts as carried or lost with it."""
        if isinstance(value, dict):
            value = {key: one if isinstance(one, Located) else self.made(one) for key, one in value.items()}
        elif isinstance(value, list):
            value = [one if isinstance(one, Located) else self.made(one) for one in value]
        return Located(value=value, place=self.place, steps=self.steps, ledger=self.ledger, leaf=self.key)


def shown_path(steps: tuple[Step, ...]) -> str:
    """``tests[3].assert[0].value``."""
    shown = ""
    for step in steps:
        shown += f"[{step}]" if isinstance(step, int) else f".{step}" if shown else step
    return shown
