"""The times in a sample are true: compared with what the server itself did, on the same clock."""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import pairwise
from statistics import median

import pytest

from probes.sample import Sample, Timing, TokenUsage
from probes.sample import Step as RequestStep
from tests.fakes.chat import DONE, chunk, last_usage
from tests.fakes.firing import GOOD, fire_suite, suite_for
from tests.fakes.http_server import LAST_CHUNK, STREAM_HEADERS, FakeServer, Pause, Received, Step, head, piece
from tests.fakes.records import a_sample

STAMPED = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux stamps what comes in")
HAIR_S = 0.002
"""Between a kernel's stamp and the instants before and after the call that sent the bytes."""
EARLY_S, LATE_S = 0.002, 0.040
"""How far a measured time may lie from the truth: a hair early, and late by what a busy machine takes."""


def scheduled(tokens: int, first_s: float, step_s: float) -> list[Step]:
    """A stream that says its first token after ``first_s`` and another each ``step_s``."""
    steps: list[Step] = [head(200, STREAM_HEADERS), piece(chunk({"role": "assistant", "content": ""}))]
    for number in range(tokens):
        steps += [Pause(first_s + step_s * number), piece(chunk({"content": f"t{number} "}))]
    return [*steps, piece(chunk({}, "stop")), piece(last_usage()), piece(DONE), LAST_CHUNK]


def fired(steps: list[Step], *, samples: int, concurrency: int) -> tuple[tuple[Sample, ...], list[Received]]:
    async def run() -> tuple[tuple[Sample, ...], list[Received]]:
        async with FakeServer(steps) as server:
            suite = suite_for(server.url, samples=samples, concurrency=concurrency)
            return await fire_suite(suite), server.requests

    return asyncio.run(run())


def close_to(truth_s: float, measured_s: float | None) -> bool:
    return measured_s is not None and truth_s - EARLY_S <= measured_s <= truth_s + LATE_S


@pytest.mark.timing
def test_first_byte_first_token_gap_and_total_are_those_of_the_server() -> None:
    samples, requests = fired(scheduled(20, 0.050, 0.010), samples=4, concurrency=1)
    for sample, request in zip(samples, requests, strict=True):
        written = [at - request.read_at for at in request.written_at]
        # headers, role, 20 tokens, finish, usage, done, end
        assert close_to(written[0], sample.timing.first_byte_s)
        assert close_to(written[2], sample.timing.first_token_s)
        assert close_to(written[-2], sample.timing.total_s)
        gaps = [later - earlier for earlier, later in pairwise(written[2:22])]
        assert sample.timing.longest_gap_s == pytest.approx(max(gaps), abs=LATE_S)
    # the schedule itself, where a single late wake-up of a busy machine does not count
    assert close_to(0.050, median(sample.timing.first_token_s or 0.0 for sample in samples))
    assert close_to(0.240, median(sample.timing.total_s or 0.0 for sample in samples))


@STAMPED
def test_the_longest_silence_inside_a_stream_is_the_one_the_server_made() -> None:
    a, b, c, d = (piece(chunk({"content": text})) for text in "abcd")
    said: list[Step] = [a, Pause(0.02), b, Pause(0.12), c, Pause(0.13), d]
    steps: list[Step] = [head(200, STREAM_HEADERS), *said, Pause(0.3), *GOOD[-4:]]
    (sample,), (request,) = fired(steps, samples=1, concurrency=1)
    before, after = request.writing_at, request.written_at
    # head, then the four tokens; each came while it was being written
    least = max(before[at + 1] - after[at] for at in range(1, 4))
    most = max(after[at + 1] - before[at] for at in range(1, 4))
    assert least > 0.09
    assert least - HAIR_S <= (sample.timing.longest_gap_s or 0.0) <= most + HAIR_S
    # the long silence after the last token is part of the total and no gap between tokens
    rest_s = (sample.timing.total_s or 0.0) - (sample.timing.first_token_s or 0.0)
    assert before[-2] - after[1] - HAIR_S <= rest_s <= after[-2] - before[1] + HAIR_S
    assert rest_s > 0.25


def test_a_stream_of_one_content_event_has_no_gap() -> None:
    (sample,), _ = fired(scheduled(1, 0.01, 0.01), samples=1, concurrency=1)
    assert sample.timing.longest_gap_s is None


@pytest.mark.timing
def test_waiting_for_a_free_place_is_no_part_of_any_time() -> None:
    before = time.perf_counter()
    samples, _ = fired(scheduled(2, 0.030, 0.010), samples=16, concurrency=1)
    assert time.perf_counter() - before > 16 * 0.040
    # the last ones queued for more than half a second
    assert all(sample.timing.client_wait_s is not None and sample.timing.client_wait_s < 0.2 for sample in samples)
    assert all(sample.attempts[0].total_s < 0.3 for sample in samples)
    assert close_to(0.030, median(sample.timing.first_token_s or 0.0 for sample in samples))
    assert close_to(0.040, median(sample.timing.total_s or 0.0 for sample in samples))


@pytest.mark.parametrize(
    ("tokens", "first_s", "total_s", "rate"),
    [
        (21, 0.5, 1.5, 20.0),
        (20, None, 2.0, 10.0),
        (1, 0.5, 0.5, None),
        (5, 0.5, 0.5, None),
        (0, None, 2.0, None),
        (None, 0.5, 1.5, None),
        (9, None, None, None),
    ],
)
def test_tokens_a_second_are_those_after_the_first_over_the_time_after_it(
    tokens: int | None, first_s: float | None, total_s: float | None, rate: float | None
) -> None:
    timing = Timing(first_token_s=first_s, total_s=total_s)
    assert a_sample(timing=timing, usage=TokenUsage(output_tokens=tokens)).tokens_per_second == rate


def test_tokens_a_second_of_several_requests_are_unknown() -> None:
    step = RequestStep(turn=0, timing=Timing(total_s=1.0), usage=TokenUsage(output_tokens=9))
    assert a_sample(steps=(step, step)).tokens_per_second is None
    assert a_sample(steps=(step,)).tokens_per_second is not None


@pytest.mark.timing
def test_sixteen_at_once_are_measured_like_one() -> None:
    samples, _ = fired(scheduled(5, 0.050, 0.010), samples=16, concurrency=16)
    assert close_to(0.050, median(sample.timing.first_token_s or 0.0 for sample in samples))
    assert all(sample.timing.reused is False for sample in samples)
