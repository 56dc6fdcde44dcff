"""What a control question buys: slow networks that are no drift of the model, and slow models behind slow networks.

Run: ``python -m tests.benchmarks.control_table [STREAMS]``. Six probes of five samples, 1.5 s each in the middle, of
which the way takes 80 ms; a control question of five samples takes the way alone. 100 baseline runs. Three ways of
judging ``latency.total``: without control, seconds off (as built), and a difference in log units.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.result import CONTROL, SUITE_SCOPE, StreamKey
from checks.drift.score import judge

PLAN = JudgePlan(runs_per_year=35_040, streams=150)
BASELINE, MODEL_S, WAY_S = 100, 1.5, 0.08
PROBES = tuple(f"probe-{number}" for number in range(6))
TOTAL, WAY = (StreamKey(scope=SUITE_SCOPE, dimension=name) for name in ("latency.total", CONTROL))
WAYS = ("none", "seconds", "log")


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What happens after the baseline, and how the network behaves all the time."""

    wander_s: float = 0.0
    """Sd of what a wandering network adds, seconds (AR 0.9)."""
    way_step_s: float = 0.0
    model: float = 1.0


def runs(weather: Weather, seed: int, count: int) -> Iterator[RunObservation]:
    """Quiet runs of the baseline, then ``count`` changed ones."""
    draws, wander = np.random.default_rng(seed), 0.0
    for number in range(BASELINE + count):
        later = number >= BASELINE
        wander = 0.9 * wander + 0.436 * weather.wander_s * float(draws.normal())
        way = WAY_S + abs(wander) + (weather.way_step_s if later else 0.0)
        model = MODEL_S * (weather.model if later else 1.0)
        times = {name: way + model * draws.lognormal(0, 0.25, 5) for name in PROBES}
        times["control"] = way * draws.lognormal(0, 0.1, 5)
        yield RunObservation(
            run_id=f"run-{number}",
            started_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * number),
            probes=tuple(
                ProbeObservation(
                    probe=name,
                    request_hash="as-ever",
                    control=name == "control",
                    samples=tuple(SampleFacts(failed=False, total_s=float(value)) for value in values),
                )
                for name, values in times.items()
            ),
        )


def as_judged(run: RunObservation, way: str) -> RunObservation:
    """The run without its control question, or with the question's time taken off in log units beforehand."""
    if way == "seconds":
        return run
    control = float(np.median([s.total_s or 0.0 for p in run.probes if p.control for s in p.samples]))
    factor = WAY_S / control if way == "log" else 1.0
    return replace(
        run,
        probes=tuple(
            replace(p, samples=tuple(replace(s, total_s=(s.total_s or 0.0) * factor) for s in p.samples))
            for p in run.probes
            if not p.control
        ),
    )


def first_alarm(weather: Weather, way: str, seed: int, count: int, stream: StreamKey = TOTAL) -> int | None:
    """Runs after the baseline until the stream alarms."""
    states: dict[StreamKey, object] = {}
    for number, run in enumerate(runs(weather, seed, count), start=1 - BASELINE):
        judgement = judge(states, as_judged(run, way), PLAN)  # type: ignore[arg-type]
        states = dict(judgement.states)
        states = {key: states[key] for key in (TOTAL, WAY) if key in states}
        if any(result.key == stream and result.opened for result in judgement.results):
            return number
    return None


SCENARIOS = {
    "nothing, calm network": (Weather(), 300),
    "nothing, network wanders by 0.3 s": (Weather(wander_s=0.3), 300),
    "network 0.5 s slower": (Weather(way_step_s=0.5), 100),
    "network 0.5 s slower, and it wanders by 0.1 s": (Weather(wander_s=0.1, way_step_s=0.5), 100),
    "model x1.3, calm network": (Weather(model=1.3), 100),
    "model x1.3, network wanders by 0.3 s": (Weather(wander_s=0.3, model=1.3), 100),
    "model x1.5, network wanders by 0.3 s": (Weather(wander_s=0.3, model=1.5), 100),
}


def row(weather: Weather, way: str, count: int, streams: int, stream: StreamKey = TOTAL) -> str:
    """``40 of 40, after 4 runs``: how many streams alarmed, and in the middle of these when."""
    found = [at for seed in range(streams) if (at := first_alarm(weather, way, seed, count, stream)) is not None]
    return f"{len(found)} of {streams}" + (f", after {np.median(found):.0f} runs" if found else "")


def main(streams: int) -> None:
    for name, (weather, count) in SCENARIOS.items():
        told = "; ".join(f"{way}: {row(weather, way, count, streams)}" for way in WAYS)
        print(f"{name}: {told}; the control itself: {row(weather, 'seconds', count, streams, WAY)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
