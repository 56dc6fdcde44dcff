"""Incidents for people at a terminal: a paragraph each in a list, or the whole story of one. Feeds the command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from reports.alerts.silences import Silence, acknowledged_words, silence_words
from reports.alerts.story import Incident, IncidentEvent, Outcome, StreamScore, Told
from reports.console import command, printed
from reports.escaping import one_line
from reports.messages.message import lasted_words
from reports.notice import AlertEvent, Notice
from reports.stories.blocks import blocks, named
from reports.wording import count, instant

_FACTS = 3
_STREAMS = 5
_LONGEST = 400
_STATES: dict[Outcome, str] = {
    "delivered": "delivered",
    "waiting": "not yet delivered",
    "given_up": "GIVEN UP",
    "withdrawn": "not told: over before it was to be told",
}
_OUTDATED = "not told: what came after it was told instead"


def render_list(incidents: Sequence[Incident], *, now: datetime, options: str, width: int = 100) -> str:
    """A paragraph for each, told to however many notifiers, in the order given, and a line that sums up.

    Args:
        incidents: What to list.
        now: Aware UTC instant; ages count to it.
        options: What commands need to find the same store (`` --store PATH``); may be empty.
        width: Most columns.
    """
    found = blocks(incidents)
    parts = [part for block in found for part in _paragraph(block, now)]
    return printed([*parts, _line(_summed(found), 0), *_next(incidents, options)], colour=False, width=width)


def render_one(incident: Incident, *, now: datetime, options: str, width: int = 100) -> str:
    """The whole story of one incident; arguments as for ``render_list``."""
    return printed(_story(incident, now, options), colour=False, width=width)


# ------------------------------------------------------------------------------------------------ a list
def _paragraph(block: Sequence[Incident], now: datetime) -> Iterator[RenderableType]:
    incident = block[0]
    yield _line(_head(incident, now), 0)
    shown = incident.facts[:_FACTS]
    yield from (_line(f"- {fact}") for fact in shown)
    if len(incident.facts) > len(shown):
        yield _line(f"- and {len(incident.facts) - len(shown)} more")
    if incident.streams:
        yield _line(_scores(incident.streams))
    yield from (_line(line) for each in block for line in _told_briefly(each))
    yield from map(_line, dict.fromkeys(line for each in block for line in _said(each, now)))
    yield _line(f"run {incident.run_id}, {named(block)}" if incident.run_id else named(block))
    yield Text()


def _head(incident: Incident, now: datetime) -> str:
    where = f"{incident.suite} at {incident.endpoint}: {incident.kind}"
    if incident.state == "pending":
        bad = f", bad since {instant(incident.bad_since)}" if incident.bad_since else ""
        return f"PENDING {incident.severity} {where}, {incident.awaits}{bad}"
    since = instant(incident.opened_at) if incident.opened_at else "an unknown instant"
    if incident.state == "resolved":
        lasted = _lasted(incident, incident.resolved_at or now)
        return f"RESOLVED {incident.severity} {where}, {since} to {instant(incident.resolved_at or now)}{lasted}"
    word = "FLAPPING" if incident.flapping else incident.state.upper()
    return f"{word} {incident.severity} {where}, since {since}{_lasted(incident, now)}"


def _lasted(incident: Incident, until: datetime) -> str:
    return f" ({lasted_words(incident.opened_at, until)})" if incident.opened_at else ""


def _scores(streams: Sequence[StreamScore]) -> str:
    words = [_score(stream) for stream in streams[:_STREAMS]]
    more = [f"{len(streams) - _STREAMS} more"] if len(streams) > _STREAMS else []
    return f"streams: {', '.join([*words, *more])}"


def _score(stream: StreamScore) -> str:
    scored = f" {stream.score:.0f} of 100" if stream.score is not None else ""
    return f"{stream.stream}{scored} ({stream.state})"


def _told_briefly(incident: Incident) -> Iterator[str]:
    """The last notice, and every one that nobody received."""
    if not incident.notifier:
        yield "told: nobody, no alert rule names a notifier"
        return
    if not incident.told:
        yield f"told: nothing yet to {incident.notifier}"
    last = {told.notifier: told for told in incident.told}
    for told in incident.told:
        if told is last[told.notifier] or told.state != "delivered":
            yield f"told {_notice(told)}"


def _became(told: Told) -> str:
    """What became of a notice, in words."""
    outdated = told.state == "withdrawn" and told.notice.event in (AlertEvent.UPDATED, AlertEvent.REMINDER)
    return _OUTDATED if outdated else _STATES[told.state]


def _notice(told: Told) -> str:
    settled = f" {instant(told.settled_at)}" if told.settled_at else ""
    tries = f" after {count(told.attempts, 'failed attempt')}" if told.attempts else ""
    error = f": {told.error}" if told.error and told.state != "delivered" else ""
    return f"{told.notifier}: {told.notice.event} {instant(told.notice.at)}, {_became(told)}{settled}{tries}{error}"


def _said(incident: Incident, now: datetime) -> Iterator[str]:
    muting = [silence for silence in incident.silences if silence_words(silence) == incident.muted]
    if incident.muted and not muting:
        yield f"MUTED: {incident.muted}"
    for silence in incident.silences:
        expired = silence.ended_at is None and silence.expires_at <= now
        yield ("MUTED: " if silence in muting else "EXPIRED: " if expired else "") + silence_line(silence)
    if incident.acknowledged:
        yield acknowledged_words(incident.acknowledged)


def _summed(found: Sequence[Sequence[Incident]]) -> str:
    incidents = [block[0] for block in found]
    going = [incident for incident in incidents if incident.state == "open"]
    muted = sum(bool(incident.muted) for incident in going)
    lost = sum(told.state == "given_up" for block in found for incident in block for told in incident.told)
    over = sum(incident.state == "resolved" for incident in incidents)
    pending = sum(incident.state == "pending" for incident in incidents)
    parts = [f"{len(going)} open" + (f" ({muted} muted)" if muted else "")]
    parts += [f"{pending} pending"] if pending else []
    parts += [f"{over} over"] if over else []
    parts += [f"{count(lost, 'notice')} given up"] if lost else []
    return ", ".join(parts)


def _next(incidents: Sequence[Incident], options: str) -> Iterator[RenderableType]:
    if incidents:
        yield from _pasted("The whole story of one", [f"holdfast alerts show {incidents[0].incident_id}{options}"])


# ------------------------------------------------------------------------------------------------ one story
def _story(incident: Incident, now: datetime, options: str) -> Iterator[RenderableType]:
    yield _line(_head(incident, now), 0)
    yield _line(f"incident {incident.incident_id}, told to {incident.notifier or 'nobody'}")
    yield from _titled("What", [f"- {fact}" for fact in incident.facts])
    yield from _titled("Class", [", ".join(incident.faults)] if incident.faults else [])
    yield from _titled("Streams", [_score(stream) for stream in incident.streams])
    yield from _titled("Happened", [_event(event) for event in incident.events])
    yield from _titled("Told", [_notice(told) for told in incident.told])
    yield from _titled("Said", list(_said(incident, now)))
    last = incident.told[-1].notice if incident.told else None
    if last:
        owner = " ".join(filter(None, (last.team, last.contact)))
        places = {"owner": owner, "runbook": last.runbook, "report": last.report}
        yield from _titled("Where", [f"{name}: {text}" for name, text in places.items() if text])
    yield from _pasted("Next", list(_commands(incident, last, options)))


def _event(event: IncidentEvent) -> str:
    cause = f"run {event.run_id}" if event.run_id else "by the clock"
    return f"{instant(event.at)} {event.state} {event.severity}, {cause}"


def _commands(incident: Incident, last: Notice | None, options: str) -> Iterator[str]:
    if last and last.replay:
        yield last.replay
    if incident.state == "resolved":
        return
    if incident.state == "pending":
        yield f'holdfast silence {shlex.quote(incident.key)} --for 2h --reason "..."{options}'
        return
    if incident.acknowledged is None:
        yield f'holdfast alerts ack {incident.incident_id} --reason "..."{options}'
    yield f'holdfast silence {incident.incident_id} --for 2h --reason "..."{options}'


def silence_line(silence: Silence) -> str:
    """``silence 3f2a: bot/*, silenced by oncall until ...: deploy; ended ..., bot/prod/drift is over``; on one line."""
    ended = f"; ended {instant(silence.ended_at)}, {silence.ended_note}" if silence.ended_at else ""
    return one_line(f"silence {silence.silence_id}: {silence.target}, {silence_words(silence)}{ended}", _LONGEST)


def _titled(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    if lines:
        yield _line(title, 0)
        yield from map(_line, lines)


def _pasted(title: str, commands: Sequence[str]) -> Iterator[RenderableType]:
    if commands:
        yield _line(title, 0)
        yield from (command(line, indent=2) for line in commands)


def _line(text: str, indent: int = 2) -> RenderableType:
    return Padding(Text(one_line(text, _LONGEST)), (0, 0, 0, indent))
