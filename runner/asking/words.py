"""Which places said something lately: who answers us, if only with an error, proves that our network is there.

Feeds ``connectivity``. Any host counts, for an outage must not be hidden by an address that proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from probes.endpoint import Endpoint
from probes.sample import Sample
from runner.preparing.orders import RunOrder

LATELY_S = 120.0
"""A place that was heard so lately is worth a look whether it still takes connections."""
MOST_LOOKED_AT = 5
Address = tuple[str, int]
"""Host and port."""
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The newest word of one place."""

    address: Address | None
    """None where it is behind a proxy: we do not reach it ourselves."""
    said_at: datetime
    noted_s: float
    """On the monotonic clock."""


@dataclass(slots=True)
class Words:
    """The newest word of every place that was heard lately."""

    _newest: dict[Place, Word] = field(default_factory=dict)

    def note(self, order: RunOrder, samples: Sequence[Sample], now_s: float) -> None:
        """Remember when a place was heard in a run that is just over."""
        said = [said_at(sample) for sample in samples if heard(sample)]
        self._newest = {place: word for place, word in self._newest.items() if now_s - word.noted_s <= LATELY_S}
        if said:
            endpoint = order.prepared.suite.endpoints[order.endpoint]
            address = None if endpoint.proxy else address_of(endpoint)
            self._newest[_place(order)] = Word(address=address, said_at=max(said), noted_s=now_s)

    def since(self, order: RunOrder, samples: Sequence[Sample], silent_since: datetime) -> bool:
        """True where somebody was heard after an instant: another place, or this one in the same run."""
        others = (word.said_at for place, word in self._newest.items() if place != _place(order))
        own = (said_at(sample) for sample in samples if heard(sample))
        return any(said > silent_since for said in (*others, *own))

    def lately(self, order: RunOrder, now_s: float) -> tuple[Address, ...]:
        """Addresses other than that of this order which were heard lately, the newest first, a few."""
        mine = address_of(order.prepared.suite.endpoints[order.endpoint])
        newest = sorted(self._newest.values(), key=lambda word: -word.noted_s)
        found = (word.address for word in newest if now_s - word.noted_s <= LATELY_S)
        return tuple(dict.fromkeys(one for one in found if one is not None and one != mine))[:MOST_LOOKED_AT]


def heard(sample: Sample) -> bool:
    """True where the other side said something, be it an error."""
    return sample.failure is None or sample.failure.status is not None


def said_at(sample: Sample) -> datetime:
    """When it was heard, as exactly as the sample tells."""
    return sample.started_at + timedelta(seconds=sample.timing.total_s or 0.0)


def address_of(endpoint: Endpoint) -> Address:
    """Host and port that a request goes to."""
    parts = urlsplit(endpoint.base_url)
    return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)


def _place(order: RunOrder) -> Place:
    return order.prepared.suite.name, order.endpoint
