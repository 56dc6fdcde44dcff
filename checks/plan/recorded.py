"""Recorded quiet runs -> what is normal there. Feeds the forecast; pure.

What a dimension does not tell (no tokens counted, texts expired, too few runs) stays assumed, and says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from checks.drift.bounds import correlation
from checks.drift.dimensions import POOLED
from checks.drift.mixes import Agreement
from checks.drift.noise import Array
from checks.drift.observation import RunObservation
from checks.plan.normal import Answers, Calls, Events, Normal, Routes, answers_of, assumed

LEAST_RUNS = 20
"""Fewer recorded runs say too little about how one run differs from the next."""
MOST_RUNS = 336
_LEAST_ANSWERS = 5
_MOST_ROUTES = 6

_Told = Sequence[Mapping[str, Any]]
"""What each run tells a stream, by probe; runs that tell nothing are left out."""


def recorded(runs: Sequence[RunObservation], *, formed: int, newest: Mapping[str, int] | None = None) -> Normal | None:
    """What these quiet runs (oldest first) show; None where they are fewer than ``LEAST_RUNS``.

    ``formed``: how many runs the baseline was formed from at once. ``newest``: by dimension, how many of the newest
    runs alone are of its present normal, where those are not all.
    """
    runs = runs[-MOST_RUNS:]
    if len(runs) < LEAST_RUNS:
        return None
    known, since = assumed(len(runs)), newest or {}
    return replace(
        known,
        formed_runs=min(formed, len(runs)),
        latency=_calls(_told("latency.total", runs, since), 0.0) or known.latency,
        tokens=_calls(_told("tokens.output", runs, since), 2.0) or known.tokens,
        checks=_events(_told("checks", runs, since)) or known.checks,
        refusals=_events(_told("refusals", runs, since)) or known.refusals,
        route=_routes(_told("route", runs, since)) or known.route,
        answers=_answers(_told("answers", runs, since)) or known.answers,
    )


def _told(dimension: str, runs: Sequence[RunObservation], newest: Mapping[str, int]) -> _Told:
    machine, first = POOLED[dimension], max(0, len(runs) - newest.get(dimension, len(runs)))
    gathered = ({probe.probe: machine.gather(probe) for probe in run.probes} for run in runs[first:])
    told = ({name: value for name, value in run.items() if value is not None} for run in gathered)
    return [run for run in told if run]


def _calls(told: _Told, offset: float) -> Calls | None:
    """Residuals parted into what a run's calls share and what each has alone (analysis of variance, one way)."""
    if len(told) < LEAST_RUNS:
        return None
    by_probe: dict[str, list[float]] = defaultdict(list)
    for run in told:
        for name, values in run.items():
            by_probe[name] += values
    normal = {name: float(np.median(np.log(np.array(values) + offset))) for name, values in by_probe.items()}
    runs = [np.concatenate([np.log(np.array(v) + offset) - normal[name] for name, v in run.items()]) for run in told]
    return _parted(runs)


def _parted(runs: Sequence[Array]) -> Calls:
    sizes = np.array([len(run) for run in runs])
    if sizes.min() < 2:  # one call a run: what it shares with its run cannot be told apart
        return Calls(shared=np.zeros(1), alone=np.concatenate(runs), recorded=True)
    means = np.array([run.mean() for run in runs])
    within = sum(float(((run - run.mean()) ** 2).sum()) for run in runs) / float((sizes - 1).sum())
    between = max(0.0, float(means.var()) - within * float((1 / sizes).mean()))
    share = float(np.sqrt(between / means.var())) if between else 0.0
    # a run's own mean takes part of the noise of each call away; the factor gives it back
    alone = np.concatenate([(run - run.mean()) * np.sqrt(len(run) / (len(run) - 1)) for run in runs])
    return Calls(shared=share * (means - means.mean()), alone=alone, recorded=True)


def _events(told: _Told) -> Events | None:
    tallies = [(sum(x for x, _ in run.values()), sum(n for _, n in run.values())) for run in told]
    if len(tallies) < LEAST_RUNS:
        return None
    share = sum(x for x, _ in tallies) / sum(n for _, n in tallies)
    rho = correlation([(x, n, 1, 1.0) for x, n in tallies])
    return Events(share=share, correlation=rho, recorded=True)


def _routes(told: _Told) -> Routes | None:
    if len(told) < LEAST_RUNS:
        return None
    agreement, total = Agreement(), Counter[str]()
    for run in told:
        counts = sum((Counter(counts) for counts in run.values()), Counter[str]())
        agreement = agreement.plus(counts)
        total.update(counts)
    ordered = [count for _, count in total.most_common()]
    shown = [*ordered[: _MOST_ROUTES - 1], sum(ordered[_MOST_ROUTES - 1 :])]
    shares = tuple(count / total.total() for count in shown if count)
    return Routes(shares=shares, correlation=agreement.rho, recorded=True)


def _answers(told: _Told) -> Answers | None:
    keys: dict[str, list[str]] = defaultdict(list)
    for run in told:
        for name, given in run.items():
            keys[name] += given
    enough = [given[-200:] for given in keys.values() if len(given) >= _LEAST_ANSWERS]
    return answers_of(enough, recorded=True) if enough and len(told) >= LEAST_RUNS else None
