"""The judge over the real store: a killed process costs at most the run it was in, and a replay is what was live."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

DEADLINE_S = 100


def stored(folder: Path) -> int:
    """Runs that are kept so far."""
    path = folder / ".holdfast" / "holdfast.db"
    if not path.exists():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute("select count(*) from runs").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are not made yet
        return 0


def killed_after(place: Workplace, runs: int, *arguments: str) -> int:
    """Start a command and kill it, without warning, once so many runs are kept; how many then are."""
    process, deadline = place.start(*arguments), time.monotonic() + DEADLINE_S
    try:
        while stored(place.folder) < runs:
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    return stored(place.folder)


@pytest.mark.parametrize("kept", [7, 26])
def test_a_killed_process_resumes_as_if_nothing_had_happened_and_a_replay_equals_what_was_live(
    place: Workplace, endpoint: RunningEndpoint, kept: int
) -> None:
    assert place.run("init").returncode == 0
    endpoint.change(latency_scale=0)
    rounds = killed_after(place, kept, "run", "suite.yaml", "--rounds", "60", "--no-alerts")
    assert kept <= rounds < 60
    endpoint.set_scenario("model-swap")
    after = place.json("run", "suite.yaml", "--rounds", "5", "--no-alerts")
    assert len(after["runs"]) == 5
    assert stored(place.folder) == rounds + 5
    replayed = place.run("replay", "suite.yaml")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert f"replayed {rounds + 5} runs" in replayed.stdout
    streams = {(entry["stream"], entry["scope"]): entry["state"] for entry in after["runs"][-1]["drift"]}
    assert streams["route", "suite"] == "alarm", "what was learned before the kill still counts"
