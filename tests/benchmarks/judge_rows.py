"""The rows of the judge's tables: what is simulated, and what the specification measured. Data only; feeds judge_table.

Delays are ``median/90 %`` in runs; ``-`` was not found.
"""

from __future__ import annotations

from tests.benchmarks.judge_continuous import Kind
from tests.benchmarks.judge_events import EVERYONE, Speakers
from tests.benchmarks.judge_noise import Change, Events, Load

QUIET_LOAD = Load()
HEAVY = Load(heavy=0.02)
SLOW_RUNS = Load(slow_runs=0.005)
DAILY = Load(day=0.15)
WANDERING = Load(wander_sd=0.15)
WANDERING_DAILY = Load(wander_sd=0.15, day=0.15)
ALL = Load(wander_sd=0.15, day=0.15, week=0.05, heavy=0.02, slow_runs=0.005)

QUIET_ROWS: tuple[tuple[str, Load, int, str], ...] = (
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

LONG_ROWS: tuple[tuple[str, Load, Kind], ...] = (
    ("independent", QUIET_LOAD, "level"),
    ("wandering load, AR .8 sd .15", WANDERING, "level"),
    ("wandering and daily load", WANDERING_DAILY, "level"),
    ("all of it", ALL, "level"),
    ("all of it", ALL, "spread"),
    ("heavy tails", HEAVY, "tail"),
)

SLOWER: dict[float, tuple[str, str, str, str]] = {
    1.1: ("-", "-", "-", "99/-"),
    1.2: ("25/-", "14/-", "11/17", "10/15"),
    1.3: ("7/16", "6/8", "5/7", "5/6"),
    1.5: ("4/4", "4/4", "3/4", "3/4"),
    2.0: ("4/4", "4/4", "3/3", "3/3"),
}
BASELINES = (20, 50, 100, 336)
OTHER_CHANGES: tuple[tuple[str, Change, Kind, tuple[str, str, str, str]], ...] = (
    ("tail: 5 % of calls x6", Change(dragging=0.05), "tail", ("22/>80", "10/17", "9/16", "9/12")),
    ("spread: half as far again", Change(apart=1.5), "spread", ("21/-", "10/18", "8/12", "8/11")),
    ("spread: twice as far", Change(apart=2.0), "spread", ("4/8", "", "", "3/4")),
)

QUIET_EVENTS: tuple[tuple[str, Events, str], ...] = (
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
CLEAN = Events(rate=0.0)
EVENT_CHANGES: tuple[tuple[str, Events, Events, int, tuple[str, str, str]], ...] = (
    ("refusals 0 -> 5 %", CLEAN, Events(rate=0.05), 200, ("21/30", "10/14", "6/9")),
    ("refusals 0 -> 1 %", CLEAN, Events(rate=0.01), 600, ("missed", "111/209", "42/62")),
    ("errors 0 -> 3 %", CLEAN, Events(rate=0.03), 300, ("54/95", "19/28", "10/17")),
    ("errors .05 % + hiccups -> 3 %", QUIET_EVENTS[10][1], Events(rate=0.03, hiccups=0.001, hiccup_rate=0.5), 300,
     ("62/152 (3 %)", "24/45 (6 %)", "27/53")),
    ("one probe .95 -> .75, 3 a run", Events(rate=0.05, samples=3), Events(rate=0.25, samples=3), 600,
     ("51 % missed", "57/118", "34/55")),
    ("pass rate .95 -> .85", Events(rate=0.05), Events(rate=0.15), 200, ("21/50", "14/23", "12/18")),
    ("pass rate .95 -> .85, 10 a run", Events(rate=0.05, samples=10), Events(rate=0.15, samples=10), 400,
     ("50 % missed", "57/119", "33/53")),
    ("pass rate .95 -> .85, correlation .1",
     Events(rate=0.05, correlation=0.1), Events(rate=0.15, correlation=0.1), 400,
     ("69 % missed", "111/267 (6 %)", "47/81")),
    ("pass rate .99 -> .90", Events(rate=0.01), Events(rate=0.10), 200, ("13/21", "8/14", "6/9")),
    ("one of ten probes broken, its own stream", Events(rate=0.0, samples=3), Events(rate=1.0, samples=3), 50,
     ("3/3", "3/3", "3/3")),
    ("3 of 10 probes broken", CLEAN, Events(rate=0.3), 50, ("3/3", "3/3", "3/3")),
    ("total outage", CLEAN, Events(rate=1.0), 50, ("3/3", "3/3", "3/3")),
)  # fmt: skip
CALMS = (0, 100, 1000)

USUAL = (0.7, 0.25, 0.05)
MIX_CHANGES: tuple[tuple[str, tuple[float, ...], bool, int, tuple[str, str, str]], ...] = (
    ("50/45/5", (0.5, 0.45, 0.05), False, 200, ("14/26", "13/21", "12/18")),
    ("60/35/5", (0.6, 0.35, 0.05), False, 400, ("48 % missed", "82/345 (8 %)", "84/133")),
    ("unseen 100 %", (0, 0, 0, 1.0), False, 50, ("2/2", "2/2", "2/2")),
    ("unseen 10 %", (0.63, 0.225, 0.045, 0.1), False, 100, ("8/11", "6/8", "5/6")),
    ("unseen 3 %", (0.679, 0.2425, 0.0485, 0.03), False, 200, ("46/75", "17/29", "11/17")),
    ("unseen 100 %, whole runs", (0, 0, 0, 1.0), True, 100, ("12/12", "8/8", "4/4")),
)  # fmt: skip

ANSWER_CHANGES: tuple[tuple[str, Speakers, int | None, tuple[str, str]], ...] = (
    ("all probes by the other model", Speakers(other=EVERYONE), None, ("2/2", "2/2")),
    ("one probe, its own stream: capital", Speakers(other=frozenset({4})), 4, ("5/6", "3/4")),
    ("one probe, its own stream: steps", Speakers(other=frozenset({8})), 8, ("6/7", "3/5")),
    ("one probe, its own stream: translate", Speakers(other=frozenset({5})), 5, ("6/7", "3/5")),
    ("one probe (capital), the pooled stream", Speakers(other=frozenset({4})), None, ("80/17 % missed", "12/18")),
    ("5 % refusals, the pooled stream", Speakers(refusing=0.05), None, ("missed", "52/79")),
)  # fmt: skip
