"""Judge a run: every stream's state in, every stream's state and score out. Feeds the engine and replays.

Pure: the same samples in the same order give the same states to the last digit, and states may go through JSON at
any point. States are plain JSON values, keyed by stream.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.drift.dimensions import FROZEN, machine_of, streams_of
from checks.drift.observation import RunObservation
from checks.drift.plan import JudgePlan
from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult
from checks.drift.streams import Stream

States = Mapping[StreamKey, Mapping[str, Any]]

__all__ = ["Judgement", "accept", "establish", "freeze", "judge", "reset", "streams_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All streams of one suite at one endpoint after a run."""

    states: dict[StreamKey, Mapping[str, Any]]
    """Replaces the states given; streams of probes that are gone are not in it."""
    results: tuple[StreamResult, ...]
    """Pooled streams first, then probe by probe in the order of the suite, then those of a golden baseline."""


def judge(states: States, run: RunObservation, plan: JudgePlan) -> Judgement:
    """Judge one whole run.

    A stream begins to exist with its first datum. A probe that is missing from the run is taken as removed from the
    suite, so runs of a selection of probes must not come here.
    """
    after: dict[StreamKey, Mapping[str, Any]] = {}
    results, probes = [], run.by_probe()
    for key in (*_keys(run), *(key for key in states if key.golden)):
        state, result = _stream(key, plan).judge(states.get(key), run, probes)
        if state is not None:
            after[key] = state
        if result is not None:
            results.append(result)
    return Judgement(states=after, results=tuple(results))


def establish(states: States, plan: JudgePlan) -> dict[StreamKey, Mapping[str, Any]]:
    """The end of a capture: streams with enough runs form their baseline from all of them; others collect on."""
    return {key: _stream(key, plan).establish(state) for key, state in states.items()}


def accept(
    collected_runs: Sequence[RunObservation], states: States, keys: Collection[StreamKey], plan: JudgePlan
) -> dict[StreamKey, Mapping[str, Any]]:
    """What these runs show is normal now: the given streams start anew from them, collecting on if too few.

    ``collected_runs`` are oldest first, normally those from a result's ``since`` on. Other streams stay as they are.
    """
    after = reset(states, keys)
    for key in sorted(keys):
        stream, state = _stream(key, plan), None
        for run in collected_runs:
            state = stream.collect(state, run)
        if state is not None:
            after[key] = stream.establish(state)
    return after


def reset(states: States, keys: Collection[StreamKey]) -> dict[StreamKey, Mapping[str, Any]]:
    """Forget the given streams; they begin to collect with the next run."""
    return {key: state for key, state in states.items() if key not in keys}


def freeze(runs: Sequence[RunObservation], states: States, plan: JudgePlan) -> dict[StreamKey, Mapping[str, Any]]:
    """These runs become the golden baseline; one that stood before is forgotten. Other streams stay as they are.

    A golden stream for which the runs tell too little does not come to be.
    """
    after = reset(states, [key for key in states if key.golden])
    for dimension in FROZEN:
        key = StreamKey(scope=SUITE_SCOPE, dimension=dimension)
        stream, state = _stream(key, plan), None
        for run in runs:
            state = stream.collect(state, run)
        if state is not None and (formed := stream.establish(state))["phase"] == "watching":
            after[key] = formed
    return after


def _keys(run: RunObservation) -> tuple[StreamKey, ...]:
    retrieving = any(facts.documents is not None for probe in run.probes for facts in probe.samples)
    asked = [probe.probe for probe in run.probes]
    control = any(probe.control for probe in run.probes)
    return streams_of(asked, streaming=True, retrieving=retrieving, groups=tuple(run.groups), control=control)


def _stream(key: StreamKey, plan: JudgePlan) -> Stream:
    return Stream(key=key, machine=machine_of(key), plan=plan)
