"""Retrieval as a line of evidence: documents of a real loopback endpoint, judged run after run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from checks.drift.observation import observe
from checks.drift.plan import JudgePlan
from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult, StreamState
from checks.drift.score import judge
from probes.fire import request_hash
from probes.sample import Sample
from probes.suite import Suite
from probes.transport import Transport
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer, Steps
from tests.fakes.retrieval import SAMPLES, found, samples_of, suite_at

QUIET, CHANGED = 40, 6
RETRIEVAL = StreamKey(scope=SUITE_SCOPE, dimension="retrieval")
PLAN = JudgePlan(runs_per_year=35_040, streams=20)


def judged(before: Steps, after: Steps) -> Iterator[StreamResult | None]:
    """The retrieval stream after each run: quiet ones answered with ``before``, then some with ``after``."""

    async def run() -> list[StreamResult | None]:
        clock = FakeClock()
        states: dict[StreamKey, Mapping[str, Any]] = {}
        told: list[StreamResult | None] = []
        quiet = [before] * QUIET * SAMPLES
        async with FakeServer(*quiet, after) as server, Transport(clock=clock) as transport:
            suite = suite_at(server.url)
            (probe,) = suite.probes
            digest = request_hash(suite.endpoints["prod"], probe)
            for number in range(QUIET + CHANGED):
                samples = await samples_of(suite, clock, transport, f"run-{number + 1}")
                told.append(step(states, clock, samples, digest, f"run-{number + 1}"))
                clock.advance(timedelta(minutes=15).total_seconds())
        return told

    yield from asyncio.run(run())


def step(
    states: dict[StreamKey, Mapping[str, Any]], clock: FakeClock, samples: tuple[Sample, ...], digest: str, run_id: str
) -> StreamResult | None:
    """Judge one run; ``states`` moves on."""
    asked = [("returns", digest, samples, (), [False] * len(samples))]
    judgement = judge(states, observe(run_id=run_id, started_at=clock.now(), probes=asked), PLAN)
    states.update(judgement.states)
    return next((result for result in judgement.results if result.key == RETRIEVAL), None)


def test_a_retrieval_that_stays_the_same_stays_quiet() -> None:
    results = list(judged(found("faq-4", "faq-1", "terms"), found("faq-4", "faq-1", "terms")))
    assert all(result is not None for result in results)
    assert [result.state for result in results if result and result.state is StreamState.ALARM] == []
    assert results[-1] is not None
    assert results[-1].state is StreamState.QUIET


@pytest.mark.parametrize(
    "after",
    [found("faq-1", "faq-4", "terms"), found("faq-4", "faq-1"), found()],
    ids=["another order", "one less", "nothing"],
)
def test_a_retrieval_that_changes_raises_its_own_stream_within_a_few_runs(after: Steps) -> None:
    results = list(judged(found("faq-4", "faq-1", "terms"), after))
    opened = [number for number, result in enumerate(results) if result and result.opened]
    assert opened
    assert QUIET <= opened[0] < QUIET + CHANGED
    alarm = results[opened[0]]
    assert alarm is not None
    assert "retrieved documents" in alarm.note


def test_documents_text_and_scores_are_part_of_the_sample_and_the_hash_knows_how_many_were_asked_for() -> None:
    async def run() -> tuple[Sample, Suite, bytes]:
        async with FakeServer(found("faq-4")) as server, Transport(clock=(clock := FakeClock())) as transport:
            suite = suite_at(server.url)
            samples = await samples_of(suite, clock, transport, "r")
            return samples[0], suite, server.requests[0].body

    sample, suite, body = asyncio.run(run())
    assert sample.documents is not None
    (document,) = sample.documents
    assert (document.id, document.text, document.score) == ("faq-4", "About faq-4.", 0.5)
    assert (sample.failure, sample.answer, sample.timing.first_token_s) == (None, None, None)
    assert body == b'{"query":"How long may I return things?","top_k":3}'
    (probe,) = suite.probes
    more = probe.model_copy(update={"vars": {"top_k": 9}})
    assert request_hash(suite.endpoints["prod"], more) != sample.request_hash
