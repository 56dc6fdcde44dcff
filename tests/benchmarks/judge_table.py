"""The judge's tables with the product's own code: false alarms, delays, cost; beside each the specification's figure.

Run with ``make bench`` (``--quick``, under a minute) or ``--full`` (half an hour of a core, the docs' figures).
Seeds are fixed: the same code prints the same figures, but for those of time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from tests.benchmarks import judge_cost
from tests.benchmarks.judge_continuous import Kind, Reached, changed, days, quiet, wordier
from tests.benchmarks.judge_events import (
    Categories,
    Speakers,
    answers_delay,
    delay,
    first_alarm,
    mix_delay,
    quantiles,
)
from tests.benchmarks.judge_noise import RUNS_A_YEAR, Change, Load
from tests.benchmarks.judge_rows import (
    ALL,
    ANSWER_CHANGES,
    BASELINES,
    CALMS,
    EVENT_CHANGES,
    HEAVY,
    LONG_ROWS,
    MIX_CHANGES,
    OTHER_CHANGES,
    QUIET_EVENTS,
    QUIET_LOAD,
    QUIET_ROWS,
    SLOWER,
    USUAL,
    WANDERING,
    WANDERING_DAILY,
)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much of every row is simulated."""

    streams: int
    """Streams of a row of first 500 runs."""
    long_streams: int
    """Streams of a row of a quarter."""
    repeats: int
    years: int
    """Stream-years of a row of events; 0 for a twentieth of one."""
    calms: tuple[int, ...]
    """Quiet runs between baseline and change."""
    baselines: tuple[int, ...]
    replayed: int
    """Runs of 300 samples of the replay."""


QUICK = Effort(streams=10, long_streams=0, repeats=10, years=0, calms=(100,), baselines=(20, 100), replayed=50)
FULL = Effort(
    streams=100, long_streams=6, repeats=60, years=6, calms=(0, 100, 1000), baselines=(20, 50, 100, 336),
    replayed=3_334,
)  # fmt: skip


def say(name: str, ours: str, theirs: str) -> None:
    """One row, at once: a full table takes long."""
    print(f"{name:<68}{ours:<38}{theirs}", flush=True)


def title(words: str, ours: str = "measured", theirs: str = "specification") -> None:
    """The head of one table."""
    print()
    say(words, ours, theirs)


# ------------------------------------------------------------------------------------------------ latency and tokens
def quiet_latency(effort: Effort) -> None:
    """False alarms of level, spread and tail while nothing changes."""
    title("no change, first 500 runs: streams that reach the threshold", "threshold / alarm of streams")
    for name, load, baseline, theirs in QUIET_ROWS:
        if baseline in effort.baselines:
            _quiet_row(f"level, {name}, baseline {baseline}", load, baseline, effort, theirs)
    for name, load in (("independent", QUIET_LOAD), ("heavy tails", HEAVY), ("all of it", ALL)):
        _quiet_row(f"spread, {name}, baseline 20", load, 20, effort, "0", "spread")
    for name, load in (("independent", QUIET_LOAD), ("heavy tails", HEAVY)):
        _quiet_row(f"tail, {name}, baseline 20", load, 20, effort, "0", "tail")
    if effort.long_streams:
        title("no change, 8,760 runs", "threshold / alarm of streams")
        for name, load, kind in LONG_ROWS:
            got = [quiet(load, 20, 8760, 9000 + seed, kind=kind) for seed in range(effort.long_streams)]
            say(f"{kind}, {name}, baseline 20", _reached(got), "none after run 500" if kind == "level" else "0")
        for name, load in (("independent", QUIET_LOAD), ("wandering load", WANDERING), ("all of it", ALL)):
            none = sum(days(load, 1.0, 7, 365, seed) is not None for seed in range(effort.long_streams))
            say(f"day values, {name}, baseline 7 days, a year", f"{none} of {effort.long_streams}", "0")


def _quiet_row(name: str, load: Load, baseline: int, effort: Effort, theirs: str, kind: Kind = "level") -> None:
    got = [quiet(load, baseline, 500, seed, kind=kind) for seed in range(effort.streams)]
    say(name, _reached(got), theirs)


def _reached(got: Sequence[Reached]) -> str:
    """How many streams came to the threshold and to an alarm, and of the latter how many after run 500."""
    reached, alarms = (
        [at for at in row if at is not None] for row in zip(*((r.threshold, r.alarm) for r in got), strict=True)
    )
    late = sum(at > 500 for at in alarms)
    return f"{len(reached)} / {len(alarms)} of {len(got)}" + (f", {late} after run 500" if late else "")


def latency_delays(effort: Effort) -> None:
    """Runs from a change of latency or tokens to the threshold."""
    title("independent noise, 30 calls a run: runs to the threshold, median/90 %")
    for baseline in effort.baselines:
        at, repeats = BASELINES.index(baseline), range(effort.repeats)
        for factor, theirs in SLOWER.items():
            found = [changed(QUIET_LOAD, Change(slower=factor), baseline, 100, seed) for seed in repeats]
            say(f"latency x{factor}, baseline {baseline}", quantiles(found, 100), theirs[at])
        for name, change, kind, expected in OTHER_CHANGES:
            found = [changed(QUIET_LOAD, change, baseline, 80, seed, kind=kind) for seed in repeats]
            say(f"{name}, baseline {baseline}", quantiles(found, 80), expected[at])
        found = [wordier(1.2, baseline, 60, seed) for seed in repeats]
        say(f"tokens +20 %, baseline {baseline}", quantiles(found, 60), ("5/10", "", "3/4", "")[at])
    found = [wordier(1.05, 100, 60, seed) for seed in range(effort.repeats)]
    say("tokens +5 %, baseline 100 (within the tolerance)", quantiles(found, 60), "never")
    if effort.long_streams:
        _loaded_delays(effort)


