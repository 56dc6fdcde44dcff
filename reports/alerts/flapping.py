"""Incidents that come and go, seen as one: from when on, and until when. Feeds ``machine`` and ``ticking``. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from probes.alert_rule import Flap
from probes.duration import format_duration
from reports.alerts.incident import AlertState


def with_changes(before: AlertState, after: AlertState, flap: Flap | None, now: datetime) -> AlertState:
    """The state with its openings and ends of late, and whether it flaps by them.

    It begins to with ``flap.transitions`` of them in ``flap.within_s``, and goes on until there was none for as long.
    While it flaps the incident keeps its id and all that was told of it, also where it is not open at the moment.
    """
    if flap is None:
        return replace(after, changes=(), flapping=False, unsaid=False)
    window = timedelta(seconds=flap.within_s)
    moved = (before.state == "open") != (after.state == "open")
    recent = tuple(at for at in before.changes if now - at < window) + ((now,) if moved else ())
    flapping = bool(recent) if before.flapping else len(recent) >= flap.transitions
    changes = recent if moved or before.flapping else before.changes  # forgetting alone is nothing to be stored
    if flapping and after.state != "open":
        after = replace(
            before,
            state=after.state,
            outcomes=after.outcomes,
            bad_since=after.bad_since,
            unsure=after.unsure,
            covered=after.covered,
        )
    unsaid = flapping and (before.unsaid or not before.flapping)
    return replace(after, changes=changes, flapping=flapping, unsaid=unsaid)


def flapping_fact(state: AlertState, flap: Flap) -> str:
    """What a person has to know of it: how often it changed, and when there will be news."""
    window = format_duration(flap.within_s)
    return (
        f"opened and ended {len(state.changes)} times within {window}: "
        f"nothing more is told until it has stayed as it is for {window}"
    )


def steady_at(state: AlertState, flap: Flap | None) -> datetime | None:
    """When a flapping incident has been steady for long enough if nothing more happens; None where it does not flap."""
    if flap is None or not state.flapping or not state.changes:
        return None
    return state.changes[-1] + timedelta(seconds=flap.within_s)
