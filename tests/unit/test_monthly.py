"""What a suite is asked and charged in a month: from recorded runs, else guessed, else unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.sample import TokenUsage
from probes.suite import Suite
from probes.suite_file import load_suite
from reports.summary import RunRecord
from runner.planning.monthly import monthly
from tests.fakes.records import a_probe, a_run, a_sample

SUITE = """\
version: 1
suite: support-bot
endpoints:
  production: {base_url: "http://127.0.0.1:9/v1", model: support-bot, PARAMSprices: {input: 10, output: 20}}
defaults: {samples: 3}
probes:
  - {id: refund-window, prompt: How do I return a keyboard?}
  - {id: greeting, prompt: Hello?}
"""
RUNS = 1200.0
"""A year: a hundred a month."""


def suite(params: str = "params: {max_tokens: 100}, ", text: str = SUITE) -> Suite:
    return load_suite(text.replace("PARAMS", params), "s.yaml", {}).suite


def ran(cost_usd: float | None = 0.001) -> RunRecord:
    """A run of the suite: six answers of 48 tokens in and 12 out."""
    probes = [
        a_probe(
            name,
            samples=[
                replace(a_sample(name, index), usage=TokenUsage(input_tokens=48, output_tokens=12), cost_usd=cost_usd)
                for index in range(3)
            ],
        )
        for name in ("refund-window", "greeting")
    ]
    return a_run(probes)


def test_recorded_runs_say_what_a_month_uses() -> None:
    told = monthly(suite(), "production", [ran(), ran()], runs_per_year=RUNS)
    assert (told.requests, told.tokens, told.recorded) == (600, 36_000, True)
    assert told.usd == pytest.approx(0.6)


def test_twice_the_samples_cost_twice_as_much() -> None:
    told = monthly(suite(), "production", [ran()], runs_per_year=RUNS, samples_factor=2)
    assert (told.requests, told.tokens) == (1200, 72_000)
    assert told.usd == pytest.approx(1.2)


def test_dollars_are_unknown_where_one_request_has_no_price() -> None:
    told = monthly(suite(), "production", [ran(), ran(cost_usd=None)], runs_per_year=RUNS)
    assert (told.usd, told.tokens) == (None, 36_000)


def test_runs_of_a_part_of_the_suite_say_nothing() -> None:
    part = replace(ran(), probes=ran().probes[:1])
    assert monthly(suite(), "production", [part], runs_per_year=RUNS).recorded is False


def test_without_runs_the_longest_answers_are_assumed() -> None:
    told = monthly(suite(), "production", [], runs_per_year=RUNS)
    assert told.recorded is False
    assert told.tokens is not None
    assert 60_000 < told.tokens < 90_000
    assert told.usd is not None
    assert 1.2 < told.usd < 1.5


def test_without_runs_and_without_a_longest_answer_nobody_knows() -> None:
    told = monthly(suite(""), "production", [], runs_per_year=RUNS)
    assert (told.requests, told.tokens, told.usd) == (600, None, None)


def test_every_turn_of_a_script_is_a_request() -> None:
    turns = "  - {id: script, turns: [{prompt: Hello?}, {prompt: And?}]}\n"
    told = monthly(suite(text=SUITE + turns), "production", [], runs_per_year=RUNS)
    assert told.requests == 100 * (6 + 3 * 2)
