"""Stored runs judged in their order, with what people decided in between. Feeds replays, imports and golden baselines.

Live runs and acts go through the same functions, so both come to the same states to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checks.drift.result import StreamKey, StreamResult
from runner.normal.baselines import accepted, only_golden
from runner.normal.golden import frozen, moves_normal
from runner.normal.judging import EVENTS, LEARNED_BY, Judged, judge_plan, judge_run
from runner.store.base import BaselineAct, Json, StoredObservation


@dataclass(slots=True, kw_only=True)
class Tape:
    """What is true so far, while the runs are played."""

    states: dict[StreamKey, Json] = field(default_factory=dict)
    results: tuple[StreamResult, ...] = ()
    played: list[StoredObservation] = field(default_factory=list)
    """Every run so far, those before the last whole reset included: an accept may reach back."""
    expired: bool = False
    """True where a run so far has lost its texts."""
    judged: int = 0
    settled: int = 0
    """How many runs had been played when a person last said what is normal."""

    def play(self, row: StoredObservation) -> Judged | None:
        """Judge one run; None where it was not judged at the time either."""
        self.played.append(row)
        self.expired = self.expired or row.texts_expired
        if not row.plan["judged"]:
            return None
        judged = judge_run(
            self.states, row.observation, judge_plan(row), whole=row.plan["whole"], learned_by=self._learned_by(row)
        )
        self.states = dict(judged.states)
        self.results = judged.results or self.results
        self.judged += 1
        return judged

    def _learned_by(self, row: StoredObservation) -> str:
        """As at the time; runs from before went by answers, which cannot be followed once some have expired."""
        return EVENTS if self.expired else str(row.plan.get(LEARNED_BY, ""))

    def decide(self, acts: Iterable[BaselineAct]) -> None:
        """Acts in the order of saving, which is the order in which they took effect."""
        for act in acts:
            self._act(act)
            if moves_normal(act):
                self.settled = len(self.played)

    def _act(self, act: BaselineAct) -> None:
        if act.kind == "import":
            return  # the runs and acts that came with it have been played
        if act.kind == "accept":
            chosen = [result for result in self.results if result.key in act.streams]
            self.states, _ = accepted(self.played, self.states, chosen)
        elif act.kind == "freeze":
            self.states = frozen(self.played[self.settled :], self.states)
        elif act.streams:
            self.states = {key: state for key, state in self.states.items() if key not in act.streams}
        else:
            self.states = only_golden(self.states)
            self.judged = 0


def by_run(acts: Sequence[BaselineAct]) -> Mapping[str | None, tuple[BaselineAct, ...]]:
    """Acts by the run after which they were decided; None: before the first."""
    told: dict[str | None, tuple[BaselineAct, ...]] = {}
    for act in acts:
        told[act.after_run] = (*told.get(act.after_run, ()), act)
    return told
