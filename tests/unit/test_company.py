"""The wait for company is renewed while more comes, within its limit, and no page waits for anything calmer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.notice import SEVERITIES, AlertEvent
from runner.delivery.company import waits
from runner.delivery.grouping import plan
from runner.delivery.pacing import LONGEST_S, PAGE_LONGEST_S, Pace
from runner.store.outbox_store import Traffic, WaitingNotice

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Joined = tuple[float, str, AlertEvent]
JOINED = st.tuples(
    st.integers(0, 900).map(lambda half: half / 2),
    st.sampled_from(SEVERITIES),
    st.sampled_from([AlertEvent.OPENED, AlertEvent.RESOLVED, AlertEvent.ESCALATED]),
)
PACES = st.builds(Pace, group_wait_s=st.sampled_from([None, 0.0, 1.0, 5.0, 60.0, 600.0]), per_minute=st.just(10_000))


def queue_of(joined: list[Joined]) -> list[WaitingNotice]:
    """A notice of an incident of its own for each: seconds after noon, severity, event."""
    return [
        WaitingNotice(outbox_id=n, incident_id=f"{n}", event=event, severity=severity, at=NOON, seen_at=at(seconds))
        for n, (seconds, severity, event) in enumerate(joined)
    ]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def pages(*seconds: float) -> list[Joined]:
    return [(one, "page", AlertEvent.OPENED) for one in seconds]


def over_s(joined: list[Joined], pace: Pace) -> Mapping[str, float]:
    """When each wait is over, in seconds after noon."""
    return {name: (over - NOON).total_seconds() for name, over in waits(queue_of(joined), pace).items()}


@pytest.mark.parametrize(
    ("joined", "over"),
    [
        (pages(0), [5]),
        (pages(0, 4.9), [9.9, 9.9]),
        (pages(0, 3, 7, 11), [16, 16, 16, 16]),
        (pages(0, 5), [5, 10]),
        (pages(0, 0, 0), [5, 5, 5]),
    ],
    ids=["alone", "renewed", "renewed again and again", "comes when it is over", "at once"],
)
def test_a_wait_begins_anew_with_each_that_joins_it(joined: list[Joined], over: list[float]) -> None:
    assert list(over_s(joined, Pace()).values()) == over


def test_a_page_goes_after_a_minute_although_more_keep_coming() -> None:
    told = over_s(pages(*range(0, 200, 4)), Pace())
    assert told["0"] == PAGE_LONGEST_S and told["1"] == PAGE_LONGEST_S + 4


def test_tickets_go_after_five_minutes_although_more_keep_coming() -> None:
    told = over_s([(float(n), "ticket", AlertEvent.OPENED) for n in range(0, 1000, 20)], Pace())
    assert told["0"] == LONGEST_S


@given(joined=st.lists(JOINED, max_size=30), pace=PACES)
def test_no_wait_is_shorter_than_group_wait_nor_longer_than_its_limit(joined: list[Joined], pace: Pace) -> None:
    for (seen_s, severity, _), over in zip(joined, over_s(joined, pace).values(), strict=True):
        assert pace.wait_s(severity, digests=True) <= over - seen_s <= pace.longest_s(severity)
        assert severity != "page" or over - seen_s <= max(PAGE_LONGEST_S, pace.wait_s(severity, digests=True))


@given(joined=st.lists(JOINED, max_size=30), pace=PACES, own=st.integers(0, 900))
def test_no_stream_of_anything_calmer_or_of_ends_delays_a_page(joined: list[Joined], pace: Pace, own: int) -> None:
    others = [one for one in joined if one[1] != "page" or one[2] is AlertEvent.RESOLVED]
    alone = over_s(pages(own), pace)["0"]
    assert over_s([*others, *pages(own)], pace)[str(len(others))] == alone


@given(joined=st.lists(JOINED, max_size=30), pace=PACES)
def test_one_more_that_joins_makes_no_wait_shorter(joined: list[Joined], pace: Pace) -> None:
    before, after = over_s(joined[:-1], pace), over_s(joined, pace)
    assert all(after[name] >= over for name, over in before.items())


@given(joined=st.lists(JOINED, min_size=1, max_size=25), pace=PACES)
def test_second_by_second_everyone_is_told_within_its_limit_and_never_before_some_wait_was_over(
    joined: list[Joined], pace: Pace
) -> None:
    calm = Pace(group_wait_s=pace.group_wait_s, group_interval_s=0.0, per_minute=10_000)
    queue = queue_of(joined)
    left = {row.outbox_id: row for row in queue}
    for second in range(1200):
        there = [row for row in left.values() if row.seen_at is not None and row.seen_at <= at(second)]
        told = [row for one in plan(there, Traffic(), calm, at(second), digests=True).tellings for row in one.rows]
        waited = [(second - joined[row.outbox_id][0], row) for row in told]
        assert all(s < calm.longest_s(row.severity) + 1 for s, row in waited)
        assert not told or any(s >= calm.wait_s(row.severity, digests=True) for s, row in waited)
        for row in told:
            del left[row.outbox_id]
    assert left == {}
