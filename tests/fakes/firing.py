"""Suites fired at a real loopback server that answers as it is told. Feeds tests of asking."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from probes.clock import Clock, SystemClock
from probes.fire import fire_all
from probes.ids import RandomIds
from probes.sample import Sample
from probes.suite import Suite
from probes.transport import Transport
from tests.fakes.chat import chat_stream
from tests.fakes.http_server import FakeServer, Steps, stream

KEY = "sk-live-0123456789abcdef"
GOOD = stream(chat_stream("Par", "is"))


def suite_for(url: str, *, samples: int = 1, prompts: int = 1, **fields: Any) -> Suite:
    target = {"base_url": url, "model": "m", "api_key": KEY, "timeout": {"connect": 2, "first_token": 2, "total": 4}}
    probes = [{"id": f"p{number}", "prompt": f"Question {number}?", "samples": samples} for number in range(prompts)]
    return Suite.model_validate(
        {"version": 1, "suite": "shop", "endpoints": {"prod": {**target, **fields}}, "probes": probes}
    )


async def fire_suite(
    suite: Suite, *, clock: Clock | None = None, on_sample: Callable[[Sample], None] | None = None
) -> tuple[Sample, ...]:
    clock = clock or SystemClock()
    async with Transport(clock=clock) as transport:
        return await fire_all(
            transport=transport,
            clock=clock,
            suite=suite,
            endpoint_name="prod",
            run_id="run 1",
            probes=[(probe, suite.samples_of(probe)) for probe in suite.probes],
            on_sample=on_sample,
            ids=RandomIds(random.Random(7)),
        )


def fired(*replies: Steps, clock: Clock | None = None, **fields: Any) -> tuple[tuple[Sample, ...], FakeServer]:
    """Samples of a suite fired at a server with these replies, and the server as it was left."""

    async def run() -> tuple[tuple[Sample, ...], FakeServer]:
        async with FakeServer(*replies) as server:
            return await fire_suite(suite_for(server.url, **fields), clock=clock), server

    return asyncio.run(run())
