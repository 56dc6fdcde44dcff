"""Checks of an endpoint that only retrieves, asked over loopback: what they can look at, and what they cannot."""

from __future__ import annotations

import asyncio

from checks.faults import NO_ANSWER
from checks.finding import Finding, Status
from checks.run_checks import run_checks
from probes.fault import Fault
from probes.transport import Transport
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer
from tests.fakes.retrieval import SAMPLES, found, samples_of, suite_at
from tests.fakes.rules import NOTHING_ELSE, bound

CHECKED = (
    {"contains": "30 days"},
    {"not_contains": "TODO"},
    {"retrieved": {"include": ["faq-1"], "k": 1}},
    {"attempts": 1},
)


async def findings() -> tuple[Finding, ...]:
    replies = [found("faq-4", "faq-1")] * SAMPLES
    clock = FakeClock()
    async with FakeServer(*replies) as server, Transport(clock=clock) as transport:
        samples = await samples_of(suite_at(server.url), clock, transport, "run-1")
    return run_checks([bound(entry) for entry in CHECKED], "returns", samples, NOTHING_ELSE)


def test_what_reads_an_answer_could_not_measure_and_what_reads_documents_could() -> None:
    contains, absent, ranked, attempts = asyncio.run(findings())
    assert [finding.status for finding in (contains, absent)] == [Status.ERROR] * 2
    assert contains.reason == f"{SAMPLES} of {SAMPLES} samples: {NO_ANSWER}"
    assert contains.fault is Fault.INSTRUMENT
    assert (ranked.status, ranked.fault) == (Status.FAIL, Fault.RANKING)
    assert attempts.status is Status.PASS
