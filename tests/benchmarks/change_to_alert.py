"""From the instant an endpoint begins to answer wrongly until Slack has the message: how long, and what took it.

    python -m tests.benchmarks.change_to_alert [--changes 20] [--every 5] [--group-wait 5]

A real daemon process asks a fake endpoint every ``--every`` seconds and tells a Slack stand-in, both in this process.
At a random instant the endpoint begins to break its contract; once Slack has it, it is mended, and the next change
waits for the end of the incident. The parts are read from the store, the log and what the stand-ins saw: ``interval``
is the wait for the next run, ``run`` lasts until its last answer, ``judge`` until run and notice are stored, ``outbox``
until the notice is seen there, ``group_wait`` is its wait for company, ``delivery`` lasts until Slack has it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.real import free_port
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack, Trouble

HOLDFAST = Path(sys.executable).parent / "holdfast"
PATIENCE_S = 120.0
PARTS = ("interval", "run", "judge", "outbox", "group_wait", "delivery")
SUITE = """\
version: 1
suite: watched
schedule: {{every: {every_s:g}s}}
endpoints: {{production: {{base_url: "{url}", model: support-bot}}}}
probes:
  - id: invoice-json
    messages:
      - {{role: system, content: Answer with one JSON object and nothing else.}}
      - {{role: user, content: "Extract total and due date: Invoice 4471, 1240.50 EUR, due 2026-07-01"}}
    checks:
      - json_schema: {{type: object, required: [total, due_date]}}
alerts:
  - {{notify: slack, "on": [contract], after: 1 of 1, resolve_after: 1}}
"""
SETTINGS = """\
store: sqlite:///holdfast.db
suites: suites
listen: 127.0.0.1:{port}
notifiers:
  slack:
    {{type: slack, bot_token: {token}, channel: {channel}, base_url: "{slack}", group_wait: {wait_s:g}s,
     digest_over: 50, per_minute: 600}}
"""
OPENED = """
    SELECT runs.run_id, runs.started_at, runs.duration_s, outbox.seen_at FROM outbox JOIN runs ON runs.seq = outbox.run
    WHERE outbox.event = 'opened' ORDER BY outbox.id DESC LIMIT 1
"""


class TimedSlack(FakeSlack):
    """Remembers when the newest new message came (Unix time)."""

    def __init__(self) -> None:
        super().__init__()
        self.posted_at: list[float] = []

    def _answer(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Trouble:
        if path.endswith("chat.postMessage"):
            self.posted_at.append(time.time())
        return super()._answer(path, body, headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change with its parts, in seconds."""

    whole_s: float
    parts_s: tuple[float, ...]


@dataclass(kw_only=True)
class Changing:
    """One folder with a daemon, and an endpoint that changes."""

    folder: Path
    endpoint: RunningEndpoint
    slack: TimedSlack
    every_s: float
    group_wait_s: float
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def furnish(self) -> None:
        """Write the suite and the settings."""
        (self.folder / "suites").mkdir()
        suite = SUITE.format(every_s=self.every_s, url=self.endpoint.base_url)
        (self.folder / "suites" / "watched.yaml").write_text(suite, encoding="utf-8")
        settings = SETTINGS.format(
            port=free_port(), token=TOKEN, channel=CHANNEL, slack=self.slack.base_url, wait_s=self.group_wait_s
        )
        (self.folder / "holdfast.yaml").write_text(settings, encoding="utf-8")

    @contextmanager
    def daemon(self) -> Iterator[None]:
        """A daemon that has made a run."""
        bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        with (self.folder / "daemon.log").open("wb") as log:
            process = subprocess.Popen([str(HOLDFAST), "daemon"], cwd=self.folder, env=bare, stderr=log)
            try:
                _until(lambda: self.endpoint.request_count > 1, "the first runs")
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)

    def change(self) -> Change:
        """Break the contract, wait for the message, mend it, wait for its end."""
        time.sleep(self.dice.uniform(0, self.every_s))
        before = len(self.slack.posted_at)
        self.endpoint.set_scenario("broken-json")
        changed_at = time.time()
        _until(lambda: len(self.slack.posted_at) > before, "the message")
        found = self._parts(changed_at, self.slack.posted_at[before])
        self.endpoint.set_scenario("normal")
        _until(lambda: "RESOLVED" in self.slack.messages[-1].header, "its end")
        return found

    def _parts(self, changed_at: float, posted_at: float) -> Change:
        with closing(sqlite3.connect(f"file:{self.folder}/holdfast.db?mode=ro", uri=True)) as database:
            run_id, started, duration_s, seen = database.execute(OPENED).fetchone()
        seen_at = datetime.fromisoformat(seen).timestamp()
        began_at = max(datetime.fromisoformat(started).timestamp(), changed_at)  # a run under way may see the change
        stored_at = min(self._stored_at(run_id), seen_at)  # the log line is written after it is stored
        ended_at = min(max(began_at, datetime.fromisoformat(started).timestamp() + duration_s), stored_at)
        due_at = min(seen_at + self.group_wait_s, posted_at)
        instants = (changed_at, began_at, ended_at, stored_at, seen_at, due_at, posted_at)
        parts = tuple(later - earlier for earlier, later in pairwise(instants))
        return Change(whole_s=posted_at - changed_at, parts_s=parts)

    def _stored_at(self, run_id: str) -> float:
        for line in (self.folder / "daemon.log").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["event"] == "run" and entry["run_id"] == run_id:
                return datetime.fromisoformat(entry["timestamp"]).timestamp()
        raise SystemExit(f"the log does not tell of run {run_id}")


def _until(said: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not said():
        if time.monotonic() > deadline:
            raise SystemExit(f"did not come to pass: {what}")
        time.sleep(0.005)


def measure(changes: int, every_s: float, group_wait_s: float, folder: Path) -> list[Change]:
    """So many changes, one after the other."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(RunningEndpoint(seed=7, latency_scale=1))
        slack = stack.enter_context(TimedSlack())
        changing = Changing(folder=folder, endpoint=endpoint, slack=slack, every_s=every_s, group_wait_s=group_wait_s)
        changing.furnish()
        with changing.daemon():
            return [changing.change() for _ in range(changes)]


def row(name: str, values: Sequence[float]) -> str:
    """Median, least and most, in seconds."""
    return f"{name:11} {statistics.median(values):7.3f} {min(values):7.3f} {max(values):7.3f}"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="from an endpoint's change to the delivered alert")
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two runs")
    parser.add_argument("--group-wait", type=float, default=5.0, help="seconds; what a page has by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.changes, options.every, options.group_wait, Path(folder))
    print("seconds      median   least    most")
    print(row("whole", [change.whole_s for change in found]))
    for number, part in enumerate(PARTS):
        print(row(part, [change.parts_s[number] for change in found]))


if __name__ == "__main__":
    main()
