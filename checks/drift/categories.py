"""The machine of category streams: who answered (route) and why the model stopped (finish). Feeds streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.drift.bounds import share_interval
from checks.drift.events import missing_words
from checks.drift.evidence import Evidence, Formed, Gathered, Json, score_of
from checks.drift.mixes import MOST_KNOWN, Mix, new_mix, step_mix
from checks.drift.observation import ProbeObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rules
from checks.drift.result import Effect
from checks.drift.rise import SHOWN_RUNS, Rise
from checks.drift.words import named, percent, runs_words

MIN_RUNS = 2
_LONGEST_KEY = 200  # a route key comes from the endpoint; its first characters tell it apart


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMachine:
    """Judges in which categories the samples of a run fall."""

    read: Callable[[SampleFacts], str | None]
    """The category of a sample; None where it has none."""
    words: str
    """One category in words: ``route``."""
    whole_runs: str = ""
    """What is to be said where whole runs fall into one category."""

    def gather(self, probe: ProbeObservation) -> dict[str, int] | None:
        """Samples by category."""
        told = [self.read(sample) for sample in probe.samples if not sample.failed]
        return dict(Counter(category[:_LONGEST_KEY] for category in told if category is not None)) or None

    def missing(self, runs: Sequence[Gathered]) -> str:
        """Five runs and thirty samples make a baseline."""
        return missing_words(len(runs), sum(sum(_counts(run).values()) for run in runs))

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """A mix from the counts of all runs."""
        mix = new_mix([_counts(run) for run in runs], Rules.of(plan, min_runs=MIN_RUNS))
        probes = frozenset(probe for run in runs for probe in run.told)
        normal = _total(_counts(run) for run in runs)
        detector = {"mix": mix.to_json(), "rise": Rise().to_json(), "recent": [], "normal": dict(normal)}
        return Formed(probes=probes, baseline={}, detector=detector)

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """Bet on one run's counts."""
        rules, counts = Rules.of(plan, min_runs=MIN_RUNS), _counts(run)
        before = Mix.from_json(detector["mix"])
        mix = step_mix(before, counts, rules, alarmed=alarmed)
        ln_m = mix.ln_m
        rise = Rise.from_json(detector["rise"]).after(run.run_id, score_of(ln_m, rules.ln_c))
        normal, recent = detector["normal"], [*detector["recent"], counts]
        if len(recent) > SHOWN_RUNS and rise.since is None and not alarmed:
            normal = _total([normal, recent[0]])  # old enough, and nothing speaks against it
        recent = recent[-SHOWN_RUNS:]
        effect, what = self._moved(normal, mix.agreement.rho, recent[-rise.window :])
        learned = mix.rates[-1].runs
        remark = self.whole_runs if mix.agreement.sticky else ""
        said = Evidence(
            ln_m=ln_m, ln_c=rules.ln_c, learned=learned, effect=effect, since=rise.since, what=what, remark=remark
        )
        return {"mix": mix.to_json(), "rise": rise.to_json(), "recent": recent, "normal": dict(normal)}, said

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """The same pools, no evidence."""
        mix = Mix.from_json(detector["mix"]).restarted()
        return {"mix": mix.to_json(), "rise": Rise().to_json(), "recent": [], "normal": detector["normal"]}

    def _moved(self, normal: Mapping[str, int], rho: float, recent: Sequence[Mapping[str, int]]) -> tuple[Effect, str]:
        """The category that moved most: share in these runs minus share before."""
        now, then = _total(recent), sum(normal.values())
        n = now.total()
        shares = {category: count / then for category, count in normal.items()}
        moves = {c: now[c] / n - shares.get(c, 0.0) for c in {*now, *shares}}
        # of two categories that moved alike, the one that grew is the news
        category = max(sorted(moves), key=lambda c: (round(abs(moves[c]), 9), moves[c]))
        inflation = 1 + rho * max(n / len(recent) - 1, 0.0)
        low, high = share_interval(now[category], n, inflation)
        before = shares.get(category, 0.0)
        effect = Effect(kind="difference", value=moves[category], low=low - before, high=high - before)
        unseen = "" if before else "unseen "
        last = runs_words(len(recent))
        what = f"{unseen}{self.words} {named(category)}: {percent(now[category] / n)} of {last}"
        return effect, f"{what}, {percent(before)} before" if before else what


def _counts(run: Gathered) -> dict[str, int]:
    return dict(_total(run.told.values()))


def _total(parts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum of several counts; names beyond 500 are not kept, or a hostile endpoint could fill the store."""
    total: Counter[str] = Counter()
    for counts in parts:
        total.update({c: x for c, x in counts.items() if c in total or len(total) < MOST_KNOWN})
    return total
