"""Incidents as the one JSON object ``holdfast.alerts/1``. Feeds scripts. Its schema is docs/alerts.schema.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from reports.alerts.silences import Acknowledgement, Silence
from reports.alerts.story import Incident, IncidentEvent, Told
from reports.formats.json_format import json_text

SCHEMA = "holdfast.alerts/1"
SILENCES = "holdfast.silences/1"


def render(incidents: Sequence[Incident], silences: Sequence[Silence], *, now: datetime) -> str:
    """One object and nothing else, pure ASCII; every key is always there.

    ``silences``: those in force now.
    """
    return json_text(
        {
            "schema": SCHEMA,
            "at": now.isoformat(),
            "open": sum(incident.state == "open" for incident in incidents),
            "incidents": [_incident(incident) for incident in incidents],
            "silences": [_silence(silence) for silence in silences],
        }
    )


def render_silences(silences: Sequence[Silence], *, now: datetime) -> str:
    """The silences in force now, as one object of schema ``holdfast.silences/1``; entries as in the alerts' JSON."""
    told = [_silence(silence) for silence in silences]
    return json_text({"schema": SILENCES, "at": now.isoformat(), "silences": told})


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "key": incident.key,
        "suite": incident.suite,
        "endpoint": incident.endpoint,
        "kind": incident.kind,
        "notifier": incident.notifier or None,
        "severity": incident.severity,
        "state": incident.state,
        "opened_at": _at(incident.opened_at),
        "resolved_at": _at(incident.resolved_at),
        "bad_since": _at(incident.bad_since),
        "awaits": incident.awaits or None,
        "facts": list(incident.facts),
        "faults": list(incident.faults),
        "run_id": incident.run_id or None,
        "streams": [asdict(stream) for stream in incident.streams],
        "events": [_event(event) for event in incident.events],
        "notices": [_told(told) for told in incident.told],
        "muted": incident.muted or None,
        "flapping": incident.flapping,
        "silences": [_silence(silence) for silence in incident.silences],
        "acknowledged": _ack(incident.acknowledged),
        "replay": next((told.notice.replay for told in reversed(incident.told) if told.notice.replay), None),
    }


def _event(event: IncidentEvent) -> dict[str, Any]:
    return {**asdict(event), "at": event.at.isoformat(), "run_id": event.run_id or None}


def _told(told: Told) -> dict[str, Any]:
    notice = told.notice
    return {
        "notifier": told.notifier,
        "event": notice.event.value,
        "at": notice.at.isoformat(),
        "state": told.state,
        "settled_at": _at(told.settled_at),
        "failed_attempts": told.attempts,
        "error": told.error or None,
        "headline": notice.headline,
        "run_id": notice.run_id or None,
    }


def _silence(silence: Silence) -> dict[str, Any]:
    return {
        "silence_id": silence.silence_id,
        "target": silence.target,
        "reason": silence.reason,
        "author": silence.author,
        "created_at": silence.created_at.isoformat(),
        "expires_at": silence.expires_at.isoformat(),
        "until_resolved": silence.until_resolved,
        "incident_id": silence.incident_id or None,
        "ended_at": _at(silence.ended_at),
        "ended_note": silence.ended_note or None,
    }


def _ack(ack: Acknowledgement | None) -> dict[str, Any] | None:
    return None if ack is None else {"author": ack.author, "reason": ack.reason, "at": ack.at.isoformat()}


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
