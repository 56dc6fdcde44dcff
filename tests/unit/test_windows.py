"""Maintenance windows begin when the clock on the wall says so and last real time, whatever the clock does then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from probes.maintenance import Window
from runner.schedule.windows import window_at, window_notes, window_problem


def window(**parts: Any) -> Window:
    return Window.model_validate({"reason": "backups", **parts})


def minutes_within(one: Window, first: datetime, days: int = 1) -> list[datetime]:
    """The minutes (UTC) from an instant on that lie in a window."""
    each = (first + timedelta(minutes=number) for number in range(days * 24 * 60))
    return [at for at in each if window_at([one], at) is not None]


@pytest.mark.parametrize(
    ("day", "begins_at"),
    [
        (datetime(2026, 10, 18, tzinfo=UTC), "00:30"),  # 02:30 in Berlin, summer
        (datetime(2026, 10, 25, tzinfo=UTC), "00:30"),  # 02:30 comes twice: the first of the two
        (datetime(2026, 11, 1, tzinfo=UTC), "01:30"),  # winter
        (datetime(2026, 3, 29, tzinfo=UTC), "01:30"),  # 02:30 does not exist: as much later as the clock jumped
    ],
)
def test_a_nightly_window_lasts_its_two_hours_in_real_time_in_both_nights_of_a_clock_change(
    day: datetime, begins_at: str
) -> None:
    within = minutes_within(window(cron="30 2 * * sun", timezone="Europe/Berlin", **{"for": "2h"}), day)
    assert len(within) == 120
    assert f"{within[0]:%H:%M}" == begins_at
    assert within[-1] - within[0] == timedelta(minutes=119), "in one piece"


def test_a_window_between_two_instants_begins_with_the_first_and_ends_before_the_second() -> None:
    once = window(**{"from": "2026-12-01T22:00:00+01:00", "until": "2026-12-01T23:00:00Z"})
    begins = datetime(2026, 12, 1, 21, 0, tzinfo=UTC)
    within = minutes_within(once, begins - timedelta(hours=1))
    assert (within[0], len(within)) == (begins, 120)


def test_the_first_of_several_windows_gives_the_reason() -> None:
    at = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    weekly = window(cron="0 2 * * sun", reason="weekly", **{"for": "1h"})
    daily = window(cron="0 1 * * *", reason="daily", **{"for": "3h"})
    found = window_at([weekly, daily], at)
    assert found is not None and found.reason == "weekly"
    later = window_at([weekly, daily], at + timedelta(hours=1))
    assert later is not None and later.reason == "daily"
    assert window_at([], at) is None


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"cron": "0 2 * * sun", "for": "8d"}, "too long to be blind on purpose; at most 7d"),
        ({"from": "2026-12-01T22:00:00", "until": "2026-12-02T00:00:00Z"}, "has no time zone"),
        ({"from": "tomorrow", "until": "2026-12-02T00:00:00Z"}, "'tomorrow' is not an instant"),
        ({"from": "2026-12-01T22:00:00Z", "until": "2026-12-01T22:00:00Z"}, "is not after from"),
        ({"cron": "0 2 * * sun", "until": "2026-12-01T22:00:00Z"}, "either cron and for, or from and until"),
        ({"cron": "0 2 * * sun", "for": "1h", "timezone": "../etc"}, "there is no time zone '../etc'"),
        ({"cron": "0 2 * * sun", "for": "1h", "reason": ""}, "at least 1 character"),
    ],
)
def test_a_window_that_cannot_be_kept_is_refused_with_what_would_be_right(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        window(**parts)


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 * * * *", "a window of 2h that begins every 1h would never end"),
        ("0 2 30 2 *", "it never fires"),
        ("0 2 * *", "'0 2 * *' is not a cron line"),
        ("0 2 * * sun", None),
        ("0 2 29 2 *", None),
        ("*/30 2 29 2 *", "a window of 2h that begins every 30m would never end"),
    ],
)
def test_a_cron_line_whose_windows_never_end_or_never_begin_is_a_problem(cron: str, told: str | None) -> None:
    problem = window_problem(window(cron=cron, **{"for": "2h"}))
    if told is None:
        assert problem is None
    else:
        assert problem is not None
        assert told in problem


def test_a_window_that_is_over_for_good_is_noted() -> None:
    once = window(**{"from": "2026-12-01T22:00:00Z", "until": "2026-12-01T23:00:00Z"})
    assert list(window_notes([once], datetime(2026, 12, 1, 22, 30, tzinfo=UTC))) == []
    (note,) = window_notes([once], datetime(2026, 12, 1, 23, 0, tzinfo=UTC))
    assert note == "the maintenance window until 2026-12-01T23:00:00+00:00 is over ('backups'); take it out"
