"""Which incidents are one in the eyes of people: the same thing, bad since the same run, told to several notifiers.
Feeds ``text``. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, datetime

from reports.alerts.story import Incident

_NEVER = datetime.min.replace(tzinfo=UTC)


def blocks(incidents: Iterable[Incident]) -> tuple[tuple[Incident, ...], ...]:
    """The incidents put together, in the order of the first of each; the one that was told last speaks for a block."""
    together: dict[Hashable, list[Incident]] = {}
    for incident in incidents:
        together.setdefault(_sameness(incident), []).append(incident)
    return tuple(tuple(sorted(each, key=_told_last, reverse=True)) for each in together.values())


def _sameness(incident: Incident) -> Hashable:
    began = incident.opened_at or incident.bad_since
    if began is None:
        return incident.incident_id
    how = (incident.state, incident.severity, incident.awaits, incident.flapping, bool(incident.muted))
    return incident.key, began, incident.resolved_at, how


def _told_last(incident: Incident) -> datetime:
    return incident.told[-1].notice.at if incident.told else _NEVER


def named(block: Sequence[Incident]) -> str:
    """``incident 4a20``, or with several notifiers each of theirs: ``incidents 4a20 (slack), 91c0 (pager)``."""
    if len(block) == 1:
        return f"incident {block[0].incident_id}"
    theirs = [f"{each.incident_id} ({each.notifier or 'shown only'})" for each in block]
    return f"incidents {', '.join(theirs)}"
