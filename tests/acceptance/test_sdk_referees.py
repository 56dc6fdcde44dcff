"""The official SDKs as referees: what they understand of the fake endpoint is what our own readers understand.

So neither our readers nor our fake endpoint are checked by our own reading of a protocol alone. Each side asks a fake
endpoint of its own, with the same seed, the same cases in the same order.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from probes.clock import SystemClock
from probes.failure import FailureClass
from probes.fire import fire
from probes.sample import Finish, Sample, Step
from probes.suite import Endpoint, Probe
from probes.transport import Transport
from runner.demo.endpoint import RunningEndpoint
from runner.demo.phrasings import REFUSAL
from tests.acceptance.real import needs_python

SCRIPTS = Path(__file__).parent / "sdk_clients"
SDK_TIMEOUT_S = 60
KEY = "sk-referee-0123456789"
MODEL = "support-bot"
DIALECTS: dict[str, str] = {
    "openai-chat": "openai_client",
    "openai-responses": "openai_client",
    "azure-openai": "openai_client",
    "anthropic-messages": "anthropic_client",
    "gemini": "gemini_client",
}
"""Dialect to the script that asks in it."""

PATHS = {"openai-chat": "/v1", "openai-responses": "/v1", "openai-embeddings": "/v1"}
FIELDS: dict[str, dict[str, Any]] = {"azure-openai": {"api_version": "2024-10-21"}}
TOOLS = [
    {
        "name": "get_order",
        "description": "Looks an order up.",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
        "result": "shipped on Tuesday",
    },
    {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"days": {"type": "integer"}}},
        "result": "rain",
    },
]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question both sides ask."""

    name: str
    prompt: str = ""
    stream: bool = False
    limit: int = 400
    key: str = KEY
    model: str = MODEL
    times: int = 1
    control: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    failure: FailureClass | None = None
    """What ours must be classified as; a dialect may differ (``FAILURES``)."""
    finish: Finish = Finish.STOP
    """What ours must come down to in the one normal form, where it is no refusal."""

    @property
    def asked(self) -> str:
        """The prompt; a question of its own where the case names none."""
        return self.prompt or f"Tell me about {self.name}."

    @property
    def spec(self) -> dict[str, Any]:
        """The case as the scripts read it."""
        names = ("name", "stream", "limit", "key", "model", "times", "control", "tools")
        return {"prompt": self.asked, **{name: getattr(self, name) for name in names}}


def _trouble(kind: str, failure: FailureClass, *, stream: bool = False) -> Case:
    return Case(name=kind, control={"trouble": {"kind": kind, "times": 1}}, failure=failure, stream=stream)


ANSWERED = (
    Case(name="a plain answer"),
    Case(name="a stream", stream=True),
    Case(name="a cut answer", limit=3, finish=Finish.LENGTH),
    Case(name="a cut stream", limit=3, stream=True, finish=Finish.LENGTH),
    Case(name="two tools at once", prompt="Where is order 4471, and how is the weather there?", tools=TOOLS),
    Case(name="one tool in a stream", prompt="Where is order 4472 now?", tools=TOOLS, stream=True),
    Case(name="some refusals", times=8, control={"scenario": "refusals"}),
    Case(name="refused streams", times=6, stream=True, control={"scenario": "refusals"}),
)
FAILED = (
    Case(name="a bad key", key="sk-wrong-0123456789", failure=FailureClass.AUTH),
    Case(name="an unknown model", model="nobody", failure=FailureClass.NOT_FOUND),
    Case(name="an outage", control={"scenario": "outage"}, failure=FailureClass.OVERLOADED),
    Case(name="an outage for a stream", control={"scenario": "outage"}, stream=True, failure=FailureClass.OVERLOADED),
    _trouble("rate-limit", FailureClass.RATE_LIMIT_SHORT),
    _trouble("quota", FailureClass.QUOTA_LONG),
    _trouble("overloaded", FailureClass.OVERLOADED),
    _trouble("server", FailureClass.SERVER),
    _trouble("content-filter", FailureClass.CONTENT_FILTER),
    _trouble("mid-stream", FailureClass.OVERLOADED, stream=True),
)
FAILURES = {
    ("anthropic-messages", "quota"): FailureClass.BILLING,
}
"""Where a provider's own words mean another class than the case's."""

