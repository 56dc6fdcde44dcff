"""Asking judges within a run: a bug there costs no samples, a cancelled run still says what it used, prompts are
versioned."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.finding import Status
from checks.judging import prompts
from checks.verdict import Health
from probes.access import Access, KeysOnly
from probes.clock import SystemClock
from probes.endpoint import Endpoint
from probes.transport import Transport
from reports.summary import RunRecord
from runner.demo.endpoint import RunningEndpoint
from runner.engine import Engine
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare, select
from runner.store.base import Store
from tests.fakes.http_server import FakeServer, Hang, Step

SUITE = """\
version: 1
suite: judged
monitor: [product]
endpoints:
  product: {{base_url: "{product}", model: product, stream: false}}
  judge: {{base_url: "{judge}", model: judge, stream: false, retries: 0}}
judge: {{endpoint: judge}}
probes:
  - id: capital
    prompt: What is the capital of Australia? Answer in one sentence.
    checks: [contains: Canberra, rubric: The capital is Canberra., not: {{rubric: Is rude.}}]
"""


def a_suite(folder: Path, product: str, judge: str) -> PreparedSuite:
    path = folder / "judged.yaml"
    path.write_text(SUITE.format(product=product, judge=judge), encoding="utf-8")
    return prepare(path, {}, None)


def an_order(prepared: PreparedSuite) -> RunOrder:
    return RunOrder(prepared=prepared, endpoint="product", probes=select(prepared.suite))


class BrokenWayIn(KeysOnly):
    """Ways in with a bug that shows at the judge only."""

    def of(self, endpoint: Endpoint) -> Access:
        if endpoint.model == "judge":
            raise ZeroDivisionError
        return super().of(endpoint)


async def ran(store: Store, order: RunOrder, **parts: Any) -> RunRecord:
    clock = SystemClock()
    async with Transport(clock=clock) as transport:
        return await Engine(store=store, transport=transport, clock=clock, **parts).run(order)


def test_a_bug_in_asking_costs_no_sample_and_makes_errors_of_the_checks_that_asked(
    store: Store, tmp_path: Path
) -> None:
    with RunningEndpoint(latency_scale=0) as running:
        prepared = a_suite(tmp_path, running.base_url, running.base_url)
        record = asyncio.run(ran(store, an_order(prepared), accesses=BrokenWayIn()))
    statuses = [finding.status for finding in record.probes[0].findings]
    assert statuses == [Status.PASS, Status.ERROR, Status.ERROR]
    assert record.health is Health.UNKNOWN
    kept = store.run(record.run_id)
    assert kept is not None and kept.samples[0].answer and kept.consultations == ()


def test_a_run_that_is_cancelled_while_it_is_judged_still_says_what_it_used(store: Store, tmp_path: Path) -> None:
    async def scenario(product: str) -> None:
        steps: list[Step] = [Hang()]
        async with FakeServer(steps) as server:
            run = asyncio.create_task(ran(store, an_order(a_suite(tmp_path, product, server.url))))
            while not server.requests:  # noqa: ASYNC110  the server tells nobody
                await asyncio.sleep(0.005)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

    with RunningEndpoint(latency_scale=0) as running:
        asyncio.run(scenario(running.base_url))
    (spent,) = store.spent(SystemClock().now() - timedelta(hours=1)).values()
    assert spent.requests >= 2 and spent.estimated >= 1
    assert store.runs() == ()


def test_a_suite_without_checks_of_meaning_asks_nobody(store: Store, tmp_path: Path) -> None:
    with RunningEndpoint(latency_scale=0) as running:
        text = SUITE.format(product=running.base_url, judge="http://127.0.0.1:9/v1")
        path = tmp_path / "plain.yaml"
        path.write_text(
            text.replace(", rubric: The capital is Canberra., not: {rubric: Is rude.}", ""), encoding="utf-8"
        )
        prepared = prepare(path, {}, None)
        record = asyncio.run(ran(store, an_order(prepared)))
        asked = len(running.requests)
    assert not prepared.consults
    assert (asked, record.consultations, record.health) == (1, (), Health.HEALTHY)


WORDED = ("SYSTEM", "RUBRIC", "SCORE", "FACTUALITY", "CLOSED_QUESTION", "PAIRWISE")


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def test_the_words_of_prompts_are_those_of_their_version() -> None:
    """Whoever changes a word raises the version in ``prompts`` and writes the new digest here."""
    told = digest(*(getattr(prompts, name) for name in WORDED), prompts.ending(["A", "B"]))
    assert (prompts.VERSION, told) == (1, "11d22f91dd64")
    assert (prompts.GROUNDED_VERSION, digest(prompts.GROUNDED)) == (1, "73e28dba8c22")
