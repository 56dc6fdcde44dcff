"""The machine of plain events: checks, failures, refusals. Feeds streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from checks.drift.evidence import Evidence, Formed, Gathered, Json, score_of
from checks.drift.observation import ProbeObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rate, Rules, difference, new_rate, restarted, step_rate
from checks.drift.rise import Rise
from checks.drift.words import share_words

BASELINE_RUNS = 5
BASELINE_SAMPLES = 30
MIN_RUNS = 3
_CORRELATED = 0.2
"""Above this learned correlation a run's mean tells more than its samples do; chosen and measured by
``tests.benchmarks.run_mean``, see docs/decisions/whole-run-correlation.md."""


def missing_words(runs: int, samples: int) -> str:
    """What a discrete baseline still needs, as ``9 of 30 samples``; empty where nothing."""
    needed = ((runs, BASELINE_RUNS, "runs"), (samples, BASELINE_SAMPLES, "samples"))
    return ", ".join(f"{have} of {need} {noun}" for have, need, noun in needed if have < need)


@lru_cache(maxsize=64)  # asked for every stream of every run
def event_rules(plan: JudgePlan) -> Rules:
    """How a plan bets on plain events."""
    return replace(Rules.of(plan, min_runs=MIN_RUNS), mean_above=_CORRELATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMachine:
    """Judges how often one bad thing happens."""

    happened: Callable[[SampleFacts], bool | None]
    """Whether it happened to a sample; None where the sample cannot tell."""
    words: str
    """The event in words, in the plural: ``refusals``."""

    def gather(self, probe: ProbeObservation) -> list[int] | None:
        """[events, samples] of one probe."""
        told = [answer for answer in map(self.happened, probe.samples) if answer is not None]
        return [sum(told), len(told)] if told else None

    def missing(self, runs: Sequence[Gathered]) -> str:
        """Five runs and thirty samples make a baseline."""
        return missing_words(len(runs), sum(_tally(run)[1] for run in runs))

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """One rate from the counts of all runs."""
        rate = new_rate([_tally(run) for run in runs], event_rules(plan))
        probes = frozenset(probe for run in runs for probe in run.told)
        return Formed(probes=probes, baseline={}, detector={"rate": rate.to_json(), "rise": Rise().to_json()})

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """Bet on one run's count."""
        rules = event_rules(plan)
        before = Rate.from_json(detector["rate"])
        rate = step_rate(before, *_tally(run), rules, alarmed=alarmed)
        ln_m = rate.ln_m
        rise = Rise.from_json(detector["rise"]).after(run.run_id, score_of(ln_m, rules.ln_c))
        effect = difference(rate, rise.window)
        now = rate.share + effect.value if effect else rate.share
        said = Evidence(
            ln_m=ln_m,
            ln_c=rules.ln_c,
            learned=rate.runs,
            effect=effect,
            since=rise.since,
            what=share_words(self.words, now, rate.share, min(rise.window, len(rate.pending))),
        )
        return {"rate": rate.to_json(), "rise": rise.to_json()}, said

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """The same pool, no evidence."""
        return {"rate": restarted(Rate.from_json(detector["rate"])).to_json(), "rise": Rise().to_json()}


def _tally(run: Gathered) -> tuple[int, int]:
    return sum(x for x, _ in run.told.values()), sum(n for _, n in run.told.values())
