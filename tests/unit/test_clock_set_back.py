"""A clock that is set back a little fires no slot again, and one that is set back far keeps nobody waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.suite import Schedule
from runner.daemon.cadence import Cadence
from runner.schedule.beats import first_due, misfire_s
from runner.schedule.schedule import longest_gap_s, slots_of
from runner.store.base import Store
from tests.fakes.daemons import ToldEngine, a_daemon, a_suite, prepared, scheduling_for
from tests.fakes.records import a_run
from tests.fakes.virtual_time import VirtualClock, living

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR_S = 3600.0
PLACE = ("bot", "production")


def nothing() -> None:
    """An act that only lets time pass."""


@pytest.mark.parametrize(
    ("line", "back_s", "began"),
    [("0 12 * * *", 5.0, 1), ("0 12 * * *", HOUR_S, 1), ("0 * * * *", 120.0, 3), ("0 * * * *", 2400.0, 4)],
)
def test_a_slot_is_fired_a_second_time_only_after_a_step_back_of_more_than_half_an_interval(
    line: str, back_s: float, began: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOON - timedelta(minutes=1))
    engine = ToldEngine(clock)
    daemon = a_daemon(store, prepared([a_suite(tmp_path, "line", f'{{cron: "{line}"}}')]), engine)
    acts = ((62.0, lambda: clock.set_by(-back_s)), (2 * HOUR_S + back_s + 60, nothing))
    living(clock, scheduling_for(daemon, clock, *acts), monkeypatch)
    assert len(engine.began["line"]) == began


@given(
    line=st.sampled_from(["0 12 * * *", "*/15 * * * *", "0 3 * * 1", "* * * * *", "7,9 */5 * * *"]),
    ran_s=st.integers(0, 40 * 86400),
    back_s=st.integers(0, 20 * 86400),
)
def test_a_restart_after_a_step_back_repeats_no_slot_within_half_an_interval_and_waits_for_none_too_long(
    line: str, ran_s: int, back_s: int
) -> None:
    schedule = Schedule(cron=line)
    slot = slots_of(schedule, start=NOON).after(NOON + timedelta(seconds=ran_s))
    assert slot is not None
    now = slot - timedelta(seconds=back_s)
    due = first_due(schedule, PLACE, now, slot)
    assert due is not None
    if back_s <= misfire_s(schedule):
        assert due > slot
    assert (due - now).total_seconds() <= longest_gap_s(schedule) + misfire_s(schedule)


def test_extra_runs_of_what_fails_go_on_at_once_after_a_step_back() -> None:
    cadence = Cadence()
    run = a_run()
    cadence.expect([((run.suite, run.endpoint), Schedule(every_s=3600.0, while_failing_s=120.0))])
    cadence.ran(run)
    place, began = (run.suite, run.endpoint), run.started_at
    assert not cadence.due(place, began + timedelta(seconds=119), None)
    assert cadence.due(place, began + timedelta(seconds=120), None)
    assert cadence.due(place, began - timedelta(seconds=1800), None)
