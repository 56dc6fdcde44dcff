"""All monitored endpoints at once, each address once; their clocks against ours; one real question where asked for.

Feeds ``examination``. A question (``--probe``) goes through the whole way a run takes: credentials, protocol, reading
of the answer. It is not stored, judged or counted under a cap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from probes.clock import Clock
from probes.endpoint import Endpoint
from probes.failure import FailureClass
from probes.fire import fire
from probes.oauth import Tokens
from probes.sample import Sample
from probes.transport import Transport
from reports.wording import dollars, seconds
from runner.doctor.diagnosis import Diagnosis, State
from runner.doctor.way import Way, walked
from runner.preparing.prepare import PreparedSuite

AT_ONCE = 16
SKEW_S = 30.0
"""A minute's skew spoils nothing in the judge, but due times, tokens and ends of alerts are clock times."""
_BUSY = frozenset({FailureClass.RATE_LIMIT_SHORT, FailureClass.OVERLOADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """Goes to the endpoints of these suites."""

    suites: Sequence[PreparedSuite]
    clock: Clock

    async def ways(self) -> list[Diagnosis]:
        """Walk to every monitored endpoint, and compare clocks."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def walk(subject: str, endpoint: Endpoint) -> Way:
            async with turns:
                return await walked(subject, endpoint, self.clock)

        ways = await asyncio.gather(*(walk(subject, endpoint) for subject, endpoint in self._places()))
        found = [diagnosis for way in ways for diagnosis in way.found]
        return [*found, *_clocks([way.skew_s for way in ways if way.skew_s is not None], asked=bool(ways))]

    async def questions(self) -> list[Diagnosis]:
        """Ask the first probe of every suite once at each monitored endpoint."""
        turns = asyncio.Semaphore(AT_ONCE)
        async with Transport(clock=self.clock) as transport:
            tokens = Tokens(transport=transport, clock=self.clock)

            async def ask(prepared: PreparedSuite, name: str) -> Diagnosis:
                async with turns:
                    return _told(f"{prepared.suite.name}/{name}", await self._asked(prepared, name, transport, tokens))

            asked: list[Awaitable[Diagnosis]] = [ask(p, name) for p in self.suites for name in p.suite.monitored]
            return list(await asyncio.gather(*asked))

    async def _asked(self, prepared: PreparedSuite, name: str, transport: Transport, tokens: Tokens) -> Sample:
        suite = prepared.suite
        return await fire(
            transport=transport,
            clock=self.clock,
            endpoint_name=name,
            endpoint=suite.endpoints[name],
            suite_name=suite.name,
            probe=suite.probes[0],
            index=0,
            run_id="doctor",
            accesses=tokens,
        )

    def _places(self) -> Iterator[tuple[str, Endpoint]]:
        """Each address once, under the name it was met first."""
        seen: set[object] = set()
        for prepared in self.suites:
            for name in prepared.suite.monitored:
                endpoint = prepared.suite.endpoints[name]
                proxy = endpoint.proxy.get_secret_value() if endpoint.proxy else None
                if (key := (endpoint.base_url, endpoint.tls, proxy)) not in seen:
                    seen.add(key)
                    yield f"{prepared.suite.name}/{name}", endpoint


def _clocks(skews: Sequence[float], *, asked: bool) -> Iterator[Diagnosis]:
    """Our clock against theirs: the median, so that one endpoint's wrong clock is not ours."""
    if not skews:
        if asked:
            told = "no endpoint told the time"
            yield Diagnosis(area="clock", subject="this machine", state=State.NOTE, told=told)
        return
    skew = median(skews)
    if abs(skew) <= SKEW_S:
        told = f"agrees with the endpoints' clocks within {SKEW_S:g} s"
        yield Diagnosis(area="clock", subject="this machine", state=State.FINE, told=told)
        return
    way = "behind" if skew > 0 else "ahead of"
    yield Diagnosis(
        area="clock",
        subject="this machine",
        state=State.WRONG,
        told=f"is {abs(skew):.0f} s {way} the endpoints' clocks",
        advice="switch time synchronisation on (timedatectl set-ntp true)",
    )


def _told(subject: str, sample: Sample) -> Diagnosis:
    if sample.failure is None:
        took, cost = seconds(sample.timing.total_s), dollars(sample.cost_usd)
        told = f"answered probe {sample.probe} in {took} ({cost})"
        return Diagnosis(area="endpoint", subject=subject, state=State.FINE, told=told)
    kind = sample.failure.kind
    state = State.UNKNOWN if kind in _BUSY else State.WRONG
    told = f"probe {sample.probe} failed: {kind.value}: {sample.failure.message}"
    advice = f"see {kind.value} in docs/failures.md"
    return Diagnosis(area="endpoint", subject=subject, state=state, told=told, advice=advice)
