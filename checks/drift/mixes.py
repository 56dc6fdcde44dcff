"""Evidence that a mix of categories has moved: served models, fingerprints, finish reasons. Feeds the category
machine.

Every listed category is two events (share up, share down); all else, seen or not, is the event 'other'.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.drift.bets import ODDS_SHARE
from checks.drift.bounds import RHO_PRIOR, shrunk
from checks.drift.rates import Rate, Rules, new_rate, restarted, step_rate

_MOST_LISTED = 20
MOST_KNOWN = 500  # an endpoint that names itself anew in every reply must not fill the store
_ADMIT = 0.25
_WEIGHT_OTHER = 0.3
_STICKY = 0.8  # correlation inside a run: 1.00 was read from sticky gateways, .01 from others (judge's specification)
_OTHER_RUNS = 3 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Sums from which the correlation shared by all categories is read."""

    agreeing: int = 0
    """Pairs inside runs that agree."""
    pairs: int = 0
    """Pairs inside runs."""
    samples: int = 0
    squares: int = 0
    """Sum of squared samples a run."""
    runs: int = 0
    categories: Mapping[str, tuple[int, int]] | None = None
    """By category: samples, and sum of squared samples a run."""

    @property
    def known(self) -> Mapping[str, tuple[int, int]]:
        """The categories seen so far."""
        return self.categories or {}

    def plus(self, run: Mapping[str, int]) -> Agreement:
        """The sums with one more run."""
        known, n = dict(self.known), sum(run.values())
        for category, x in run.items():
            if category in known or len(known) < MOST_KNOWN:
                total, squared = known.get(category, (0, 0))
                known[category] = (total + x, squared + x * x)
        return Agreement(
            agreeing=self.agreeing + sum(x * (x - 1) for x in run.values()),
            pairs=self.pairs + n * (n - 1),
            samples=self.samples + n,
            squares=self.squares + n * n,
            runs=self.runs + 1,
            categories=known,
        )

    @property
    def rho(self) -> float:
        """Within-run correlation: 1 for a gateway that answers whole runs from one model."""
        between = self.samples**2 - self.squares
        if self.pairs <= 0 or between <= 0:
            return RHO_PRIOR
        apart = sum(total * total - squared for total, squared in self.known.values()) / between
        rho = RHO_PRIOR
        if 1 - apart > 1e-9:
            rho = min(max((self.agreeing / self.pairs - apart) / (1 - apart), 0.0), 1.0)
        return shrunk(rho, min(self.runs, self.samples - max(total for total, _ in self.known.values())))

    @property
    def sticky(self) -> bool:
        """True where whole runs fall into one category each, and at least three into another than the usual one.

        A category of whole runs is as many runs as its samples squared over its sum of squared samples a run.
        """
        if self.pairs <= 0 or self.rho < _STICKY:
            return False
        runs = sorted(total * total / squared for total, squared in self.known.values() if squared)
        return sum(runs[:-1]) >= _OTHER_RUNS

    def to_json(self) -> list[Any]:
        """As plain JSON values."""
        known = {category: list(sums) for category, sums in self.known.items()}
        return [self.agreeing, self.pairs, self.samples, self.squares, self.runs, known]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Agreement:
        """The inverse of ``to_json``."""
        agreeing, pairs, samples, squares, runs, known = value
        return cls(
            agreeing=agreeing,
            pairs=pairs,
            samples=samples,
            squares=squares,
            runs=runs,
            categories={category: (sums[0], sums[1]) for category, sums in known.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A mix of categories: what is listed, the rates of its events, the sums for the shared correlation."""

    listed: tuple[str, ...]
    rates: tuple[Rate, ...]
    """Up and down of every listed category where there is more than one, then 'other'."""
    agreement: Agreement

    @property
    def ln_m(self) -> float:
        """ln of the weighted mean of the events' evidence."""
        parts = len(self.rates) - 1
        weights = [(1 - _WEIGHT_OTHER) / parts] * parts + [_WEIGHT_OTHER] if parts else [1.0]
        terms = [math.log(weight) + rate.ln_m for weight, rate in zip(weights, self.rates, strict=True)]
        return float(np.logaddexp.reduce(terms))

    def restarted(self) -> Mix:
        """The same pools without evidence."""
        return replace(self, rates=tuple(restarted(rate) for rate in self.rates))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "listed": list(self.listed),
            "rates": [rate.to_json() for rate in self.rates],
            "agreement": self.agreement.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Mix:
        """The inverse of ``to_json``."""
        return cls(
            listed=tuple(value["listed"]),
            rates=tuple(Rate.from_json(rate) for rate in value["rates"]),
            agreement=Agreement.from_json(value["agreement"]),
        )


def _share_rules(rules: Rules) -> Rules:
    return replace(rules, odds=ODDS_SHARE)


def _other_rules(rules: Rules) -> Rules:
    # rare scattered categories under a correlation learned from the common ones would make the bet unfair
    return replace(rules, mean_bets=True)


def _listed(runs: Sequence[Mapping[str, int]], total: Counter[str]) -> tuple[str, ...]:
    """Categories with at least 10 samples in at least 3 runs; the 20 most frequent where there are more."""
    present = Counter(category for run in runs for category, x in run.items() if x)
    frequent = [c for c in total if total[c] >= 10 and present[c] >= min(3, len(runs))]
    return tuple(sorted(sorted(frequent, key=lambda c: (-total[c], c))[:_MOST_LISTED]))


def new_mix(runs: Sequence[Mapping[str, int]], rules: Rules) -> Mix:
    """A mix from baseline runs ({category: samples}, none empty)."""
    agreement, total = Agreement(), Counter[str]()
    for run in runs:
        agreement = agreement.plus(run)
        total.update(run)
    listed, rho = _listed(runs, total), agreement.rho
    rates = []
    if len(listed) > 1 or sum(total[category] for category in listed) < total.total():
        for category in listed:
            counts = [(run.get(category, 0), sum(run.values())) for run in runs]
            rates.append(new_rate(counts, _share_rules(rules), rho=rho))
            rates.append(new_rate([(n - x, n) for x, n in counts], _share_rules(rules), rho=rho))
    others = [_others(run, set(listed), total) for run in runs]
    rates.append(new_rate(others, _other_rules(rules), rho=rho))
    return Mix(listed=listed, rates=tuple(rates), agreement=agreement)


def _others(run: Mapping[str, int], listed: set[str], total: Counter[str]) -> tuple[int, int]:
    """Unlisted samples of a baseline run; a category seen just once counts twice (Good-Turing).

    'Never seen, so 0 of n' is a selected zero: the chance that the next is unseen is about singletons / n.
    """
    n = sum(run.values())
    return min(n, sum(x * (2 if total[c] == 1 else 1) for c, x in run.items() if c not in listed)), n


def step_mix(mix: Mix, run: Mapping[str, int], rules: Rules, *, alarmed: bool = False) -> Mix:
    """One run ({category: samples}, not empty)."""
    n, rho = sum(run.values()), mix.agreement.rho
    events: list[tuple[int, Rules]] = []
    if len(mix.rates) > 1:
        for category in mix.listed:
            x = run.get(category, 0)
            events += [(x, _share_rules(rules)), (n - x, _share_rules(rules))]
    events.append((sum(x for c, x in run.items() if c not in mix.listed), _other_rules(rules)))
    rates = tuple(
        step_rate(rate, x, n, own, rho=rho, alarmed=alarmed) for rate, (x, own) in zip(mix.rates, events, strict=True)
    )
    stepped = replace(mix, rates=rates)
    if alarmed or stepped.ln_m >= _ADMIT * rules.ln_c:
        return stepped
    return replace(stepped, agreement=mix.agreement.plus(run))
