"""Ways of betting on a rate, measured on the same draws: on samples, on the run mean, and the product's.

A bet on the run mean is fair whatever the correlation inside a run; its rate to beat is then refreshed at every
admitted run. The product bets so on rates whose learned correlation is above .2. Feeds the note on whole-run
correlation in docs/decisions. ``python -m tests.benchmarks.run_mean`` first shows that its own arithmetic is the
product's, then prints the tables. Fixed seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from checks.drift.rates import new_rate, step_rate
from tests.benchmarks.judge_events import RATES, quantiles
from tests.benchmarks.judge_noise import RUNS_A_YEAR, Events
from tests.benchmarks.rate_batch import BASELINE, Batch, Rule, drawn

RULES = {
    "samples": Rule(),
    "run mean": Rule(mean_above=-1.0),
    "product": Rule(mean_above=0.2, least=10),
    "run mean, learning always": Rule(mean_above=-1.0, gated=False),
    "run mean, learning at once": Rule(mean_above=-1.0, gap=0, gated=False),
}
_NULLS = {
    "whole runs, rate .05": Events(rate=0.05, correlation=1.0),
    "whole runs, rate .25": Events(rate=0.25, correlation=1.0),
    "whole runs, rate .01": Events(rate=0.01, correlation=1.0),
    "correlation .3, rate .02": Events(rate=0.02, correlation=0.3),
    "correlation .1, rate .05": Events(rate=0.05, correlation=0.1),
    "independent, rate .003": Events(rate=0.003),
    "hiccups 1 in 200, rate .003": Events(rate=0.003, hiccups=0.005),
    "independent, rate .05": Events(rate=0.05),
    "3 samples, whole runs, rate .05": Events(rate=0.05, samples=3, correlation=1.0),
}
_CHANGES = {
    "refusals 0 -> 5 %": (Events(rate=0.0), Events(rate=0.05), 200),
    "0 -> 10 %": (Events(rate=0.0), Events(rate=0.1), 200),
    "pass rate .95 -> .85": (Events(rate=0.05), Events(rate=0.15), 400),
    "3 a run .95 -> .75": (Events(rate=0.05, samples=3), Events(rate=0.25, samples=3), 600),
    "errors .05 % + hiccups -> 3 %": (
        Events(rate=0.0005, hiccups=0.001, hiccup_rate=0.5),
        Events(rate=0.03, hiccups=0.001, hiccup_rate=0.5),
        300,
    ),
    "hiccups 1 in 200, .3 % -> 3 %": (Events(rate=0.003, hiccups=0.005), Events(rate=0.03, hiccups=0.005), 300),
    "3 of 10 probes broken": (Events(rate=0.0), Events(rate=0.3), 50),
    "correlation .3: .02 -> .10": (Events(rate=0.02, correlation=0.3), Events(rate=0.1, correlation=0.3), 600),
    "whole runs: .05 -> .25": (Events(rate=0.05, correlation=1.0), Events(rate=0.25, correlation=1.0), 600),
    "whole runs: .05 -> .50": (Events(rate=0.05, correlation=1.0), Events(rate=0.5, correlation=1.0), 600),
    "whole runs: .05 -> 1": (Events(rate=0.05, correlation=1.0), Events(rate=1.0, correlation=1.0), 100),
}


def same_as_product(events: Events, runs: int = 400) -> float:
    """Largest distance in ln M between this batch under the product's rule and the product's own code."""
    batch = Batch(counts=drawn(events, 3, BASELINE + runs, 1), samples=events.samples, rule=RULES["product"])
    rates = [new_rate([(x, events.samples) for x in row[:BASELINE]], RATES) for row in batch.counts.tolist()]
    apart = 0.0
    for at in range(BASELINE, batch.counts.shape[1]):
        batch.step(at)
        rates = [
            step_rate(rate, int(x), events.samples, RATES) for rate, x in zip(rates, batch.counts[:, at], strict=True)
        ]
        apart = max(apart, float(np.abs(batch.ln_m - np.array([rate.ln_m for rate in rates])).max()))
    return apart


def nulls(streams: int, runs: int, names: Sequence[str], rules: Sequence[str]) -> None:
    """False alarms while nothing changes, of streams watched from their baseline on."""
    print(f"\nno change, {streams} streams x {runs:,} runs: alarms (of them in the first 9,000 runs)")
    for name in names:
        events = _NULLS[name]
        counts, cells = drawn(events, streams, BASELINE + runs, 7), []
        for rule in rules:
            alarms = Batch(counts=counts, samples=events.samples, rule=RULES[rule]).run()
            cells.append(f"{rule} {int((alarms > 0).sum())} ({int(((alarms > 0) & (alarms <= 9000)).sum())})")
        print(f"{name:<34}" + "   ".join(cells), flush=True)


def delays(streams: int, names: Sequence[str], rules: Sequence[str]) -> None:
    """Runs from a change to the alarm, after 0, 100 and 1,000 quiet runs."""
    print(f"\nchanges, {streams} streams: runs to the alarm, median/90 %")
    for name in names:
        before, after, most = _CHANGES[name]
        for calm in (0, 100, 1000):
            quiet, moved = drawn(before, streams, BASELINE + calm, 8), drawn(after, streams, most, 9)
            counts, cells = np.concatenate([quiet, moved], axis=1), []
            for rule in rules:
                alarms = Batch(counts=counts, samples=before.samples, rule=RULES[rule]).run()
                found = [max(0, run - calm) if run else None for run in alarms.tolist()]
                cells.append(f"{rule} {quantiles(found, most)}")
            print(f"{name}, after {calm:<14}" + "   ".join(cells), flush=True)


def main() -> int:
    """Print the tables; 1 where the arithmetic is not the product's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--runs", type=int, default=RUNS_A_YEAR)
    parser.add_argument("--null", choices=_NULLS, action="append", help="only these; may be repeated")
    parser.add_argument("--change", choices=_CHANGES, action="append", help="only these; may be repeated")
    parser.add_argument("--rule", choices=RULES, action="append", help="only these; may be repeated")
    asked = parser.parse_args()
    apart = max(same_as_product(events) for events in (*list(_NULLS.values())[:4], Events(rate=0.0)))
    print(f"largest distance in ln M from the product's own code: {apart:.1e}", flush=True)
    rules, everything = asked.rule or list(RULES), not (asked.null or asked.change)
    delays(asked.streams, list(_CHANGES) if everything else asked.change or (), rules)
    nulls(asked.streams, asked.runs, list(_NULLS) if everything else asked.null or (), rules)
    return int(apart > 0.01)


if __name__ == "__main__":
    raise SystemExit(main())
