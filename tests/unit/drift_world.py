"""A small imaginary endpoint for the judge's tests: draws whole runs, quiet by default, changed on demand."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult
from checks.drift.score import Judgement, States, judge, streams_of

PROBES = ("greeting", "invoice", "refund", "summary")
_TOKENS = {"greeting": 8.0, "invoice": 40.0, "refund": 80.0, "summary": 200.0}
_WORDINGS = ("Of course: it is {}.", "It is {}.", "{} it is, as far as I know.", "That would be {}.")
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def plan_for(probes: int = len(PROBES), *, runs_per_year: float = 35040, capturing: bool = False) -> JudgePlan:
    """A plan of an installation with just this one suite."""
    streams = len(streams_of([str(number) for number in range(probes)], streaming=True))
    return JudgePlan(runs_per_year=runs_per_year, streams=streams, capturing=capturing)


def key(dimension: str, scope: str = SUITE_SCOPE) -> StreamKey:
    return StreamKey(scope=scope, dimension=dimension)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How the endpoint behaves; the defaults are its quiet state."""

    slower: float = 1.0
    uneven: float = 1.0
    """How much further apart times lie."""
    dragging: float = 0.0
    """Share of calls that take six times as long."""
    wordier: float = 1.0
    refusing: float = 0.0
    failing: float = 0.0
    broken: tuple[str, ...] = ()
    """Probes whose checks fail."""
    route: str = "gw / fp_a"
    wordings: tuple[str, ...] = _WORDINGS
    usage: bool = True
    streamed: bool = True
    checked: bool = True
    rewritten: tuple[str, ...] = ()
    """Probes whose request is another than ever."""
    probes: tuple[str, ...] = PROBES
    constant: bool = False


@dataclass(kw_only=True)
class World:
    """Runs, one after the other, and the judge's states after each."""

    seed: int = 1
    samples: int = 5
    every: timedelta = timedelta(minutes=15)
    plan: JudgePlan = field(default_factory=plan_for)
    states: States = field(default_factory=dict)
    number: int = 0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def observe(self, weather: Weather) -> RunObservation:
        """The next run, not judged."""
        self.number += 1
        return RunObservation(
            run_id=f"run-{self.number}",
            started_at=_EPOCH + self.every * self.number,
            probes=tuple(
                ProbeObservation(
                    probe=probe,
                    request_hash="rewritten" if probe in weather.rewritten else "as-ever",
                    samples=tuple(self._facts(probe, weather) for _ in range(self.samples)),
                )
                for probe in weather.probes
            ),
        )

    def fire(self, weather: Weather | None = None) -> Judgement:
        """One run, judged."""
        return self.judged(self.observe(weather or Weather()))

    def judged(self, run: RunObservation) -> Judgement:
        """A run that was observed, judged."""
        judgement = judge(self.states, run, self.plan)
        self.states = judgement.states
        return judgement

    def run(self, count: int, weather: Weather | None = None) -> Iterator[dict[StreamKey, StreamResult]]:
        """Several runs; the results of each by stream."""
        for _ in range(count):
            yield {result.key: result for result in self.fire(weather).results}

    def settle(self, count: int, weather: Weather | None = None) -> dict[StreamKey, StreamResult]:
        """Several runs; the results of the last."""
        return list(self.run(count, weather))[-1]

    def until_alarm(self, wanted: StreamKey, weather: Weather, *, most: int) -> int | None:
        """Runs until this stream raises its alarm; None where it does not within ``most``."""
        for number, results in enumerate(self.run(most, weather), start=1):
            if wanted in results and results[wanted].opened:
                return number
        return None

    def _facts(self, probe: str, weather: Weather) -> SampleFacts:
        if self.rng.random() < weather.failing:
            return SampleFacts(failed=True)
        noise = np.zeros(3) if weather.constant else self.rng.normal(0, 1, 3)
        slower = weather.slower * (6.0 if weather.dragging and self.rng.random() < weather.dragging else 1.0)
        total = 0.02 * _TOKENS[probe] * float(np.exp(0.35 * noise[0] * weather.uneven)) * slower
        tokens = round(_TOKENS[probe] * float(np.exp(0.15 * noise[1])) * weather.wordier)
        refused = bool(self.rng.random() < weather.refusing)
        wording = weather.wordings[int(self.rng.choice(len(weather.wordings)))]
        return SampleFacts(
            failed=False,
            first_token_s=0.3 * float(np.exp(0.3 * noise[2])) * weather.slower if weather.streamed else None,
            total_s=total,
            output_tokens=tokens if weather.usage else None,
            input_tokens=30 if weather.usage else None,
            refused=refused,
            check_failed=probe in weather.broken if weather.checked else None,
            route=weather.route,
            finish="stop",
            answer="I cannot help with that." if refused else wording.format(probe),
        )


@cache
def _settled(count: int) -> World:
    world = World(seed=5, samples=8) if count <= 30 else settled(count - 10)
    world.settle(min(count, 10) if count > 30 else count)
    return world


def settled(count: int) -> World:
    """A world of eight samples a probe after ``count`` quiet runs; 30 or fewer, or 30 and a multiple of 10."""
    return deepcopy(_settled(count))
