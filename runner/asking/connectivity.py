"""Whether it is our own network that is lost, when requests fail without a word from the other side. Feeds ``engine``.

What decides is a TCP connection made in that moment: to the addresses that the settings name, or, where they name
none, to places of other domains that are monitored too. Nothing is sent over it. An installation that asks one domain
only has no such witness, and then every failure is the endpoint's: an outage of the only provider is never excused.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from probes.clock import Clock
from probes.failure import FailureClass
from probes.sample import Sample
from probes.suite import Suite
from runner.asking.orders import RunOrder
from runner.daemon.watch_settings import parted

CONNECT_S = 3.0
"""How long a witness may take to accept a connection."""
FRESH_S = 5.0
"""How long one look at the network serves all runs that fail: a thousand must not knock a thousand times."""
MOST_WITNESSES = 5
WORDLESS = frozenset(
    {
        FailureClass.DNS_TLS,
        FailureClass.CONNECTION,
        FailureClass.TIMEOUT_CONNECT,
        FailureClass.TIMEOUT_FIRST_TOKEN,
        FailureClass.TIMEOUT_TOTAL,
        FailureClass.STREAM_TRUNCATED,
    }
)
"""Failures that a lost network of our own can look like."""

Reaching = Callable[[str, int], Awaitable[bool]]
Witnesses = tuple[tuple[str, int], ...]
"""Hosts and ports."""


class Guard(Protocol):
    """Asked after each run."""

    async def lost(self, order: RunOrder, samples: Sequence[Sample]) -> str:
        """What says that our own network was lost while the run was made; empty where nothing does."""
        ...


class _NoGuard:
    async def lost(self, _order: RunOrder, _samples: Sequence[Sample]) -> str:
        return ""


NO_GUARD: Guard = _NoGuard()
"""Every failure is the endpoint's."""


async def reaches(host: str, port: int) -> bool:
    """True where somebody accepts a TCP connection within three seconds."""
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, ValueError):  # a TimeoutError is an OSError, a name that cannot be a host a ValueError
        return False
    writer.close()
    return True


@dataclass(slots=True, kw_only=True)
class OwnNetwork:
    """The guard of one process."""

    clock: Clock
    targets: tuple[str, ...] = ()
    """``host:port`` that are reachable whenever our network works; without any, places of other domains are."""
    suites: Callable[[], Iterable[Suite]] = field(default=lambda: ())
    """All that is monitored now."""
    reaching: Reaching = reaches
    down: str = ""
    """What said at the last look that the network is lost; empty once anybody answered again."""
    _asked: Witnesses = ()
    _looks: dict[Witnesses, tuple[float, str]] = field(default_factory=dict)
    """By those asked: when, and what came of it."""
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lost(self, order: RunOrder, samples: Sequence[Sample]) -> str:
        """As ``Guard``: asked only where at least half of the samples failed without a word from the other side."""
        if any(heard(sample) for sample in samples):
            self.down = ""
        if not wordless(samples):
            return ""
        known = tuple(self._witnesses(order))
        async with self._looking:
            at, told = self._looks.get(known, (float("-inf"), ""))
            if self.clock.monotonic() - at >= FRESH_S:
                told = await self._look(known)
                self._looks[known] = self.clock.monotonic(), told
            if told:
                self.down, self._asked = told, known
            return told

    async def look_again(self) -> None:
        """Where it was lost: is it back?"""
        async with self._looking:
            if self.down:
                self.down = await self._look(self._asked)

    async def _look(self, known: Witnesses) -> str:
        reached = await asyncio.gather(*(self.reaching(host, port) for host, port in known))
        if not known or any(reached):
            return ""
        return f"no connection to {', '.join(f'{host}:{port}' for host, port in known)} either"

    def _witnesses(self, order: RunOrder) -> Iterable[tuple[str, int]]:
        if self.targets:
            return map(parted, self.targets)
        return witnesses(order, self.suites())


def heard(sample: Sample) -> bool:
    """True where the other side said something, be it an error."""
    return sample.failure is None or sample.failure.status is not None


def wordless(samples: Sequence[Sample]) -> bool:
    """True where at least half of what was asked failed without a word: the way an unavailable endpoint shows."""
    asked = [sample for sample in samples if sample.failure is None or not sample.failure.held_back]
    silent = [s for s in asked if not heard(s) and s.failure is not None and s.failure.kind in WORDLESS]
    return bool(silent) and 2 * len(silent) >= len(asked)


def witnesses(order: RunOrder, suites: Iterable[Suite]) -> Witnesses:
    """Hosts and ports of monitored endpoints of other domains than the one that failed, a few, one a domain.

    Not counted: endpoints on this machine or in a private network (they are reached without the Internet), and those
    behind a proxy (we do not reach them ourselves).
    """
    mine = domain(_host_and_port(order.prepared.suite.endpoints[order.endpoint].base_url)[0])
    found: dict[str, tuple[str, int]] = {}
    for suite in suites:
        for endpoint in (suite.endpoints[name] for name in suite.monitored):
            host, port = _host_and_port(endpoint.base_url)
            if endpoint.proxy is None and public(host) and domain(host) != mine:
                found.setdefault(domain(host), (host, port))
    return tuple(found[name] for name in sorted(found))[:MOST_WITNESSES]


def domain(host: str) -> str:
    """The last two labels of a name; an address is its own domain."""
    try:
        return ipaddress.ip_address(host).compressed
    except ValueError:
        return ".".join(host.lower().rstrip(".").split(".")[-2:])


def public(host: str) -> bool:
    """False for what is reached without the Internet: this machine, private addresses, names without a dot."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host.rstrip(".") and not host.lower().endswith((".local", ".internal", ".localhost"))


def _host_and_port(base_url: str) -> tuple[str, int]:
    parts = urlsplit(base_url)
    return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
