"""A dead endpoint is asked a few times and then left alone, and every sample that was not asked says so."""

from __future__ import annotations

import asyncio
import socket

import pytest

from checks.drift.dimensions import POOLED
from checks.drift.observation import observe
from checks.verdict import Health, exit_code, probe_health
from probes.circuit import FAILURES_ALLOWED, Circuit, SecondLook
from probes.failure import RETRYABLE, Failure, FailureClass
from probes.gate import admitted
from probes.sample import Sample, TokenUsage
from tests.fakes.chat import chat_body, chat_stream
from tests.fakes.clock import FakeClock
from tests.fakes.firing import fire_suite, fired, suite_for
from tests.fakes.http_server import Pause, stream, whole

F = FailureClass
GOOD = stream(chat_stream("Paris"))
BROKEN = whole({"error": {"message": "boom"}}, 500)
BAD_KEY = whole({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, 401)
FILTERED = whole({"error": {"message": "blocked", "code": "content_filter"}}, 400)


def noted(circuit: Circuit, kind: FailureClass | None, *, status: int | None = 500) -> None:
    failure = None if kind is None else Failure(kind=kind, message="why", status=status)
    circuit.note(failure=failure, usage=TokenUsage(), cost_usd=None)


def kinds(samples: tuple[Sample, ...]) -> list[str]:
    return [sample.failure.kind.value if sample.failure else "answered" for sample in samples]


# ------------------------------------------------------------------------------------------------ the rule
@pytest.mark.parametrize("kind", sorted(FAILURES_ALLOWED))
def test_it_closes_at_the_failures_allowed_of_one_class_and_not_before(kind: FailureClass) -> None:
    circuit = Circuit(concurrency=1)
    for _ in range(FAILURES_ALLOWED[kind] - 1):
        noted(circuit, kind)
    assert not circuit.closed
    noted(circuit, kind)
    assert circuit.closed


def test_what_passes_is_allowed_to_fail_more_often_than_what_does_not() -> None:
    assert {FAILURES_ALLOWED[kind] for kind in RETRYABLE} == {6}
    assert {count for kind, count in FAILURES_ALLOWED.items() if kind not in RETRYABLE} == {3}


@pytest.mark.parametrize("kind", sorted(set(F) - set(FAILURES_ALLOWED)))
def test_what_belongs_to_one_question_never_closes_it(kind: FailureClass) -> None:
    circuit = Circuit(concurrency=1)
    for _ in range(100):
        noted(circuit, kind)
    assert not circuit.closed


@pytest.mark.parametrize("sign_of_life", [None, F.CONTENT_FILTER, F.BAD_REQUEST, F.CONTEXT_LENGTH])
def test_an_answer_or_a_refused_question_starts_the_count_anew(sign_of_life: FailureClass | None) -> None:
    circuit = Circuit(concurrency=1)
    for _ in range(5):
        for _ in range(5):
            noted(circuit, F.SERVER)
        noted(circuit, sign_of_life)
    assert not circuit.closed


def test_a_request_that_never_left_is_no_sign_of_life() -> None:
    circuit = Circuit(concurrency=1)
    for _ in range(3):
        noted(circuit, F.DNS_TLS, status=None)
        noted(circuit, F.BAD_REQUEST, status=None)
    assert circuit.closed


def test_classes_are_counted_apart() -> None:
    circuit = Circuit(concurrency=1)
    for _ in range(5):
        noted(circuit, F.SERVER)
        noted(circuit, F.CONNECTION)
    assert not circuit.closed


def test_requests_that_were_in_flight_together_are_no_further_evidence() -> None:
    circuit = Circuit(concurrency=16)
    for _ in range(20):
        noted(circuit, F.OVERLOADED)
    assert not circuit.closed
    noted(circuit, F.OVERLOADED)
    assert circuit.closed


def test_the_reason_names_count_class_and_what_was_said_on_one_bounded_line() -> None:
    circuit = Circuit(concurrency=1)
    for _ in range(3):
        circuit.note(failure=Failure(kind=F.AUTH, message="no\n" * 500), usage=TokenUsage(), cost_usd=None)
    held = asyncio.run(circuit.admit())
    assert held is not None
    assert held.kind is F.NOT_ASKED
    assert held.message.startswith("not asked: 3 requests failed (auth) with no answer in between: no no")
    assert len(held.message) <= 300
    assert "\n" not in held.message


def test_a_request_that_waited_in_another_gate_is_looked_at_again() -> None:
    circuit = Circuit(concurrency=1)

    class Slow:
        async def admit(self) -> Failure | None:
            for _ in range(3):
                noted(circuit, F.AUTH)
            return None

        def note(
            self, *, failure: Failure | None, usage: TokenUsage, cost_usd: float | None, charged: bool = False
        ) -> None:
            self.told = failure

    slow = Slow()
    held = asyncio.run(admitted((circuit, slow, SecondLook(circuit))))
    assert held is not None
    assert slow.told is held


def test_a_wait_for_another_attempt_ends_when_it_closes() -> None:
    class Forever(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    async def run() -> tuple[bool, bool]:
        circuit = Circuit(concurrency=1)
        waiting = asyncio.create_task(circuit.pause(Forever(), 60.0))
        await asyncio.sleep(0)
        for _ in range(3):
            noted(circuit, F.AUTH)
        return await asyncio.wait_for(waiting, 1), await circuit.pause(FakeClock(), 1.0)

    assert asyncio.run(run()) == (False, False)


def test_a_wait_is_over_in_time_while_it_is_open() -> None:
    clock = FakeClock()
    assert asyncio.run(Circuit(concurrency=1).pause(clock, 2.5))
    assert clock.sleeps == [2.5]


# ------------------------------------------------------------------------------------------------ whole runs
def test_a_wrong_key_is_shown_three_times_and_not_thirty() -> None:
    samples, server = fired(BAD_KEY, samples=10, prompts=3, concurrency=1)
    assert len(server.requests) == 3
    assert kinds(samples) == ["auth"] * 3 + ["not_asked"] * 27
    last = samples[-1]
    assert last.failure is not None
    assert last.failure.message == ("not asked: 3 requests failed (auth) with no answer in between: Incorrect API key")
    assert (last.attempts, last.route.attempts) == ((), 0)


def test_retries_under_way_end_too_and_keep_what_they_know() -> None:
    samples, server = fired(BROKEN, samples=20, concurrency=1, clock=FakeClock())
    assert len(server.requests) == 6
    assert kinds(samples) == ["server"] * 2 + ["not_asked"] * 18
    assert [len(sample.attempts) for sample in samples[:3]] == [3, 3, 0]


def test_a_refused_connection_ends_a_run_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = FakeClock()
    samples = asyncio.run(fire_suite(suite_for(f"http://127.0.0.1:{port}/v1", samples=30, concurrency=4), clock=clock))
    assert set(kinds(samples)) == {"connection", "not_asked"}
    assert sum(len(sample.attempts) for sample in samples) <= 6 + 3 + 3


def test_an_endpoint_that_comes_back_between_failures_is_asked_to_the_end() -> None:
    samples, _ = fired(*([BROKEN] * 5 + [GOOD]) * 3, samples=6, concurrency=1, retries=0, clock=FakeClock())
    assert kinds(samples) == ["server"] * 5 + ["answered"]


def test_a_probe_that_is_always_filtered_does_not_stop_the_others() -> None:
    samples, server = fired(*[FILTERED] * 20, GOOD, samples=21, concurrency=1)
    assert kinds(samples) == ["content_filter"] * 20 + ["answered"]
    assert len(server.requests) == 21


def test_requests_in_flight_finish_when_it_closes() -> None:
    late = [Pause(0.3), *whole(chat_body())]

    samples, server = fired(late, *[BAD_KEY] * 6, samples=20, concurrency=4)
    assert sorted(kinds(samples)) == ["answered", *["auth"] * 6, *["not_asked"] * 13]
    assert len(server.requests) == 7


def test_a_probe_that_was_not_asked_is_unknown_and_none_of_its_samples_count_as_failures() -> None:
    samples, _ = fired(BAD_KEY, samples=10, concurrency=1)
    health = probe_health("p0", samples, (), ())
    assert health is Health.UNKNOWN
    assert exit_code([health], strict=False) == 3
    run = observe(run_id="r", started_at=samples[0].started_at, probes=[("p0", "h", samples, (), [False] * 10)])
    assert POOLED["failures"].gather(run.probes[0]) == [3, 3]
