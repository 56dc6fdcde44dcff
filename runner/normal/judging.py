"""How a run meets the judge: what a partial run may speak of, what a dead endpoint may teach.

Live runs and replays go through the same function, in the same order, so that they agree to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from checks.drift.identity import relearned, relearned_words, without_other_forms
from checks.drift.observation import RunObservation
from checks.drift.plan import JudgePlan
from checks.drift.questions import asked_anew, asked_anew_words
from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult
from checks.drift.score import judge
from runner.store.base import Json, StoredObservation

PARTIAL = "only part of the suite was asked, so streams pooled over the suite were not judged"
NOTHING_LEARNED = "nothing answered, so the baseline learned nothing from this run"
LEARNED_BY = "learned_by"
"""Beside a stored plan: by what it was decided whether there was a baseline yet. Left out: by the answers."""
EVENTS = "events"
_TOLD_BY_ALL = ("failures", "refusals")
"""Streams that every sample tells something, and that outlive the texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the judge made of one run."""

    states: Mapping[StreamKey, Json]
    results: tuple[StreamResult, ...]
    learned: bool
    """True where the run is part of the baseline."""
    note: str = ""


def judge_run(
    states: Mapping[StreamKey, Json], run: RunObservation, plan: JudgePlan, *, whole: bool, learned_by: str = EVENTS
) -> Judged:
    """Judge one run against the states before it.

    A partial run (``whole`` false) feeds only the streams of the probes it asked. A run without any answer feeds
    nothing while a baseline is being learned: an outage must not become what is normal. Where the checks of a probe
    have changed, its pass rate is learned anew, and where its request has, all of it; the note says so.
    ``learned_by`` is ``events``, and empty for runs from before, whose outages were told from the answers learned.
    """
    judged = _judged(states, run, plan, whole=whole, learned_by=learned_by)
    anew = relearned_words(relearned(states, run)) if judged.results else ""
    asked = asked_anew_words(asked_anew(states, run)) if judged.results else ""
    return replace(judged, note="; ".join(filter(None, (judged.note, asked, anew))))


def _judged(
    states: Mapping[StreamKey, Json], run: RunObservation, plan: JudgePlan, *, whole: bool, learned_by: str
) -> Judged:
    states = without_other_forms(states, run)
    learning, silent = _learning(states, plan, run), not answered(run)
    if silent and (_unsettled(states, plan) if learned_by == EVENTS else learning):
        return Judged(states=states, results=(), learned=False, note=NOTHING_LEARNED)
    if whole:
        judgement = judge(states, run, plan)
        return Judged(states=judgement.states, results=judgement.results, learned=learning and not silent)
    asked = {observed.probe for observed in run.probes}
    mine = {key: state for key, state in states.items() if key.scope in asked}
    judgement = judge(mine, run, plan)
    updated = {key: state for key, state in judgement.states.items() if key.scope in asked}
    return Judged(
        states={**states, **updated},
        results=tuple(result for result in judgement.results if result.key.scope in asked),
        learned=False,
        note=PARTIAL,
    )


def _learning(states: Mapping[StreamKey, Json], plan: JudgePlan, run: RunObservation) -> bool:
    """True while what answers normally look like is still being gathered; where there are none, what is retrieved.

    Where answers are not kept, nobody will ever know what they look like: then failures must do.
    """
    untold = any(probe.answers_as == "none" for probe in run.probes)
    dimensions = ("answers", "retrieval", *(("failures",) if untold else ()))
    told = (states.get(StreamKey(scope=SUITE_SCOPE, dimension=dimension)) for dimension in dimensions)
    normal = next((state for state in told if state is not None), None)
    return plan.capturing or normal is None or normal["phase"] == "collecting"


def _unsettled(states: Mapping[StreamKey, Json], plan: JudgePlan) -> bool:
    """True while an outage could become what is normal. Answers do not count: theirs may begin anew, or be forgotten,
    long after the others stand, and a replay that has no texts must decide as was decided then."""
    told = (states.get(StreamKey(scope=SUITE_SCOPE, dimension=dimension)) for dimension in _TOLD_BY_ALL)
    return plan.capturing or all(state is None or state["phase"] == "collecting" for state in told)


def judge_plan(row: StoredObservation) -> JudgePlan:
    """The plan a stored run was judged under."""
    return JudgePlan.from_json(row.plan["judge"])


def answered(run: RunObservation) -> bool:
    """Whether any sample of the run was answered."""
    return any(not facts.failed for observed in run.probes for facts in observed.samples)