def _loaded_delays(effort: Effort) -> None:
    for baseline, theirs in ((20, "8/24"), (100, "6/8"), (336, "5/7")):
        found = [changed(HEAVY, Change(slower=1.3), baseline, 100, seed) for seed in range(effort.repeats)]
        say(f"heavy tails, latency x1.3, baseline {baseline}", quantiles(found, 100), theirs)
    for factor, own in ((1.3, ("20/-", "6/8", "4/4")), (1.5, ("8/9", "4/4", "3/3"))):
        for baseline, told in zip((7, 14, 28), own, strict=True):
            found = [days(WANDERING_DAILY, factor, baseline, 40, seed) for seed in range(effort.repeats)]
            say(f"wandering and daily, x{factor}, baseline {baseline} days, in days", quantiles(found, 40), told)


# ------------------------------------------------------------------------------------------------ events and mixes
def quiet_events(effort: Effort) -> None:
    """False alarms of event streams, a year from a baseline of 20 runs."""
    runs, streams = (RUNS_A_YEAR, effort.years) if effort.years else (RUNS_A_YEAR // 20, 3)
    title(f"no change, {runs:,} runs after 20: {streams} streams a row", "alarms, a stream-year", "a stream-year")
    for name, events, theirs in QUIET_EVENTS:
        alarms = [first_alarm(events, 20, runs, seed) for seed in range(streams)]
        watched = sum(runs if at is None else at for at in alarms) / RUNS_A_YEAR
        count = sum(at is not None for at in alarms)
        say(name, f"{count} in {watched:.2f} years", theirs)


def event_delays(effort: Effort) -> None:
    """Runs from a change of a rate to the alarm."""
    title("rates, 30 samples a run: runs to the alarm, median/90 %")
    for name, before, after, most, theirs in EVENT_CHANGES:
        for calm in effort.calms:
            found = [delay(before, after, calm, most, seed) for seed in range(effort.repeats)]
            say(f"{name}, after {calm} quiet runs", quantiles(found, most), theirs[CALMS.index(calm)])


def _mix(shares: Sequence[float], *, sticky: bool = False) -> Categories:
    return Categories(shares=dict(zip("abcd", shares, strict=False)), sticky=sticky)


def mixes(effort: Effort) -> None:
    """Categories: no change, then changes of the mix 70/25/5."""
    title("a mix of 70/25/5, 30 samples a run")
    runs, streams = (RUNS_A_YEAR // 4, effort.years) if effort.years else (1000, 2)
    for sticky in (False, True):
        usual = _mix(USUAL, sticky=sticky)
        alarms = [mix_delay(usual, usual, 0, runs, seed) for seed in range(streams)]
        count, whole = sum(at is not None for at in alarms), " whole runs" if sticky else ""
        say(f"no change,{whole} {runs:,} runs: {streams} streams", f"{count} alarms", ".05 a year" if sticky else "0")
    for name, shares, sticky, most, theirs in MIX_CHANGES:
        for calm in effort.calms:
            before, after = _mix(USUAL, sticky=sticky), _mix(shares, sticky=sticky)
            repeats = effort.repeats if calm < 1000 else ceil(effort.repeats / 3)
            found = [mix_delay(before, after, calm, most, seed) for seed in range(repeats)]
            say(f"{name}, after {calm} quiet runs", quantiles(found, most), theirs[CALMS.index(calm)])


# ------------------------------------------------------------------------------------------------ answers
def answers(effort: Effort) -> None:
    """Changed wording: ten probes of the demo, 3 answers a run."""
    title("answers of ten probes, 3 a run: runs to the alarm, median/90 %")
    for name, after, probe, theirs in ANSWER_CHANGES:
        for calm in (calm for calm in effort.calms if calm < 1000):
            repeats = range(ceil(effort.repeats / 3))
            found = [answers_delay(after, calm, 150, seed, probe=probe) for seed in repeats]
            say(f"{name}, after {calm} quiet runs", quantiles(found, 150), theirs[CALMS.index(calm)])
    runs, streams = (2000, 2 * effort.years) if effort.years else (300, 1)
    for probe in (None, *((4, 5, 8) if effort.years else (4,))):
        alarms = [answers_delay(Speakers(), 0, runs, 500 + seed, probe=probe) for seed in range(streams)]
        words = "pooled" if probe is None else f"probe {probe}"
        count, expected = sum(at is not None for at in alarms), "0 a year" if probe is None else ".004 a year"
        say(f"no change, {words}, {runs:,} runs: {streams} streams", f"{count} alarms", expected)


def cost(effort: Effort) -> None:
    """What judging takes."""
    title("cost", theirs="aim")
    for name, ours, theirs in judge_cost.rows(effort.replayed):
        say(name, ours, theirs)


PARTS: dict[str, Callable[[Effort], None]] = {
    "quiet-latency": quiet_latency,
    "latency": latency_delays,
    "quiet-events": quiet_events,
    "events": event_delays,
    "mixes": mixes,
    "answers": answers,
    "cost": cost,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few streams a row, under a minute (default)")
    size.add_argument("--full", action="store_true", help="the figures of the docs")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this table; may be repeated")
    parser.add_argument("--long-streams", type=int, help="streams of a row of a quarter (default 6 in --full)")
    parser.add_argument("--years", type=int, help="stream-years of a row of events (default 6 in --full)")
    asked = parser.parse_args(arguments)
    effort, told = FULL if asked.full else QUICK, {"long_streams": asked.long_streams, "years": asked.years}
    effort = replace(effort, **{name: value for name, value in told.items() if value is not None})
    began = time.monotonic()
    for name in asked.part or PARTS:
        PARTS[name](effort)
    print(f"\n{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