AGREES: dict[str, frozenset[FailureClass]] = {
    "AuthenticationError": frozenset({FailureClass.AUTH}),
    "NotFoundError": frozenset({FailureClass.NOT_FOUND}),
    "RateLimitError": frozenset({FailureClass.RATE_LIMIT_SHORT, FailureClass.QUOTA_LONG, FailureClass.BILLING}),
    "PaymentRequiredError": frozenset({FailureClass.BILLING}),
    "PermissionDeniedError": frozenset({FailureClass.QUOTA_LONG}),
    "BadRequestError": frozenset({FailureClass.CONTENT_FILTER}),
    "OverloadedError": frozenset({FailureClass.OVERLOADED}),
    "InternalServerError": frozenset({FailureClass.OVERLOADED, FailureClass.SERVER}),
    # an error in mid-stream has no status an SDK could choose a class by
    "APIError": frozenset({FailureClass.OVERLOADED}),
    "APIStatusError": frozenset({FailureClass.OVERLOADED}),
    # google-genai only tells 4xx from 5xx
    "ClientError": frozenset(
        {FailureClass.AUTH, FailureClass.NOT_FOUND, FailureClass.RATE_LIMIT_SHORT, FailureClass.QUOTA_LONG}
    ),
    "ServerError": frozenset({FailureClass.OVERLOADED, FailureClass.SERVER}),
}
"""Classes of ours that an SDK's error class leaves open."""

REFUSED = {"openai-responses": Finish.REFUSAL, "anthropic-messages": Finish.REFUSAL}
"""Where the fake endpoint says in so many words that it refuses; elsewhere only its sentence does."""

Understood = dict[str, Any]


# ------------------------------------------------------------------------------------------------ their side
@pytest.fixture(scope="module")
def theirs() -> dict[str, dict[str, Understood]]:
    """Dialect and case to what the SDK understood."""
    python = needs_python("HOLDFAST_SDK_PYTHON", "the official SDKs openai, anthropic and google-genai")
    told: dict[str, dict[str, Understood]] = {}
    for script in dict.fromkeys(DIALECTS.values()):
        told |= _by_sdk(python, script, [name for name, by in DIALECTS.items() if by == script])
    return told


def _by_sdk(python: str, script: str, dialects: Sequence[str]) -> dict[str, dict[str, Understood]]:
    with ExitStack() as stack:
        spec = {}
        for name in dialects:
            running = stack.enter_context(_endpoint())
            spec[name] = {"root": running.root_url, "cases": [case.spec for case in (*ANSWERED, *FAILED)]}
        done = subprocess.run(
            [python, str(SCRIPTS / f"{script}.py")],
            input=json.dumps(spec),
            env={"NO_PROXY": "*", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=SDK_TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told: dict[str, dict[str, Understood]] = json.loads(done.stdout)
    return told


def _endpoint() -> RunningEndpoint:
    return RunningEndpoint(seed=7, latency_scale=0, api_key=KEY, models=[MODEL])


# ------------------------------------------------------------------------------------------------ our side
@pytest.fixture(scope="module")
def ours() -> dict[str, dict[str, list[Sample]]]:
    """Dialect and case to our samples."""
    return asyncio.run(_all_samples())


async def _all_samples() -> dict[str, dict[str, list[Sample]]]:
    clock = SystemClock()
    told: dict[str, dict[str, list[Sample]]] = {}
    async with Transport(clock=clock) as transport:
        for name in DIALECTS:
            with _endpoint() as running:
                told[name] = {
                    case.name: await _samples(transport, name, running, case) for case in (*ANSWERED, *FAILED)
                }
    return told


async def _samples(transport: Transport, name: str, running: RunningEndpoint, case: Case) -> list[Sample]:
    running.change(**{"scenario": "normal", "trouble": None, **case.control})
    endpoint = Endpoint.model_validate(
        {
            "protocol": name,
            "base_url": running.root_url + PATHS.get(name, ""),
            "model": case.model,
            "api_key": case.key,
            "stream": case.stream,
            "params": _limit(name, case.limit),
            "retries": 0,
            **FIELDS.get(name, {}),
        }
    )
    tools = [{**tool, "results": [{"result": tool["result"]}]} for tool in case.tools]
    for tool in tools:
        del tool["result"]
    probe = Probe.model_validate({"id": "case", "prompt": case.asked, "tools": tools})
    return [
        await fire(
            transport=transport,
            clock=SystemClock(),
            endpoint_name="fake",
            endpoint=endpoint,
            suite_name="referees",
            probe=probe,
            index=index,
            run_id="run",
        )
        for index in range(case.times)
    ]


def _limit(name: str, tokens: int) -> dict[str, Any]:
    """The dialect's own word for the most tokens of an answer."""
    if name == "gemini":
        return {"generationConfig": {"maxOutputTokens": tokens}}
    return {"max_output_tokens" if name == "openai-responses" else "max_tokens": tokens}


def understood(sample: Sample) -> list[Understood]:
    """Each reply of a sample, in the words of the scripts."""
    replies: Sequence[Sample | Step] = sample.steps or [sample]
    return [
        {
            "answer": reply.answer,
            "refusal": reply.refusal,
            "finish": reply.finish_raw,
            "usage": [reply.usage.input_tokens, reply.usage.output_tokens],
            "model": sample.route.model,
            "calls": [[call.name, json.loads(call.arguments)] for call in reply.tool_calls],
        }
        for reply in replies
    ]


# ------------------------------------------------------------------------------------------------ the verdicts
# one worker runs them all: importing three SDKs takes seconds
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("sdk-referees")]

each_dialect = pytest.mark.parametrize("dialect", sorted(DIALECTS))


@each_dialect
@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.name)
def test_the_official_sdk_and_our_reader_understand_the_same_answer(
    dialect: str,
    case: Case,
    theirs: dict[str, dict[str, Understood]],
    ours: dict[str, dict[str, list[Sample]]],
) -> None:
    samples = ours[dialect][case.name]
    assert [sample.failure for sample in samples] == [None] * case.times
    read = [reply for sample in samples for reply in understood(sample)]
    assert read == theirs[dialect][case.name].get("replies"), theirs[dialect][case.name]
    assert all(reply["usage"][0] and reply["usage"][1] for reply in read)
    assert len(read) == (2 if case.tools else case.times)
    if "scenario" in case.control:
        refused = [sample for sample in samples if REFUSAL in ((sample.answer or "") + (sample.refusal or ""))]
        assert 0 < len(refused) < case.times
        assert {sample.finish for sample in refused} == {REFUSED.get(dialect, Finish.STOP)}
        samples = [sample for sample in samples if sample not in refused]
    assert {sample.finish for sample in samples} == {case.finish}


