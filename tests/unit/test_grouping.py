"""Which waiting notices go now and in which message: waits, withdrawals, digests, storms, limits; without a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reports.notice import AlertEvent
from runner.delivery.grouping import Plan, plan
from runner.delivery.pacing import Pace
from runner.store.outbox_store import Traffic, WaitingNotice

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CALM = Traffic()
OPENED, UPDATED, RESOLVED = AlertEvent.OPENED, AlertEvent.UPDATED, AlertEvent.RESOLVED


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def waiting(number: int, incident: str | None = None, event: AlertEvent = OPENED, **fields: Any) -> WaitingNotice:
    standard: dict[str, Any] = {"severity": "page", "at": NOW, "seen_at": NOW}
    return WaitingNotice(
        outbox_id=number, incident_id=incident or f"inc-{number}", event=event, **{**standard, **fields}
    )


def planned(queue: list[WaitingNotice], after_s: float, traffic: Traffic = CALM, **options: Any) -> Plan:
    pace = Pace(**options.pop("pace", {}))
    return plan(queue, traffic, pace, at(after_s), **{"digests": True, **options})


def shape(found: Plan) -> list[tuple[str, list[int]]]:
    """Each message: how it is told, and the notices in it."""
    kinds = {(False, ""): "one", (True, ""): "digest"}
    return [
        (kinds.get((one.digest, one.digest_id), "edition"), [row.outbox_id for row in one.rows])
        for one in found.tellings
    ]


# ------------------------------------------------------------------------------------------------ the wait
@pytest.mark.parametrize(("severity", "wait_s"), [("page", 5), ("ticket", 30), ("info", 30)])
def test_a_lone_notice_waits_for_company_and_no_longer(severity: str, wait_s: float) -> None:
    queue = [waiting(1, severity=severity)]
    early = planned(queue, wait_s - 0.1)
    assert shape(early) == [] and early.next_at == at(wait_s)
    assert shape(planned(queue, wait_s)) == [("one", [1])]


def test_machines_are_told_at_once_and_one_by_one() -> None:
    queue = [waiting(number) for number in range(1, 8)]
    assert shape(planned(queue, 0, digests=False)) == [("one", [number]) for number in range(1, 8)]


def test_what_waits_goes_along_with_the_first_whose_wait_is_over() -> None:
    queue = [waiting(1, severity="ticket", seen_at=at(-1)), waiting(2)]
    assert shape(planned(queue, 5)) == [("one", [2]), ("one", [1])]


def test_more_incidents_than_digest_over_are_one_digest() -> None:
    assert len(shape(planned([waiting(n) for n in (1, 2, 3)], 5))) == 3
    assert shape(planned([waiting(n) for n in (1, 2, 3, 4)], 5)) == [("digest", [1, 2, 3, 4])]
    assert shape(planned([waiting(1), waiting(2)], 5, pace={"digest_over": 1})) == [("digest", [1, 2])]


def test_an_incident_over_inside_its_wait_is_told_to_nobody() -> None:
    queue = [waiting(1, "a"), waiting(2, "a", UPDATED), waiting(3, "a", RESOLVED, at=at(4.9)), waiting(4, "b")]
    found = planned(queue, 5)
    assert found.withdrawn == (1, 2, 3) and shape(found) == [("one", [4])]


@pytest.mark.parametrize(
    ("opening", "resolved_s"),
    [
        ({}, 5),
        ({"attempts": 1}, 1),
        ({"leased_until": at(-1)}, 1),
        ({"event": UPDATED, "updates": True}, 1),
        ({"past": True}, 1),
    ],
    ids=["over after its wait", "tried before", "perhaps sent before a crash", "told before", "that no daemon ran"],
)
def test_an_incident_that_somebody_may_know_of_or_that_outlived_its_wait_is_told_to_its_end(
    opening: dict[str, Any], resolved_s: float
) -> None:
    found = planned([waiting(1, "a", **opening), waiting(2, "a", RESOLVED, at=at(resolved_s))], 6)
    assert found.withdrawn == () and shape(found) == [("one", [1])]
    assert found.next_at is not None, "the end of it still waits"


def test_in_a_hurry_nothing_waits_and_nothing_is_withdrawn() -> None:
    found = planned([waiting(1, "a"), waiting(2, "a", RESOLVED)], 0, hurry=True)
    assert found.withdrawn == () and shape(found) == [("one", [1])]


# ------------------------------------------------------------------------------------------------ a storm
def test_after_a_storm_openings_wait_until_the_interval_has_room_again() -> None:
    opened = tuple(at(-60 - n) for n in range(4))
    storm = Traffic(opened=opened, pages=opened)
    held = planned([waiting(1), waiting(2)], 30, storm)
    assert shape(held) == [] and held.next_at == at(-63) + timedelta(seconds=300)
    assert shape(planned([waiting(1), waiting(2)], 237, storm)) == [("one", [1]), ("one", [2])]


def test_three_openings_in_the_interval_are_no_storm_yet() -> None:
    calm = Traffic(opened=tuple(at(-n) for n in range(3)))
    assert shape(planned([waiting(1)], 5, calm)) == [("one", [1])]


def test_in_a_storm_what_resolves_is_told_without_waiting_for_the_interval() -> None:
    opened = tuple(at(-n) for n in range(9))
    queue = [waiting(1, "told", RESOLVED), waiting(2)]
    assert shape(planned(queue, 5, Traffic(opened=opened, pages=opened))) == [("one", [1])]


def test_a_page_does_not_wait_behind_a_storm_of_what_is_calmer_and_takes_none_of_it_along() -> None:
    storm = Traffic(opened=tuple(at(-n) for n in range(50)), pages=(at(-9),))
    queue = [waiting(1, severity="ticket"), waiting(2), waiting(3, severity="info")]
    found = planned(queue, 60, storm)
    assert shape(found) == [("one", [2])]
    assert found.next_at == storm.opened[3] + timedelta(seconds=300)


def test_pages_in_a_storm_of_what_is_calmer_are_a_storm_of_their_own_soon_and_keep_to_the_minute() -> None:
    calmer = tuple(at(-n) for n in range(50))
    stormy = Traffic(opened=calmer, pages=calmer[:4])
    assert shape(planned([waiting(1), waiting(2)], 60, stormy)) == []
    full = Traffic(opened=calmer, sent=(at(4), at(3)))
    assert shape(planned([waiting(1)], 5, full, pace={"per_minute": 2})) == []


# ------------------------------------------------------------------------------------------------ later versions
def test_a_notice_that_updates_its_own_message_goes_at_once_and_never_into_a_digest() -> None:
    queue = [waiting(n, event=RESOLVED, updates=True) for n in range(1, 6)]
    assert shape(planned(queue, 0)) == [("one", [n]) for n in range(1, 6)]


def test_news_of_incidents_told_in_one_digest_are_one_new_version_of_it() -> None:
    joint = {"updates": True, "digest_id": "digest-1"}
    queue = [waiting(7, "a", RESOLVED, **joint), waiting(8, "b", RESOLVED, **joint, seen_at=at(4)), waiting(9, "c")]
    assert shape(planned(queue, 5)) == [("one", [9]), ("edition", [7, 8])]


def test_all_that_waits_of_an_incident_is_settled_by_its_digest() -> None:
    queue = [waiting(1, "a"), waiting(2, "b"), waiting(3, "a", UPDATED), waiting(4, "b", RESOLVED, at=at(99))]
    assert shape(planned(queue, 99, pace={"digest_over": 1})) == [("digest", [1, 2, 3, 4])]


# ------------------------------------------------------------------------------------------------ trying again
def test_a_notice_that_failed_waits_for_its_time_alone() -> None:
    queue = [waiting(1, attempts=2, due_at=at(40)), waiting(2)]
    assert shape(planned(queue, 5)) == [("one", [2])]
    assert planned([queue[0]], 5).next_at == at(40)


def test_after_an_outage_what_failed_one_by_one_is_one_digest() -> None:
    queue = [waiting(n, attempts=3, due_at=at(10 * n), leased_until=at(-1)) for n in range(1, 7)]
    assert shape(planned(queue, 10)) == [("digest", [1, 2, 3, 4, 5, 6])]


def test_what_another_worker_has_leased_holds_its_incident_back() -> None:
    queue = [waiting(1, "a", leased_until=at(60)), waiting(2, "a", RESOLVED, at=at(50)), waiting(3)]
    found = planned(queue, 55)
    assert shape(found) == [("one", [3])] and found.next_at == at(60)


def test_what_a_refused_digest_left_goes_alone() -> None:
    queue = [waiting(n, alone=True, attempts=1, due_at=NOW) for n in range(1, 6)]
    assert shape(planned(queue, 1)) == [("one", [n]) for n in range(1, 6)]


def test_a_channel_that_asked_for_quiet_is_told_nothing_until_then() -> None:
    found = planned([waiting(1)], 10, Traffic(quiet_until=at(40)))
    assert shape(found) == [] and found.next_at == at(40)
    assert shape(planned([waiting(1)], 40, Traffic(quiet_until=at(40)))) == [("one", [1])]


# ------------------------------------------------------------------------------------------------ the limit
def test_what_a_minute_has_no_room_for_is_one_digest() -> None:
    sent = Traffic(sent=tuple(at(-n) for n in range(18)))
    queue = [waiting(1), waiting(2), waiting(3)]
    assert len(shape(planned(queue, 5, sent))) == 3
    assert shape(planned(queue, 5, sent, pace={"per_minute": 20})) == [("digest", [1, 2, 3])]


def test_a_minute_without_room_makes_everything_wait_until_it_has_some() -> None:
    full = Traffic(sent=tuple(at(-n) for n in (40, 20, 1)))
    found = planned([waiting(1), waiting(2)], 5, full, pace={"per_minute": 3})
    assert shape(found) == [] and found.next_at == at(20)


def test_a_machine_gets_as_many_as_the_minute_has_room_for_worst_first() -> None:
    queue = [waiting(1, severity="info"), waiting(2, severity="ticket"), waiting(3)]
    found = planned(queue, 0, digests=False, pace={"per_minute": 2})
    assert shape(found) == [("one", [3]), ("one", [2])]
    assert found.next_at == at(60)


def test_news_that_page_overtake_new_tickets_where_a_minute_has_no_room_for_all() -> None:
    queue = [*(waiting(n, severity="ticket") for n in (1, 2)), waiting(3, event=UPDATED, updates=True)]
    assert shape(planned(queue, 0, digests=False, pace={"per_minute": 1})) == [("one", [3])]
    edition = waiting(3, event=UPDATED, updates=True, digest_id="digest-1")
    queue = [*(waiting(n, severity="info") for n in (1, 2, 4, 5)), edition]
    assert shape(planned(queue, 30, pace={"per_minute": 1})) == [("edition", [3])]


def test_an_empty_queue_has_no_plan_and_nothing_to_wait_for() -> None:
    assert planned([], 0) == Plan()
