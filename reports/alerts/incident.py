"""The nouns of alerting: what is remembered of an incident, what a run says of it, what happened to it.

Made by ``incidents`` and ``alerts``; kept by the store; told by ``message``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from probes.fault import Fault
from reports.notice import AlertEvent

Phase = Literal["quiet", "pending", "open"]
Covered = tuple[tuple[str, float], ...]
"""Streams (``checks of refund``) that another kind of incident tells, each with the lowest evidence (ln) since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is remembered of one possible incident for one notifier. JSON-able; stored after every run."""

    key: str
    """``suite/endpoint/kind``: survives edits of rules and texts."""
    notifier: str
    """Name of the notifier; empty where a suite names none (the incident is then only shown)."""
    kind: str
    state: Phase
    severity: str
    """While open: the highest the incident has had."""
    outcomes: tuple[bool, ...] = ()
    """Newest last: True for bad runs. Unknown runs leave no mark."""
    incident_id: str = ""
    """Set while pending, open or flapping."""
    opened_at: datetime | None = None
    """When it opened, told or not."""
    last_notice_at: datetime | None = None
    facts: tuple[str, ...] = ()
    """Facts of the last bad run; drift that was told inside stays among them until the next."""
    subjects: tuple[str, ...] = ()
    """All that the incident has been about so far, to see whether an update says anything new."""
    faults: tuple[Fault, ...] = ()
    """Classes, worst first, and the headline's words: from where the facts are."""
    summary: str = ""
    run_id: str = ""
    """The last run that found it bad: what a notice between two runs is about."""
    bad_since: datetime | None = None
    """The first bad run since the last good one."""
    unsure: bool = False
    """True where the newest word is that nobody knows: then time alone changes nothing."""
    untold: bool = False
    """True while it is open and nobody has been told."""
    muted: str = ""
    """Why nobody is told of it at present; empty where they are."""
    told_at: datetime | None = None
    """When it was told first: what an escalation counts from."""
    reminders: int = 0
    """Reminders sent of this incident."""
    escalated_to: tuple[str, ...] = ()
    """Notifiers that hear of it because nobody acknowledged it in time."""
    changes: tuple[datetime, ...] = ()
    """When it lately opened and ended, where the rule looks for flapping."""
    flapping: bool = False
    """True while it is told as one that comes and goes, whether it is open right now or not."""
    unsaid: bool = False
    """True while it flaps and nobody has been told that it does."""
    awaits: str = ""
    """What is there of what opens it, like ``1 of 2 bad runs``; empty unless it is pending."""
    due_at: datetime | None = None
    """When time alone may change it next; None: never."""
    covered: Covered = ()
    """Of drift: alarms that another incident told and that have not ended since: they open nothing of their own."""

    @property
    def live(self) -> bool:
        """True while there is an incident, in the eyes of those who are told."""
        return self.state == "open" or self.flapping

    @property
    def shown(self) -> str:
        """``quiet``, ``pending``, ``open`` or ``muted``, for people."""
        return "muted" if self.live and self.muted else "open" if self.flapping else self.state

    @property
    def bad(self) -> bool:
        """True where the newest word is that it is bad."""
        return bool(self.outcomes) and self.outcomes[-1] and not self.unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one run says of one possible incident."""

    kind: str
    key: str
    """``suite/endpoint/kind``."""
    bad: bool | None
    """None: could not be told. Held: it neither opens nor resolves anything."""
    severity: str
    immediate: bool = False
    """True where the first bad run opens, whatever the rule's ``after`` says."""
    certain: bool = False
    """True where the first good run is enough to resolve: it is a plain fact, not a measurement."""
    facts: tuple[str, ...] = ()
    """Why it is bad, one line each, worst first. Hostile text inside."""
    summary: str = ""
    """The worst fact without its details, for a headline."""
    subjects: tuple[str, ...] = ()
    """What is bad, by name: a new name is news, a new number is not. Empty: the facts up to their first colon."""
    unseen: tuple[str, ...] = ()
    """Names nobody could look at in this run: an incident about one of them does not resolve by it."""
    faults: tuple[Fault, ...] = ()
    """Classes of what is bad, worst first."""
    covered: Covered = ()
    """Of drift: alarms left out because another kind tells them, or told them before."""
    notifier: str | None = None
    """Whom it speaks to, where the owners of classes make a difference; None: to every notifier of its kind."""

    @property
    def about(self) -> frozenset[str]:
        """The names of what is bad."""
        return frozenset(self.subjects or (fact.partition(":")[0] for fact in self.facts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Something happened to an incident that one notifier is to be told."""

    event: AlertEvent
    notifier: str
    """Empty: nobody is told, it is only shown."""
    key: str
    kind: str
    severity: str
    incident_id: str
    at: datetime
    opened_at: datetime
    facts: tuple[str, ...]
    """What is wrong; of a resolved incident, what was."""
    faults: tuple[Fault, ...] = ()
    """Its classes, worst first."""
    summary: str = ""
    reason: str = ""
    """Why it resolved, where the reason is not that all is well again; of others, what is special about it."""
    run_id: str = ""
    """The last run that found it bad; empty where none is known."""
    bad_since: datetime | None = None
    """The first bad run since the last good one, where that is known."""
    well: bool = False
    """True where it is told as one that comes and goes, and the newest word is that it is gone."""
