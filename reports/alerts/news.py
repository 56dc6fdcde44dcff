"""What an update says first: what is new since the incident was told, and what is not so at this moment.

Pure; feeds ``telling``.
"""

from __future__ import annotations

from dataclasses import replace

from reports.alerts.incident import AlertState, Transition

ALSO = "also moved: "
"""Begins what drift says inside another incident: its facts, and its names among the subjects."""
LAST_BAD = "in the last bad run: "
"""Stands before facts that are not so at this moment."""
NEWS = "now also: "
_SHOWN = 4


def with_news(transition: Transition, before: AlertState, after: AlertState) -> Transition:
    """An update that begins with what is new, so that it does not read like the notice before it."""
    facts, summary = transition.facts, transition.summary
    if not after.bad:
        # drift moved in a run in which the incident's own thing was well, or could not be looked at
        facts = tuple(fact if fact.startswith(ALSO) else f"{LAST_BAD}{fact}" for fact in facts)
        summary = f"{LAST_BAD}{summary}" if summary else ""
    return replace(transition, facts=(*_louder(before, after), *_names(before, after), *facts), summary=summary)


def _louder(before: AlertState, after: AlertState) -> tuple[str, ...]:
    return (f"now {after.severity}, was {before.severity}",) if after.severity != before.severity else ()


def _names(before: AlertState, after: AlertState) -> tuple[str, ...]:
    new = [_name(subject) for subject in after.subjects if subject not in before.subjects]
    more = len(new) - _SHOWN
    named = "; ".join([*new[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
    return (f"{NEWS}{named}",) if new else ()


def _name(subject: str) -> str:
    return f"{subject.removeprefix(ALSO)} moved" if subject.startswith(ALSO) else subject
