"""What people do about incidents: silence them, end a silence, acknowledge one. Feeds the command line.

Silences that end by themselves, because what they were made for is over, are ended with the run that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from math import isfinite
from typing import get_args

from probes.alert_rule import AlertKind
from probes.errors import UsageError
from probes.nearest import did_you_mean
from reports.alerts.machine import AlertState
from reports.alerts.silences import PARTS, Acknowledgement, Silence, matches, recovered
from reports.alerts.story import Incident
from runner.alerting.incidents import SHORTEST_ID, incident_named, open_of_key
from runner.alerting.saying import say_acknowledged, say_silenced
from runner.store.base import Store

LONGEST_S = 30 * 24 * 3600.0
"""A silence ends: what nobody wants to hear of for longer belongs into the alert rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who decides, why and when."""

    author: str
    reason: str
    at: datetime


# ------------------------------------------------------------------------------------------------ silences
def silence(store: Store, target: str, *, lasts_s: float, until_resolved: bool, act: Act, silence_id: str) -> Silence:
    """Silence what a target names, which may be an open incident's id; the silence as it was stored.

    Raises:
        UsageError: the target is of nothing that the store knows, or the silence would last too long.
    """
    if lasts_s <= 0:
        raise UsageError(f"--for takes a duration of more than 0 s, like 2h; --for {lasts_s:g} s would end at once")
    if not lasts_s <= LONGEST_S:
        raise UsageError(f"--for takes a duration like 2h, 30d at most, not {_days(lasts_s)}")
    with store.exclusive():
        known = _is_known(store, target)
        incident = None if known else _incident(store, target, act.at)
        if not known and incident is None:
            _refuse_unknown(store, target)
        made = Silence(
            silence_id=silence_id,
            target=target if incident is None else incident.key,
            reason=act.reason,
            author=act.author,
            created_at=act.at,
            expires_at=act.at + timedelta(seconds=lasts_s),
            until_resolved=until_resolved or incident is not None,
            incident_id="" if incident is None else incident.incident_id,
        )
        store.save_silence(made)
        say_silenced(store, made, act.at)
    return made


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days" if isfinite(seconds) else "one without an end"


def _incident(store: Store, target: str, now: datetime) -> Incident | None:
    """The open incident that a target names; None where it names none."""
    if len(target) < SHORTEST_ID or "/" in target or not store.incident_ids(target):
        return None
    found = incident_named(store, target, now)
    if found.state == "resolved":
        raise UsageError(f"incident {found.incident_id} is over; to silence the next one, name {found.key}")
    if found.state == "pending":
        raise UsageError(f"incident {found.incident_id} has not opened yet; to silence it before, name {found.key}")
    return found


def _is_known(store: Store, target: str) -> bool:
    """True for what the store knows; a suite may be called ``cafe``, as an incident's id may begin."""
    return any(matches(target, key) for key in _keys(store))


def _refuse_unknown(store: Store, target: str) -> None:
    keys = _keys(store)
    if not keys:
        raise UsageError("nothing is stored yet that could be silenced")
    depth = min(target.count("/"), PARTS - 1)
    known = dict.fromkeys("/".join(key.split("/")[: depth + 1]) for key in keys)
    raise UsageError(f"nothing stored matches {target!r} ({did_you_mean(target, known, otherwise='there is')})")


def _keys(store: Store) -> tuple[str, ...]:
    places = [f"{entry.suite}/{entry.endpoint}" for entry in store.installed()]
    keys = [f"{place}/{kind}" for place, kind in product(places, get_args(AlertKind))]
    return tuple(dict.fromkeys([*keys, *(state.key for state in store.open_alerts())]))


def end_silence(store: Store, name: str, act: Act) -> Silence:
    """End a silence now, by its id or the beginning of it.

    Raises:
        UsageError: none in force is of this id, or several begin so.
    """
    with store.exclusive():
        standing = store.silences(act.at)
        found = [s for s in standing if s.silence_id.startswith(name) and len(name) >= SHORTEST_ID]
        if len(found) > 1:
            raise UsageError(f"several silences in force begin with {name!r}: {', '.join(s.silence_id for s in found)}")
        if not found:
            there = ", ".join(s.silence_id for s in standing) or "none"
            raise UsageError(f"no silence in force is {name!r} (in force: {there})")
        why = f": {act.reason}" if act.reason else ""
        ended = replace(found[0], ended_at=act.at, ended_note=f"ended by {act.author}{why}")
        store.save_silence(ended)
        say_silenced(store, ended, act.at)
    return ended


def end_recovered(store: Store, before: Iterable[AlertState], after: Sequence[AlertState], at: datetime) -> None:
    """End the silences whose incidents are all over. Inside the transaction that writes ``after``."""
    going = {(state.key, state.notifier) for state in after if state.live}
    seen = {(state.key, state.notifier) for state in after}
    resolved = {state.key for state in before if state.live and (state.key, state.notifier) not in going}
    if not resolved:
        return
    elsewhere = {s.key for s in store.open_alerts() if (s.key, s.notifier) not in seen}
    still_open = elsewhere | {key for key, _ in going}
    for over in recovered(store.silences(at), resolved, still_open):
        note = f"{', '.join(sorted(filter(over.about, resolved)))} is over"
        store.save_silence(replace(over, ended_at=at, ended_note=note))


# ------------------------------------------------------------------------------------------------ acknowledgements
def acknowledge(store: Store, name: str, act: Act) -> tuple[Incident, ...]:
    """Acknowledge an open incident and what other notifiers have of the same; all that were acknowledged.

    ``name``: its id, the beginning of it, or its key (``suite/endpoint/kind``). Who was told of it is
    told who looks after it, in the message they have.

    Raises:
        UsageError: there is no such incident, it is over, or it has not opened yet.
    """
    with store.exclusive():
        incident = incident_named(store, open_of_key(store, name)[0] if "/" in name else name, act.at)
        if incident.state == "resolved":
            raise UsageError(f"incident {incident.incident_id} is over since {incident.resolved_at:%Y-%m-%d %H:%M}Z")
        if incident.state == "pending":
            raise UsageError(f"incident {incident.incident_id} has not opened yet ({incident.awaits}): nobody was told")
        same = [state for state in store.open_alerts() if state.key == incident.key]
        for state in same:
            ack = Acknowledgement(
                incident_id=state.incident_id, key=state.key, author=act.author, reason=act.reason, at=act.at
            )
            store.save_acknowledgement(ack)
            say_acknowledged(store, state, ack)
        return tuple(incident_named(store, state.incident_id, act.at) for state in same)