@each_dialect
@pytest.mark.parametrize("case", FAILED, ids=lambda case: case.name)
def test_the_official_sdk_and_our_reader_see_the_same_error(
    dialect: str,
    case: Case,
    theirs: dict[str, dict[str, Understood]],
    ours: dict[str, dict[str, list[Sample]]],
) -> None:
    (sample,) = ours[dialect][case.name]
    said = theirs[dialect][case.name]
    if (dialect, case.name) == ("gemini", "content-filter"):
        # a blocked prompt is no error there, but a reply without candidates
        assert (sample.finish, sample.answer) == (Finish.CONTENT_FILTER, "")
        assert [(reply["finish"], reply["answer"]) for reply in said["replies"]] == [("PROHIBITED_CONTENT", "")]
        assert sample.finish_raw == "PROHIBITED_CONTENT"
        return
    assert sample.failure is not None and sample.answer is None
    assert sample.failure.kind is FAILURES.get((dialect, case.name), case.failure), sample.failure
    assert sample.failure.kind in AGREES[said["error"]], said
    if case.name != "mid-stream":
        assert sample.failure.status == said["status"]


def test_the_official_sdk_and_our_reader_understand_the_same_vector_and_the_same_refused_key() -> None:
    python = needs_python("HOLDFAST_SDK_PYTHON", "the official SDKs openai, anthropic and google-genai")
    cases = (Case(name="a vector"), Case(name="a bad key", key="sk-wrong-0123456789"))
    with _endpoint() as running:
        spec = {"openai-embeddings": {"root": running.root_url, "cases": [case.spec for case in cases]}}
        done = subprocess.run(
            [python, str(SCRIPTS / "openai_client.py")],
            input=json.dumps(spec),
            env={"NO_PROXY": "*", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=SDK_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        vector, refused = asyncio.run(_embedded(running, cases))
    told = json.loads(done.stdout)["openai-embeddings"]
    assert vector.failure is None and len(json.loads(vector.answer or "")) > 1
    assert understood(vector) == told["a vector"]["replies"]
    assert refused.failure is not None and refused.failure.kind is FailureClass.AUTH
    assert refused.failure.kind in AGREES[told["a bad key"]["error"]]


async def _embedded(running: RunningEndpoint, cases: Sequence[Case]) -> list[Sample]:
    async with Transport(clock=SystemClock()) as transport:
        return [(await _samples(transport, "openai-embeddings", running, case))[0] for case in cases]
