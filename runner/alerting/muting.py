"""Why incidents of a place are not told now: silences, and what the suite depends on. Feeds runs and alert clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from probes.suite import Suite
from reports.alerts.incident import AlertState
from reports.alerts.inhibition import inhibition
from reports.alerts.silences import silenced
from reports.alerts.telling import Muting
from runner.store.base import Store


def muting(store: Store, suite: Suite, endpoint: str, now: datetime) -> Muting:
    """What the alert state machine asks about incidents of a suite at an endpoint.

    Raises:
        StoreError: the store cannot be read.
    """
    return Mutes(store=store, now=now).of(suite, endpoint)


@dataclass(kw_only=True)
class Mutes:
    """The mutes of one instant. What is read for one place is kept for the next: thousands may wait for one gateway."""

    store: Store
    now: datetime
    _upstream: dict[frozenset[str], Sequence[AlertState]] = field(default_factory=dict)
    _endpoints: dict[str, Collection[str]] = field(default_factory=dict)
    _people: Muting | None = None

    def of(self, suite: Suite, endpoint: str) -> Muting:
        """Those of a suite at an endpoint.

        Raises:
            StoreError: the store cannot be read.
        """
        by_people = self._by_people()
        if not suite.depends_on:
            return by_people
        names = frozenset(entry.partition("/")[0] for entry in suite.depends_on)
        if names not in self._upstream:
            self._upstream[names] = self.store.open_at(names)
        by_others = inhibition((suite.name, endpoint), suite.depends_on, self._upstream[names], self._endpoints_of)
        return lambda key, kind, severity: by_others(key, kind, severity) or by_people(key, kind, severity)

    def _by_people(self) -> Muting:
        # no cached property: before Python 3.12 all instances share its lock, and whoever holds the store waits for it
        if self._people is None:
            self._people = silenced(self.store.silences(self.now), self.now)
        return self._people

    def _endpoints_of(self, suite: str) -> Collection[str]:
        if suite not in self._endpoints:
            self._endpoints[suite] = self.store.alert_endpoints(suite)
        return self._endpoints[suite]
