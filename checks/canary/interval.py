"""How much worse a candidate is: an estimate with an interval that holds at every look. Feeds ``judge``.

The interval holds every amount that the two one-sided tests of the dimension have not rejected at 2.5 % each: a
confidence sequence by inversion (Waudby-Smith and Ramdas, Journal of the Royal Statistical Society B 86, 2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from checks.canary.bets import Array
from checks.canary.dimensions import Dimension
from checks.drift.result import Effect

_LN_SIDE = math.log(1 / 0.025)
_HALVINGS = 24
_ALMOST_ONE = 1 - 1e-9
_BEYOND = 2.0
"""In log units and in distances: as far outside the differences as it is worth looking."""


def effect_of(dimension: Dimension, differences: Array) -> Effect:
    """The estimate (median of ratios and distances, mean of events) and its 95 % interval; None where it is open."""
    rises, falls = _rejects(dimension.ln_worse, differences), _rejects(dimension.ln_better, differences)
    if dimension.kind == "difference":
        mean = float(differences.mean())
        low, high = _edge(rises, mean, -_ALMOST_ONE), _edge(falls, mean, _ALMOST_ONE)
        return Effect(
            kind="difference", value=mean, low=-1.0 if low is None else low, high=1.0 if high is None else high
        )
    middle = float(np.median(differences))
    low = _edge(rises, middle, float(differences.min()) - _BEYOND)
    high = _edge(falls, middle, float(differences.max()) + _BEYOND)
    if dimension.kind == "distance":
        return Effect(kind="distance", value=middle, low=low, high=high)
    return Effect(kind="ratio", value=math.exp(middle), low=_factor(low), high=_factor(high))


def _rejects(evidence: Callable[[Array, float], Array], differences: Array) -> Callable[[float], bool]:
    return lambda at: bool(evidence(differences, at).max() >= _LN_SIDE)


def _edge(rejects: Callable[[float], bool], inside: float, outside: float) -> float | None:
    """Where rejection begins between the two, by halving; None where even ``outside`` is not rejected."""
    if not rejects(outside):
        return None
    for _ in range(_HALVINGS):
        half = (inside + outside) / 2
        inside, outside = (inside, half) if rejects(half) else (half, outside)
    return outside


def _factor(ln_ratio: float | None) -> float | None:
    return None if ln_ratio is None else math.exp(ln_ratio)
