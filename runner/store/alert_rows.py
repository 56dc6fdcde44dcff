"""Alert states, notices on their way, decisions and budget entries as rows, and back. Feeds every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from checks.drift.result import StreamKey
from reports.alerts.machine import AlertState
from reports.notice import Notice
from runner.store.base import BaselineAct, Installed, OutboxEntry, PendingDelivery
from runner.store.columns import Codec, from_json, in_utc, instant, instant_text, to_json
from runner.store.rows import Row

_STATE = Codec(TypeAdapter(AlertState))
_NOTICE = Codec(TypeAdapter(Notice))


def alert_row(state: AlertState, *, suite: str, endpoint: str) -> dict[str, Any]:
    """The current state of one possible incident; whole as JSON, so that the state machine may grow fields."""
    return {
        "suite": suite,
        "endpoint": endpoint,
        "key": state.key,
        "notifier": state.notifier,
        "state": _STATE.dump(state),
        "phase": "open" if state.live else state.state,
        "muted": state.muted or None,
        "due_at": None if state.due_at is None else instant_text(state.due_at),
    }


def alert_state(row: Row) -> AlertState:
    """The state behind ``alert_row``."""
    return in_utc(_STATE.load(row["state"]))


def event_row(state: AlertState, *, run: int | None, at: datetime) -> dict[str, Any]:
    """One change of an incident, for the record; ``run`` None: time alone brought it about."""
    return {
        "run": run,
        "key": state.key,
        "notifier": state.notifier,
        "state": state.shown,
        "severity": state.severity,
        "incident_id": state.incident_id,
        "at": instant_text(at),
    }


def event_rows(before: AlertState | None, after: AlertState, *, run: int | None, at: datetime) -> list[dict[str, Any]]:
    """The changes between two states: none, one, or the end of one incident and the beginning of the next."""
    if not changed(before, after):
        return []
    moves = [after]
    if before is not None and before.shown != "quiet" and after.incident_id != before.incident_id:
        end = replace(before, state="quiet", incident_id="", flapping=False)  # as loud as the incident was
        moves = [end] if after.shown == "quiet" else [end, after]
    return [event_row(state, run=run, at=at) for state in moves]


def changed(before: AlertState | None, after: AlertState) -> bool:
    """True where an incident moved (opened, muted, resolved, another severity), not where it only counted a run."""
    if before is None:
        return after.shown != "quiet"
    if before.shown == after.shown == "quiet":
        return False
    told = (before.shown, before.severity, before.incident_id)
    return told != (after.shown, after.severity, after.incident_id)


def outbox_row(entry: OutboxEntry, *, run: int | None) -> dict[str, Any]:
    """One notice on its way; ``run`` None: time alone brought it about. No ``due_at``: it is due at once, whatever the
    clocks say."""
    return {
        "run": run,
        "notifier": entry.notifier,
        "incident_id": entry.notice.incident_id,
        "event": entry.notice.event.value,
        "notice": _NOTICE.dump(entry.notice),
        "created_at": instant_text(entry.notice.at),
        "state": "waiting",
        "attempts": 0,
    }


def pending(row: Row) -> PendingDelivery:
    """A leased notice from its row, joined with ``receipt`` (null where nothing was delivered before)."""
    return PendingDelivery(
        outbox_id=row["id"],
        entry=OutboxEntry(notifier=row["notifier"], notice=notice_of(row)),
        attempts=row["attempts"],
        receipt=from_json(row["receipt"]) if row["receipt"] else None,
    )


def notice_of(row: Row) -> Notice:
    """The notice of an outbox row."""
    return in_utc(_NOTICE.load(row["notice"]))


def act_row(act: BaselineAct) -> dict[str, Any]:
    """One decision about what is normal."""
    return {
        "suite": act.suite,
        "endpoint": act.endpoint,
        "kind": act.kind,
        "at": instant_text(act.at),
        "author": act.author,
        "reason": act.reason,
        "streams": to_json([[key.scope, key.dimension] for key in act.streams]),
    }


def act(row: Row) -> BaselineAct:
    """The decision behind ``act_row``."""
    return BaselineAct(
        suite=row["suite"],
        endpoint=row["endpoint"],
        kind=row["kind"],
        at=instant(row["at"]),
        author=row["author"],
        reason=row["reason"],
        streams=tuple(StreamKey(scope=scope, dimension=dimension) for scope, dimension in from_json(row["streams"])),
        after_run=row["after_run"],
    )


def installed_row(entry: Installed) -> dict[str, Any]:
    """One entry of the budget."""
    return {
        "suite": entry.suite,
        "endpoint": entry.endpoint,
        "streams": entry.streams,
        "runs_per_year": entry.runs_per_year,
    }


def installed(row: Row) -> Installed:
    """The entry behind ``installed_row``."""
    return Installed(
        suite=row["suite"], endpoint=row["endpoint"], streams=row["streams"], runs_per_year=row["runs_per_year"]
    )
