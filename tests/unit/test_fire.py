"""Firing at real loopback servers: samples, requests, retries, order, cancellation."""

from __future__ import annotations

import asyncio
import random
import re
from typing import Any

import pytest

from probes.failure import FailureClass
from probes.fire import request_hash
from probes.ids import RandomIds
from probes.sample import Finish, Sample
from probes.suite import Endpoint, Probe
from tests.fakes.chat import chat_body, chat_stream, chunk
from tests.fakes.clock import FakeClock
from tests.fakes.firing import GOOD, KEY, fire_suite, fired, suite_for
from tests.fakes.http_server import FakeServer, Hang, Pause, Step, head, piece, stream, whole


def test_a_stream_becomes_a_sample_with_answer_usage_route_and_timing() -> None:
    (sample,), server = fired(GOOD)
    assert (sample.failure, sample.answer, sample.finish) == (None, "Paris", Finish.STOP)
    assert (sample.suite, sample.endpoint, sample.probe, sample.index, sample.run_id) == (
        "shop",
        "prod",
        "p0",
        0,
        "run 1",
    )
    assert (sample.usage.input_tokens, sample.route.model, sample.route.attempts) == (12, "m-1", 1)
    timing = sample.timing
    assert timing.connect_s is not None
    assert timing.reused is False
    assert timing.first_byte_s is not None
    assert timing.first_token_s is not None
    assert timing.total_s is not None
    assert 0 <= timing.first_byte_s <= timing.first_token_s <= timing.total_s
    assert sample.started_at.tzinfo is not None
    assert [attempt.failure for attempt in sample.attempts] == [None]
    assert len(server.requests) == 1


def test_a_whole_reply_has_no_first_token() -> None:
    (sample,), server = fired(whole(chat_body()), stream=False)
    assert sample.answer == "Paris"
    assert (sample.timing.first_token_s, sample.timing.longest_gap_s) == (None, None)
    assert sample.timing.total_s is not None
    assert "stream" not in server.requests[0].json


def test_a_whole_reply_to_a_request_for_a_stream_is_read_as_it_came() -> None:
    (sample,), _ = fired(whole(chat_body()))
    assert (sample.answer, sample.failure, sample.timing.first_token_s) == ("Paris", None, None)


def test_a_stream_without_a_content_type_is_read_as_the_stream_that_was_asked_for() -> None:
    (sample,), _ = fired([head(200, {"transfer-encoding": "chunked"}), *GOOD[1:]])
    assert sample.answer == "Paris"


def test_every_request_says_who_asks_and_carries_the_trace() -> None:
    (sample,), server = fired(GOOD, headers={"x-team": "search", "traceparent": "mine", "User-Agent": "own/1"})
    headers = server.requests[0].headers
    assert re.fullmatch(rf"00-{sample.trace_id}-[0-9a-f]{{16}}-01", headers["traceparent"])
    assert headers["x-holdfast-probe"] == "suite=shop; probe=p0; run=run%201"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert (headers["x-team"], headers["user-agent"]) == ("search", "own/1")
    assert headers["accept-encoding"] == "identity"
    assert server.requests[0].target == "/v1/chat/completions"


def test_the_user_agent_is_holdfast_with_its_version() -> None:
    _, server = fired(GOOD)
    assert re.fullmatch(r"holdfast/\d+\.\d+\.\d+", server.requests[0].headers["user-agent"])


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (sample,), _ = fired(GOOD)
    assert sample.failure is None


def test_cookies_of_one_reply_are_not_sent_with_the_next_request() -> None:
    _, server = fired(stream(chat_stream("x"), headers={"set-cookie": "sticky=1"}), GOOD, samples=2, concurrency=1)
    assert "cookie" not in server.requests[1].headers


def test_a_connection_is_used_again_after_a_stream() -> None:
    samples, server = fired(GOOD, samples=3, concurrency=1)
    assert [sample.timing.reused for sample in samples] == [False, True, True]
    assert [sample.timing.connect_s is None for sample in samples] == [False, True, True]
    assert {request.connection for request in server.requests} == {0}


