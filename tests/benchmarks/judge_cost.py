"""What the judge costs: one run of 500 streams, a state, a replay. Feeds judge_table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.score import States, judge, streams_of

_WORDINGS = ("Of course: it is {}.", "It is {}.", "{} it is, as far as I know.", "That would be {}.")


def _runs(probes: int, samples: int) -> Iterator[RunObservation]:
    """Quiet runs without end, every 15 minutes."""
    rng, number = np.random.default_rng(1), 0
    while True:
        number += 1
        yield RunObservation(
            run_id=f"run-{number}",
            started_at=datetime(2026, 1, 1, tzinfo=UTC) + number * timedelta(minutes=15),
            probes=tuple(
                ProbeObservation(
                    probe=f"probe-{probe}",
                    request_hash="as-ever",
                    samples=tuple(_facts(rng, probe) for _ in range(samples)),
                )
                for probe in range(probes)
            ),
        )


def _facts(rng: np.random.Generator, probe: int) -> SampleFacts:
    first, total, tokens = np.exp(rng.normal(0, 0.3, 3)).tolist()
    return SampleFacts(
        failed=False,
        first_token_s=0.3 * first,
        total_s=2 * total,
        output_tokens=round(100 * tokens),
        input_tokens=30,
        refused=False,
        check_failed=bool(rng.random() < 0.02),
        route="gw / fp_a",
        finish="stop",
        answer=_WORDINGS[int(rng.integers(4))].format(probe),
    )


def _plan(probes: int) -> JudgePlan:
    streams = len(streams_of([str(number) for number in range(probes)], streaming=True))
    return JudgePlan(runs_per_year=35_040, streams=streams)


def rows(replayed: int) -> list[tuple[str, str, str]]:
    """Rows of name, measured, aim. ``replayed``: runs of ten probes of thirty samples that are judged one by one."""
    return [*_one_run(), _replay(replayed)]


def _one_run() -> list[tuple[str, str, str]]:
    plan, runs, best = _plan(81), _runs(81, 3), float("inf")
    states: States = {}
    for number in range(40):
        run, began = next(runs), time.process_time()
        states = judge(states, run, plan).states
        if number >= 25:
            best = min(best, time.process_time() - began)
    sizes = sorted(len(json.dumps(state)) for state in states.values())
    return [
        (f"one run of {len(states)} streams judged (81 probes, 3 samples)", f"{1000 * best:.0f} ms", "100 ms"),
        ("a stream's state as JSON, median / largest", f"{sizes[len(sizes) // 2]:,} / {sizes[-1]:,} bytes", ""),
    ]


def _replay(count: int) -> tuple[str, str, str]:
    plan, runs, spent, largest = _plan(10), _runs(10, 30), 0.0, 0
    states: States = {}
    for _ in range(count):
        run, began = next(runs), time.process_time()
        states = judge(states, run, plan).states
        spent += time.process_time() - began
    largest = sum(len(json.dumps(state)) for state in states.values())
    words = f"{spent:.1f} s of CPU, all states {largest:,} bytes"
    return f"{300 * count:,} samples judged again ({len(states)} streams, {count:,} runs)", words, ""
