"""The bets that an event has become more frequent, and what they pay. Feeds rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from checks.drift.noise import Array

ODDS = (1.4, 2.5, 8.0, 40.0)
"""Bets, as odds multiples of the rate to beat."""
ODDS_SHARE = (1.3, 2.0, 5.0, 25.0)
"""The same for the share of a listed category."""
MEAN_BETS = np.array((0.1, 0.3, 0.6, 0.95))
"""Stakes of bets on the run mean: 1 + stake (share - rate) / rate."""


def shifted(rate: Any, ln_odds: Any) -> Array:
    """A rate whose odds are moved by ``ln_odds``."""
    shifted: Array = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + ln_odds)))
    return shifted


def ln_beta_binomial_ratio(events: int, samples: int, above: Array, below: Array, rho: float) -> Array:
    """ln likelihood ratio of rate ``above`` against ``below`` with within-run correlation ``rho``.

    A beta-binomial is Polya's urn: each event makes the next one more likely. Its normalising terms are equal in
    numerator and denominator, so the ratio is a product over the draws.
    """
    correlated = max(rho, 1e-6)
    mass = (1 - correlated) / correlated
    hits, misses = np.arange(events), np.arange(samples - events)
    ratio = np.log((above[..., None] * mass + hits) / (below[..., None] * mass + hits)).sum(axis=-1)
    ratio = ratio + np.log(((1 - above[..., None]) * mass + misses) / ((1 - below[..., None]) * mass + misses)).sum(
        axis=-1
    )
    result: Array = ratio
    return result