def test_a_server_that_keeps_a_stream_open_after_done_delays_nothing() -> None:
    (sample,), _ = fired([*GOOD[:-1], Hang()])
    assert (sample.answer, sample.failure) == ("Paris", None)
    assert sample.timing.total_s is not None
    assert sample.timing.total_s < 0.1


def test_a_stream_that_is_done_in_time_is_an_answer_though_its_connection_outlives_the_limit() -> None:
    (sample,), _ = fired([*GOOD[:-1], Hang()], timeout={"total": 0.12})
    assert (sample.answer, sample.failure) == ("Paris", None)


def test_samples_come_back_in_the_order_of_the_suite_however_they_finish() -> None:
    slow: list[Step] = [Pause(0.08), *GOOD]
    seen: list[str] = []

    async def run() -> tuple[Sample, ...]:
        async with FakeServer(slow, GOOD) as server:
            suite = suite_for(server.url, prompts=2, samples=2)
            return await fire_suite(suite, on_sample=lambda sample: seen.append(f"{sample.probe}/{sample.index}"))

    samples = asyncio.run(run())
    assert [(sample.probe, sample.index) for sample in samples] == [("p0", 0), ("p0", 1), ("p1", 0), ("p1", 1)]
    assert sorted(seen) == ["p0/0", "p0/1", "p1/0", "p1/1"]
    assert seen[-1] == "p0/0"


def test_no_more_requests_than_the_concurrency_are_under_way_at_once() -> None:
    _, server = fired([Pause(0.02), *GOOD], samples=9, concurrency=3)
    assert (server.open_most, len(server.requests)) == (3, 9)


def test_cancelling_passes_through_and_ends_what_is_under_way() -> None:
    async def run() -> int:
        async with FakeServer([Hang()]) as server:
            task = asyncio.create_task(fire_suite(suite_for(server.url, samples=4, timeout={"total": 60})))
            await server.busy(4)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return len(asyncio.all_tasks() - server.tasks) - 1

    assert asyncio.run(run()) == 0


def test_an_error_of_the_caller_comes_out_as_itself() -> None:
    def refuse(_: Sample) -> None:
        raise KeyError("full")

    async def run() -> None:
        async with FakeServer(GOOD) as server:
            await fire_suite(suite_for(server.url, samples=3), on_sample=refuse)

    with pytest.raises(KeyError, match="full"):
        asyncio.run(run())


# ------------------------------------------------------------------------------------------------ asking again
BUSY = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}


def test_retry_after_is_honoured_and_both_attempts_are_recorded() -> None:
    clock = FakeClock()
    (sample,), server = fired(whole(BUSY, 429, {"retry-after": "3"}), GOOD, clock=clock, timeout={"total": 30})
    assert (sample.answer, sample.failure, sample.route.attempts) == ("Paris", None, 2)
    assert clock.sleeps == [3.0]
    first, second = sample.attempts
    assert (first.number, first.waited_s, second.number, second.waited_s) == (1, 0.0, 2, 3.0)
    assert first.failure is not None
    assert (first.failure.kind, first.failure.retry_after_s) == (FailureClass.RATE_LIMIT_SHORT, 3.0)
    assert second.failure is None
    spans = [request.headers["traceparent"].split("-")[2] for request in server.requests]
    assert len(set(spans)) == 2


def test_retry_after_may_be_a_date() -> None:
    clock = FakeClock()
    fired(whole(BUSY, 429, {"retry-after": "Fri, 20 Nov 2026 12:00:09 GMT"}), GOOD, clock=clock, timeout={"total": 30})
    assert clock.sleeps == [9.0]


