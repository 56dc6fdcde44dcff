"""Gateways that answer whole runs from one model are recognised and said so, and no others."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from checks.drift.mixes import Agreement
from checks.drift.result import StreamResult, StreamState
from checks.drift.words import STICKY
from reports.formats import markdown, text
from reports.formats.html import render_report
from reports.wording import sticky_words
from tests.fakes.records import NOW, a_report, a_run, a_stream
from tests.unit.drift_world import Weather, World, key

ROUTES = ("gw / fp_a", "gw / fp_b")


def routed(world: World, runs: int, *, sticky: bool, other: float = 0.25) -> StreamResult:
    """Runs whose samples are served by either of two models, drawn once a run or once a sample."""
    draws = np.random.default_rng(5)
    result = None
    for _ in range(runs):
        if sticky:
            weather = Weather(route=ROUTES[int(draws.random() < other)])
            result = {r.key: r for r in world.fire(weather).results}[key("route")]
            continue
        run = world.observe(Weather())
        probes = tuple(
            replace(
                probe,
                samples=tuple(replace(s, route=ROUTES[int(draws.random() < other)]) for s in probe.samples),
            )
            for probe in run.probes
        )
        result = {r.key: r for r in world.judged(replace(run, probes=probes)).results}[key("route")]
    assert result is not None
    return result


def test_a_gateway_that_answers_whole_runs_from_one_model_is_named_with_what_would_help() -> None:
    result = routed(World(seed=3, samples=3), 40, sticky=True)
    assert result.state is not StreamState.ALARM
    assert STICKY in result.note
    assert "longer baseline" in STICKY and "conversation id" in STICKY


def test_a_gateway_that_chooses_anew_for_each_request_is_not() -> None:
    assert STICKY not in routed(World(seed=3, samples=3), 40, sticky=False).note


def test_one_model_is_not_sticky_and_neither_are_two_strays() -> None:
    alone, strays = Agreement(), Agreement()
    for run in range(200):
        alone = alone.plus({"a": 12})
        strays = strays.plus({"b": 12} if run in (50, 90) else {"a": 12})
    assert not alone.sticky
    assert not strays.sticky
    assert strays.plus({"b": 12}).sticky


@pytest.mark.parametrize("seed", range(20))
def test_independent_requests_never_look_sticky(seed: int) -> None:
    draws, mix = np.random.default_rng(seed), Agreement()
    for _ in range(60):
        b = int(draws.binomial(6, 0.3))
        mix = mix.plus({name: count for name, count in (("a", 6 - b), ("b", b)) if count})
    assert not mix.sticky


def test_stickiness_survives_json() -> None:
    mix = Agreement()
    for run in range(30):
        mix = mix.plus({"ab"[run % 2]: 6})
    assert mix.sticky
    assert Agreement.from_json(json.loads(json.dumps(mix.to_json()))).sticky


def test_text_markdown_and_page_say_so_though_the_stream_is_quiet() -> None:
    run = a_run(drift=[a_stream("route", note=STICKY), a_stream("latency.total")])
    assert sticky_words(run) == STICKY
    assert "the gateway answers whole runs from one model" in " ".join(text.render([run], exit_code=0).split())
    assert "The gateway answers whole runs from one model" in markdown.render([run], exit_code=0)
    assert STICKY in render_report(a_report(run), generated_at=NOW, version="0")
    assert sticky_words(a_run(drift=[a_stream("route")])) == ""
