"""kill -9 in the middle loses no run and no alert, and repeats nothing visible. The long form is a benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.crash import SUITES, crash


@pytest.mark.slow
def test_daemons_killed_at_random_points_lose_nothing_and_say_nothing_twice(tmp_path: Path) -> None:
    found = crash(4, 5, tmp_path)
    assert found.runs > 10 and found.incidents > 0, found.line()
    assert (found.runs_lost, found.alerts_lost, found.seen_twice) == (0, 0, 0), found.line()
    assert found.replays_equal == SUITES
