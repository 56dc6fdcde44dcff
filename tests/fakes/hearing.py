"""Ears of all notifiers at once: what nobody may ever hear, held against all that was told before. For random walks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.alerts.incident import AlertState
from reports.notice import SEVERITIES, AlertEvent

Story = tuple[str, str, str]
"""Notifier, key and incident."""
BEGIN = (AlertEvent.OPENED, AlertEvent.FLAPPING, AlertEvent.ESCALATED)


@dataclass(slots=True, kw_only=True)
class Hearing:
    """What was told, by notifier."""

    remind_max: int
    going: set[Story] = field(default_factory=set)
    """What is told and not over."""
    over: set[Story] = field(default_factory=set)
    """What was told to its end."""
    loud: dict[Story, str] = field(default_factory=dict)
    reminders: Counter[Story] = field(default_factory=Counter)

    def hear(self, notifier: str, key: str, incident: str, event: AlertEvent, severity: str) -> None:
        """One thing more is told. Every incident has one beginning and one end, and between them no other of the same
        key unless it is louder; its severity does not fall; reminders come to an end."""
        story = (notifier, key, incident)
        assert story not in self.over, "told after its end"
        if story not in self.going:
            assert event in BEGIN, "told without a beginning"
            same = [self.loud[other] for other in self.going if other[:2] == story[:2]]
            assert all(SEVERITIES.index(severity) > SEVERITIES.index(known) for known in same), "told twice"
            self.going.add(story)
        else:
            assert event not in (AlertEvent.OPENED, AlertEvent.ESCALATED), "told twice"
        known = self.loud.setdefault(story, severity)
        assert SEVERITIES.index(severity) >= SEVERITIES.index(known), "fell while open"
        self.loud[story] = severity
        self.reminders[story] += event is AlertEvent.REMINDER
        assert self.reminders[story] <= self.remind_max, "reminded too often"
        if event is AlertEvent.RESOLVED:
            self.going.remove(story)
            self.over.add(story)


def known_by(states: Iterable[AlertState]) -> set[Story]:
    """What the notifiers should know of what is live and told: their own, and what was escalated to them."""
    live = [state for state in states if state.live and not state.untold]
    return {(name, state.key, state.incident_id) for state in live for name in (state.notifier, *state.escalated_to)}
