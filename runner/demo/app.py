"""The fake endpoint as a Starlette app: routes, keys, counters and delays around the answer rules.

Served by ``runner.demo.endpoint``. It listens to nobody but its operator on loopback: ``/_control`` asks for no key.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from probes.clock import Clock, SystemClock
from runner.demo.answers import Conversation, compose, draw, newest
from runner.demo.control import Condition, ControlChange
from runner.demo.dialects import DIALECTS, dialect_at
from runner.demo.dialects.dialect import Asked, Dialect, Incoming, Refused, Reply, Trouble, Unfit, dump, read_as
from runner.demo.scenarios import ScenarioName

RECEIVED_KEPT = 10_000
DEFAULT_MODEL = "support-bot"
OWNER = "holdfast-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One question as it arrived, for tests to look at. Its headers may hold a key and stay out of the repr."""

    headers: dict[str, str] = field(repr=False)
    """Lower-case names."""
    body: Any
    """Parsed JSON; None where it was none."""
    path: str = ""
    """The address asked, without host and query."""


class FakeEndpoint:
    """An endpoint of every dialect in ``DIALECTS``, that answers from phrasings, seeded, with drawn delays.

    The n-th request for the same conversation gets the same answer and the same delay under the same seed and
    scenario, whatever else arrives in between. ``models`` None means that every model name is known.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        api_key: str | None = None,
        latency_scale: float = 1.0,
        scenario: ScenarioName = "normal",
        models: Sequence[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.condition = Condition(scenario_name=scenario, latency_scale=latency_scale)
        self.requests: deque[Received] = deque(maxlen=RECEIVED_KEPT)
        """The latest questions, oldest first."""
        self.request_count = 0
        """Questions ever received, refused ones included."""
        self._seed = seed
        self._api_key = api_key
        self._models = None if models is None else tuple(models)
        self._clock = clock or SystemClock()
        self._times: Counter[Conversation] = Counter()
        self.app = Starlette(
            routes=[
                *(Route(path, self._asked_in(dialect), methods=["POST"]) for path, dialect in DIALECTS.items()),
                Route("/v1/models", self._list_models, methods=["GET"]),
                Route("/_control", self._control, methods=["GET", "POST"]),
            ],
            exception_handlers={HTTPException: _not_here},
        )

    def set_scenario(self, name: str) -> ScenarioName:
        """Change the scenario behind the clients' backs; gives the old one back. ``ValueError`` for no such name."""
        old = self.condition.scenario_name
        self.change(ControlChange.model_validate({"scenario": name}))
        return old

    def change(self, change: ControlChange) -> None:
        """Change anything about the endpoint; requests in flight keep what they began with."""
        self.condition = change.applied_to(self.condition)

    # ------------------------------------------------------------------------------------------------ the API
    def _asked_in(self, dialect: Dialect) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            start_s, condition = self._clock.monotonic(), self.condition
            incoming = _incoming(request, _parsed(await request.body()))
            self.request_count += 1
            received = Received(headers=dict(incoming.headers), body=incoming.body, path=request.url.path)
            self.requests.append(received)
            if trouble := self._turned_away(dialect, incoming, condition):
                return trouble
            try:
                asked = dialect.read(incoming)
            except Unfit as unfit:
                return _refusal(dialect.refused(unfit.trouble, unfit.message, param=unfit.param))
            if self._models is not None and asked.model not in self._models:
                return _refusal(dialect.refused(Trouble.UNKNOWN_MODEL, "", model=asked.model))
            broken, trouble = self._hitch(dialect, asked, condition)
            return trouble or await self._answer(dialect, asked, condition, start_s, broken=broken)

        return answer

    def _turned_away(self, dialect: Dialect, incoming: Incoming, condition: Condition) -> Response | None:
        """The refusal of a request before it is read: nobody is served now, or not with this key."""
        if condition.scenario.down:
            return _refusal(dialect.refused(Trouble.OVERLOADED, ""))
        if self._api_key is None:
            return None
        if hmac.compare_digest(dialect.key(incoming).encode(), self._api_key.encode()):
            return None
        return _refusal(dialect.refused(Trouble.BAD_KEY, ""))

    def _hitch(self, dialect: Dialect, asked: Asked, condition: Condition) -> tuple[bool, Response | None]:
        """Whether the stream is to break, and the refusal where the operator ordered one."""
        if condition.hitch is None or not condition.hits(asked.model):
            return False, None
        self.condition = self.condition.after_hit()
        if condition.hitch.kind != "mid-stream":
            return False, _refusal(dialect.refused(Trouble(condition.hitch.kind), "", model=asked.model))
        return True, None if asked.stream else _refusal(dialect.refused(Trouble.OVERLOADED, ""))

    async def _answer(
        self, dialect: Dialect, asked: Asked, condition: Condition, start_s: float, *, broken: bool
    ) -> Response:
        conversation = asked.conversation
        nth = self._times[conversation]
        self._times[conversation] += 1
        draws = draw(self._seed, conversation, nth)
        answer = compose(
            conversation,
            condition.scenario,
            draws,
            max_tokens=asked.token_limit,
            tools=asked.tools,
            said=condition.said(asked.model, newest(conversation)),
        )
        reply = Reply(
            asked=asked,
            answer=answer,
            model=condition.model or asked.model,
            fingerprint=condition.fingerprint or condition.scenario.fingerprint,
            created=self._unix_now(),
        )
        first_s = start_s + answer.first_token_s * condition.latency_scale
        last_s = first_s + answer.rest_s * condition.latency_scale
        headers = {**dialect.headers(reply, round((last_s - start_s) * 1000)), **condition.headers}
        if asked.stream:
            events = self._stream(dialect, reply, first_s, last_s, broken=broken)
            return StreamingResponse(events, media_type="text/event-stream", headers=headers)
        await self._sleep_until(last_s)
        return _json(dialect.body(reply), headers=headers)

    async def _stream(
        self, dialect: Dialect, reply: Reply, first_s: float, last_s: float, *, broken: bool
    ) -> AsyncIterator[bytes]:
        """The opening at once, the content in three bursts: a sleep for each token would measure the event loop."""
        yield dialect.opening(reply)
        deltas = list(dialect.content(reply))
        middle = 1 + len(deltas) // 2
        await self._sleep_until(first_s)
        yield b"".join(deltas[:1])
        if deltas[1:middle]:
            await self._sleep_until((first_s + last_s) / 2)
            yield b"".join(deltas[1:middle])
        await self._sleep_until(last_s)
        yield dialect.broken(reply) if broken else b"".join(deltas[middle:]) + dialect.closing(reply)

    async def _list_models(self, request: Request) -> Response:
        dialect = dialect_at(request.url.path)
        if trouble := self._turned_away(dialect, _incoming(request, None), self.condition):
            return trouble
        names = self._models or (DEFAULT_MODEL,)
        data = [{"id": name, "object": "model", "created": self._unix_now(), "owned_by": OWNER} for name in names]
        return _json({"object": "list", "data": data})

    # ------------------------------------------------------------------------------------------------ the operator
    async def _control(self, request: Request) -> Response:
        """What is in force now (GET); a change, answered with what was in force before (POST)."""
        before = {**self.condition.as_json(), "requests": self.request_count}
        if request.method == "POST":
            try:
                self.change(read_as(ControlChange, _parsed(await request.body())))
            except Unfit as unfit:
                return _refusal(dialect_at("").refused(unfit.trouble, unfit.message, param=unfit.param))
        return _json(before)

    # ------------------------------------------------------------------------------------------------ time
    def _unix_now(self) -> int:
        return int(self._clock.now().timestamp())

    async def _sleep_until(self, at_s: float) -> None:
        """Sleep to an instant, not for a while, so that late wake-ups do not add up."""
        left_s = at_s - self._clock.monotonic()
        if left_s > 0:
            await self._clock.sleep(left_s)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _json(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(dump(value), status_code=status, media_type="application/json", headers=headers)


def _incoming(request: Request, body: Any) -> Incoming:
    return Incoming(
        path=dict(request.path_params), query=dict(request.query_params), headers=dict(request.headers), body=body
    )


def _refusal(refused: Refused) -> Response:
    return _json(refused.body, status=refused.status, headers=dict(refused.headers))


async def _not_here(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404, 405) in the API's words."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = f"Invalid URL ({request.method} {request.url.path})"
    return _json(dialect_at(request.url.path).refused(Trouble.NOT_HERE, words).body, status=status)
