"""Runs, conditions and a hand-wound alert machine, for the tests of alerting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pydantic import TypeAdapter

from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner
from reports.alerts.machine import AlertState, Condition, Transition, step, tick
from reports.alerts.telling import Muting, never_muted
from reports.notice import AlertEvent, Notice

START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
_STATES = TypeAdapter(tuple[AlertState, ...])


def a_rule(**fields: Any) -> AlertRule:
    """``notify: slack, after: 1 of 1, resolve_after: 2``, unless told otherwise."""
    return AlertRule.model_validate({"notify": "slack", **fields})


def a_condition(kind: str = "contract", bad: bool | None = True, **fields: Any) -> Condition:
    """A condition of ``bot/prod``."""
    standard: dict[str, Any] = {
        "severity": "ticket" if kind == "drift" else "page",
        "immediate": kind in ("drift", "policy"),
        "facts": (f"{kind} thing: moved",) if bad else (),
    }
    return Condition(kind=kind, key=f"bot/prod/{kind}", bad=bad, **{**standard, **fields})


@dataclass(slots=True)
class Machine:
    """Steps run after run, fifteen minutes apart; forgets everything but JSON between them."""

    rules: Sequence[AlertRule]
    now: datetime = START
    stored: str = "[]"
    told: list[Transition] = field(default_factory=list)
    owners: Mapping[Fault, ClassOwner] = field(default_factory=dict)
    muted: Muting = never_muted
    acknowledged: set[str] = field(default_factory=set)
    _ids: Any = field(default_factory=lambda: count(1))
    _runs: Any = field(default_factory=lambda: count(1))

    @property
    def states(self) -> tuple[AlertState, ...]:
        return _STATES.validate_json(self.stored)

    def run(self, *conditions: Condition) -> list[str]:
        """Count one run; what was told in it, like ``opened contract``."""
        states, transitions = step(
            self.states,
            conditions,
            self.rules,
            now=self.now,
            new_incident_id=self._new_id,
            owners=self.owners,
            muted=self.muted,
            acknowledged=self.acknowledged,
            run_id=f"run-{next(self._runs)}",
        )
        self.now += timedelta(minutes=15)
        return self._kept(states, transitions)

    def look(self, minutes: float = 0.0) -> list[str]:
        """Look at the clock so many minutes later; what was told then, like ``reminder contract``."""
        self.now += timedelta(minutes=minutes)
        states, transitions = tick(
            self.states,
            self.rules,
            now=self.now,
            new_incident_id=self._new_id,
            owners=self.owners,
            muted=self.muted,
            acknowledged=self.acknowledged,
        )
        return self._kept(states, transitions)

    def _new_id(self) -> str:
        return f"inc-{next(self._ids)}"

    def keep(self, states: Sequence[AlertState]) -> None:
        """Remember these states, and nothing else."""
        self.stored = json.dumps(_STATES.dump_python(tuple(states), mode="json"))

    def _kept(self, states: Sequence[AlertState], transitions: Sequence[Transition]) -> list[str]:
        self.keep(states)
        self.told += transitions
        return [f"{transition.event} {transition.kind}" for transition in transitions]

    def runs(self, verdicts: str, *, kind: str = "contract") -> list[str]:
        """One run a letter (x bad, o good, ? unknown); what was told, a dash for a run that told nothing."""
        meanings = {"x": True, "o": False, "?": None}
        return [",".join(self.run(a_condition(kind, meanings[verdict]))) or "-" for verdict in verdicts]


_BEARINGS = {
    "sure": "seen, not estimated: 3 of 3 answers broke the worst check",
    "since": "2026-03-14 08:45 UTC, 1 run before this one",
    "extent": "1 of 4 probes (refund)",
    "cause": "The right documents were found and stand in the wrong order",
    "unmoved": "latency.total and route have not moved",
    "silence": "holdfast silence inc-1 --for 2h --reason 'looking into it'",
    "acknowledge": "holdfast alerts ack inc-1 --reason 'looking into it'",
}


def a_notice(event: AlertEvent = AlertEvent.OPENED, **fields: Any) -> Notice:
    """A contract notice with everything in it."""
    standard: dict[str, Any] = {
        "incident_id": "inc-1",
        "key": "bot/prod/contract",
        "kind": "contract",
        "severity": "page",
        "suite": "bot",
        "endpoint": "prod",
        "run_id": "run-7",
        "at": START + timedelta(hours=1),
        "opened_at": START,
        "headline": "bot at prod: contract broken - refund contains '30 days' (0 of 3 pass)",
        "facts": ("refund contains '30 days' (0 of 3 pass): found 14 days",),
        "before": "Within 30 days.",
        "after": "Within 14 days.",
        "failures": ("server x1",),
        "faults": (Fault.RANKING,),
        "team": "support",
        "contact": "#support-oncall",
        "runbook": "https://wiki.example.com/support-bot",
        "report": "https://holdfast.example.com/runs/run-7",
        "replay": "holdfast replay suite.yaml --run run-7",
    }
    if event is not AlertEvent.RESOLVED:
        standard |= _BEARINGS
    if event is AlertEvent.UPDATED:
        standard |= {"acknowledged": "acknowledged by oncall 2026-03-14 09:20Z: on it", "acknowledge": ""}
    return Notice(event=event, **{**standard, **fields})
