"""Sequential tests on pairs, by betting: wealth that only grows if the hypothesis is wrong. Feeds ``dimensions``.

Each test is a non-negative martingale under its null, a mean over stakes; by Ville's inequality it reaches 1/alpha
with probability at most alpha, whenever one looks and however often. (Ramdas, Gruenwald, Vovk, Shafer: Game-theoretic
statistics and safe anytime-valid inference, Statistical Science 38, 2023.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SIGN_STAKES = np.array((0.25, 0.5, 1.0, 1.5))
SHARE_STAKES = np.array((0.1, 0.25, 0.5, 0.75, 0.9))
_MOST_WEIGHT = 3.0
"""A single pair, however far apart, weighs no more than this."""


def ln_centre_above(differences: Array, theta: float, scale: float) -> Array:
    """ln wealth after each pair against "the centre of the differences is at most theta".

    Valid where differences are symmetric about their centre, whatever their spread: the size of a difference sets the
    stake, its sign is what is bet on. ``scale``: the difference at which the stake is whole.
    """
    away = differences - theta
    size = np.minimum(np.abs(away) / scale, _MOST_WEIGHT)
    paid = SIGN_STAKES[:, None] * (size * np.sign(away)) - np.log(np.cosh(SIGN_STAKES[:, None] * size))
    return _mean_wealth(np.cumsum(paid, axis=1))


def ln_centre_below(differences: Array, theta: float, scale: float) -> Array:
    """ln wealth after each pair against "the centre of the differences is at least theta"."""
    return ln_centre_above(-differences, -theta, scale)


def ln_mean_below(differences: Array, mean: float) -> Array:
    """ln wealth after each pair against "differences in -1..1 are at least ``mean`` on average" (-1 < mean < 1)."""
    return ln_mean_above(-differences, -mean)


def ln_mean_above(differences: Array, mean: float) -> Array:
    """ln wealth after each pair against "differences in -1..1 are at most ``mean`` on average" (-1 < mean < 1)."""
    stakes = SHARE_STAKES[:, None] / (1 + mean)
    return _mean_wealth(np.cumsum(np.log1p(stakes * (differences - mean)), axis=1))


def _mean_wealth(ln_wealth: Array) -> Array:
    """ln of the mean over the stakes; columns are pairs."""
    top = ln_wealth.max(axis=0)
    mean: Array = top + np.log(np.exp(ln_wealth - top).mean(axis=0))
    return mean
