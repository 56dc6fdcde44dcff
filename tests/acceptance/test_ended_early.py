"""Commands that are told to end, killed outright, or out of disk: what was spent and measured is not lost."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Workplace
from tests.fakes.chat import chat_body
from tests.fakes.http_server import FakeServer, Hang, Steps, whole

SUITE = """\
version: 1
suite: shop
endpoints:
  production: {{base_url: "{url}", model: m, retries: 0, stream: false, concurrency: 2}}
  candidate: {{like: production, model: n}}
defaults: {{samples: 8}}
probes:
  - {{id: where, prompt: Where?, checks: [{{contains: Paris}}]}}
{more}
"""
CANCELLED = "holdfast: cancelled; what was spent is kept\n"
DATABASE = "holdfast.db"


class Serving:
    """A fake endpoint in a thread of its own, beside commands that run in processes of theirs."""

    def __init__(self, *replies: Steps) -> None:
        self.server = FakeServer(*replies)
        self._loop = asyncio.new_event_loop()
        self._up, self._down = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    async def _serve(self) -> None:
        async with self.server:
            self._up.set()
            await self._down.wait()

    def __enter__(self) -> FakeServer:
        self._thread.start()
        assert self._up.wait(5)
        return self.server

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def slow() -> Iterator[FakeServer]:
    """Three answers, then silence."""
    with Serving(whole(chat_body("Paris")), whole(chat_body("Paris")), whole(chat_body("Paris")), [Hang()]) as server:
        yield server


@pytest.fixture
def quick() -> Iterator[FakeServer]:
    """Always the same answer."""
    with Serving(whole(chat_body("Paris"))) as server:
        yield server


def placed(folder: Path, server: FakeServer, more: str = "") -> Workplace:
    (folder / "s.yaml").write_text(SUITE.format(url=server.url, more=more), encoding="utf-8")
    return Workplace(folder=folder)


def spent(place: Workplace) -> tuple[int, int]:
    """Requests, and how many of them by estimate."""
    with closing(sqlite3.connect(place.folder / DATABASE)) as store:
        found: tuple[int, int] = store.execute("select sum(requests), sum(estimated) from spending").fetchone()
        return found


def until(said: Callable[[], Any], patience_s: float = 20.0) -> None:
    deadline = time.monotonic() + patience_s
    while not said():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize(
    "command",
    [
        ("run", "s.yaml"),
        ("baseline", "capture", "s.yaml", "--rounds", "3"),
        ("canary", "s.yaml", "--production", "production", "--candidate", "candidate"),
    ],
    ids=["run", "capture", "canary"],
)
def test_a_command_that_is_told_to_end_keeps_what_it_spent_and_says_so(
    tmp_path: Path, slow: FakeServer, sent: signal.Signals, code: int, command: tuple[str, ...]
) -> None:
    place = placed(tmp_path, slow)
    process = place.start(*command, "--store", DATABASE)
    until(lambda: len(slow.requests) == 5)
    process.send_signal(sent)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (code, "", CANCELLED)
    assert spent(place) == (5, 2), "three answers, and two in flight by estimate"


def test_a_run_that_is_killed_outright_has_left_what_it_spent_some_seconds_before(
    tmp_path: Path, slow: FakeServer
) -> None:
    place = placed(tmp_path, slow)
    process = place.start("run", "s.yaml", "--store", DATABASE)
    until(lambda: (place.folder / DATABASE).exists() and len(slow.requests) == 5)
    until(lambda: spent(place)[0] is not None)
    process.kill()
    process.communicate(timeout=20)
    assert spent(place)[0] == 3


# ------------------------------------------------------------------------------------------------ a full disk
def limited(place: Workplace, kilobytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that may write no file beyond this size, as on a disk that is full."""
    return place.bash(f'ulimit -f {kilobytes}; exec "$0" "$@"', *arguments)


@pytest.mark.parametrize(
    "command",
    [
        ("run", "s.yaml"),
        ("baseline", "capture", "s.yaml", "--rounds", "3"),
        ("canary", "s.yaml", "--production", "production", "--candidate", "candidate"),
    ],
    ids=["run", "capture", "canary"],
)
def test_where_nothing_can_be_stored_nothing_is_sent(
    tmp_path: Path, quick: FakeServer, command: tuple[str, ...]
) -> None:
    place = placed(tmp_path, quick)
    assert place.run("run", "s.yaml", "--store", DATABASE).returncode == 0
    before = len(quick.requests)
    done = limited(place, 4, *command, "--store", DATABASE)
    assert done.returncode == 2
    assert done.stderr.startswith("holdfast: the store holdfast.db cannot be used: ")
    assert done.stderr.endswith("; nothing was sent\n")
    assert len(quick.requests) == before


def test_what_was_measured_is_printed_though_the_disk_was_full_by_then(tmp_path: Path, quick: FakeServer) -> None:
    place = placed(tmp_path, quick)
    assert place.run("run", "s.yaml", "--store", DATABASE).returncode == 0
    text = limited(place, 60, "run", "s.yaml", "--store", DATABASE, "--rounds", "3")
    assert text.returncode == 3
    assert "HEALTHY" in text.stdout
    assert "not stored: the store holdfast.db cannot be used" in " ".join(text.stdout.split())
    assert "holdfast: not stored: the store holdfast.db cannot be used" in text.stderr
    assert "Traceback" not in text.stderr
    done = limited(place, 60, "run", "s.yaml", "--store", DATABASE, "--format", "json")
    told = json.loads(done.stdout)
    (run,) = told["runs"]
    assert (done.returncode, told["exit_code"], run["health"]) == (3, 3, "healthy")
    assert run["note"].startswith("not stored: ")


# ------------------------------------------------------------------------------------------------ a capture cut short
def test_a_capture_that_a_cap_holds_back_ends_and_says_how_many_runs_count(tmp_path: Path, quick: FakeServer) -> None:
    place = placed(tmp_path, quick, more="spend: {tokens_per_day: 380}")  # 19 tokens an answer, 8 answers a run
    done = place.run("baseline", "capture", "s.yaml", "--rounds", "5", "--store", DATABASE)
    assert done.returncode == 3
    assert "the capture ended in round 3 of 5, not asked: the suite's spending cap" in done.stderr
    assert done.stderr.rstrip().endswith("the baseline has 3 runs")
    assert len(quick.requests) == 20
    shown = place.run("baseline", "show", "s.yaml", "--store", DATABASE)
    assert "normal is what 3 runs showed" in shown.stdout
    assert "captured with 5 runs" not in shown.stdout
