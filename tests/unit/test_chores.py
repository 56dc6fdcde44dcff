"""Chores that hang are told while they do, in virtual time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from probes.errors import StoreError
from runner.daemon.chores import HANGS_S, Chore, Troubles, keep_doing
from tests.fakes.virtual_time import VirtualClock, living

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def lived(chore_s: float, monkeypatch: pytest.MonkeyPatch, **told: bool) -> tuple[list[tuple[str, ...]], list[str]]:
    """What is wrong just before a chore of this length ends, and afterwards; the events of the log."""
    clock, troubles, ending = VirtualClock(NOON), Troubles(), asyncio.Event()
    seen = []

    async def work() -> None:
        await asyncio.sleep(chore_s)
        seen.append(troubles.lines())
        ending.set()
        raise StoreError("gone")

    async def scenario() -> None:
        chore = Chore(name="suites", every_s=1, work=work, **told)
        await keep_doing(chore, clock, troubles, ending)
        seen.append(troubles.lines())
        await asyncio.sleep(1)  # what was cancelled has ended
        assert len(asyncio.all_tasks()) == 1, "nothing goes on watching"

    with capture_logs() as logs:
        living(clock, scenario(), monkeypatch)
    return seen, [line["event"] for line in logs]


def test_a_chore_that_hangs_is_told_until_it_ends_and_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, events = lived(2.5 * HANGS_S, monkeypatch)
    assert seen == [("suites, hanging: under way for 10m, and not done",), ("suites: gone",)]
    assert events == ["chore_hangs", "chore_failed"]


def test_a_chore_that_takes_its_time_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lived(0.9 * HANGS_S, monkeypatch) == ([(), ("suites: gone",)], ["chore_failed"])


def test_housekeeping_may_take_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lived(50 * HANGS_S, monkeypatch, patient=True) == ([(), ("suites: gone",)], ["chore_failed"])
