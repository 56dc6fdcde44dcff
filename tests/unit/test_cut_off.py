"""A run that takes longer than it may is cut off, stored as unknown with what came back, and moves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from checks.verdict import Health
from probes.transport import Transport
from reports.metrics.metrics import Metrics
from reports.summary import RunRecord
from runner.daemon.run_lines import tell_run
from runner.engine import Engine
from runner.store import open_store
from runner.store.base import Store
from tests.fakes.chat import chat_body
from tests.fakes.http_server import FakeServer, Hang, whole
from tests.unit.test_spend import NOON, Day, a_suite, an_order

RIGHT, WRONG = whole(chat_body("Paris")), whole(chat_body("Rome"))
PLACE = ("paid", "production")


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store(":memory:")) as opened:
        yield opened


def test_a_run_that_is_cut_off_is_unknown_and_keeps_its_samples_its_spending_and_everything_else_as_it_was(
    store: Store, tmp_path: Path
) -> None:
    async def scenario() -> tuple[RunRecord, RunRecord]:
        clock = Day()
        replies = [WRONG, RIGHT, RIGHT, RIGHT, [Hang()], RIGHT, RIGHT]
        async with FakeServer(*replies) as server, Transport(clock=clock) as transport:
            engine = Engine(store=store, transport=transport, clock=clock)
            rules = [{"notify": "slack", "on": ["contract"]}]
            prepared = a_suite(
                tmp_path, server.url, probes=3, defaults={"checks": [{"contains": "Paris"}]}, alerts=rules
            )
            first = await engine.run(an_order(prepared, trigger="schedule"))
            before.append((store.stream_states(*PLACE), store.alert_states(*PLACE)))
            return first, await engine.run(an_order(prepared, trigger="schedule", timeout_s=0.4))

    before: list[object] = []
    first, cut = asyncio.run(scenario())
    assert first.health is Health.FAILING
    assert cut.health is Health.UNKNOWN
    assert cut.note.startswith("cut off at its 400ms time limit, 1 of 3 samples back")
    assert [len(probe.samples) for probe in cut.probes] == [1, 0, 0]
    assert (store.stream_states(*PLACE), store.alert_states(*PLACE)) == before[0]
    metrics = Metrics("1")
    with capture_logs() as logs:
        metrics.ran(cut)
        tell_run(cut)
    errors = {**dict(zip(("suite", "endpoint"), PLACE, strict=True)), "reason": "timeout"}
    assert metrics.registry.get_sample_value("holdfast_run_errors_total", errors) == 1
    (told,) = [line for line in logs if line["event"] == "run_cut_off"]
    assert told["log_level"] == "warning" and told["reason"] == "cut off at its 400ms time limit, 1 of 3 samples back"
    stored = store.run(cut.run_id)
    assert stored is not None and stored.health is Health.UNKNOWN and stored.note == cut.note
    spent = store.spent(NOON.replace(hour=0))["paid"]
    assert spent.requests == 5, "the request that was cut off counts as well"
    assert store.undelivered() == 1
