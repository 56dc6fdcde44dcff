"""The machine of answer streams: did the wording change? One stream a probe and one pooled. Feeds streams."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from checks.drift.events import missing_words
from checks.drift.evidence import Evidence, Formed, Gathered, Json, score_of
from checks.drift.observation import ProbeObservation
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rate, Rules, new_rate, restarted, step_rate
from checks.drift.result import Effect
from checks.drift.rise import SHOWN_RUNS, Rise
from checks.drift.wording import Wording, key_of, wording_of
from checks.drift.words import far_words

WEIGHTS = (0.35, 0.15, 0.2, 0.2, 0.1)
"""Of the events new, off, far, very far, near."""
BASELINE_WEIGHT = 0.25  # leave-one-out counts err more than binomial ones
MIN_RUNS = 2
_LEAST_ANSWERS = 5
_KEPT_ANSWERS = 200  # newest baseline answers a probe is compared with
_LEAST_DISTANCE = 0.01  # for baselines that always say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMachine:
    """Judges how the answers compare with those of the baseline."""

    def gather(self, probe: ProbeObservation) -> list[str] | None:
        """Keys of the answers of one probe."""
        answers = (sample.answer for sample in probe.samples if not sample.failed)
        return [key_of(answer) for answer in answers if answer is not None] or None

    def missing(self, runs: Sequence[Gathered]) -> str:
        """Five runs and thirty answers make a baseline, and one probe has to have five of them."""
        counts = Counter(probe for run in runs for probe, keys in run.told.items() for _ in keys)
        words = missing_words(len(runs), counts.total())
        if words or any(count >= _LEAST_ANSWERS for count in counts.values()):
            return words
        return f"no probe has {_LEAST_ANSWERS} answers yet"

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """Reference answers of every probe, and five rates from their leave-one-out events."""
        wordings: dict[str, Json] = {}
        tallies: dict[str, list[int]] = {}
        for probe in sorted({probe for run in runs for probe in run.told}):
            given = [(run.run_id, key) for run in runs for key in run.told.get(probe, ())][-_KEPT_ANSWERS:]
            if len(given) < _LEAST_ANSWERS:
                continue
            wording, events = wording_of([key for _, key in given])
            wordings[probe] = wording.to_json()
            for (run_id, _), row in zip(given, events, strict=True):
                tally = tallies.setdefault(run_id, [0] * 6)
                for position, value in enumerate((*row, 1)):
                    tally[position] += value
        ordered = [tallies[run.run_id] for run in runs if run.run_id in tallies]
        rules = Rules.of(plan, min_runs=MIN_RUNS)
        rates = [
            new_rate([(tally[event], tally[5]) for tally in ordered], rules, weight=BASELINE_WEIGHT)
            for event in range(len(WEIGHTS))
        ]
        detector = {"rates": [rate.to_json() for rate in rates], "rise": Rise().to_json(), "recent": []}
        return Formed(probes=frozenset(wordings), baseline={"wordings": wordings}, detector=detector)

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """Bet on the five events of one run."""
        rules = Rules.of(plan, min_runs=MIN_RUNS)
        events, relative = _looked(baseline, run)
        rates = [
            step_rate(Rate.from_json(rate), sum(column), len(events), rules, alarmed=alarmed)
            for rate, column in zip(detector["rates"], zip(*events, strict=True), strict=True)
        ]
        terms = [math.log(weight) + rate.ln_m for weight, rate in zip(WEIGHTS, rates, strict=True)]
        ln_m = float(np.logaddexp.reduce(terms))
        rise = Rise.from_json(detector["rise"]).after(run.run_id, score_of(ln_m, rules.ln_c))
        recent = [*detector["recent"], median(relative)][-SHOWN_RUNS:]
        value = median(recent[-rise.window :])
        said = Evidence(
            ln_m=ln_m,
            ln_c=rules.ln_c,
            learned=rates[0].runs,
            effect=Effect(kind="distance", value=value),
            since=rise.since,
            what=far_words(value),
        )
        return {"rates": [rate.to_json() for rate in rates], "rise": rise.to_json(), "recent": recent}, said

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """The same pools, no evidence."""
        rates = [restarted(Rate.from_json(rate)).to_json() for rate in detector["rates"]]
        return {"rates": rates, "rise": Rise().to_json(), "recent": []}


def _looked(baseline: Json, run: Gathered) -> tuple[list[tuple[int, ...]], list[float]]:
    """The events of every answer of a run, and its distance relative to the baseline's 95 % quantile."""
    events: list[tuple[int, ...]] = []
    relative: list[float] = []
    for probe, keys in run.told.items():
        wording = Wording.from_json(baseline["wordings"][probe])
        usual = max(wording.very_far, _LEAST_DISTANCE)
        for look in wording.looks(keys):
            events.append(look.events)
            relative.append(look.distance / usual)
    return events, relative
