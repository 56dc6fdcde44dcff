"""One question asked once, and again where that may help: attempts, waits between them, gates. Feeds ``script``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from probes.access import Access
from probes.cache_bypass import bypassing
from probes.circuit import Circuit
from probes.clock import Clock
from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.exchange import Exchange, Outgoing
from probes.failure import Failure, FailureClass
from probes.gate import Gate, admitted
from probes.gateways import read_route
from probes.hostile import kept_headers
from probes.ids import Ids
from probes.outgoing import headers_of, render
from probes.pricing import cost_usd
from probes.protocols.protocol import Protocol, Reply, Unbuildable, WireRequest
from probes.retry import decide
from probes.route import Route
from probes.sample import Attempt, Timing
from probes.sealing import Seal
from probes.time_limit import UNLIMITED, TimeLimit
from probes.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of one question: the last attempt's reply or failure, clean, and how often it was asked."""

    reply: Reply
    """``failure`` in it is that of the last attempt."""
    timing: Timing
    route: Route
    headers: dict[str, str]
    attempts: tuple[Attempt, ...]
    """Empty where the question was held back."""
    status: int | None = None
    """HTTP status of the last attempt's reply."""
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """All that stays the same while one sample is asked. Carries credentials: never shown."""

    transport: Transport
    clock: Clock
    ids: Ids
    endpoint: Endpoint
    protocol: Protocol
    access: Access = field(repr=False)
    gates: Sequence[Gate] = ()
    circuit: Circuit | None = None
    """One of the gates: once it closes, waits for a further attempt end at once."""
    limit: TimeLimit = UNLIMITED
    """Of the run: what is under way then has failed, and nothing more is asked."""
    marked: str
    trace_id: str

    async def ask(self, question: Question) -> Asked:
        """Ask until there is an answer, or no further attempt makes sense."""
        try:
            wire = bypassing(self.endpoint, self.protocol.build(self.endpoint, question))
        except Unbuildable as error:
            return _unasked(Seal(self.access.secrets()).failure(_bad_request(str(error))))
        attempts: list[Attempt] = []
        last: Exchange | None = None
        waited_s, budget_s = 0.0, self.endpoint.timeout.total_s
        while True:
            held = await self.limit.kept(partial(admitted, self.gates), late=self.limit.not_asked)
            if held is not None:
                return self._held_back(held, last, tuple(attempts))
            last = exchange = await self._send(wire)
            number, failure, wait_s = len(attempts) + 1, exchange.reply.failure, None
            if failure is not None:
                failure, wait_s = self._after(failure, exchange, number, budget_s)
            attempts.append(Attempt(number=number, failure=failure, total_s=exchange.elapsed_s, waited_s=waited_s))
            asked = self._asked(exchange, failure, tuple(attempts))
            for gate in self.gates:
                gate.note(failure=failure, usage=asked.reply.usage, cost_usd=asked.cost_usd, charged=exchange.charged)
            if wait_s is None:
                return asked
            if not await self._waited(wait_s):
                return asked
            waited_s, budget_s = wait_s, budget_s - wait_s

    async def _waited(self, wait_s: float) -> bool:
        """Wait for the next attempt; False where there is to be none any more."""
        return await self.limit.kept(partial(self._paused, wait_s), late=lambda: False)

    async def _paused(self, wait_s: float) -> bool:
        if self.circuit is not None:
            return await self.circuit.pause(self.clock, wait_s)
        await self.clock.sleep(wait_s)
        return True

    async def _credentials(self) -> Mapping[str, str] | Failure:
        began = self.clock.monotonic()

        def late() -> Failure:
            return self.limit.cut_short(self.clock.monotonic() - began, "no token from the issuer")

        return await self.limit.kept(self.access.headers, late)

    async def _send(self, wire: WireRequest) -> Exchange:
        credentials = await self._credentials()
        if isinstance(credentials, Failure):
            return _unsent(credentials)
        headers = headers_of(
            endpoint=self.endpoint,
            wire=replace(wire, headers={**wire.headers, **credentials}),
            marked=self.marked,
            trace_id=self.trace_id,
            span_id=self.ids.span_id(),
        )
        try:
            body = b"" if wire.body is None else render(wire.body)
        except ValueError as error:
            message = f"the request cannot be written as JSON: {error}"
            return _unsent(Failure(kind=FailureClass.BAD_REQUEST, message=message))
        request = Outgoing(
            url=wire.url,
            headers=headers,
            body=body,
            streamed=wire.streamed,
            method=wire.method,
            framing=wire.framing,
        )
        return await self.transport.send(
            endpoint=self.endpoint, request=request, protocol=self.protocol, limit=self.limit
        )

    def _after(
        self, failure: Failure, exchange: Exchange, number: int, budget_s: float
    ) -> tuple[Failure, float | None]:
        """The failure, sealed, and how long to wait before the next attempt; None where there is to be none."""
        if failure.kind is FailureClass.AUTH and failure.status == 401 and self.access.rejected():
            return Seal(self.access.secrets()).failure(failure), 0.0
        decision = decide(
            failure,
            headers=dict(exchange.headers),
            now=self.clock.now(),
            attempt=number,
            budget_s=budget_s,
            jitter=self.ids.jitter(),
        )
        wait_s = decision.wait_s if number <= self.endpoint.retries else None
        return Seal(self.access.secrets()).failure(decision.failure), wait_s

    def _asked(self, exchange: Exchange, failure: Failure | None, attempts: tuple[Attempt, ...]) -> Asked:
        seal = Seal(self.access.secrets())
        reply = replace(seal.reply(exchange.reply), failure=failure)
        return Asked(
            reply=reply,
            timing=exchange.timing,
            route=seal.route(read_route(self.endpoint, dict(exchange.headers), reply, attempts=len(attempts))),
            headers=kept_headers(exchange.headers, seal.secrets),
            attempts=attempts,
            status=exchange.status,
            cost_usd=cost_usd(self.endpoint, reply),
        )

    def _held_back(self, held: Failure, last: Exchange | None, attempts: tuple[Attempt, ...]) -> Asked:
        """Held back before the first attempt, or before a further one: then the last failure is what we know."""
        if last is not None:
            return self._asked(last, attempts[-1].failure, attempts)
        return _unasked(held)


def _unasked(failure: Failure) -> Asked:
    return Asked(reply=Reply(failure=failure), timing=Timing(), route=Route(attempts=0), headers={}, attempts=())


def _bad_request(message: str) -> Failure:
    return Failure(kind=FailureClass.BAD_REQUEST, message=message)


def _unsent(failure: Failure) -> Exchange:
    return Exchange(reply=Reply(failure=failure), timing=Timing(), elapsed_s=0.0)
