"""Probes after their cases were spread out, each with where in the suite, or in which data file, it was written.

Feeds ``suite_file``: everything above sees plain probes, and every fault still leads to the line that causes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probes.positions import Fault, Spot, YamlPath

PROBES = "probes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one plain probe was written."""

    written: int
    """Index of the probe in the file."""
    id: str | None = None
    """The case's probe id; None for a probe that is no case."""
    case: int | None = None
    """Index of the case in ``cases``, where these stand in the suite."""
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Keys that come from the case; of labels and vars, which of them."""
    checks: int = 0
    """Checks of the probe; what follows them is the case's."""
    spot: Spot | None = None
    """The row of a data file."""
    blank: bool = False
    """True where the cases could not be read: it stands for them, with nothing filled in."""

    @property
    def place(self) -> YamlPath:
        """The case in the suite, else the probe."""
        here: YamlPath = (PROBES, self.written)
        return here if self.case is None else (*here, "cases", self.case)

    def origin(self, rest: YamlPath) -> YamlPath:
        """Where something of the plain probe was written."""
        here: YamlPath = (PROBES, self.written)
        if self.case is None or not rest:
            return (*here, *rest)
        key, *inner = rest
        if key == "checks" and inner and isinstance(inner[0], int) and inner[0] >= self.checks:
            return (*self.place, key, inner[0] - self.checks, *inner[1:])
        if key in self.own and (not inner or not self.own[str(key)] or inner[0] in self.own[str(key)]):
            return (*self.place, *rest)
        return (*here, *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfolded:
    """The probes of a suite as plain values, one for each case."""

    probes: Any
    """A list; anything else is as written, for the models to refuse."""
    sites: tuple[Site, ...] = ()
    faults: tuple[Fault, ...] = ()
    unread: bool = False
    """True where data files were left alone, so that not all cases are known."""

    def origin(self, path: YamlPath) -> YamlPath:
        """Where the value at a path of the plain probes was written."""
        site = self._site(path)
        return path if site is None else site.origin(path[2:])

    def told(self, faults: Iterable[Fault]) -> list[Fault]:
        """Faults of plain probes at their places in the suite; of many cases with one cause the first is told."""
        first: dict[tuple[YamlPath, bool], Fault] = {}
        cases: dict[tuple[YamlPath, bool], dict[str, None]] = {}
        messages: dict[tuple[YamlPath, bool], set[str]] = {}
        plain: list[Fault] = []
        for fault in faults:
            site = self._site(fault.path)
            moved = replace(fault, path=self.origin(fault.path))
            if site is None or site.id is None:
                plain.append(moved)
                continue
            key = (moved.path, moved.at_key)
            first.setdefault(key, moved)
            cases.setdefault(key, {})[site.id] = None
            messages.setdefault(key, set()).add(moved.message)
        families = Counter(site.written for site in self.sites)
        folded = [
            fault
            if len(messages[key]) == 1 and len(cases[key]) == families[int(fault.path[1])]
            else replace(fault, message=fault.message + _whose(list(cases[key])))
            for key, fault in first.items()
        ]
        return [*plain, *folded]

    def once(self, faults: Iterable[Fault]) -> list[Fault]:
        """Faults at their places in the suite, of those that all cases of a probe share the first."""
        spread = {site.written for site in self.sites if site.id is not None}
        first: dict[object, Fault] = {}
        for fault in faults:
            shared = fault.path[:1] == (PROBES,) and len(fault.path) > 1 and fault.path[1] in spread
            first.setdefault((fault.path, fault.at_key) if shared else fault, fault)
        return list(first.values())

    def _site(self, path: YamlPath) -> Site | None:
        if len(path) < 2 or path[0] != PROBES or not isinstance(path[1], int):
            return None
        return self.sites[path[1]] if path[1] < len(self.sites) else None


def _whose(cases: list[str]) -> str:
    more = len(cases) - 1
    return f" (case {cases[0]}" + (f" and {more:,} more)" if more else ")")
