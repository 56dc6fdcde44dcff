"""The series behind the daemon's metrics: bounded in number, and gone with their suite. Feeds ``metrics``.

A client library keeps every child for ever and goes on telling its last value. So each label has a limit of values,
and what is forgotten stays forgotten until it is expected again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from reports.metrics.distributions import Distributions
from reports.metrics.lines import Lines, Writing
from reports.metrics.numbers import Numbers
from reports.metrics.table import FAMILIES, LABELS_DROPPED, PLACE, Family

MOST_PLACES = 5_000
"""Suites at endpoints that have series of their own: some 75 each, which a scrape must write."""
MOST_VALUES = 200
"""Values of any other label."""
OTHER = "_other"
"""What a counter's label says beyond that; no suite can have this name."""


class Series:
    """One registry with every family of the table, and nothing else."""

    def __init__(self, registry: CollectorRegistry, *, most_places: int = MOST_PLACES) -> None:
        self._most = defaultdict(lambda: MOST_VALUES, place=most_places)
        self._seen: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        self._numbers: dict[str, Numbers] = {}
        self._distributions: dict[str, Distributions] = {}
        for family in FAMILIES:
            if family.kind == "histogram":
                self._distributions[family.name] = Distributions(family, registry)
            else:
                self._numbers[family.name] = Numbers(family, registry)

    def count(self, family: Family, *values: str, by: float = 1.0) -> None:
        """Add to a counter. 0 makes the series exist, so that its first event is an increase."""
        numbers = self._numbers[family.name]
        numbers.add(values if numbers.known(values) else self._bounded(family, values)[0], by)

    def put(self, family: Family, *values: str, to: float) -> None:
        """Set a gauge. One beyond the limit is left out: a value of several places together means nothing."""
        numbers = self._numbers[family.name]
        if numbers.known(values) or self._bounded(family, values)[1]:
            numbers.put(values, to)

    def take(self, family: Family, *values: str) -> None:
        """Remove one series of a gauge; nothing where there is none."""
        self._numbers[family.name].remove(values)

    def observe(self, family: Family, *values: str, seconds: float, trace_id: str = "") -> None:
        """Add to a histogram, with the trace id as the bucket's newest exemplar where there is one."""
        lines = self._distributions[family.name]
        lines.observe(values if lines.known(values) else self._bounded(family, values)[0], seconds, trace_id)

    def forget(self, suite: str, endpoint: str | None) -> None:
        """Remove every series of a suite, or of a suite at one endpoint."""
        labels = {"suite": suite, **({} if endpoint is None else {"endpoint": endpoint})}
        for family in FAMILIES:
            if labels.keys() <= set(family.labels):
                self._lines(family).remove_all(labels)
        gone = {place for place in self._seen["place"] if place[: len(labels)] == tuple(labels.values())}
        self._seen["place"] -= gone

    def text(self, write: Writing) -> list[bytes]:
        """Every family as a format writes it, in the order of the table, in pieces."""
        return [piece for family in FAMILIES for piece in self._lines(family).text(write)]

    def _lines(self, family: Family) -> Lines:
        return self._distributions[family.name] if family.kind == "histogram" else self._numbers[family.name]

    def _bounded(self, family: Family, values: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        """The values to tell, and whether all of them are within the limits."""
        given = dict(zip(family.labels, values, strict=True))
        groups: list[tuple[str, tuple[str, ...]]] = [("place", PLACE)] if set(PLACE) <= given.keys() else []
        groups += [(name, (name,)) for name in given if not (groups and name in PLACE)]
        within = True
        for limit, names in groups:
            if not self._known(limit, tuple(given[name] for name in names)):
                given.update(dict.fromkeys(names, OTHER))
                within = False
        return tuple(given.values()), within

    def _known(self, limit: str, values: tuple[str, ...]) -> bool:
        seen = self._seen[limit]
        if values in seen:
            return True
        if len(seen) >= self._most[limit]:
            self._numbers[LABELS_DROPPED.name].add((limit,), 1)
            return False
        seen.add(values)
        return True
