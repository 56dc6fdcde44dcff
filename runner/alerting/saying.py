"""What people say about an open incident, put into the message that each channel has of it. Feeds ``silencing``.

The alert machine tells nothing of it: nothing broke, got worse or ended. Inside the transaction that stores what was
said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reports.alerts.machine import AlertState
from reports.alerts.silences import Acknowledgement, Silence, acknowledged_words, silenced
from reports.alerts.story import Told
from reports.alerts.telling import Muting
from reports.escaping import one_line
from reports.messages.message import said_later
from reports.notice import AlertEvent, Notice
from runner.store.base import OutboxEntry, Store

ENDED_CHARS = 300


def say_acknowledged(store: Store, state: AlertState, ack: Acknowledgement) -> None:
    """Tell whoever heard of an incident, or is about to, who looks after it."""
    told, taken = _told(store, state), acknowledged_words(ack)
    quiet, heard = _in_force(store, ack.at)(state.key, state.kind, state.severity), _heard(told)
    about = {
        name: replace(last, acknowledged=taken, acknowledge="", silenced=quiet if name in heard else "")
        for name, last in _newest(told).items()
    }
    _say(store, state, about, ack.at)


def say_silenced(store: Store, silence: Silence, at: datetime) -> None:
    """Tell whoever heard of the incidents that a silence is about: who silences them now, or who ended it.

    Who heard of none hears nothing while it stands. Of several silences the one that ends last is told.
    """
    over = f"no longer silenced, {one_line(silence.ended_note, ENDED_CHARS)}"
    quiet = _in_force(store, at)
    for state in store.open_alerts():
        if silence.about(state.key):
            _say_silenced(store, state, quiet(state.key, state.kind, state.severity) or over, at)


def _say_silenced(store: Store, state: AlertState, words: str, at: datetime) -> None:
    told = _told(store, state)
    heard = _heard(told)
    newest = {name: last for name, last in _newest(told).items() if name in heard and last.silenced != words}
    _say(store, state, {name: replace(last, silenced=words) for name, last in newest.items()}, at)


def _in_force(store: Store, now: datetime) -> Muting:
    """Who silences an incident now, in words."""
    return silenced(store.silences(now), now)


def _told(store: Store, state: AlertState) -> Sequence[Told]:
    return store.told([state.incident_id]).get(state.incident_id, ())


def _newest(told: Iterable[Told]) -> dict[str, Notice]:
    """By notifier what it was told last, or is to be told."""
    return {each.notifier: each.notice for each in told}


def _heard(told: Iterable[Told]) -> set[str]:
    """Notifiers that took any of it."""
    return {each.notifier for each in told if each.state == "delivered"}


def _say(store: Store, state: AlertState, about: Mapping[str, Notice], at: datetime) -> None:
    entries = [
        OutboxEntry(
            notifier=name,
            notice=replace(
                last,
                event=AlertEvent.UPDATED,
                at=at,
                opened_at=min(last.opened_at, at),
                headline=said_later(last.headline),
            ),
        )
        for name, last in about.items()
    ]
    suite, endpoint, _ = state.key.split("/")
    store.save_alerts(suite, endpoint, (), entries, at=at)
