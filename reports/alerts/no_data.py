"""What missing data says of an incident of kind ``no-data``: of a place, of the daemon, of our own network. Pure.

Feeds the alert state machine through ``runner.daemon.sight`` and ``runner.alerting.installation_alerts``. Each is a
plain fact: it opens at once and is over at once, whatever a rule says about runs in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.verdict import Health
from probes.duration import format_duration
from probes.suite import AlertRule
from reports.alerts.incident import Condition
from reports.alerts.incidents import conditions
from reports.alerts.listening import Listener, listeners
from reports.summary import RunRecord

KIND = "no-data"
SEVERITY = "ticket"
INSTALLATION = "installation"
"""Stands in place of a suite in keys of incidents that are about the daemon itself."""
CONNECTIVITY, DAEMON = "connectivity", "daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of the runs of one place."""

    conclusive_at: datetime | None
    """When the newest run began that could be measured; None where there is none."""
    until: datetime | None
    """When that run was over."""
    newest_at: datetime | None
    """When the newest run began; None where there is none."""


def measured(record: RunRecord) -> bool:
    """True where a run tells something of its endpoint: its health, or that it is not available.

    A dead endpoint leaves the health unknown, and is told as not available, not as missing data as well.
    """
    if record.health is not Health.UNKNOWN:
        return True
    return not record.offline and any(c.bad for c in conditions(record) if c.kind == "availability")


def needed(listener: Listener) -> tuple[int, timedelta]:
    """How many slots must have gone by without data, and for how long the first of them must have.

    ``after: 2 of 3`` means two slots, ``after: 30m`` half an hour from the first.
    """
    if listener.after_s is not None:
        return 1, timedelta(seconds=listener.after_s)
    return listener.k, timedelta()


def place_conditions(
    place: tuple[str, str],
    rules: Sequence[AlertRule],
    missing: Sequence[tuple[str, bool | None]],
    seen: Seen,
    lost: str = "",
) -> tuple[Condition, ...]:
    """What is to be said of a place to each notifier.

    Args:
        place: Suite and endpoint.
        rules: The suite's alert rules.
        missing: By notifier, whether data is missing as its rule counts; None: could not be told, held.
        seen: What is known of the runs there.
        lost: That runs are made of which nothing could be stored, and why; empty where that is not so.
    """
    facts = facts_of(seen, lost)
    return tuple(
        Condition(
            kind=KIND,
            key="/".join((*place, KIND)),
            bad=bad,
            severity=severity_for(name, rules),
            immediate=True,
            certain=True,
            facts=facts if bad else (),
            summary=(": ".join(facts) if lost else facts[0]) if bad else "",
            subjects=(KIND,) if bad else (),
            notifier=name,
        )
        for name, bad in missing
    )


def severity_for(notifier: str, rules: Sequence[AlertRule]) -> str:
    """How loudly a notifier is told of missing data: as the first rule for it says, else as a ticket."""
    rule = next((r for r in rules if notifier in r.notify and KIND in r.on), None)
    return SEVERITY if rule is None else rule.severity.get(KIND, SEVERITY)


def facts_of(seen: Seen, lost: str = "") -> tuple[str, ...]:
    """Since when nothing is known, and whether that is because nothing was asked, because nothing could be told, or
    because what was found was lost."""
    if seen.until is None:
        since = "no run has ever been measured here"
    else:
        since = f"no run has been measured since {_instant(seen.until)}"
    if lost:
        return since, lost
    if seen.newest_at is None or (seen.conclusive_at is not None and seen.newest_at <= seen.conclusive_at):
        return since, "no run was made since then" if seen.newest_at else "no run was made at all"
    return since, f"runs are made, the newest at {_instant(seen.newest_at)}, but what came back is unknown"


def listening(rules: Sequence[AlertRule]) -> tuple[tuple[str, Listener], ...]:
    """Who hears of missing data, and how soon."""
    return tuple(listeners(rules).of(KIND))


def offline_condition(down: str) -> Condition:
    """Our own network: ``down`` says what shows that it is lost; empty where it is not."""
    return Condition(
        kind=KIND,
        key=f"{INSTALLATION}/{CONNECTIVITY}/{KIND}",
        bad=bool(down),
        severity="page",
        immediate=True,
        certain=True,
        facts=(
            "this machine's own network is lost, so nothing is known of any endpoint",
            down,
            "runs count as unknown until it is back: no other alert comes of it",
            "check this machine's network; where it works, correct connectivity in the settings: see holdfast doctor",
        )
        if down
        else (),
        summary="this machine's own network is lost" if down else "",
        subjects=(CONNECTIVITY,) if down else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time in which no daemon ran."""

    since: datetime
    until: datetime
    places: int
    """Suites at endpoints that missed a run meanwhile."""


def absence_condition(absence: Absence | None) -> Condition:
    """The daemon itself: bad with the time in which it did not run, good with None."""
    told: tuple[str, ...] = ()
    if absence is not None:
        lasted = format_duration((absence.until - absence.since).total_seconds())
        told = (
            f"no daemon ran for {lasted}, from {_instant(absence.since)} to {_instant(absence.until)}",
            f"runs were missed at {absence.places} suite{'' if absence.places == 1 else 's'} and endpoints",
            "nothing was measured and nobody was told of anything in that time",
        )
    return Condition(
        kind=KIND,
        key=f"{INSTALLATION}/{DAEMON}/{KIND}",
        bad=absence is not None,
        severity=SEVERITY,
        immediate=True,
        certain=True,
        facts=told,
        summary=told[0] if told else "",
        subjects=(DAEMON,) if told else (),
    )


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
