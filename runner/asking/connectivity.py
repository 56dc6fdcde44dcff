"""Whether it is our own network that is lost, when requests fail without a word from the other side. Feeds ``engine``.

What decides is a TCP connection made in that moment: to the addresses that the settings name, or, where they name
none, to places of other domains that are monitored too; and whether any other place said something meanwhile
(``words``), or the address that failed still takes or refuses connections, which both outweigh that. Nothing is sent
over such a connection. An installation that asks one domain only has no such witness, and then every failure is the
endpoint's: an outage of the only provider is never excused.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from probes.clock import Clock
from probes.failure import FailureClass
from probes.sample import Sample
from probes.suite import Suite
from runner.asking.knocking import reaches
from runner.asking.words import Address, Words, address_of, heard
from runner.preparing.orders import RunOrder
from runner.settings.watch_settings import parted

FRESH_S = 5.0
"""How long one look at the network serves all runs that fail: a thousand must not knock a thousand times."""
STEADY_S = 30.0
"""How long somebody must have been heard, and nothing been lost, until our network counts as back."""
UNREACHED_EVERY_S = 60.0
"""How often addresses that prove nothing are tried again."""
REACHED_EVERY_S = 6 * 3600.0
"""How often those that were reached are tried again: one that is gone for good must not go unnoticed for a day."""
PROOF_S = 24 * 3600.0
"""How long an address that was reached once is a witness: a lost network shows only by what was there before."""
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
Witnesses = tuple[Address, ...]


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
    """What said that the network is lost; empty once somebody was heard again for half a minute."""
    unreached: str = ""
    """Which targets cannot be reached though our network is there, or at the start: they are no witnesses."""
    sure: bool = False
    """True once anybody was heard: until then nobody knows whether a loss that was told before is over."""
    words: Words = field(default_factory=Words)
    _asked: Witnesses = ()
    _back_since: float | None = None
    _looks: dict[Address, tuple[float, bool]] = field(default_factory=dict)
    """When each was looked at, and whether it was reached."""
    _unreached_at: float = float("-inf")
    _watched: bool = False
    """True in a daemon, which looks at the targets before they matter; ``holdfast run`` takes them at their word."""
    _reached_at: dict[Address, float] = field(default_factory=dict)
    """When each address was last reached."""
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lost(self, order: RunOrder, samples: Sequence[Sample]) -> str:
        """As ``Guard``: asked only where at least half of the samples failed without a word from the other side."""
        self.words.note(order, samples, self.clock.monotonic())
        if any(heard(sample) for sample in samples):
            self._answered()
        known = tuple(self._witnesses(order)) if wordless(samples) else ()
        if not known:
            return ""
        async with self._looking:
            if await self._reach_any(known):
                self._answered()
                self._targets(reached=True)
                return ""
            if await self._others_answer(order, samples):
                self._answered()
                self._targets(reached=False)
                return ""
            if self._prove_nothing(known):
                self._targets(reached=False)
                return ""
            told = f"no connection to {_listed(known)} either"
            self.down, self._asked, self._back_since = self.down or told, known, None
            return told

    async def look_again(self) -> None:
        """Where it was lost: is it back? Where the targets prove nothing: do they now?"""
        async with self._looking:
            now = self.clock.monotonic()
            if self.down:
                if await self._reach_any(self._asked):
                    self._answered()
                if self._back_since is not None and now - self._back_since >= STEADY_S:
                    self.down = ""
            elif self._targets_due(now):
                self._targets(reached=await self._reach_any(tuple(map(parted, self.targets))))

    def begin(self, *, told: bool) -> None:
        """From now on only targets that were reached are witnesses.

        ``told``: a daemon before this one has told of a loss that is not over, so they were, and still are for a day.
        """
        self._watched, now = True, self.clock.monotonic()
        self._reached_at.update((parted(target), now) for target in self.targets if told)

    def _prove_nothing(self, known: Witnesses) -> bool:
        """True where none of the targets was reached since the start, or for a day: they are wrong, not our network."""
        if not self.targets or not self._watched or self.down:
            return False
        since = self.clock.monotonic() - PROOF_S
        return all(self._reached_at.get(who, float("-inf")) < since for who in known)

    def _answered(self) -> None:
        self.sure = True
        self._back_since = self.clock.monotonic() if self._back_since is None else self._back_since

    def _targets_due(self, now: float) -> bool:
        """At the start, every six hours, and every minute while they cannot be reached."""
        every = UNREACHED_EVERY_S if self.unreached else REACHED_EVERY_S
        return bool(self.targets) and now - self._unreached_at >= every

    def _targets(self, *, reached: bool) -> None:
        self._unreached_at = self.clock.monotonic()
        self.sure = self.sure or reached
        self.unreached = "" if reached or not self.targets else ", ".join(self.targets)

    async def _others_answer(self, order: RunOrder, samples: Sequence[Sample]) -> bool:
        """True where another place was heard since this one fell silent, or takes a connection now as it lately did, or
        where a machine is there at the address that failed."""
        silent_since = min(sample.started_at for sample in samples if silent(sample))
        if self.words.since(order, samples, silent_since):
            return True
        return await self._reach_any((*self.words.lately(order, self.clock.monotonic()), *itself(order)))

    async def _reach_any(self, known: Witnesses) -> bool:
        now = self.clock.monotonic()
        self._looks = {who: look for who, look in self._looks.items() if now - look[0] < FRESH_S}
        stale = [who for who in known if who not in self._looks]
        for who, reached in zip(stale, await asyncio.gather(*(self.reaching(*who) for who in stale)), strict=True):
            self._looks[who] = self.clock.monotonic(), reached
            if reached:
                self._reached_at[who] = self.clock.monotonic()
        return any(self._looks[who][1] for who in known)

    def _witnesses(self, order: RunOrder) -> Iterable[Address]:
        """The targets, but for the address that failed: it is no witness of itself."""
        if self.targets:
            failed = address_of(order.prepared.suite.endpoints[order.endpoint])
            return (target for target in map(parted, self.targets) if target != failed)
        return witnesses(order, self.suites())


def _listed(known: Witnesses) -> str:
    return ", ".join(f"{host}:{port}" for host, port in known)


def wordless(samples: Sequence[Sample]) -> bool:
    """True where at least half of what was asked failed without a word: the way an unavailable endpoint shows."""
    asked = [sample for sample in samples if sample.failure is None or not sample.failure.held_back]
    without = sum(map(silent, asked))
    return without > 0 and 2 * without >= len(asked)


def silent(sample: Sample) -> bool:
    """True where it failed without a word, as if there were no network."""
    return sample.failure is not None and not heard(sample) and sample.failure.kind in WORDLESS


def witnesses(order: RunOrder, suites: Iterable[Suite]) -> Witnesses:
    """Hosts and ports of monitored endpoints of other domains than the one that failed, a few, one a domain.

    Not counted: endpoints on this machine or in a private network (they are reached without the Internet), and those
    behind a proxy (we do not reach them ourselves).
    """
    mine = domain(address_of(order.prepared.suite.endpoints[order.endpoint])[0])
    found: dict[str, Address] = {}
    for suite in suites:
        for endpoint in (suite.endpoints[name] for name in suite.monitored):
            host, port = address_of(endpoint)
            if endpoint.proxy is None and public(host) and domain(host) != mine:
                found.setdefault(domain(host), (host, port))
    return tuple(found[name] for name in sorted(found))[:MOST_WITNESSES]


def itself(order: RunOrder) -> Witnesses:
    """The address that failed, where it is one on the Internet that we reach ourselves: who takes or refuses a
    connection there shows that our network is there, whatever else is wrong with it (its certificate, its answers)."""
    endpoint = order.prepared.suite.endpoints[order.endpoint]
    address = address_of(endpoint)
    return (address,) if endpoint.proxy is None and public(address[0]) else ()


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
