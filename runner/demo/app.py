"""The fake endpoint as a Starlette app: routes, keys, counters and delays around the answer rules.

Served by ``runner.demo.endpoint``. It listens to nobody but its operator on loopback: ``/_control`` asks for no key.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from probes.clock import Clock, SystemClock
from runner.demo.answers import Conversation, compose, draw
from runner.demo.control import Condition, ControlChange
from runner.demo.scenarios import ScenarioName
from runner.demo.wire import ChatRequest, Reply, dump, error_body, model_list

RECEIVED_KEPT = 10_000
DEFAULT_MODEL = "support-bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One chat request as it arrived, for tests to look at. Its headers may hold a key and stay out of the repr."""

    headers: dict[str, str] = field(repr=False)
    """Lower-case names."""
    body: Any
    """Parsed JSON; None where it was none."""


class FakeEndpoint:
    """An OpenAI-compatible endpoint that answers from phrasings, seeded, with drawn delays.

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
        """The latest chat requests, oldest first."""
        self.request_count = 0
        """Chat requests ever received, refused ones included."""
        self._seed = seed
        self._api_key = api_key
        self._models = None if models is None else tuple(models)
        self._clock = clock or SystemClock()
        self._asked: Counter[Conversation] = Counter()
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
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
    async def _chat(self, request: Request) -> Response:
        start_s, condition = self._clock.monotonic(), self.condition
        raw = await request.body()
        body = _parsed(raw)
        self.request_count += 1
        self.requests.append(Received(headers=dict(request.headers), body=body))
        if trouble := self._refused(request, condition):
            return trouble
        if body is None:
            return _error(400, "We could not parse the JSON body of your request.")
        try:
            chat = ChatRequest.model_validate(body)
        except ValidationError as error:
            return _invalid(error)
        if self._models is not None and chat.model not in self._models:
            return _error(404, f"The model '{chat.model}' does not exist.", code="model_not_found")
        return await self._answer(chat, condition, start_s)

    async def _answer(self, chat: ChatRequest, condition: Condition, start_s: float) -> Response:
        conversation = chat.conversation
        nth = self._asked[conversation]
        self._asked[conversation] += 1
        draws = draw(self._seed, conversation, nth)
        answer = compose(conversation, condition.scenario, draws, max_tokens=chat.token_limit)
        reply = Reply(
            answer=answer,
            model=condition.model or chat.model,
            fingerprint=condition.fingerprint or condition.scenario.fingerprint,
            created=self._unix_now(),
        )
        first_s = start_s + answer.first_token_s * condition.latency_scale
        last_s = first_s + answer.rest_s * condition.latency_scale
        headers = {
            "x-request-id": f"req_{answer.hex_id}",
            "openai-version": "2020-10-01",
            "openai-processing-ms": str(round((last_s - start_s) * 1000)),
            **condition.headers,
        }
        if chat.stream:
            events = self._stream(reply, first_s, last_s, usage_wanted=chat.usage_wanted)
            return StreamingResponse(events, media_type="text/event-stream", headers=headers)
        await self._sleep_until(last_s)
        return _json(reply.completion, headers=headers)

    async def _stream(self, reply: Reply, first_s: float, last_s: float, *, usage_wanted: bool) -> AsyncIterator[bytes]:
        """The role at once, the content in three bursts: a sleep for each token would measure the event loop."""
        yield reply.opening(usage_wanted=usage_wanted)
        deltas = list(reply.deltas(usage_wanted=usage_wanted))
        middle = 1 + len(deltas) // 2
        await self._sleep_until(first_s)
        yield b"".join(deltas[:1])
        if deltas[1:middle]:
            await self._sleep_until((first_s + last_s) / 2)
            yield b"".join(deltas[1:middle])
        await self._sleep_until(last_s)
        yield b"".join(deltas[middle:]) + reply.closing(usage_wanted=usage_wanted)

    async def _list_models(self, request: Request) -> Response:
        if trouble := self._refused(request, self.condition):
            return trouble
        return _json(model_list(self._models or (DEFAULT_MODEL,), created=self._unix_now()))

    def _refused(self, request: Request, condition: Condition) -> Response | None:
        if condition.scenario.down:
            return _error(
                503,
                "The server is overloaded",
                kind="service_unavailable_error",
                code="server_is_overloaded",
            )
        if self._api_key is None:
            return None
        given = request.headers.get("authorization", "").encode()
        if hmac.compare_digest(given, f"Bearer {self._api_key}".encode()):
            return None
        return _error(401, "Incorrect API key provided.", code="invalid_api_key")

    # ------------------------------------------------------------------------------------------------ the operator
    async def _control(self, request: Request) -> Response:
        """What is in force now (GET); a change, answered with what was in force before (POST)."""
        before = {**self.condition.as_json(), "requests": self.request_count}
        if request.method == "POST":
            try:
                change = ControlChange.model_validate_json(await request.body())
            except ValidationError as error:
                return _invalid(error)
            self.change(change)
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


def _error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
) -> Response:
    return _json(error_body(message, kind=kind, param=param, code=code), status=status)


def _invalid(error: ValidationError) -> Response:
    """A 400 for the first thing that is wrong with a body."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    param = ".".join(map(str, first["loc"])) or None
    return _error(400, f"Invalid request: {param or 'body'}: {first['msg']}", param=param)


async def _not_here(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404, 405) in the API's words."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(status, f"Invalid URL ({request.method} {request.url.path})")
