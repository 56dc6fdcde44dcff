"""Sums by hour and day are those of the raw runs, whatever they held and however adding, pruning and saving mix."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.verdict import Health
from probes.failure import FailureClass
from probes.sample import Sample, Timing, TokenUsage
from reports.rollup import Sketch
from reports.summary import RunRecord
from runner.store import open_store
from runner.store.base import Store
from tests.fakes.records import NOW, a_failed_sample, a_probe, a_sample
from tests.fakes.stored import PLACE, numbered, written

LONG_AGO = NOW - timedelta(days=400)
SECONDS = st.none() | st.floats(1e-5, 600.0)
TOKENS = st.none() | st.integers(0, 10**12)


@st.composite
def samples(draw: st.DrawFn, probe: str, index: int) -> Sample:
    if draw(st.booleans()):
        kind = draw(st.sampled_from([FailureClass.SERVER, FailureClass.TIMEOUT_TOTAL, FailureClass.AUTH]))
        return a_failed_sample(kind, "no", probe, index)
    return a_sample(
        probe,
        index,
        timing=Timing(total_s=draw(SECONDS), first_token_s=draw(SECONDS)),
        usage=TokenUsage(input_tokens=draw(TOKENS), output_tokens=draw(TOKENS)),
        cost_usd=draw(st.none() | st.floats(0, 10.0)),
    )


@st.composite
def records(draw: st.DrawFn) -> tuple[RunRecord, ...]:
    made = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        probes = [
            a_probe(
                name,
                samples=[draw(samples(name, index)) for index in range(draw(st.integers(1, 3)))],
                health=draw(st.sampled_from(Health)),
            )
            for name in draw(st.sampled_from([("one",), ("one", "two")]))
        ]
        began = NOW + timedelta(minutes=draw(st.integers(0, 3 * 24 * 60)))
        made.append(
            numbered(number, probes=tuple(probes), started_at=began, health=draw(st.sampled_from(Health)), drift=())
        )
    return tuple(made)


def start_of(at: datetime, size: str) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole if size == "hour" else whole.replace(hour=0)


def by_hand(found: Sequence[Sample]) -> dict[str, Any]:
    answered = [one for one in found if one.failure is None]
    times = [one.timing.total_s for one in answered if one.timing.total_s is not None]
    return {
        "samples": len(found),
        "failures": Counter(one.failure.kind.value for one in found if one.failure),
        "input_tokens": sum(one.usage.input_tokens or 0 for one in found),
        "output_tokens": sum(one.usage.output_tokens or 0 for one in found),
        "priced": sum(one.cost_usd is not None for one in found),
        "times": Sketch.of(times).buckets,
    }


def all_sums(store: Store, size: str, probe: str) -> dict[datetime, dict[str, Any]]:
    return {
        one.start: {
            "samples": one.samples,
            "failures": Counter(one.failures),
            "input_tokens": one.input_tokens,
            "output_tokens": one.output_tokens,
            "priced": one.priced,
            "times": one.total_s.buckets,
        }
        for one in store.rollups(*PLACE, size=size, since=LONG_AGO, probe=probe)
    }


@settings(max_examples=60, deadline=None)
@given(runs=records(), steps=st.lists(st.integers(1, 3), max_size=6), prune=st.booleans())
def test_sums_equal_the_raw_runs_in_any_mixture_of_saving_adding_and_pruning(
    runs: tuple[RunRecord, ...], steps: list[int], prune: bool
) -> None:
    with closing(open_store(":memory:")) as store:
        for run in runs:
            store.save_run(written(run))
            store.roll_up(most=steps.pop()) if steps else None
            for run_id in store.prunable(NOW + timedelta(days=1), most=5) if prune else ():
                store.forget_run(run_id)
        while store.roll_up(most=2):
            pass
        for size in ("hour", "day"):
            for probe in ("", "one", "two"):
                raw: dict[datetime, list[Sample]] = {}
                for run in runs:
                    for told in run.probes:
                        if probe in ("", told.probe):
                            raw.setdefault(start_of(run.started_at, size), []).extend(told.samples)
                assert all_sums(store, size, probe) == {at: by_hand(found) for at, found in raw.items()}
            costs = math.fsum(one.cost_usd for one in store.rollups(*PLACE, size=size, since=LONG_AGO))
            assert costs == pytest.approx(math.fsum(sample.cost_usd or 0.0 for run in runs for sample in run.samples))
            healths = Counter[str]()
            for one in store.rollups(*PLACE, size=size, since=LONG_AGO):
                healths.update(one.healths)
            assert healths == Counter(run.health.value for run in runs)


def test_counts_beyond_what_a_column_holds_stay_there_and_stop_no_other_sum() -> None:
    told = a_probe(
        samples=[replace(a_sample(index=n), usage=TokenUsage(output_tokens=2**62), cost_usd=1.7e308) for n in range(3)]
    )
    with closing(open_store(":memory:")) as store:
        for number in (1, 2):
            store.save_run(written(numbered(number, probes=(told,))))
        assert store.roll_up(most=5) == 2
        (day,) = store.rollups(*PLACE, size="day", since=LONG_AGO)
        assert (day.runs, day.output_tokens) == (2, 2**63 - 1)
        assert math.isfinite(day.cost_usd)
