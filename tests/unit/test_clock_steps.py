"""What the clock cannot have given holds nothing up; what it can have given is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.notice import AlertEvent
from reports.notifiers.replies import LONGEST_TIMEOUT_S, LONGEST_WAIT_S
from runner.delivery.clock_steps import believed, believed_traffic
from runner.delivery.sending import LEASE_S, LONGEST_BACKOFF_S, LONGEST_QUIET_S, SEND_TIMEOUT_S
from runner.store.outbox_store import Traffic, WaitingNotice

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def row(**fields: Any) -> WaitingNotice:
    return WaitingNotice(
        outbox_id=1, incident_id="inc-1", event=AlertEvent.OPENED, severity="page", at=NOW, **{"seen_at": NOW, **fields}
    )


@given(st.floats(-9e5, 0), st.floats(-9e5, LONGEST_BACKOFF_S), st.floats(-9e5, LEASE_S))
def test_what_a_clock_that_nobody_set_gave_is_believed(seen_s: float, due_s: float, leased_s: float) -> None:
    given_then = row(seen_at=at(seen_s), due_at=at(due_s), leased_until=at(leased_s))
    assert believed(given_then, NOW) == given_then


@pytest.mark.parametrize("back_s", [LONGEST_BACKOFF_S + 1, 3600, 9e6])
def test_what_lies_further_ahead_than_anything_can_is_over(back_s: float) -> None:
    found = believed(row(seen_at=at(back_s), due_at=at(back_s), leased_until=at(back_s)), NOW)
    assert (found.seen_at, found.due_at) == (NOW, None)
    assert found.leased_until == NOW, "it may have been sent"


def test_traffic_of_a_time_to_come_counts_for_nothing_and_no_quiet_is_longer_than_one_can_be() -> None:
    told = (at(60), NOW, at(-60))
    found = believed_traffic(Traffic(opened=told, pages=told, sent=told, quiet_until=at(LONGEST_QUIET_S + 1)), NOW)
    assert found == Traffic(opened=told[1:], pages=told[1:], sent=told[1:])
    quiet = Traffic(quiet_until=at(LONGEST_QUIET_S))
    assert believed_traffic(quiet, NOW) == quiet


def test_the_limits_of_notifiers_are_those_of_the_outbox() -> None:
    assert (LONGEST_TIMEOUT_S, LONGEST_WAIT_S) == (SEND_TIMEOUT_S, LONGEST_QUIET_S)
    assert LEASE_S > SEND_TIMEOUT_S
