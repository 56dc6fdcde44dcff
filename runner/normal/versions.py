"""The versions of a baseline: of each probe the request that its history speaks of, and since when. Feeds
``holdfast baseline show``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.store.base import Asked, Store


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
    """Of every probe that streams speak of; of all that were ever asked, where no stream stands."""
    asked: dict[str, list[Asked]] = {}
    for request in store.requests(suite, endpoint):
        asked.setdefault(request.probe, []).append(request)
    known = {key.scope for key in store.stream_states(suite, endpoint)} & set(asked) or set(asked)
    return tuple(_version(requests) for probe, requests in asked.items() if probe in known)


def _version(requests: list[Asked]) -> Version:
    last = requests[-1]
    return Version(
        probe=last.probe,
        request_hash=last.request_hash,
        runs=last.runs,
        since=last.since,
        earlier=len(requests) - 1,
    )
