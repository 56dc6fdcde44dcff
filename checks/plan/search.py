"""The smallest change that is found in time, by trials of every size from large to small. Feeds the forecast."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from checks.drift.bounds import share_interval

CHANCES = (0.5, 0.9)
_HOPELESS = 5  # first trials that all miss: with a chance of one half that happens once in 32


class Trial(Protocol):
    """One imaginary history of a stream."""

    def alarms(self, size: float) -> Iterator[bool]:
        """Run by run after a change of this size: whether the alarm has been raised."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How long one is willing to wait."""

    name: str
    """``hour``, ``day`` or ``week``."""
    runs: int
    """Runs of the suite in that time."""
    simulated: int
    """Runs that were simulated of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The smallest change of the table that is found within a horizon, at least as often as asked."""

    horizon: str
    wanted: float
    """The chance asked for."""
    size: float | None
    """A ratio, or a share; None where not even the largest change is found so often."""
    chance: float | None = None
    """How often it was found, with a 95 % interval (Clopper and Pearson)."""
    chance_low: float | None = None
    chance_high: float | None = None
    runs: int | None = None
    """Runs until it is found, the middle one of all trials, with a 90 % interval by order statistics; None where
    that lies beyond all that was simulated."""
    runs_low: int | None = None
    runs_high: int | None = None


Delays = Sequence[float]
"""Runs until the alarm, ascending; infinity where it did not come."""


def smallest_found(trials: Sequence[Trial], sizes: Sequence[float], horizons: Sequence[Horizon]) -> tuple[Found, ...]:
    """For every horizon and chance the smallest size so that it and all larger ones are found. ``sizes`` descend."""
    most = max(horizon.simulated for horizon in horizons)
    table: list[tuple[float, Delays]] = []
    for size in sizes:
        waited = _delays(trials, size, most)
        if waited is None:
            break
        table.append((size, waited))
    return tuple(_found(table, horizon, wanted) for horizon in horizons for wanted in CHANCES)


def _delays(trials: Sequence[Trial], size: float, most: int) -> Delays | None:
    """None as soon as the smallest chance is out of reach within the longest horizon, or looks so from the start."""
    waited: list[float] = []
    for trial in trials:
        waited.append(delay(trial, size, most))
        missed = sum(map(math.isinf, waited))
        if missed > (1 - min(CHANCES)) * len(trials) or missed == len(waited) == _HOPELESS:
            return None
    return sorted(waited)


def delay(trial: Trial, size: float, most: int) -> float:
    """Runs until the alarm; infinity where it does not come within ``most``."""
    alarms = zip(range(1, most + 1), trial.alarms(size), strict=False)
    return next((float(number) for number, alarmed in alarms if alarmed), math.inf)


def _found(table: Sequence[tuple[float, Delays]], horizon: Horizon, wanted: float) -> Found:
    best = None
    for size, waited in table:
        if sum(runs <= horizon.simulated for runs in waited) < wanted * len(waited):
            break
        best = (size, waited)
    if best is None:
        return Found(horizon=horizon.name, wanted=wanted, size=None)
    size, waited = best
    count, among = sum(runs <= horizon.simulated for runs in waited), len(waited)
    low, high = share_interval(count, among, 1.0)
    half = math.ceil(1.645 * math.sqrt(among) / 2)
    middle = (among - 1) // 2
    runs, first, last = (waited[min(max(at, 0), among - 1)] for at in (middle, middle - half, middle + half))
    return Found(
        horizon=horizon.name,
        wanted=wanted,
        size=size,
        chance=count / among,
        chance_low=low,
        chance_high=high,
        runs=_whole(runs),
        runs_low=_whole(first),
        runs_high=_whole(last),
    )


def _whole(runs: float) -> int | None:
    return None if math.isinf(runs) else int(runs)
