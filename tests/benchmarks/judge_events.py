"""When the product's machines of events, mixes and answers alarm on imaginary endpoints. Feeds judge_table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from checks.drift.answers import AnswerMachine
from checks.drift.events import event_rules
from checks.drift.evidence import Formed, Gathered
from checks.drift.mixes import new_mix, step_mix
from checks.drift.rates import Rules, new_rate, step_rate
from checks.drift.wording import key_of
from runner.demo.phrasings import BANKS, RIGHT_TOTAL, Weighted
from tests.benchmarks.judge_continuous import PLAN
from tests.benchmarks.judge_noise import Events

RATES = event_rules(PLAN)
MIXES = Rules.of(PLAN, min_runs=2)
_REFUSAL = "I'm sorry, but I can't help with that."


def first_alarm(quiet: Events, baseline: int, runs: int, seed: int) -> int | None:
    """Runs until a stream in which nothing changes alarms; None where it does not within ``runs``."""
    rng = np.random.default_rng(seed)
    return _until_alarm(quiet, quiet.draw(rng, baseline + runs).tolist(), baseline, 0)


def delay(before: Events, after: Events, calm: int, most: int, seed: int, *, baseline: int = 20) -> int | None:
    """Runs from a change until the alarm, with ``calm`` quiet runs after the baseline.

    0 where it alarmed before; None where it does not within ``most``.
    """
    rng = np.random.default_rng(seed)
    counts = [*before.draw(rng, baseline + calm).tolist(), *after.draw(rng, most).tolist()]
    return _until_alarm(before, counts, baseline, calm)


def _until_alarm(events: Events, counts: Sequence[int], baseline: int, calm: int) -> int | None:
    n = events.samples
    rate = new_rate([(x, n) for x in counts[:baseline]], RATES)
    for run, x in enumerate(counts[baseline:], start=1):
        rate = step_rate(rate, x, n, RATES)
        if rate.ln_m >= RATES.ln_c:
            return max(0, run - calm)
    return None


@dataclass(frozen=True, kw_only=True)
class Categories:
    """Who answers: shares by name, per request or, sticky, for whole runs."""

    shares: Mapping[str, float]
    sticky: bool = False
    samples: int = 30

    def draw(self, rng: np.random.Generator, runs: int) -> list[dict[str, int]]:
        """Samples by name, for each run."""
        names, shares = list(self.shares), list(self.shares.values())
        if self.sticky:
            return [{names[at]: self.samples} for at in rng.choice(len(names), runs, p=shares).tolist()]
        rows = rng.multinomial(self.samples, shares, runs).tolist()
        return [{name: x for name, x in zip(names, row, strict=True) if x} for row in rows]


def mix_delay(before: Categories, after: Categories, calm: int, most: int, seed: int) -> int | None:
    """Runs from a change of the mix until the alarm; as ``delay``."""
    rng = np.random.default_rng(seed)
    runs = [*before.draw(rng, 20 + calm), *after.draw(rng, most)]
    mix = new_mix(runs[:20], MIXES)
    for number, run in enumerate(runs[20:], start=1):
        mix = step_mix(mix, run, MIXES)
        if mix.ln_m >= MIXES.ln_c:
            return max(0, number - calm)
    return None


@dataclass(frozen=True, kw_only=True)
class Speakers:
    """Ten probes and who words their answers: the phrasings of the demo's two models."""

    other: frozenset[int] = frozenset()
    """Positions of the probes that the other model answers."""
    refusing: float = 0.0

    def draw(self, rng: np.random.Generator, number: int, samples: int = 3) -> dict[str, list[str]]:
        """Keys of the answers of one run, by probe."""
        return {
            str(at): [self._one(rng, bank.other if at in self.other else bank.house, number) for _ in range(samples)]
            for at, bank in enumerate(BANKS.values())
        }

    def _one(self, rng: np.random.Generator, phrasings: Weighted, number: int) -> str:
        if rng.random() < self.refusing:
            return key_of(_REFUSAL)
        weights = np.array([weight for weight, _ in phrasings], float)
        text = phrasings[int(rng.choice(len(phrasings), p=weights / weights.sum()))][1]
        return key_of(text.replace("{total}", RIGHT_TOTAL))


EVERYONE = frozenset(range(len(BANKS)))


def answers_delay(after: Speakers, calm: int, most: int, seed: int, *, probe: int | None = None) -> int | None:
    """Runs until the answers stream alarms: the pooled one, or that of one probe; as ``delay``."""
    rng, machine, before = np.random.default_rng(seed), AnswerMachine(), Speakers()
    formed = machine.form([_gathered(before, rng, number, probe) for number in range(20)], PLAN)
    if formed is None:
        raise ValueError("twenty runs are a baseline")
    return _heard(machine, formed, rng, before, after, calm, most, probe)


def _heard(
    machine: AnswerMachine,
    formed: Formed,
    rng: np.random.Generator,
    before: Speakers,
    after: Speakers,
    calm: int,
    most: int,
    probe: int | None,
) -> int | None:
    detector = formed.detector
    for number in range(1, calm + most + 1):
        run = _gathered(before if number <= calm else after, rng, number, probe)
        stepped = machine.step(formed.baseline, detector, run, PLAN, alarmed=False)
        if stepped is None:
            raise ValueError("every run has answers")
        detector, said = stepped
        if said.score >= 100:
            return max(0, number - calm)
    return None


def _gathered(speakers: Speakers, rng: np.random.Generator, number: int, probe: int | None) -> Gathered:
    told = speakers.draw(rng, number)
    kept = told if probe is None else {str(probe): told[str(probe)]}
    return Gathered(run_id=str(number), day="2026-01-01", told=kept)


def quantiles(delays: Sequence[int | None], most: int) -> str:
    """``median/90 %`` as the specification writes it; ``-`` where that many were not found, and the share missed."""
    ordered = sorted(most + 1 if value is None else value for value in delays)
    picked = [ordered[min(len(ordered) - 1, int(np.ceil(share * len(ordered))) - 1)] for share in (0.5, 0.9)]
    missed = Counter(value is None for value in delays)[True] / len(delays)
    words = "/".join("-" if value > most else str(value) for value in picked)
    return words + (f" ({missed:.0%} missed in {most})" if missed > 0.005 else "")
