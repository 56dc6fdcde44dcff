"""What a suite would find and cost if it ran twice as often, or asked twice as much. Feeds ``planning``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.drift.plan import JudgePlan
from checks.plan.forecast import COMPARED, WATCHED, Outlook, Shape, forecast, horizons
from checks.plan.normal import Normal
from checks.plan.search import Horizon
from probes.suite import Suite
from reports.plan.record import Option
from reports.summary import RunRecord
from runner.planning.monthly import monthly

SEED = 20261121
_MOST_RUNS = 100
_FACTORS = (("twice as often", 2, 1), ("twice the samples", 1, 2), ("both", 2, 2))
_WATCHED = tuple(row for row in WATCHED if row.stream in COMPARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A suite at an endpoint, what is normal there, and what runs cost."""

    suite: Suite
    endpoint: str
    normal: Normal
    shape: Shape
    judge: JudgePlan
    paid: Sequence[RunRecord]

    def asking(self, runs: int, samples: int) -> World:
        """The same with so many times the runs a year and the samples a run."""
        shape = replace(
            self.shape, samples=self.shape.samples * samples, probe_samples=self.shape.probe_samples * samples
        )
        return replace(self, shape=shape, judge=replace(self.judge, runs_per_year=self.judge.runs_per_year * runs))


def source() -> np.random.Generator:
    """The noise of every forecast: always the same, so that suites are compared on equal terms."""
    return np.random.default_rng(SEED)


def compared_within(waits: Sequence[Horizon]) -> Horizon:
    """The longest time of at most a hundred runs, so that four suites can be compared in seconds."""
    short = [wait for wait in waits if 0 < wait.runs <= _MOST_RUNS]
    return short[-1] if short else next((wait for wait in waits if wait.runs), waits[-1])


def options(world: World, found: Sequence[Outlook], within: Horizon, *, repeats: int, longest: int) -> Iterator[Option]:
    """The suite as it is, with what was found already, and asking more."""
    told = [outlook for outlook in found if outlook.stream in COMPARED]
    as_is = tuple(replace(o, found=tuple(f for f in o.found if f.horizon == within.name)) for o in told)
    yield _option(world, "as it is", 1, 1, as_is)
    for name, runs, samples in _FACTORS:
        more = world.asking(runs, samples)
        waits = horizons(more.judge.runs_per_year, (within.name,), longest=longest)
        outlooks = forecast(source(), more.normal, more.shape, more.judge, waits, repeats=repeats, watched=_WATCHED)
        yield _option(more, name, runs, samples, outlooks)


def _option(world: World, name: str, runs: int, samples: int, outlooks: tuple[Outlook, ...]) -> Option:
    judge = world.judge
    cost = monthly(world.suite, world.endpoint, world.paid, runs_per_year=judge.runs_per_year, samples_factor=samples)
    return Option(
        name=name,
        runs_factor=runs,
        samples_factor=samples,
        ln_c=judge.ln_c_discrete,
        monthly=cost,
        outlooks=outlooks,
    )
