"""The versions of a baseline: of each probe the request that its history speaks of, and since when. Feeds
``holdfast baseline show``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is normal for one suite, endpoint and probe, asked by one request."""

    probe: str
    request_hash: str
    """Of the request as it was last asked: model and params are in it, address and credentials are not."""
    runs: int
    """Stored runs that asked it so."""
    since: datetime
    """When the first of them began."""
    earlier: int
    """Other requests that were asked of this probe before."""


def versions(store: Store, suite: str, endpoint: str) -> tuple[Version, ...]:
    """Of every probe of the newest run, in its order."""
    asked: dict[str, dict[str, tuple[int, datetime]]] = {}
    latest: dict[str, str] = {}
    for row in store.observations(suite, endpoint):
        latest = {} if row.plan["whole"] else latest
        for probe in row.observation.probes:
            latest[probe.probe] = probe.request_hash
            known = asked.setdefault(probe.probe, {})
            runs, since = known.get(probe.request_hash, (0, row.observation.started_at))
            known[probe.request_hash] = (runs + 1, since)
    return tuple(
        Version(
            probe=probe,
            request_hash=request_hash,
            runs=asked[probe][request_hash][0],
            since=asked[probe][request_hash][1],
            earlier=len(asked[probe]) - 1,
        )
        for probe, request_hash in latest.items()
    )
