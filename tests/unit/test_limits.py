"""Concurrency and rates: shared by all who ask one endpoint, first come first served, and never more than said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.endpoint import Endpoint
from probes.failure import Failure, FailureClass
from probes.probe import Probe
from probes.sample import TokenUsage
from probes.suite import Suite
from runner.cli.session import folders_left_out
from runner.limits.estimate import Estimate, first_estimate
from runner.limits.places import Places, PlacesFor, endpoint_key
from runner.limits.rate import WINDOW_S, Minute, RateGate
from runner.schedule.pace import least_run_s, pace_notes
from tests.fakes.clock import FakeClock

SERVER = Failure(kind=FailureClass.SERVER, message="502")


def an_endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": "http://127.0.0.1:9/v1", "model": "m", **fields})


def a_gate(minute: Minute, clock: FakeClock, *, tokens: int = 10, **limits: int) -> RateGate:
    return RateGate(minute, an_endpoint(**limits), Estimate(tokens=tokens, usd=0.0), clock)


def used(tokens: int) -> TokenUsage:
    return TokenUsage(input_tokens=tokens, output_tokens=0)


def most_in_a_minute(instants: Sequence[float], weights: Sequence[int] | None = None) -> int:
    """The largest weight that falls into any sixty seconds."""
    weights = weights or [1] * len(instants)
    pairs = list(zip(instants, weights, strict=True))
    return max((sum(w for at, w in pairs if begin <= at < begin + WINDOW_S - 1e-6) for begin in instants), default=0)


# ------------------------------------------------------------------------------------------------ one endpoint
@pytest.mark.parametrize(
    "other",
    [
        {"base_url": "http://127.0.0.1:9/v1/"},
        {"base_url": "http://127.0.0.1:9/v1?trace=1"},
        {"concurrency": 9, "params": {"temperature": 1}, "timeout": {"total": "9s"}},
    ],
)
def test_an_endpoint_is_the_same_whatever_else_a_suite_says_of_it(other: dict[str, Any]) -> None:
    assert endpoint_key(an_endpoint(**other)) == endpoint_key(an_endpoint())


@pytest.mark.parametrize(
    "other",
    [
        {"base_url": "http://127.0.0.1:9/v2"},
        {"base_url": "http://127.0.0.1:8/v1"},
        {"model": "n"},
        {"deployment": "d"},
        {"api_key": "k-1"},
        {"headers": {"x-api-key": "k-1"}},
    ],
)
def test_another_address_model_or_credential_is_another_endpoint(other: dict[str, Any]) -> None:
    assert endpoint_key(an_endpoint(**other)) != endpoint_key(an_endpoint())


def test_the_key_of_an_endpoint_does_not_show_its_credentials() -> None:
    assert "k-4711" not in endpoint_key(an_endpoint(api_key="k-4711"))


# ------------------------------------------------------------------------------------------------ places
def test_two_suites_share_the_places_of_one_endpoint_and_each_keeps_its_own_limit() -> None:
    async def scenario() -> tuple[int, int]:
        places, inside, most, most_of_small = Places(), 0, 0, 0

        async def one(limit: int) -> None:
            nonlocal inside, most, most_of_small
            async with PlacesFor(places, limit):
                inside += 1
                most = max(most, inside)
                most_of_small = max(most_of_small, inside) if limit == 2 else most_of_small
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one(2 if number % 2 else 5) for number in range(40)))
        assert places.taken == 0
        return most, most_of_small

    most, most_of_small = asyncio.run(scenario())
    assert most <= 5
    assert most_of_small <= 2


def test_places_are_taken_in_the_order_of_coming() -> None:
    async def scenario() -> list[int]:
        places, order = Places(), list[int]()

        async def one(number: int) -> None:
            async with PlacesFor(places, 1):
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in range(20)))
        return order

    assert asyncio.run(scenario()) == list(range(20))


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=20), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_cancelling_those_who_wait_or_work_never_loses_a_place(plans: list[tuple[int, bool]], steps: int) -> None:
    async def scenario() -> int:
        places = Places()

        async def one(limit: int) -> None:
            async with PlacesFor(places, limit):
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(one(limit)) for limit, _ in plans]
        for _ in range(steps):
            await asyncio.sleep(0)
        for task, (_, cancelled) in zip(tasks, plans, strict=True):
            if cancelled:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(5):
            async with PlacesFor(places, 1):
                return places.taken

    assert asyncio.run(scenario()) == 1


# ------------------------------------------------------------------------------------------------ requests a minute
@given(
    limit=st.integers(1, 5),
    arrivals=st.lists(st.floats(0, 90), min_size=1, max_size=25),
    answers=st.lists(st.floats(0, 30), min_size=25, max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_no_sixty_seconds_ever_see_more_requests_than_said(
    limit: int, arrivals: list[float], answers: list[float]
) -> None:
    clock = FakeClock()
    sent: list[float] = []

    async def scenario() -> None:
        gate = a_gate(Minute(clock), clock, requests_per_minute=limit)
        for pause, takes in zip(arrivals, answers, strict=False):
            clock.advance(pause)
            assert await gate.admit() is None
            sent.append(clock.monotonic())
            clock.advance(takes)
            gate.note(failure=SERVER if takes > 20 else None, usage=TokenUsage(), cost_usd=None)

    asyncio.run(scenario())
    assert most_in_a_minute(sent) <= limit


def test_a_limit_that_is_not_reached_costs_no_time_and_one_that_is_costs_no_more_than_needed() -> None:
    clock = FakeClock()

    async def scenario() -> list[float]:
        gate = a_gate(Minute(clock), clock, requests_per_minute=3)
        sent: list[float] = []
        for _ in range(7):
            await gate.admit()
            sent.append(clock.monotonic())
        return sent

    began, *_ = sent = asyncio.run(scenario())
    assert [round(at - began, 2) for at in sent] == [0, 0, 0, 60, 60, 60, 120]


def test_two_suites_share_the_minute_of_one_endpoint() -> None:
    clock = FakeClock()

    async def scenario() -> list[float]:
        minute = Minute(clock)
        gates = [a_gate(minute, clock, requests_per_minute=4), a_gate(minute, clock, requests_per_minute=4)]
        sent: list[float] = []

        async def one(gate: RateGate) -> None:
            await gate.admit()
            sent.append(clock.monotonic())

        await asyncio.gather(*(one(gate) for gate in gates * 6))
        return sent

    assert most_in_a_minute(asyncio.run(scenario())) == 4


def test_a_suite_without_a_limit_does_not_wait_but_is_counted_for_those_that_have_one() -> None:
    clock = FakeClock()

    async def scenario() -> float:
        minute = Minute(clock)
        free, limited = a_gate(minute, clock), a_gate(minute, clock, requests_per_minute=2)
        await free.admit()
        await free.admit()
        assert not clock.sleeps
        await limited.admit()
        return limited.waited_s

    assert asyncio.run(scenario()) == pytest.approx(60)


class Patient(FakeClock):
    """Sleeping takes a little real time and moves nothing: others move the time."""

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(0.01)


def test_waiting_for_a_minute_can_be_cancelled_and_leaves_the_others_their_turn() -> None:
    async def scenario() -> list[str]:
        clock = Patient()
        gate = a_gate(Minute(clock), clock, requests_per_minute=1)
        await gate.admit()
        waiting = [asyncio.create_task(gate.admit()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        clock.advance(60)
        done = []
        for number in (1, 2):
            async with asyncio.timeout(5):
                await waiting[number]
            done.append(f"{number} left")
            clock.advance(60)
        return done

    assert asyncio.run(scenario()) == ["1 left", "2 left"]


# ------------------------------------------------------------------------------------------------ tokens a minute
@given(
    limit=st.integers(50, 200),
    amounts=st.lists(st.integers(0, 50), min_size=1, max_size=30),
    takes=st.lists(st.floats(0, 40), min_size=30, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_no_sixty_seconds_see_more_tokens_than_said_where_estimates_do_not_fall_short(
    limit: int, amounts: list[int], takes: list[float]
) -> None:
    clock = FakeClock()
    sent: list[float] = []

    async def scenario() -> None:
        gate = a_gate(Minute(clock), clock, tokens=50, tokens_per_minute=limit)
        for amount, seconds in zip(amounts, takes, strict=False):
            await gate.admit()
            sent.append(clock.monotonic())
            clock.advance(seconds)
            gate.note(failure=None, usage=used(amount), cost_usd=None)

    asyncio.run(scenario())
    assert most_in_a_minute(sent, amounts[: len(sent)]) <= limit


def test_requests_in_flight_hold_the_tokens_they_are_expected_to_use_until_they_tell_better() -> None:
    async def scenario() -> list[str]:
        clock, told = FakeClock(), list[str]()
        gate = a_gate(Minute(clock), clock, tokens=60, tokens_per_minute=100)
        await gate.admit()
        second = asyncio.create_task(gate.admit())
        for _ in range(5):
            await asyncio.sleep(0)
        told.append("waits" if not second.done() else "left")
        gate.note(failure=None, usage=used(20), cost_usd=None)
        await second
        told.append(f"left after {clock.monotonic() - 1000:.0f} s")
        return told

    assert asyncio.run(scenario()) == ["waits", "left after 0 s"]


def test_a_request_larger_than_the_limit_goes_alone_instead_of_never() -> None:
    clock = FakeClock()

    async def scenario() -> list[float]:
        gate = a_gate(Minute(clock), clock, tokens=500, tokens_per_minute=100)
        sent = []
        for _ in range(3):
            await gate.admit()
            sent.append(clock.monotonic() - 1000)
            gate.note(failure=None, usage=used(500), cost_usd=None)
        return sent

    assert asyncio.run(scenario()) == pytest.approx([0, 60, 120])


def test_a_run_that_ends_in_the_middle_leaves_nothing_in_flight_for_the_others() -> None:
    clock = FakeClock()

    async def scenario() -> float:
        minute = Minute(clock)
        first, second = (a_gate(minute, clock, tokens=60, tokens_per_minute=100) for _ in range(2))
        await first.admit()
        first.end()
        await second.admit()
        return second.waited_s

    assert asyncio.run(scenario()) == pytest.approx(60)


# ------------------------------------------------------------------------------------------------ estimates
def test_a_first_request_is_guessed_from_its_length_and_the_most_it_may_answer() -> None:
    probes = [Probe(id="long", prompt="x" * 4000), Probe(id="short", prompt="x")]
    assert first_estimate(an_endpoint(params={"max_tokens": 300}), probes).tokens in range(1300, 1320)


def test_answers_replace_the_guess_by_their_mean() -> None:
    estimate = Estimate(tokens=1000, usd=1.0)
    for tokens in (10, 20, 31):
        estimate.learn(tokens, 0.5)
    assert (estimate.tokens, estimate.usd) == (21, 0.5)


# ------------------------------------------------------------------------------------------------ the pace of a suite
def test_validate_can_say_that_a_suite_cannot_keep_its_schedule() -> None:
    suite = Suite.model_validate(
        {
            "version": 1,
            "suite": "slow",
            "schedule": {"every": "15m"},
            "endpoints": {"production": {"base_url": "http://127.0.0.1:9/v1", "requests_per_minute": 1}},
            "defaults": {"samples": 3},
            "probes": [{"id": f"p{number}", "prompt": "?"} for number in range(7)],
        }
    )
    (note,) = pace_notes(suite)
    assert "21 requests takes at least 20m" in note
    assert least_run_s(an_endpoint(requests_per_minute=10), 10) == 0


def test_validate_notes_a_run_that_may_end_before_one_request_does_and_a_zone_that_means_nothing() -> None:
    suite = Suite.model_validate(
        {
            "version": 1,
            "suite": "hasty",
            "schedule": {"every": "15m", "timeout": "3s", "timezone": "Europe/Berlin"},
            "endpoints": {"production": {"base_url": "http://127.0.0.1:9/v1"}},
            "probes": [{"id": "p", "prompt": "?"}],
        }
    )
    zone, hasty = pace_notes(suite)
    assert "timezone Europe/Berlin means nothing" in zone
    assert hasty.startswith("at production a run is cut off after 3s (the schedule's timeout)")


@pytest.mark.parametrize(("every", "noted"), [("1ms", True), ("999ms", True), ("1s", False)])
def test_validate_notes_an_interval_that_leaves_no_pause(every: str, noted: bool) -> None:
    suite = Suite.model_validate(
        {
            "version": 1,
            "suite": "hasty",
            "schedule": {"every": every},
            "endpoints": {"production": {"base_url": "http://127.0.0.1:9/v1"}},
            "probes": [{"id": "p", "prompt": "?"}],
        }
    )
    assert any(note.startswith(f"every {every} leaves no pause") for note in pace_notes(suite)) is noted


def test_folders_within_a_folder_that_hold_yaml_are_named_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("team", "empty", "..data"):
        (tmp_path / name).mkdir()
    for name in ("team", "..data"):
        (tmp_path / name / "bot.yaml").write_text("version: 1\n")
    assert folders_left_out([tmp_path, tmp_path / "team" / "bot.yaml"]) == [tmp_path / "team"]


def test_a_run_under_a_limit_of_requests_takes_at_least_so_long() -> None:
    assert least_run_s(an_endpoint(requests_per_minute=10), 11) == 60
    assert least_run_s(an_endpoint(), 1000) == 0
