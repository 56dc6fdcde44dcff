"""The story of an incident, as far as the store remembers it: what happened when, who was told, what people said.

Made by the store, read by ``holdfast alerts``, the pages and messages. Facts quote endpoints: hostile text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from reports.alerts.incident import AlertState
from reports.alerts.silences import Acknowledgement, Silence
from reports.notice import SEVERITIES, AlertEvent, Notice

Stage = Literal["pending", "open", "muted", "resolved"]
"""Muted: open, and nobody is told."""
Outcome = Literal["waiting", "delivered", "given_up", "withdrawn"]
"""What became of a notice. Withdrawn: it was over before its wait for company was, so that nobody was told."""
_BEGUN = ("open", "muted")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """One change of an incident."""

    at: datetime
    state: Stage
    severity: str
    run_id: str
    """The run that brought it about; empty where time alone did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change as the store keeps it: its end carries no id of an incident, which ``told_apart`` gives it."""

    key: str
    notifier: str
    incident_id: str
    quiet: bool
    event: IncidentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice about an incident to one notifier, and what became of it."""

    notifier: str
    notice: Notice
    state: Outcome
    attempts: int
    """Deliveries that failed."""
    settled_at: datetime | None
    """When it was delivered, given up or withdrawn."""
    error: str
    """Of the last failed attempt; empty where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamScore:
    """One stream of the evidence."""

    stream: str
    score: float | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident: each notifier of the rules has its own, which others hear of where it is escalated to them."""

    incident_id: str
    key: str
    kind: str
    notifier: str
    """Empty: it is only shown, nobody is told."""
    severity: str
    """The highest it has had."""
    state: Stage
    opened_at: datetime | None
    """None where it never opened, or its beginning is no longer stored."""
    resolved_at: datetime | None
    awaits: str = ""
    """Of a pending one: what is there of what opens it, like ``1 of 2 bad runs``."""
    bad_since: datetime | None = None
    """When the first bad run since the last good one was, where that is known."""
    bad_run: str = ""
    """The last run that found it bad, as the state machine has it."""
    facts: tuple[str, ...] = ()
    """Of the last notice; empty where none was written or texts have expired."""
    faults: tuple[str, ...] = ()
    events: tuple[IncidentEvent, ...] = ()
    """Oldest first."""
    told: tuple[Told, ...] = ()
    """Oldest first."""
    streams: tuple[StreamScore, ...] = ()
    """Streams that stood out in the run that was told last, worst first."""
    muted: str = ""
    """Why nobody is told of it now; empty where that is not so."""
    flapping: bool = False
    """True while it is told as one that comes and goes."""
    silences: tuple[Silence, ...] = ()
    """Those in force at any time while it was open, oldest first."""
    acknowledged: Acknowledgement | None = None

    @property
    def suite(self) -> str:
        """First part of the key."""
        return self.key.split("/")[0]

    @property
    def endpoint(self) -> str:
        """Second part of the key."""
        return self.key.split("/")[1]

    @property
    def run_id(self) -> str:
        """The newest run that made it worse or told of it; empty where none is known."""
        told = [entry.notice.run_id for entry in self.told if entry.notice.event is not AlertEvent.RESOLVED]
        seen = [event.run_id for event in self.events if event.state != "resolved"]
        return next((run for run in (*reversed(told), *reversed(seen), self.bad_run) if run), "")


def told_apart(changes: Sequence[ChangeRow]) -> tuple[Incident, ...]:
    """Incidents from the changes of many, in the order they happened; those that never opened are left out.

    A change to quiet ends the incident that its key and notifier had before.
    """
    going: dict[tuple[str, str], list[ChangeRow]] = {}
    done: list[list[ChangeRow]] = []
    for change in changes:
        place = (change.key, change.notifier)
        own = going.setdefault(place, [])
        if own and not change.quiet and change.incident_id != own[0].incident_id:
            done.append(own)  # its end is not stored: it went with its run
            own = going[place] = []
        if own or not change.quiet:
            own.append(change)
        if change.quiet:
            done.append(going.pop(place))
    groups = [group for group in (*done, *going.values()) if any(c.event.state in _BEGUN for c in group)]
    return tuple(map(_incident, groups))


def _incident(changes: Sequence[ChangeRow]) -> Incident:
    first, events = changes[0], tuple(change.event for change in changes)
    ended = changes[-1].quiet
    return Incident(
        incident_id=first.incident_id,
        key=first.key,
        kind=first.key.rpartition("/")[2],
        notifier=first.notifier,
        severity=max((event.severity for event in events if event.state != "resolved"), key=_rank),
        state="resolved" if ended else events[-1].state,
        opened_at=next(event.at for event in events if event.state in _BEGUN),
        resolved_at=events[-1].at if ended else None,
        events=events,
    )


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def with_state(incident: Incident, state: AlertState) -> Incident:
    """The incident as the state machine has it now, which knows more than the changes do."""
    return replace(
        incident,
        severity=state.severity,
        opened_at=state.opened_at or incident.opened_at,
        awaits=state.awaits,
        bad_since=state.bad_since,
        bad_run=state.run_id,
        facts=state.facts or incident.facts,
        faults=tuple(fault.value for fault in state.faults) or incident.faults,
        muted=state.muted,
        flapping=state.flapping,
    )


def with_told(incident: Incident, told: Sequence[Told]) -> Incident:
    """The incident with who was told what; a resolved one takes its facts from the last notice."""
    last = told[-1].notice.facts if told else ()
    return replace(incident, told=tuple(told), facts=incident.facts or last)


def of_state(state: AlertState) -> Incident:
    """An open or pending incident of which the store has only the present state."""
    return with_state(
        Incident(
            incident_id=state.incident_id,
            key=state.key,
            kind=state.kind,
            notifier=state.notifier,
            severity=state.severity,
            state="open" if state.live else "pending",
            opened_at=state.opened_at,
            resolved_at=None,
        ),
        state,
    )


def with_people(
    incident: Incident, silences: Iterable[Silence], acks: Mapping[str, Acknowledgement], now: datetime
) -> Incident:
    """The incident with what people said about it."""
    began, over = incident.opened_at or now, incident.resolved_at or now
    own = [
        silence
        for silence in silences
        if silence.about(incident.key)
        and silence.created_at <= over
        and (silence.ended_at or silence.expires_at) >= began
    ]
    return replace(incident, silences=tuple(own), acknowledged=acks.get(incident.incident_id))


def worst_first(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Open ones by severity and age, those that wait to open, then those that are over, the newest first."""
    listed = list(incidents)
    going = [incident for incident in listed if incident.state not in ("pending", "resolved")]
    waiting = [incident for incident in listed if incident.state == "pending"]
    over = [incident for incident in listed if incident.state == "resolved"]
    going.sort(key=lambda incident: (-_rank(incident.severity), incident.opened_at is None, str(incident.opened_at)))
    waiting.sort(key=lambda incident: (-_rank(incident.severity), incident.key, incident.notifier))
    over.sort(key=lambda incident: str(incident.resolved_at), reverse=True)
    return (*going, *waiting, *over)
