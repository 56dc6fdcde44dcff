"""One sample while it is asked: attempts, waits between them, and what of the reply is kept. Feeds ``fire`` only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from probes.clock import Clock
from probes.failure import Failure, FailureClass
from probes.hostile import MESSAGE_CHARS, NAME_CHARS, SHORTEST_IN_ANSWERS, kept_headers, one_line, redact
from probes.ids import Ids
from probes.outgoing import headers_of, render
from probes.protocols.protocol import Protocol, Reply, WireRequest
from probes.retry import decide
from probes.route import Route, read_route
from probes.sample import Attempt, Sample, Timing, TokenUsage, ToolCall
from probes.suite import Endpoint
from probes.transport import Exchange, Outgoing, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """All that stays the same while one sample is asked. Carries credentials: never shown."""

    transport: Transport
    clock: Clock
    ids: Ids
    endpoint: Endpoint
    protocol: Protocol
    wire: WireRequest = field(repr=False)
    marked: str
    trace_id: str
    secrets: tuple[str, ...] = field(repr=False)

    async def fill(self, sample: Sample) -> Sample:
        """The sample with what came back, after as many attempts as it took."""
        attempts: list[Attempt] = []
        waited_s, budget_s = 0.0, self.endpoint.timeout.total_s
        while True:
            exchange = await self._send()
            number, failure, wait_s = len(attempts) + 1, exchange.reply.failure, None
            if failure is not None:
                failure, wait_s = self._after(failure, exchange, number, budget_s)
            attempts.append(Attempt(number=number, failure=failure, total_s=exchange.elapsed_s, waited_s=waited_s))
            if wait_s is None:
                return self._filled(sample, exchange, tuple(attempts))
            await self.clock.sleep(wait_s)
            waited_s, budget_s = wait_s, budget_s - wait_s

    async def _send(self) -> Exchange:
        headers = headers_of(
            endpoint=self.endpoint,
            wire=self.wire,
            marked=self.marked,
            trace_id=self.trace_id,
            span_id=self.ids.span_id(),
        )
        try:
            body = render(self.wire.body)
        except ValueError as error:
            failure = Failure(kind=FailureClass.BAD_REQUEST, message=f"the request cannot be written as JSON: {error}")
            return Exchange(reply=Reply(failure=failure), timing=Timing(), elapsed_s=0.0)
        streamed = self.wire.body.get("stream") is True
        request = Outgoing(url=self.wire.url, headers=headers, body=body, streamed=streamed)
        return await self.transport.send(endpoint=self.endpoint, request=request, protocol=self.protocol)

    def _after(
        self, failure: Failure, exchange: Exchange, number: int, budget_s: float
    ) -> tuple[Failure, float | None]:
        """The failure, sealed, and how long to wait before the next attempt; None where there is to be none."""
        decision = decide(
            failure,
            headers=dict(exchange.headers),
            now=self.clock.now(),
            attempt=number,
            budget_s=budget_s,
            jitter=self.ids.jitter(),
        )
        # secrets first: what is cut first may leave half of one standing
        message = one_line(redact(decision.failure.message, self.secrets), MESSAGE_CHARS)
        wait_s = decision.wait_s if number <= self.endpoint.retries else None
        return replace(decision.failure, message=message), wait_s

    def _filled(self, sample: Sample, exchange: Exchange, attempts: tuple[Attempt, ...]) -> Sample:
        reply = exchange.reply
        return replace(
            sample,
            timing=exchange.timing,
            usage=self._clean_usage(reply.usage),
            route=self._route(exchange, len(attempts)),
            answer=self._clean(reply.answer),
            refusal=self._clean(reply.refusal),
            tool_calls=tuple(self._clean_call(call) for call in reply.tool_calls),
            finish=reply.finish,
            finish_raw=self._clean_name(reply.finish_raw),
            failure=attempts[-1].failure,
            attempts=attempts,
            headers=kept_headers(exchange.headers, self.secrets),
        )

    def _route(self, exchange: Exchange, attempts: int) -> Route:
        reply = exchange.reply
        route = read_route(dict(exchange.headers), reply.model, reply.fingerprint, reply.tier, reply.provider, attempts)
        return replace(
            route,
            model=self._clean_name(route.model),
            fingerprint=self._clean_name(route.fingerprint),
            provider=self._clean_name(route.provider),
            deployment=self._clean_name(route.deployment),
            region=self._clean_name(route.region),
            tier=self._clean_name(route.tier),
        )

    def _clean(self, text: str | None) -> str | None:
        """The text without our own secrets, should the endpoint repeat them."""
        return None if text is None else redact(text, self.secrets, shortest=SHORTEST_IN_ANSWERS)

    def _clean_name(self, text: str | None) -> str | None:
        """A name on one short line. Secrets first: what is cut first may leave half of one standing."""
        clean = self._clean(text)
        return None if clean is None else one_line(clean, NAME_CHARS)

    def _clean_usage(self, usage: TokenUsage) -> TokenUsage:
        """The usage object as it came is kept whole or not at all."""
        raw = json.dumps(usage.raw)
        return usage if self._clean(raw) == raw else replace(usage, raw={})

    def _clean_call(self, call: ToolCall) -> ToolCall:
        return ToolCall(
            id=self._clean_name(call.id) or "",
            name=self._clean_name(call.name) or "",
            arguments=redact(call.arguments, self.secrets, shortest=SHORTEST_IN_ANSWERS),
        )
