"""Incidents put together from the changes that the store keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reports.alerts.incident import AlertState
from reports.alerts.story import (
    ChangeRow,
    Incident,
    IncidentEvent,
    Stage,
    of_state,
    told_apart,
    with_people,
    worst_first,
)
from tests.fakes.stored import SILENCE

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
KEY = "bot/prod/drift"


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def change(minutes: int, state: Stage, incident: str = "i-1", severity: str = "ticket", to: str = "slack") -> ChangeRow:
    event = IncidentEvent(at=at(minutes), state=state, severity=severity, run_id=f"run-{minutes}")
    quiet = state == "resolved"
    return ChangeRow(key=KEY, notifier=to, incident_id="" if quiet else incident, quiet=quiet, event=event)


def test_a_change_to_quiet_ends_the_incident_that_was_there() -> None:
    (one,) = told_apart(
        [change(0, "pending"), change(5, "open"), change(9, "open", severity="page"), change(20, "resolved")]
    )
    assert (one.incident_id, one.state, one.severity) == ("i-1", "resolved", "page")
    assert (one.opened_at, one.resolved_at, len(one.events)) == (at(5), at(20), 4)
    assert (one.suite, one.endpoint, one.kind, one.run_id) == ("bot", "prod", "drift", "run-9")


def test_an_end_is_as_loud_as_nothing_so_that_a_calm_incident_stays_calm_in_the_list() -> None:
    (one,) = told_apart([change(0, "open", severity="info"), change(9, "resolved", severity="page")])
    assert (one.severity, one.state) == ("info", "resolved")


def test_incidents_of_several_notifiers_and_times_are_told_apart() -> None:
    changes = [
        change(0, "open"),
        change(1, "open", "i-2", to="mail"),
        change(5, "resolved"),
        change(9, "muted", "i-3"),
        change(11, "resolved", to="mail"),
    ]
    found = {incident.incident_id: (incident.state, incident.notifier) for incident in told_apart(changes)}
    assert found == {"i-1": ("resolved", "slack"), "i-2": ("resolved", "mail"), "i-3": ("muted", "slack")}


def test_what_never_opened_is_no_incident() -> None:
    assert told_apart([change(0, "pending"), change(5, "resolved"), change(9, "pending", "i-2")]) == ()


def test_an_incident_whose_end_went_with_its_run_does_not_swallow_the_next() -> None:
    found = told_apart([change(0, "open"), change(50, "open", "i-2"), change(60, "resolved")])
    assert [(i.incident_id, i.resolved_at) for i in found] == [("i-1", None), ("i-2", at(60))]


def test_an_end_without_a_beginning_is_passed_over() -> None:
    assert told_apart([change(0, "resolved")]) == ()


def test_an_incident_shows_the_silences_that_were_in_force_while_it_was_open() -> None:
    (one,) = told_apart([change(0, "open"), change(60, "resolved")])
    before = replace(SILENCE, created_at=at(-90), expires_at=at(-1))
    after = replace(SILENCE, created_at=at(61), expires_at=at(90))
    during = replace(SILENCE, created_at=at(-9), expires_at=at(999), ended_at=at(3))
    elsewhere = replace(during, target="other")
    assert with_people(one, [before, during, after, elsewhere], {}, at(120)).silences == (during,)


def an_open_one(incident_id: str, severity: str, minutes: int) -> Incident:
    state = AlertState(
        key=KEY,
        notifier="slack",
        kind="drift",
        state="open",
        severity=severity,
        incident_id=incident_id,
        opened_at=at(minutes),
    )
    return of_state(state)


def test_open_ones_come_first_by_severity_and_age_then_the_newest_that_are_over() -> None:
    old, new = told_apart(
        [change(0, "open", "old"), change(1, "resolved"), change(2, "open", "new"), change(3, "resolved")]
    )
    ticket, young, page = an_open_one("t", "ticket", 0), an_open_one("y", "page", 9), an_open_one("p", "page", 1)
    assert [i.incident_id for i in worst_first([old, ticket, new, young, page])] == ["p", "y", "t", "new", "old"]
