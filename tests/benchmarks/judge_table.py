"""The judge's tables with the product's own code: false alarms, delays, cost; beside each the specification's figure.

Run with ``make bench`` (``--quick``, under a minute) or ``--full`` (half an hour of one core and more, and the figures of the docs).
Seeds are fixed: the same code prints the same figures, but for those of time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from tests.benchmarks import judge_cost
from tests.benchmarks.judge_continuous import Kind, changed, days, quiet, wordier
from tests.benchmarks.judge_events import (
    EVERYONE,
    Categories,
    Speakers,
    answers_delay,
    delay,
    first_alarm,
    mix_delay,
    quantiles,
)
from tests.benchmarks.judge_noise import RUNS_A_YEAR, Change, Events, Load

QUIET_LOAD = Load()
HEAVY = Load(heavy=0.02)
SLOW_RUNS = Load(slow_runs=0.005)
DAILY = Load(day=0.15)
WANDERING = Load(wander_sd=0.15)
WANDERING_DAILY = Load(wander_sd=0.15, day=0.15)
ALL = Load(wander_sd=0.15, day=0.15, week=0.05, heavy=0.02, slow_runs=0.005)


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
    print(f"{name:<62}{ours:<40}{theirs}", flush=True)


def title(words: str, ours: str = "measured", theirs: str = "specification") -> None:
    """The head of one table."""
    print()
    say(words, ours, theirs)


# ------------------------------------------------------------------------------------------------ latency and tokens
_QUIET_ROWS: tuple[tuple[str, Load, int, str], ...] = (
    ("independent", QUIET_LOAD, 20, "0"),
    ("heavy tails", HEAVY, 20, "0"),
    ("slow runs, .5 %", SLOW_RUNS, 20, "0"),
    ("slow runs, .5 %", SLOW_RUNS, 336, "0"),
    ("daily load +-15 %", DAILY, 20, ".0083"),
    ("wandering load, AR .8 sd .05", Load(wander_sd=0.05), 20, "0"),
    ("wandering load, AR .8 sd .15", WANDERING, 20, ".0058"),
    ("wandering and daily load", WANDERING_DAILY, 20, ".0108"),
    ("wandering and daily load", WANDERING_DAILY, 50, ".0025"),
    ("wandering and daily load", WANDERING_DAILY, 100, "0"),
    ("wandering and daily load", WANDERING_DAILY, 336, "0"),
    ("all of it", ALL, 20, ".0100"),
    ("all of it", ALL, 50, ".0017"),
    ("all of it", ALL, 100, "0"),
    ("all of it", ALL, 336, "0"),
)


def quiet_latency(effort: Effort) -> None:
    """False alarms of level, spread and tail while nothing changes."""
    title("no change, first 500 runs: streams that reach the threshold", "threshold / alarm of streams")
    for name, load, baseline, theirs in _QUIET_ROWS:
        if baseline in effort.baselines:
            _quiet_row(f"level, {name}, baseline {baseline}", load, baseline, effort, theirs)
    for kind, loads in (("spread", (QUIET_LOAD, HEAVY, ALL)), ("tail", (QUIET_LOAD, HEAVY))):
        for load in loads:
            name = {id(QUIET_LOAD): "independent", id(HEAVY): "heavy tails"}.get(id(load), "all of it")
            _quiet_row(f"{kind}, {name}, baseline 20", load, 20, effort, "0", kind)  # type: ignore[arg-type]
    if effort.long_streams:
        title("no change, 8,760 runs", "threshold / alarm of streams")
        for name, load in (
            ("independent", QUIET_LOAD),
            ("all of it", ALL),
            ("wandering and daily load", WANDERING_DAILY),
        ):
            got = [quiet(load, 20, 8760, 9000 + seed) for seed in range(effort.long_streams)]
            words = (
                f"{sum(r.threshold is not None for r in got)} / {sum(r.alarm is not None for r in got)} of {len(got)}"
            )
            say(f"level, {name}, baseline 20", words, "none after run 500")
        none = sum(days(ALL, 1.0, 7, 365, seed) is not None for seed in range(effort.long_streams))
        say("day values, all of it, baseline 7 days, a year", f"{none} of {effort.long_streams}", "0")


def _quiet_row(name: str, load: Load, baseline: int, effort: Effort, theirs: str, kind: Kind = "level") -> None:
    got = [quiet(load, baseline, 500, seed, kind=kind) for seed in range(effort.streams)]
    reached, alarms = (
        sum(at is not None for at in row) for row in zip(*((r.threshold, r.alarm) for r in got), strict=True)
    )
    say(name, f"{reached} / {alarms} of {len(got)}", theirs)


_SLOWER: dict[float, tuple[str, str, str, str]] = {
    1.1: ("-", "-", "-", "99/-"),
    1.2: ("25/-", "14/-", "11/17", "10/15"),
    1.3: ("7/16", "6/8", "5/7", "5/6"),
    1.5: ("4/4", "4/4", "3/4", "3/4"),
    2.0: ("4/4", "4/4", "3/3", "3/3"),
}
_BASELINES = (20, 50, 100, 336)
_OTHER_CHANGES: tuple[tuple[str, Change, Kind, tuple[str, str, str, str]], ...] = (
    ("tail: 5 % of calls x6", Change(dragging=0.05), "tail", ("22/>80", "10/17", "9/16", "9/12")),
    ("spread: half as far again", Change(apart=1.5), "spread", ("21/-", "10/18", "8/12", "8/11")),
    ("spread: twice as far", Change(apart=2.0), "spread", ("4/8", "", "", "3/4")),
)


def latency_delays(effort: Effort) -> None:
    """Runs from a change of latency or tokens to the threshold."""
    title("independent noise, 30 calls a run: runs to the threshold, median/90 %")
    for baseline in effort.baselines:
        at, repeats = _BASELINES.index(baseline), range(effort.repeats)
        for factor, theirs in _SLOWER.items():
            found = [changed(QUIET_LOAD, Change(slower=factor), baseline, 100, seed) for seed in repeats]
            say(f"latency x{factor}, baseline {baseline}", quantiles(found, 100), theirs[at])
        for name, change, kind, expected in _OTHER_CHANGES:
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
_QUIET_EVENTS: tuple[tuple[str, Events, str], ...] = (
    ("rate 0", Events(rate=0.0), "0"),
    ("rate .001", Events(rate=0.001), "0"),
    ("rate .003", Events(rate=0.003), "0"),
    ("rate .01", Events(rate=0.01), "0"),
    ("rate .05", Events(rate=0.05), "0"),
    ("rate .3", Events(rate=0.3), "0"),
    ("rate .05, wobbling daily by odds 1.25", Events(rate=0.05, wobble=1.25), "0"),
    ("3 samples, rate .01", Events(rate=0.01, samples=3), "0"),
    ("3 samples, rate .05", Events(rate=0.05, samples=3), "0"),
    ("3 samples, rate .3", Events(rate=0.3, samples=3), "0"),
    ("rate .0005, hiccups 1 in 1,000 (50 %)", Events(rate=0.0005, hiccups=0.001, hiccup_rate=0.5), "0"),
    ("rate .003, hiccups 1 in 200 (60 %)", Events(rate=0.003, hiccups=0.005), "0"),
    ("rate .05, within-run correlation .1", Events(rate=0.05, correlation=0.1), "0"),
    ("rate .02, within-run correlation .3", Events(rate=0.02, correlation=0.3), "0"),
    ("rate .25, whole runs", Events(rate=0.25, correlation=1.0), "0"),
    ("rate .05, whole runs", Events(rate=0.05, correlation=1.0), ".035"),
)
_CLEAN = Events(rate=0.0)
_EVENT_CHANGES: tuple[tuple[str, Events, Events, int, tuple[str, str, str]], ...] = (
    ("refusals 0 -> 5 %", _CLEAN, Events(rate=0.05), 200, ("21/30", "10/14", "6/9")),
    ("refusals 0 -> 1 %", _CLEAN, Events(rate=0.01), 600, ("missed", "111/209", "42/62")),
    ("errors 0 -> 3 %", _CLEAN, Events(rate=0.03), 300, ("54/95", "19/28", "10/17")),
    ("errors .05 % + hiccups -> 3 %", _QUIET_EVENTS[10][1], Events(rate=0.03, hiccups=0.001, hiccup_rate=0.5), 300,
     ("62/152 (3 %)", "24/45 (6 %)", "27/53")),
    ("one probe .95 -> .75, 3 a run", Events(rate=0.05, samples=3), Events(rate=0.25, samples=3), 600,
     ("51 % missed", "57/118", "34/55")),
    ("pass rate .95 -> .85", Events(rate=0.05), Events(rate=0.15), 200, ("21/50", "14/23", "12/18")),
    ("pass rate .95 -> .85, 10 a run", Events(rate=0.05, samples=10), Events(rate=0.15, samples=10), 400,
     ("50 % missed", "57/119", "33/53")),
    ("pass rate .95 -> .85, correlation .1", Events(rate=0.05, correlation=0.1), Events(rate=0.15, correlation=0.1), 400,
     ("69 % missed", "111/267 (6 %)", "47/81")),
    ("pass rate .99 -> .90", Events(rate=0.01), Events(rate=0.10), 200, ("13/21", "8/14", "6/9")),
    ("one of ten probes broken, its own stream", Events(rate=0.0, samples=3), Events(rate=1.0, samples=3), 50,
     ("3/3", "3/3", "3/3")),
    ("3 of 10 probes broken", _CLEAN, Events(rate=0.3), 50, ("3/3", "3/3", "3/3")),
    ("total outage", _CLEAN, Events(rate=1.0), 50, ("3/3", "3/3", "3/3")),
)  # fmt: skip
_CALMS = (0, 100, 1000)


def quiet_events(effort: Effort) -> None:
    """False alarms of event streams, a year from a baseline of 20 runs."""
    runs, streams = (RUNS_A_YEAR, effort.years) if effort.years else (RUNS_A_YEAR // 20, 3)
    title(f"no change, {runs:,} runs after 20: {streams} streams a row", "alarms, a stream-year", "a stream-year")
    for name, events, theirs in _QUIET_EVENTS:
        alarms = [first_alarm(events, 20, runs, seed) for seed in range(streams)]
        watched = sum(runs if at is None else at for at in alarms) / RUNS_A_YEAR
        count = sum(at is not None for at in alarms)
        say(name, f"{count} in {watched:.2f} years", theirs)


def event_delays(effort: Effort) -> None:
    """Runs from a change of a rate to the alarm."""
    title("rates, 30 samples a run: runs to the alarm, median/90 %")
    for name, before, after, most, theirs in _EVENT_CHANGES:
        for calm in effort.calms:
            found = [delay(before, after, calm, most, seed) for seed in range(effort.repeats)]
            say(f"{name}, after {calm} quiet runs", quantiles(found, most), theirs[_CALMS.index(calm)])


def _mix(shares: Sequence[float], *, sticky: bool = False) -> Categories:
    return Categories(shares=dict(zip("abcd", shares, strict=False)), sticky=sticky)


_USUAL = (0.7, 0.25, 0.05)
_MIX_CHANGES: tuple[tuple[str, tuple[float, ...], bool, int, tuple[str, str, str]], ...] = (
    ("50/45/5", (0.5, 0.45, 0.05), False, 200, ("14/26", "13/21", "12/18")),
    ("60/35/5", (0.6, 0.35, 0.05), False, 400, ("48 % missed", "82/345 (8 %)", "84/133")),
    ("unseen 100 %", (0, 0, 0, 1.0), False, 50, ("2/2", "2/2", "2/2")),
    ("unseen 10 %", (0.63, 0.225, 0.045, 0.1), False, 100, ("8/11", "6/8", "5/6")),
    ("unseen 3 %", (0.679, 0.2425, 0.0485, 0.03), False, 200, ("46/75", "17/29", "11/17")),
    ("unseen 100 %, whole runs", (0, 0, 0, 1.0), True, 100, ("12/12", "8/8", "4/4")),
)  # fmt: skip


def mixes(effort: Effort) -> None:
    """Categories: no change, then changes of the mix 70/25/5."""
    title("a mix of 70/25/5, 30 samples a run")
    runs, streams = (RUNS_A_YEAR // 4, effort.years) if effort.years else (1000, 2)
    for sticky in (False, True):
        usual = _mix(_USUAL, sticky=sticky)
        alarms = [mix_delay(usual, usual, 0, runs, seed) for seed in range(streams)]
        count, whole = sum(at is not None for at in alarms), " whole runs" if sticky else ""
        say(f"no change,{whole} {runs:,} runs: {streams} streams", f"{count} alarms", ".05 a year" if sticky else "0")
    for name, shares, sticky, most, theirs in _MIX_CHANGES:
        for calm in effort.calms:
            before, after = _mix(_USUAL, sticky=sticky), _mix(shares, sticky=sticky)
            repeats = effort.repeats if calm < 1000 else ceil(effort.repeats / 3)
            found = [mix_delay(before, after, calm, most, seed) for seed in range(repeats)]
            say(f"{name}, after {calm} quiet runs", quantiles(found, most), theirs[_CALMS.index(calm)])


# ------------------------------------------------------------------------------------------------ answers
_ANSWER_CHANGES: tuple[tuple[str, Speakers, int | None, tuple[str, str]], ...] = (
    ("all probes by the other model", Speakers(other=EVERYONE), None, ("2/2", "2/2")),
    ("one probe, its own stream: capital", Speakers(other=frozenset({4})), 4, ("5/6", "3/4")),
    ("one probe, its own stream: steps", Speakers(other=frozenset({8})), 8, ("6/7", "3/5")),
    ("one probe, its own stream: translate", Speakers(other=frozenset({5})), 5, ("6/7", "3/5")),
    ("one probe (capital), the pooled stream", Speakers(other=frozenset({4})), None, ("80/17 % missed", "12/18")),
    ("5 % refusals, the pooled stream", Speakers(refusing=0.05), None, ("missed", "52/79")),
)  # fmt: skip


def answers(effort: Effort) -> None:
    """Changed wording: ten probes of the demo, 3 answers a run."""
    title("answers of ten probes, 3 a run: runs to the alarm, median/90 %")
    for name, after, probe, theirs in _ANSWER_CHANGES:
        for calm in (calm for calm in effort.calms if calm < 1000):
            repeats = range(ceil(effort.repeats / 3))
            found = [answers_delay(after, calm, 150, seed, probe=probe) for seed in repeats]
            say(f"{name}, after {calm} quiet runs", quantiles(found, 150), theirs[_CALMS.index(calm)])
    runs, streams = (2000, 2 * effort.years) if effort.years else (300, 1)
    for probe in (None, *((4, 5, 8) if effort.years else (4,))):
        alarms = [answers_delay(Speakers(), 0, runs, 500 + seed, probe=probe) for seed in range(streams)]
        words = "pooled" if probe is None else f"probe {probe}"
        say(f"no change, {words}, {runs:,} runs: {streams} streams", f"{sum(at is not None for at in alarms)} alarms", "0 pooled, .004 own a year")  # fmt: skip


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
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    for name in asked.part or PARTS:
        PARTS[name](FULL if asked.full else QUICK)
    print(f"\n{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
