"""The machine of continuous streams: level and spread of latency, level of tokens, judged run by run and day by day.
Feeds streams."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

from checks.drift.continuous import Engine, Shift, advance
from checks.drift.continuous import evidence as shift_of
from checks.drift.evidence import Evidence, Formed, Gathered, Json, values_of
from checks.drift.noise import Channel, day_channel, step_channel
from checks.drift.observation import ProbeObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.reference import Reference, amounts, day_value, sampling_sd, spread_sampling_sd, without_way
from checks.drift.result import Effect
from checks.drift.words import ratio_words

BASELINE_RUNS = 20
YOUNG_RUNS = 50
_BASELINE_DAYS = 7
_LEAST_SPREAD = 3  # samples a run; fewer have no spread to speak of
_KEPT_VALUES = 336  # baseline run values kept for a fresh start after an alarm
_KEPT_DAYS = 64
_RECENT_VALUES = 32  # newest run values as measured, for telling how far a stream moved


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelMachine:
    """Judges the level of one measured quantity."""

    read: Callable[[SampleFacts], float | int | None]
    """The quantity of one sample: seconds or tokens."""
    words: str
    """The quantity in words: ``latency``."""
    counts: bool
    """True for tokens, False for seconds."""
    least_median: float = 0.0
    """A baseline whose median lies below this is not worth watching."""
    spread: bool = False
    """True for how far the values of a run lie apart, rather than where they lie."""

    def gather(self, probe: ProbeObservation) -> list[float] | None:
        """The values of a probe's samples."""
        values = amounts([self.read(sample) for sample in probe.samples if not sample.failed], counts=self.counts)
        return values or None

    def missing(self, runs: Sequence[Gathered]) -> str:
        """Twenty runs make a baseline."""
        return "" if len(runs) >= BASELINE_RUNS else f"{len(runs)} of {BASELINE_RUNS} runs"

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """Reference from all runs; both channels then hear the runs one by one."""
        samples = values_of(runs)
        if median(value for values in samples.values() for value in values) < self.least_median:
            return None
        reference = Reference.of(samples, offset=2.0 if self.counts else 0.0)
        per_run = median(sum(map(len, run.told.values())) for run in runs)
        if self.spread and per_run < _LEAST_SPREAD:
            return None
        controls = [run.control for run in runs if run.control is not None]
        normal = median(controls) if len(controls) == len(runs) else None
        levels = [[run.run_id, run.day, self._value(reference, run, normal)] for run in runs][-_KEPT_VALUES:]
        baseline = {"reference": reference.to_json(), "per_run": float(per_run), "levels": levels}
        if normal is not None:
            baseline["control"] = normal
        return Formed(probes=frozenset(samples), baseline=baseline, detector=self._fresh(baseline, plan))

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """One run through both channels; None where fewer than half the usual values came."""
        reference = Reference.from_json(baseline["reference"])
        expected = baseline["per_run"] * len(run.told) / len(reference.medians)
        if sum(map(len, run.told.values())) < max(1.0, expected / 2):
            return None
        normal = baseline.get("control")
        if normal is not None and run.control is None:
            return None
        level = self._value(reference, run, normal)
        step = advance(Engine.from_json(detector["step"]), level, run.run_id, self._step_channel(plan))
        days, finished = self._day(detector["days"], run.run_id, run.day, level, plan)
        recent = [*detector["recent"], [run.run_id, level]][-_RECENT_VALUES:]
        said = self._said(step, days, plan)
        if said.channel == "run":
            said = self._as_measured(said, [value for _, _, value in baseline["levels"]], recent)
        return {"step": step.to_json(), "days": days, "recent": recent}, replace(said, day_finished=finished)

    @property
    def _what(self) -> str:
        return f"{'spread of' if self.spread else 'median'} {self.words}"

    def _value(self, reference: Reference, run: Gathered, control: float | None) -> float:
        """The value of a run; ``control``: what the control question normally takes, None where there is none."""
        told = run.told
        if control is not None and run.control is not None and not self.spread:
            told = without_way(told, run.control - control)
        return reference.spread(told) if self.spread else reference.level(told)

    def _as_measured(self, said: Evidence, normal: Sequence[float], recent: Sequence[Any]) -> Evidence:
        """The effect from the values as they were measured. The engine's own is from clipped ones: that keeps one bad
        run from raising an alarm, and tells a doubling as x1.25."""
        marks = [mark for mark, _ in recent]
        if said.effect is None or said.effect.low is None or said.effect.high is None or said.since not in marks:
            return said
        levels, changed = [value for _, value in recent], marks.index(said.since)
        moved = math.exp(fmean(levels[changed:]) - fmean([*normal, *levels[:changed]]))
        clipped = said.effect.value
        effect = Effect(
            kind="ratio", value=moved, low=moved * said.effect.low / clipped, high=moved * said.effect.high / clipped
        )
        return replace(said, effect=effect, what=ratio_words(self._what, effect))

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """Runs: the baseline's own values again. Days: those before the change, for they are its baseline."""
        days = detector["days"]
        kept = days["values"]
        if said.channel == "day":
            marks = [mark for mark, _ in kept]
            kept = kept[: marks.index(said.since)] if said.since in marks else kept
        fresh = self._fresh(baseline, plan)
        engine = _empty_day_engine(max(_BASELINE_DAYS, len(kept)), self._day_channel(plan))
        for mark, value in kept:
            engine = advance(engine, value, mark, self._day_channel(plan))
        return {**fresh, "days": {**days, "engine": engine.to_json(), "values": kept, "said": None}}

    def _fresh(self, baseline: Json, plan: JudgePlan) -> Json:
        reference, levels = Reference.from_json(baseline["reference"]), baseline["levels"]
        step = Engine.new(
            sampling_sd=(
                spread_sampling_sd(baseline["per_run"]) if self.spread else sampling_sd(reference, baseline["per_run"])
            ),
            centre=median(level for _, _, level in levels),
            warmup=len(levels),
            channel=self._step_channel(plan),
        )
        engine = _empty_day_engine(_BASELINE_DAYS, self._day_channel(plan))
        days: Json = {"engine": engine.to_json(), "values": [], "today": None, "said": None}
        for run_id, day, level in levels:
            step = advance(step, level, run_id, self._step_channel(plan))
            days, _ = self._day(days, run_id, day, level, plan)
        return {"step": step.to_json(), "days": days, "recent": []}

    def _day(self, days: Json, run_id: str, day: str, level: float, plan: JudgePlan) -> tuple[Json, bool]:
        """Add a run's level to its day; a day that is over is judged first. True where one was."""
        today = days["today"]
        if today is None:
            return {**days, "today": {"day": day, "mark": run_id, "levels": [level]}}, False
        if today["day"] == day:
            return {**days, "today": {**today, "levels": [*today["levels"], level]}}, False
        # part of a day is not a day: its value would carry the daily cycle
        whole = not plan.rare and len(today["levels"]) >= max(4.0, plan.runs_per_year / 730)
        fresh = {**days, "today": {"day": day, "mark": run_id, "levels": [level]}}
        return (self._judge_day(fresh, today, plan), True) if whole else (fresh, False)

    def _judge_day(self, days: Json, over: Json, plan: JudgePlan) -> Json:
        channel, value = self._day_channel(plan), day_value(over["levels"])
        engine = advance(Engine.from_json(days["engine"]), value, over["mark"], channel)
        shift = shift_of(engine, channel)
        return {
            **days,
            "engine": engine.to_json(),
            "values": [*days["values"], [over["mark"], value]][-_KEPT_DAYS:],
            "said": None if shift is None else self._evidence(shift, plan.ln_c_day, 0, "day").to_json(),
        }

    def _said(self, step: Engine, days: Json, plan: JudgePlan) -> Evidence:
        shift = shift_of(step, self._step_channel(plan))
        assert shift is not None  # a baseline is never shorter than its own warm-up
        said = self._evidence(shift, plan.ln_c_step, step.seen, "run")
        if days["said"]:
            daily = Evidence.from_json(days["said"])
            if daily.score > said.score:
                said = daily
        return replace(said, learned=step.seen, young=step.seen < YOUNG_RUNS)

    def _evidence(self, shift: Shift, ln_c: float, learned: int, channel: Any) -> Evidence:
        effect = Effect(kind="ratio", value=shift.ratio, low=shift.low, high=shift.high)
        return Evidence(
            ln_m=shift.ln_m,
            ln_c=ln_c,
            learned=learned,
            effect=effect,
            since=shift.since,
            what=ratio_words(self._what, effect),
            channel=channel,
        )

    def _tolerance(self, plan: JudgePlan) -> float:
        return plan.tolerance_tokens if self.counts else plan.tolerance_latency

    def _step_channel(self, plan: JudgePlan) -> Channel:
        return step_channel(self._tolerance(plan), counts=self.counts)

    def _day_channel(self, plan: JudgePlan) -> Channel:
        return day_channel(self._tolerance(plan), counts=self.counts)


def _empty_day_engine(warmup: int, channel: Channel) -> Engine:
    return Engine.new(sampling_sd=0.0, centre=0.0, warmup=warmup, channel=channel)
