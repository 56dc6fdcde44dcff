"""Incidents as people ask for them, and what people do about them: read, silence, acknowledge. Feeds ``holdfast
alerts`` and ``holdfast silence``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from probes.errors import UsageError
from probes.nearest import did_you_mean
from reports.alerts.machine import AlertState, views
from reports.alerts.silences import silenced
from reports.alerts.story import Incident, of_state, told_apart, with_people, with_state, with_told, worst_first
from reports.summary import AlertView
from runner.store.base import Store

SHORTEST_ID = 4
"""Characters that name an incident or a silence where no other begins the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which incidents to list."""

    open: bool = True
    """Those that are open, and those that wait to open."""
    past_since: datetime | None = None
    """Also those that ended at this instant or later; None: none of those."""
    suite: str | None = None


def incidents(store: Store, wanted: Wanted, now: datetime) -> tuple[Incident, ...]:
    """The incidents asked for, with their stories: open ones by severity, pending ones, the newest that are over."""
    states = _standing(store)
    since = wanted.past_since or min((s.opened_at for s in states.values() if s.opened_at), default=now)
    known = {incident.incident_id: incident for incident in told_apart(store.alert_changes(since=since))}
    found = [_now(known.get(state.incident_id), state) for state in states.values() if wanted.open]
    if wanted.past_since is not None:
        over = [incident for incident in known.values() if incident.incident_id not in states]
        found += [i for i in over if i.resolved_at is not None and i.resolved_at >= wanted.past_since]
    chosen = [incident for incident in found if wanted.suite in (None, incident.suite)]
    return worst_first(_whole(store, chosen, now))


def open_views(store: Store, now: datetime) -> dict[tuple[str, str], tuple[AlertView, ...]]:
    """By suite and endpoint: what is open there now, one a key, with why nobody is told where that is so."""
    muting = silenced(store.silences(now), now)
    found: dict[tuple[str, str], list[AlertView]] = defaultdict(list)
    for view in views(store.open_alerts()):
        suite, _, rest = view.key.partition("/")
        muted = muting(view.key, view.kind, view.severity) or view.muted
        found[suite, rest.rpartition("/")[0]].append(replace(view, muted=muted))
    return {place: tuple(entries) for place, entries in found.items()}


def incident_named(store: Store, name: str, now: datetime) -> Incident:
    """One incident by its id, by the beginning of it, or by the key (``suite/endpoint/kind``) that it alone has open.

    Raises:
        UsageError: there is none, several begin so, or several notifiers have one of this key.
    """
    incident_id = _of_key(store, name) if "/" in name else _id(store, name)
    states = _standing(store)
    changes = told_apart(store.alert_changes(incident_id=incident_id))
    known = next((incident for incident in changes if incident.incident_id == incident_id), None)
    if incident_id in states:
        known = _now(known, states[incident_id])
    if known is None:
        raise UsageError(f"incident {incident_id} came to nothing: it never opened")
    (whole,) = _whole(store, [known], now)
    return whole


def _standing(store: Store) -> dict[str, AlertState]:
    """By id: the incidents that are open or wait to open."""
    return {state.incident_id: state for state in (*store.open_alerts(), *store.pending_alerts())}


def open_of_key(store: Store, key: str) -> tuple[str, ...]:
    """Ids of the open incidents of a key, one a notifier.

    Raises:
        UsageError: there is none.
    """
    going = store.open_alerts()
    if found := tuple(state.incident_id for state in going if state.key == key):
        return found
    keys = list(dict.fromkeys(state.key for state in going))
    there = did_you_mean(key, keys, otherwise="open are") if keys else "none is open"
    raise UsageError(f"no open incident is of {key!r} ({there})")


def _of_key(store: Store, key: str) -> str:
    found = open_of_key(store, key)
    if len(found) > 1:
        raise UsageError(f"several notifiers have an open incident of {key!r}: {', '.join(found)}")
    return found[0]


def _id(store: Store, name: str) -> str:
    found = store.incident_ids(name) if len(name) >= SHORTEST_ID else ()
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    if found:
        raise UsageError(f"several incidents begin with {name!r}: {', '.join(found)}")
    going = [state.incident_id for state in store.open_alerts()]
    there = did_you_mean(name, going, otherwise="open are") if going else "none is open"
    raise UsageError(f"no incident {name!r} ({there}); holdfast alerts --all lists those that are over, too")


def _now(known: Incident | None, state: AlertState) -> Incident:
    if known is None or not state.live:
        return of_state(state)
    return with_state(replace(known, state="open", resolved_at=None), state)


def _whole(store: Store, found: Sequence[Incident], now: datetime) -> Iterable[Incident]:
    """The incidents with who was told, what stood out and what people said."""
    ids = [incident.incident_id for incident in found]
    began = min((incident.opened_at for incident in found if incident.opened_at), default=now)
    told, acks = store.told(ids), store.acknowledgements(ids)
    silences, muting = store.silences_between(began, now), silenced(store.silences(now), now)
    for incident in found:
        whole = with_people(with_told(incident, told.get(incident.incident_id, ())), silences, acks, now)
        if whole.state not in ("pending", "resolved"):  # a silence of this minute has not met a run yet
            whole = replace(whole, muted=muting(whole.key, whole.kind, whole.severity) or whole.muted)
        yield replace(whole, streams=store.stream_scores(whole.run_id))
