"""What each stream of a suite will find within an hour, a day and a week. Feeds ``runner.planning.planning``. Pure: the
generator is handed in, so the same seed gives the same forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypedDict

import numpy as np

from checks.drift.plan import JudgePlan
from checks.plan.events import AnswerTrial, EventTrial, RouteTrial
from checks.plan.levels import LevelTrial, TailTrial
from checks.plan.normal import Normal
from checks.plan.past import Past
from checks.plan.search import Found, Horizon, Trial, smallest_found

LONGEST = 700
"""Runs after a change that are simulated: a week of a run every 15 minutes."""
MOST_SAMPLES = 200
"""A run of more samples is simulated as one of so many: it finds no less."""
COMPARED = ("latency.total", "tokens.output", "checks", "refusals", "route", "answers")
"""Streams by which suites that ask more are compared."""
HOURS = {"hour": 1, "day": 24, "week": 168}
_YEAR_HOURS = 8760
_LEAST_SPREAD = 3

Kind = Literal["ratio", "share"]
_RATIOS = (4.0, 3.0, 2.5, 2.0, 1.75, 1.5, 1.4, 1.3, 1.25, 1.2, 1.15, 1.1)
_SHARES = (1.0, 0.75, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a run of the suite brings."""

    samples: int
    """Of all probes together."""
    probe_samples: int
    """Of the probe that is asked least."""
    checked: bool
    """Whether any check looks at the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What one stream will find."""

    stream: str
    kind: Kind
    """ratio: now / before. share: of the samples that change."""
    samples: int
    """A run."""
    recorded: bool
    """True where the noise is recorded, False where it is assumed."""
    found: tuple[Found, ...] = ()
    blind: str = ""
    """Why there is nothing to find; empty where there is."""


class _Length(TypedDict):
    past: Past
    later: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A row of the forecast."""

    stream: str
    kind: Kind
    sizes: tuple[float, ...]
    recorded: Callable[[Normal], bool]
    draw: Callable[[np.random.Generator, Normal, JudgePlan, _Length], Trial]
    samples: Callable[[Shape], int] = lambda shape: shape.samples
    blind: Callable[[Shape], str] = lambda _shape: ""


def _apart(shape: Shape) -> str:
    return "" if shape.samples >= _LEAST_SPREAD else f"needs {_LEAST_SPREAD} samples a run"


def _unchecked(shape: Shape) -> str:
    return "" if shape.checked else "no check looks at the answers"


WATCHED = (
    Watched(
        stream="latency.total",
        kind="ratio",
        sizes=_RATIOS,
        recorded=lambda normal: normal.latency.recorded,
        draw=lambda rng, normal, plan, runs: LevelTrial.drawn(rng, "latency", normal.latency, plan, **runs),
    ),
    Watched(
        stream="latency.total.spread",
        kind="ratio",
        sizes=_RATIOS[:-1],
        recorded=lambda normal: normal.latency.recorded,
        draw=lambda rng, normal, plan, runs: LevelTrial.drawn(rng, "spread", normal.latency, plan, **runs),
        blind=_apart,
    ),
    Watched(
        stream="latency.total.tail",
        kind="share",
        sizes=_SHARES[2:],  # where half of a run drags it is its middle that moves: that is latency
        recorded=lambda normal: normal.latency.recorded,
        draw=lambda rng, normal, plan, runs: TailTrial.drawn(rng, normal.latency, plan, **runs),
        blind=_apart,
    ),
    Watched(
        stream="tokens.output",
        kind="ratio",
        sizes=_RATIOS,
        recorded=lambda normal: normal.tokens.recorded,
        draw=lambda rng, normal, plan, runs: LevelTrial.drawn(rng, "tokens", normal.tokens, plan, **runs),
    ),
    Watched(
        stream="checks",
        kind="share",
        sizes=_SHARES,
        recorded=lambda normal: normal.checks.recorded,
        draw=lambda rng, normal, plan, runs: EventTrial.drawn(rng, normal.checks, plan, **runs),
        blind=_unchecked,
    ),
    Watched(
        stream="checks of one probe",
        kind="share",
        sizes=_SHARES,
        recorded=lambda normal: normal.checks.recorded,
        draw=lambda rng, normal, plan, runs: EventTrial.drawn(rng, normal.checks, plan, **runs),
        samples=lambda shape: shape.probe_samples,
        blind=_unchecked,
    ),
    Watched(
        stream="refusals",
        kind="share",
        sizes=_SHARES,
        recorded=lambda normal: normal.refusals.recorded,
        draw=lambda rng, normal, plan, runs: EventTrial.drawn(rng, normal.refusals, plan, **runs),
    ),
    Watched(
        stream="route",
        kind="share",
        sizes=_SHARES,
        recorded=lambda normal: normal.route.recorded,
        draw=lambda rng, normal, plan, runs: RouteTrial.drawn(rng, normal.route, plan, **runs),
    ),
    Watched(
        stream="answers",
        kind="share",
        sizes=_SHARES,
        recorded=lambda normal: normal.answers.recorded,
        draw=lambda rng, normal, plan, runs: AnswerTrial.drawn(rng, normal.answers, plan, **runs),
    ),
)
"""The rows of a forecast, in the order in which they are told."""


def horizons(
    runs_per_year: float, names: Sequence[str] = tuple(HOURS), *, longest: int = LONGEST
) -> tuple[Horizon, ...]:
    """Whole runs in an hour, a day and a week, and how many of them are simulated (at most ``longest``)."""
    counted = {name: int(runs_per_year * HOURS[name] / _YEAR_HOURS + 1e-9) for name in names}
    return tuple(Horizon(name=name, runs=runs, simulated=min(runs, longest)) for name, runs in counted.items())


def forecast(
    rng: np.random.Generator,
    normal: Normal,
    shape: Shape,
    plan: JudgePlan,
    waits: Sequence[Horizon],
    *,
    repeats: int,
    watched: Sequence[Watched] = WATCHED,
) -> tuple[Outlook, ...]:
    """What these streams will find within these horizons, from ``repeats`` trials of every size of change.

    The noise of a stream does not depend on which others are forecast.
    """
    sources = dict(zip((row.stream for row in WATCHED), rng.spawn(len(WATCHED)), strict=True))
    return tuple(_outlook(row, sources[row.stream].spawn(repeats), normal, shape, plan, waits) for row in watched)


def _outlook(
    watched: Watched,
    sources: Sequence[np.random.Generator],
    normal: Normal,
    shape: Shape,
    plan: JudgePlan,
    waits: Sequence[Horizon],
) -> Outlook:
    outlook = Outlook(
        stream=watched.stream,
        kind=watched.kind,
        samples=watched.samples(shape),
        recorded=watched.recorded(normal),
        blind=watched.blind(shape),
    )
    reached = [wait for wait in waits if wait.simulated]
    if outlook.blind or not reached:
        return replace(outlook, blind=outlook.blind or "no run within this time")
    runs = _Length(
        past=Past(formed=normal.formed_runs, seen=normal.baseline_runs),
        later=max(wait.simulated for wait in reached),
        n=min(outlook.samples, MOST_SAMPLES),
    )
    trials = [watched.draw(source, normal, plan, runs) for source in sources]
    return replace(outlook, found=smallest_found(trials, watched.sizes, reached))