def test_without_a_wish_the_waits_double_and_end_with_the_retries() -> None:
    clock = FakeClock()
    (sample,), server = fired(whole(b"boom", 500), clock=clock, retries=3, timeout={"total": 30})
    assert sample.failure is not None
    assert (sample.failure.kind, sample.failure.status) == (FailureClass.SERVER, 500)
    assert (len(server.requests), len(sample.attempts), sample.route.attempts) == (4, 4, 4)
    assert all(0.75 * full <= slept <= full for slept, full in zip(clock.sleeps, (0.5, 1, 2), strict=True))


def test_all_waits_together_stay_below_the_total_timeout() -> None:
    clock = FakeClock()
    (sample,), _ = fired(whole(BUSY, 429, {"retry-after": "3"}), clock=clock, retries=9, timeout={"total": 7})
    assert clock.sleeps == [3.0, 3.0]
    assert sample.failure is not None
    assert "too long to wait for" in sample.failure.message


def test_no_retries_means_one_request() -> None:
    _, server = fired(whole(b"", 503), retries=0)
    assert len(server.requests) == 1


def test_a_wrong_key_is_not_tried_twice() -> None:
    (sample,), server = fired(whole({"error": {"message": "bad key"}}, 401))
    assert sample.failure is not None
    assert sample.failure.kind is FailureClass.AUTH
    assert len(server.requests) == 1


def test_the_endpoint_may_forbid_a_retry() -> None:
    _, server = fired(whole(b"", 500, {"x-should-retry": "false"}))
    assert len(server.requests) == 1


def test_the_answer_after_a_retry_is_not_mixed_with_what_was_cut() -> None:
    cut: list[Step] = [*stream([chunk({"content": "Lon"})])[:-1], piece(b'data: {"error": {"code": 503}}\n\n')]
    (sample,), _ = fired([*cut], GOOD, clock=FakeClock())
    assert (sample.answer, len(sample.attempts)) == ("Paris", 2)


# ------------------------------------------------------------------------------------------------ ids and hashes
def test_ids_are_hex_of_their_length_and_repeat_with_their_seed() -> None:
    one, same, other = (RandomIds(random.Random(seed)) for seed in (1, 1, 2))
    drawn = [(ids.sample_id(), ids.trace_id(), ids.span_id(), ids.jitter()) for ids in (one, same, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    for sample_id, trace_id, span_id, jitter in drawn:
        assert re.fullmatch("[0-9a-f]{32} [0-9a-f]{32} [0-9a-f]{16}", f"{sample_id} {trace_id} {span_id}")
        assert 0 <= jitter <= 1
    assert RandomIds().sample_id() != RandomIds().sample_id()


def probe(**fields: Any) -> Probe:
    return Probe.model_validate({"id": "p", "prompt": "x", **fields})


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": "https://a.example.com", "model": "m", **fields})


def test_the_request_hash_depends_on_what_is_asked_only() -> None:
    same = request_hash(endpoint(), probe())
    assert re.fullmatch(r"[0-9a-f]{16}", same)
    assert request_hash(endpoint(base_url="https://b.example.com", api_key="k", concurrency=9), probe(id="q")) == same
    changed = [
        request_hash(endpoint(model="n"), probe()),
        request_hash(endpoint(), probe(prompt="y")),
        request_hash(endpoint(params={"seed": 1}), probe()),
        request_hash(endpoint(stream=False), probe()),
    ]
    assert len({same, *changed}) == 5


def test_the_request_hash_ignores_the_order_of_params_and_takes_keys_that_are_no_text() -> None:
    one = endpoint(params={"a": 1, "logit_bias": {50256: -100, "x": 1}})
    other = endpoint(params={"logit_bias": {"x": 1, 50256: -100}, "a": 1})
    assert request_hash(one, probe()) == request_hash(other, probe())
    # a fixed value: stored samples of another day must still match
    assert request_hash(endpoint(), probe()) == "f15531e6d62438c0"


def test_params_that_json_cannot_say_are_a_failure_and_nothing_is_sent() -> None:
    (sample,), server = fired(GOOD, params={"temperature": float("nan")})
    assert sample.failure is not None
    assert sample.failure.kind is FailureClass.BAD_REQUEST
    assert server.requests == []
