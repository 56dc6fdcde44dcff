"""Puts inquiries to one endpoint, through the same machinery as probes: gates, retries, circuit, seals. Feeds
``consulting``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from checks.inquiry import Inquiry
from probes.access import Accesses
from probes.asking import Asked, Asking
from probes.circuit import Circuit, SecondLook
from probes.clock import Clock
from probes.conversation import Message, Question
from probes.endpoint import Endpoint
from probes.failure import Failure, FailureClass
from probes.fire import RANDOM_IDS
from probes.gate import Gate, Places
from probes.judge import Judge
from probes.outgoing import mark
from probes.pricing import price_known
from probes.protocols import protocol_named
from probes.sample import Finish
from probes.time_limit import UNLIMITED, TimeLimit
from probes.transport import Transport

ENDED = (Finish.STOP, Finish.UNKNOWN, None)
"""How a reply may have ended so that its last line is the judge's own. A cut one may end in what the judge quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one inquiry."""

    asked: Asked
    text: str | None = None
    vector: tuple[float, ...] | None = None
    failure: Failure | None = None
    """Why there is neither text nor vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquirer:
    """Everything needed to put questions to one endpoint in one run. Carries credentials: never shown."""

    transport: Transport
    clock: Clock
    accesses: Accesses = field(repr=False)
    suite: str
    run_id: str
    endpoint: Endpoint = field(repr=False)
    judge: Judge
    gates: Sequence[Gate]
    places: Places
    limit: TimeLimit = UNLIMITED
    """Of the run, as far as its judges are asked."""

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[Answered]:
        """Ask all, at most ``concurrency`` at once; the replies come back in the order of the inquiries."""
        circuit = Circuit(concurrency=self.endpoint.concurrency)
        self.transport.prepare(self.endpoint)
        price_known(self.endpoint)
        tasks = [asyncio.create_task(self._one(inquiry, circuit)) for inquiry in inquiries]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, inquiry: Inquiry, circuit: Circuit) -> Answered:
        asking = Asking(
            transport=self.transport,
            clock=self.clock,
            ids=RANDOM_IDS,
            endpoint=self.endpoint,
            protocol=protocol_named(self.endpoint.protocol),
            access=self.accesses.of(self.endpoint),
            gates=(circuit, *self.gates, SecondLook(circuit)),
            circuit=circuit,
            limit=self.limit,
            marked=mark(suite=self.suite, probe=inquiry.purpose, run_id=self.run_id),
            trace_id=RANDOM_IDS.trace_id(),
        )
        async with AsyncExitStack() as place:
            await self.limit.kept(partial(place.enter_async_context, self.places), late=lambda: None)
            asked = await asking.ask(self._question(inquiry))
        return _answered(inquiry, asked)

    def _question(self, inquiry: Inquiry) -> Question:
        user = Message(role="user", content=inquiry.text)
        if inquiry.kind == "embedding":
            return Question(items=(user,))
        seed = self.judge.seed if self.endpoint.seed is None else self.endpoint.seed
        return Question(
            items=(Message(role="system", content=inquiry.system), user),
            params=self._steady(),
            seed=None if seed is None else seed + inquiry.vote,
            variables={"system": inquiry.system},
        )

    def _steady(self) -> dict[str, object]:
        """The temperature, where the endpoint's own parameters say nothing of it."""
        own = self.endpoint.params
        if self.judge.temperature is None or "temperature" in own:
            return {}
        if self.endpoint.protocol == "gemini":
            theirs = own.get("generationConfig")
            more = theirs if isinstance(theirs, dict) else {}
            return {"generationConfig": {"temperature": self.judge.temperature, **more}}
        return {"temperature": self.judge.temperature}


def _answered(inquiry: Inquiry, asked: Asked) -> Answered:
    """Text or vector of a reply, or why it has none."""
    reply = asked.reply
    if reply.failure is not None:
        return Answered(asked=asked, failure=reply.failure)
    if inquiry.kind == "embedding":
        vector = _vector(reply.answer or "")
        if vector is None:
            return Answered(asked=asked, failure=_unusable("the endpoint answered something else than a vector"))
        return Answered(asked=asked, vector=vector)
    if reply.finish not in ENDED:
        ended = reply.finish.value if reply.finish else ""
        failure = _unusable(f"the judge's reply ended with {ended}, not by itself")
        return Answered(asked=asked, text=reply.answer, failure=failure)
    if not (reply.answer or "").strip():
        return Answered(asked=asked, failure=_unusable("the judge's reply is empty"))
    return Answered(asked=asked, text=reply.answer)


def _vector(answer: str) -> tuple[float, ...] | None:
    """The numbers of a JSON list; None where it is something else (an endpoint of another protocol)."""
    try:
        numbers = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(numbers, list) or not all(type(number) in (int, float) for number in numbers):
        return None
    try:
        return tuple(map(float, numbers))
    except OverflowError:
        return None


def _unusable(message: str) -> Failure:
    return Failure(kind=FailureClass.PROTOCOL, message=message)
