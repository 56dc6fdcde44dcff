"""Which suites wait for which, across files: circles are refused, names nobody has are noted. Feeds commands and the
alert clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.errors import UsageError
from probes.nearest import did_you_mean, nearest
from probes.suite import Suite
from runner.preparing.prepare import PreparedSuite


class Dependencies:
    """What the suites of one folder, or of one daemon, say of each other."""

    def __init__(self, suites: Sequence[PreparedSuite]) -> None:
        self._monitored = {p.suite.name: p.suite.monitored for p in suites}
        self._upstream = {p.suite.name: [_suite_of(entry) for entry in p.suite.depends_on] for p in suites}

    def unknown(self, suite: Suite) -> Iterator[str]:
        """A sentence for each suite or endpoint that this one depends on and that is not among these."""
        for entry in suite.depends_on:
            name, _, endpoint = entry.partition("/")
            if name not in self._monitored:
                near = nearest(name, (other for other in self._monitored if other != suite.name))
                hint = f" (did you mean {near!r}?)" if near else ""
                yield f"depends_on names {name!r}, which is no suite here, so that nothing is held back for it{hint}"
            elif endpoint and endpoint not in self._monitored[name]:
                near = did_you_mean(endpoint, self._monitored[name], otherwise="it monitors")
                yield f"depends_on names {entry!r}, and {name} monitors no endpoint {endpoint!r} ({near})"

    def circle(self, suite: Suite) -> Iterator[str]:
        """A sentence where this suite waits for itself by way of others."""
        if way := self._way_round(suite.name):
            yield f"{' depends on '.join(way)}; of suites that wait for each other take one depends_on out"

    def _way_round(self, start: str) -> list[str]:
        """The way from a suite back to itself; empty where there is none."""
        ways, seen = [[start]], {start}
        while ways:
            way = ways.pop()
            for name in self._upstream.get(way[-1], ()):
                if name == start:
                    return [*way, start]
                if name not in seen:
                    seen.add(name)
                    ways.append([*way, name])
        return []


def refuse_circles(suites: Sequence[PreparedSuite]) -> None:
    """Make sure that no suite waits for itself by way of others.

    Raises:
        UsageError: one does, with the whole way round.
    """
    known = Dependencies(suites)
    for prepared in suites:
        for told in known.circle(prepared.suite):
            raise UsageError(f"{prepared.file}: {told}")


def _suite_of(entry: str) -> str:
    return entry.partition("/")[0]
