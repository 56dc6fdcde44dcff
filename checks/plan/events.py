"""Trials of streams of events: failed checks, refusals, routes, wording. Feeds ``watching``.

Each trial forms its pools from a quiet past once; changes of all sizes start from there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from checks.drift import answers as wording
from checks.drift import categories, events
from checks.drift.mixes import Mix, new_mix, step_mix
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rate, Rules, new_rate, step_rate
from checks.plan.normal import Answers, Events, Routes
from checks.plan.past import Past


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventTrial:
    """One history of how often something bad happens."""

    rules: Rules
    rate: Rate
    normal: Events
    seed: int
    later: int
    samples: int

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, normal: Events, plan: JudgePlan, *, past: Past, later: int, n: int
    ) -> EventTrial:
        """A trial of ``n`` samples a run and ``later`` runs after the change."""
        rules = events.event_rules(plan)
        counts = normal.draw(rng, past.seen, n, normal.share).tolist()
        formed = past.formed_of(events.BASELINE_RUNS)
        rate = new_rate([(x, n) for x in counts[:formed]], rules)
        for x in counts[formed:]:
            rate = step_rate(rate, x, n, rules)
        return cls(rules=rules, rate=rate, normal=normal, seed=int(rng.integers(2**32)), later=later, samples=n)

    def alarms(self, size: float) -> Iterator[bool]:
        """Run by run after the change. ``size``: share of the samples to which it happens that it spared before."""
        share = self.normal.share + (1 - self.normal.share) * size
        rng, rate = np.random.default_rng(self.seed), self.rate
        for x in self.normal.draw(rng, self.later, self.samples, share).tolist():
            rate = step_rate(rate, x, self.samples, self.rules)
            yield rate.ln_m >= self.rules.ln_c


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RouteTrial:
    """One history of who answers."""

    rules: Rules
    mix: Mix
    normal: Routes
    seed: int
    later: int
    samples: int

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, normal: Routes, plan: JudgePlan, *, past: Past, later: int, n: int
    ) -> RouteTrial:
        """A trial of ``n`` samples a run and ``later`` runs after the change."""
        rules = Rules.of(plan, min_runs=categories.MIN_RUNS)
        runs, formed = normal.draw(rng, past.seen, n, 0.0), past.formed_of(events.BASELINE_RUNS)
        mix = new_mix(runs[:formed], rules)
        for run in runs[formed:]:
            mix = step_mix(mix, run, rules)
        return cls(rules=rules, mix=mix, normal=normal, seed=int(rng.integers(2**32)), later=later, samples=n)

    def alarms(self, size: float) -> Iterator[bool]:
        """Run by run after the change. ``size``: share of the samples that a route never seen before answers."""
        rng, mix = np.random.default_rng(self.seed), self.mix
        for run in self.normal.draw(rng, self.later, self.samples, size):
            mix = step_mix(mix, run, self.rules)
            yield mix.ln_m >= self.rules.ln_c


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerTrial:
    """One history of how answers are worded."""

    rules: Rules
    rates: tuple[Rate, ...]
    normal: Answers
    seed: int
    later: int
    samples: int

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, normal: Answers, plan: JudgePlan, *, past: Past, later: int, n: int
    ) -> AnswerTrial:
        """A trial of ``n`` samples a run and ``later`` runs after the change."""
        rules = Rules.of(plan, min_runs=wording.MIN_RUNS)
        runs, formed = normal.draw(rng, past.seen, n, 0.0).tolist(), past.formed_of(events.BASELINE_RUNS)
        columns = zip(*runs[:formed], strict=True)
        rates = tuple(new_rate([(x, n) for x in column], rules, weight=wording.BASELINE_WEIGHT) for column in columns)
        for run in runs[formed:]:
            rates = _stepped(rates, run, n, rules)
        return cls(rules=rules, rates=rates, normal=normal, seed=int(rng.integers(2**32)), later=later, samples=n)

    def alarms(self, size: float) -> Iterator[bool]:
        """Run by run after the change. ``size``: share of the answers that are worded unlike any before."""
        rng, rates = np.random.default_rng(self.seed), self.rates
        for run in self.normal.draw(rng, self.later, self.samples, size).tolist():
            rates = _stepped(rates, run, self.samples, self.rules)
            terms = [math.log(weight) + rate.ln_m for weight, rate in zip(wording.WEIGHTS, rates, strict=True)]
            yield float(np.logaddexp.reduce(terms)) >= self.rules.ln_c


def _stepped(rates: Sequence[Rate], run: Sequence[int], samples: int, rules: Rules) -> tuple[Rate, ...]:
    return tuple(step_rate(rate, x, samples, rules) for rate, x in zip(rates, run, strict=True))
