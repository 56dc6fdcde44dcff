"""The outbound heartbeat is sent while the daemon works, says when it does not, and tells nobody its address."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from reports.metrics.metrics import Metrics
from runner.daemon.heartbeat import TRIES, Pulse, failed_url, told_of
from runner.settings.watch_settings import Heartbeat
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer, whole

SECRET = "9f1c7a52-planted"


def pulse(url: str, metrics: Metrics, sick: Sequence[str] = (), ready: bool = True) -> Pulse:
    settings = Heartbeat.model_validate({"url": url, "every": "1m"})
    return Pulse(settings=settings, clock=FakeClock(), metrics=metrics, sickness=lambda: sick, ready=lambda: ready)


def beaten(*statuses: int, sick: Sequence[str] = (), ready: bool = True, path: str = f"/{SECRET}") -> FakeServer:
    """The server after one beat, which it answered with these statuses."""

    async def scenario() -> FakeServer:
        async with FakeServer(*(whole(b"OK", status=status) for status in statuses)) as server:
            url = f"http://127.0.0.1:{server.port}{path}"
            await pulse(url, metrics, sick, ready).beat()
            return server

    metrics = Metrics("1")
    return asyncio.run(scenario())


def test_a_daemon_that_is_well_asks_for_the_address_with_get() -> None:
    server = beaten(200)
    assert [(request.method, request.target, request.body) for request in server.requests] == [
        ("GET", f"/{SECRET}", b"")
    ]


def test_a_daemon_that_is_sick_posts_sources_and_counts_and_no_words_of_errors() -> None:
    sick = (
        "support-bot at production is overdue",
        "billing at production is overdue (it waits for its turn: 1 of 1 places taken, longest by a at b)",
        f"support-bot at staging: cannot write {SECRET}",
        "outbox stuck: the oldest notice has been waiting for 20m",
    )
    (request,) = beaten(200, sick=sick, path="/ping/abc?rid=7").requests
    assert (request.method, request.target) == ("POST", "/ping/abc/fail?rid=7")
    assert request.body == b"runs overdue: 2\nruns not stored: 1\noutbox stuck"


def test_while_it_starts_or_stops_nothing_is_sent() -> None:
    assert beaten(200, ready=False).requests == []


def test_what_fails_is_tried_again_a_few_times_and_then_left_until_the_next_beat() -> None:
    assert [len(beaten(500, 200).requests), len(beaten(500).requests)] == [2, TRIES]


def test_trouble_with_the_address_is_logged_once_without_it_and_counted_and_raises_nothing() -> None:
    metrics = Metrics("1")

    async def scenario() -> None:
        async with FakeServer(whole(b"gone", status=404)) as server:
            one = pulse(f"http://127.0.0.1:{server.port}/{SECRET}", metrics)
            await one.beat()
            await one.beat()
        await one.beat()  # nobody listens any more

    with capture_logs() as logs:
        asyncio.run(scenario())
    assert [line["event"] for line in logs] == ["heartbeat_failed"]
    assert logs[0]["reason"] == "HTTP 404"
    assert SECRET not in str(logs) + repr(pulse(f"http://127.0.0.1:9/{SECRET}", metrics))
    assert SECRET.encode() not in metrics.text()


@pytest.mark.parametrize(
    ("url", "failed"),
    [("https://hc.example/x/", "https://hc.example/x/fail"), ("https://hc.example", "https://hc.example/fail")],
)
def test_the_address_of_trouble_is_the_same_with_fail_at_the_end(url: str, failed: str) -> None:
    assert failed_url(url) == failed


def test_the_text_of_trouble_is_short_whatever_is_wrong() -> None:
    assert len(told_of([f"source {number}: wrong" for number in range(1000)])) == 500


def test_metrics_tell_how_often_one_is_due_and_when_one_was_last_taken() -> None:
    metrics, clock = Metrics("1"), FakeClock()

    async def scenario() -> list[float | None]:
        told = []
        async with FakeServer(whole(b"OK"), whole(b"no", status=404)) as server:
            one = replace(pulse(f"http://127.0.0.1:{server.port}/{SECRET}", metrics), clock=clock)
            one.chore()
            for _ in range(2):
                told.append(metrics.registry.get_sample_value("holdfast_heartbeat_taken_timestamp_seconds"))
                clock.advance(60)
                await one.beat()
            told.append(metrics.registry.get_sample_value("holdfast_heartbeat_taken_timestamp_seconds"))
        return told

    began = clock.now().timestamp()
    assert asyncio.run(scenario()) == [began, began + 60, began + 60]
    assert metrics.registry.get_sample_value("holdfast_heartbeat_interval_seconds") == 60
    assert metrics.registry.get_sample_value("holdfast_heartbeats_total", {"outcome": "failed"}) == 1
