"""The judge's arithmetic against recorded numbers of an independent implementation of the same specification.

The recordings (``recorded/*.json``) hold inputs and ln M after every run, for 150 streams, one false alarm a year and
35,040 runs a year.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from checks.drift.bounds import upper
from checks.drift.continuous import Engine, advance, evidence
from checks.drift.mixes import new_mix, step_mix
from checks.drift.noise import day_channel, log_sum_exp, step_channel
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rules, difference, new_rate, step_rate
from checks.drift.reference import Reference, sampling_sd
from checks.drift.tails import Tally
from checks.drift.wording import key_of, wording_of

RECORDED = Path(__file__).parent / "recorded"
PLAN = JudgePlan(runs_per_year=35040, streams=150)
AGREE = 1e-6


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def named(entries: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", entries, ids=[entry["name"] for entry in entries])


@named([entry for entry in recorded("continuous")["streams"] if "tails" in entry])
def test_spread_and_tail_agree_with_the_recording_after_every_run(entry: dict[str, Any]) -> None:
    runs = [{str(probe): values for probe, values in enumerate(run)} for run in entry["runs"]]
    start, tally, apart = entry["baseline"], Tally(), [0.0]
    samples = {probe: [x for run in runs[:start] for x in run[probe]] for probe in runs[0]}
    reference = Reference.of(samples, offset=0.0)
    for position, run in enumerate(runs):
        apart.append(abs(reference.spread(run) - entry["spreads"][position]))
        slow, calls = reference.tail(run)
        assert slow == entry["tails"][position]
        tally = Tally.from_json(tally.after(slow, calls, str(position), warmup=start).to_json())
        theirs = entry["tail_ln_m"][position]
        assert bool(tally.starts) == (theirs is not None)
        if theirs is not None:
            apart.append(abs(float(log_sum_exp(tally.evidence(), axis=0)) - theirs))
    assert max(apart) < AGREE


@named(recorded("continuous")["streams"])
def test_a_continuous_stream_agrees_with_the_recording_after_every_run(entry: dict[str, Any]) -> None:
    runs = [{str(probe): values for probe, values in enumerate(run)} for run in entry["runs"]]
    start = entry["baseline"]
    samples = {probe: [x for run in runs[:start] for x in run[probe]] for probe in runs[0]}
    reference = Reference.of(samples, offset=entry["offset"])
    levels = [reference.level(run) for run in runs]
    channel = step_channel(0.05, counts=entry["offset"] > 0)
    engine = Engine.new(
        sampling_sd=sampling_sd(reference, sum(map(len, runs[0].values()))),
        centre=sorted(levels[:start])[start // 2],
        warmup=start,
        channel=channel,
    )
    apart = [abs(ours - theirs) for ours, theirs in zip(levels, entry["levels"], strict=True)]
    for position, (level, theirs) in enumerate(zip(levels, entry["ln_m"], strict=True)):
        engine = advance(engine, level, str(position), channel)
        shift = evidence(engine, channel)
        assert (shift is None) == (theirs is None)
        if shift is not None:
            apart.append(abs(shift.ln_m - theirs))
    assert max(apart) < AGREE
    assert shift is not None
    assert (shift.ratio, shift.low, shift.high) == pytest.approx(entry["effect"], rel=1e-6)


def test_the_day_channel_agrees_with_the_recording_after_every_day() -> None:
    entry, channel = recorded("continuous")["day"], day_channel(0.05, counts=False)
    engine = Engine.new(sampling_sd=0.0, centre=0.0, warmup=7, channel=channel)
    for value, theirs in zip(entry["values"], entry["ln_m"], strict=True):
        engine = advance(engine, value, "", channel)
        shift = evidence(engine, channel)
        assert (shift and shift.ln_m) == (theirs and pytest.approx(theirs, abs=AGREE))


@named(recorded("discrete")["rates"])
def test_a_rate_agrees_with_the_recording_after_every_run(entry: dict[str, Any]) -> None:
    rules = Rules.of(PLAN, min_runs=3)
    rate = new_rate([(x, n) for x, n in entry["baseline"]], rules)
    assert rate.bounds == pytest.approx(entry["first_bounds"], rel=1e-9)
    for (x, n), ln_m, rho in zip(entry["runs"], entry["ln_m"], entry["rho"], strict=True):
        rate = step_rate(rate, x, n, rules)
        assert rate.ln_m == pytest.approx(ln_m, abs=AGREE)
        assert rate.rho == pytest.approx(rho, abs=1e-9)
    assert rate.epoch == entry["epoch"]
    assert rate.bounds == pytest.approx(entry["bounds"], rel=1e-9)


@named([entry for entry in recorded("discrete")["rates"] if max(entry["ln_m"]) < 3.8])
def test_the_effect_of_a_quiet_rate_agrees_with_the_recording(entry: dict[str, Any]) -> None:
    rules = Rules.of(PLAN, min_runs=3)
    rate = new_rate([(x, n) for x, n in entry["baseline"]], rules)
    for x, n in entry["runs"]:
        rate = step_rate(rate, x, n, rules)
    effect = difference(rate, 24)
    before, now, (low, high) = entry["effect"]
    assert effect is not None
    assert effect.value == pytest.approx(now - before, abs=1e-12)
    assert (effect.low, effect.high) == pytest.approx((low - before, high - before), abs=1e-9)


@pytest.mark.parametrize(("events", "samples", "level", "bound"), recorded("discrete")["upper"])
def test_the_upper_bound_agrees_with_the_recording(events: float, samples: float, level: float, bound: float) -> None:
    assert upper(events, samples, level) == pytest.approx(bound, rel=1e-12)


@named(recorded("discrete")["mixes"])
def test_a_mix_agrees_with_the_recording_after_every_run(entry: dict[str, Any]) -> None:
    rules = Rules.of(PLAN, min_runs=2)
    mix = new_mix(entry["baseline"], rules)
    assert list(mix.listed) == entry["listed"]
    for run, ln_m in zip(entry["runs"], entry["ln_m"], strict=True):
        mix = step_mix(mix, run, rules)
        assert mix.ln_m == pytest.approx(ln_m, abs=AGREE)
    assert mix.agreement.rho == pytest.approx(entry["rho"], abs=1e-9)


@named(recorded("answers")["answers"])
def test_answers_agree_with_the_recording_after_every_run(entry: dict[str, Any]) -> None:
    rules = Rules.of(PLAN, min_runs=2)
    wording, events = wording_of([key_of(text) for run in entry["baseline"] for text in run])
    assert (wording.far, wording.very_far, wording.near) == (entry["far"], entry["very_far"], entry["near"])
    tallies = [[sum(column) for column in zip(*events[i : i + 3], strict=True)] for i in range(0, len(events), 3)]
    rates = [new_rate([(tally[event], 3) for tally in tallies], rules, weight=0.25) for event in range(5)]
    for texts, counts, distances, ln_m in zip(
        entry["runs"], entry["counts"], entry["distances"], entry["ln_m"], strict=True
    ):
        looks = wording.looks([key_of(text) for text in texts])
        assert [look.distance for look in looks] == pytest.approx(distances, abs=1e-9)
        assert [sum(column) for column in zip(*(look.events for look in looks), strict=True)] == counts
        rates = [step_rate(rate, x, 3, rules) for rate, x in zip(rates, counts, strict=True)]
        weights = (0.35, 0.15, 0.2, 0.2, 0.1)
        total = sum(weight * math.exp(rate.ln_m) for weight, rate in zip(weights, rates, strict=True))
        assert math.log(total) == pytest.approx(ln_m, abs=AGREE)
