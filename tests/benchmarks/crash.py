"""kill -9 at random points of a daemon under load with a Slack that fails: what was lost, what was seen twice.

    nice python -m tests.benchmarks.crash --kills 200

Every daemon is a real process over one store: six suites every 0.5 s at fake endpoints that go down and come back, and
a Slack stand-in that answers a third of all calls with 500, 429, a cut connection, or takes the message and cuts the
connection before it says so. After the last kill one more daemon runs undisturbed until every incident is over and
told. Then the store, the logs of all daemons and what people see in Slack are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.demo.endpoint import RunningEndpoint
from runner.normal.replay import replay_place
from runner.store import open_store
from runner.store.base import Store
from tests.acceptance.real import free_port
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack, Trouble, rate_limited

SUITES, PROBES = 6, 2
ASKS = (0, 0, 0, 0, 1, 2)
"""Which endpoint each suite asks: four incidents at once are a digest, one has a message of its own."""
SHORTEST_S, LONGEST_S = 0.1, 3.0
"""How long a daemon lives once it has started."""
KILLED_EARLY, STARTING_S = 0.1, 2.0
"""This part of the daemons dies within so many seconds, most of them while they start."""
TURNING = 0.6
"""How often an endpoint goes down or comes back in a life."""
SETTLE_S = 240.0
GROUP_WAIT_S = 0.3
WITHDRAWN = """
    SELECT o.incident_id FROM outbox AS o JOIN outbox AS r USING (incident_id, notifier, state)
    WHERE o.state = 'withdrawn' AND o.event = 'opened' AND r.event = 'resolved'
        AND (julianday(r.created_at) - julianday(o.created_at)) * 86400 < ?
"""
"""Over inside their group wait, and so told to nobody by the rule."""
FAILING = 0.33
HOLDFAST = Path(sys.executable).parent / "holdfast"
MARK = re.compile(r"(?<![\w-])(incident [0-9a-zA-Z-]+|digest-[0-9a-zA-Z-]+)")
SUITE = """\
version: 1
suite: s{number}
schedule: {{every: 500ms}}
endpoints: {{prod: {{base_url: "{url}", model: support-bot, retries: 0, stream: false}}}}
probes:
  - {{id: capital, prompt: What is the capital of Australia? Answer in one sentence., checks: [contains: Canberra]}}
  - {{id: seven, prompt: What is seven times six?, checks: [no_refusal]}}
alerts:
  - {{notify: slack, "on": [contract, availability], after: 1 of 1, resolve_after: 1}}
"""
SETTINGS = """\
store: sqlite:///holdfast.db
suites: suites
listen: 127.0.0.1:{port}
notifiers:
  slack:
    {{type: slack, bot_token: {token}, channel: {channel}, base_url: "{slack}",
     group_wait: {wait_s}, group_interval: 3s, per_minute: 6000}}
"""


class MoodySlack(FakeSlack):
    """Fails often, and sometimes after it took what was sent."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.failing = FAILING

    def _answer(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Trouble:
        if self.dice.random() >= self.failing:
            return super()._answer(path, body, headers)
        mood = self.dice.choice(("500", "429", "cut", "taken and cut"))
        if mood == "taken and cut":
            super()._answer(path, body, headers)
        return {"500": Trouble(status=500), "429": rate_limited(1)}.get(mood, Trouble(cut=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is left after all kills."""

    kills: int
    runs: int
    runs_lost: int
    """Runs that a daemon logged as made and that are not in the store as a whole."""
    incidents: int
    alerts_lost: int
    """Incidents that opened and that nobody saw, or whose end nobody saw."""
    messages: int
    seen_twice: int
    """Incidents and digests with a second message."""
    replays_equal: int
    """Suites whose evidence an undisturbed replay reproduces to the last digit."""

    def line(self) -> str:
        """For people."""
        return (
            f"kill -9 x {self.kills}: {self.runs} runs, {self.runs_lost} lost; {self.incidents} incidents, "
            f"{self.alerts_lost} lost; {self.messages} messages, {self.seen_twice} seen twice; "
            f"replays equal for {self.replays_equal} of {SUITES} suites"
        )


@dataclass(kw_only=True)
class Crashing:
    """One folder, and daemons that die in it."""

    folder: Path
    endpoints: Sequence[RunningEndpoint]
    slack: MoodySlack
    dice: random.Random
    down: set[int] = field(default_factory=set)
    """Endpoints that are down now, by number."""
    logs: list[Path] = field(default_factory=list)

    def furnish(self) -> None:
        """Write the suites and the settings."""
        (self.folder / "suites").mkdir()
        for number in range(SUITES):
            text = SUITE.format(number=number, url=self.endpoints[ASKS[number]].base_url)
            (self.folder / "suites" / f"s{number}.yaml").write_text(text, encoding="utf-8")
        settings = SETTINGS.format(
            wait_s=GROUP_WAIT_S, port=free_port(), token=TOKEN, channel=CHANNEL, slack=self.slack.base_url
        )
        (self.folder / "holdfast.yaml").write_text(settings, encoding="utf-8")

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """A daemon with a log of its own; killed in the end if it still runs."""
        log = self.folder / f"daemon-{len(self.logs)}.log"
        self.logs.append(log)
        bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [str(HOLDFAST), "daemon"], cwd=self.folder, env=bare, stdout=subprocess.DEVNULL, stderr=stream
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def kill_one(self) -> None:
        """Let a daemon live for a random while in which the endpoint may change, then kill it."""
        with self.daemon():
            if self.dice.random() < KILLED_EARLY:
                time.sleep(self.dice.uniform(0, STARTING_S))
                return
            self._started()
            life_s = self.dice.uniform(SHORTEST_S, LONGEST_S)
            turn_s = self.dice.uniform(0, life_s)
            time.sleep(turn_s)
            self._turn()
            time.sleep(life_s - turn_s)

    def _turn(self) -> None:
        """Some endpoints go down or come back."""
        self.down ^= {number for number in range(len(self.endpoints)) if self.dice.random() < TURNING}
        for number, endpoint in enumerate(self.endpoints):
            endpoint.set_scenario("outage" if number in self.down else "normal")

    def _started(self) -> None:
        deadline = time.monotonic() + 60
        while b'"started"' not in self.logs[-1].read_bytes():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the daemon did not start: {self.logs[-1].read_text(errors='replace')[-300:]}")
            time.sleep(0.02)

    def settle(self) -> None:
        """Let a daemon work until every incident is over and told, and stop it in good order."""
        for endpoint in self.endpoints:
            endpoint.set_scenario("normal")
        self.slack.failing = 0.0
        with self.daemon() as process:
            deadline = time.monotonic() + SETTLE_S
            while time.monotonic() < deadline and not self._settled():
                time.sleep(1)
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def _settled(self) -> bool:
        store = open_store(f"sqlite:///{self.folder}/holdfast.db")
        try:
            return not store.undelivered() and not store.open_alerts() and len(store.runs(limit=1)) == 1
        finally:
            store.close()


# ------------------------------------------------------------------------------------------------ what is left
def audit(crashing: Crashing, kills: int) -> Found:
    """Compare the store, the logs and what people see."""
    store = open_store(f"sqlite:///{crashing.folder}/holdfast.db")
    try:
        seen = _seen(crashing.slack)
        opened, told_in = _told(crashing.folder / "holdfast.db")
        never = [incident for incident in opened if not told_in[incident] & seen.keys()]
        unended = [mark for mark, ended in seen.items() if not ended]
        marks = Counter(mark for message in crashing.slack.messages for mark in _marks(message.content))
        twice = sum(number - 1 for number in marks.values())
        twice += sum(len(told_in[incident] & seen.keys()) > 1 for incident in opened)
        stored = store.runs(limit=1_000_000)
        logged = _logged(crashing.logs)
        whole = {header.run_id for header in stored if _whole(store, header.run_id)}
        return Found(
            kills=kills,
            runs=len(stored),
            runs_lost=len(logged - whole) + len(stored) - len(whole),
            incidents=len(opened),
            alerts_lost=len(never) + len(unended),
            messages=len(crashing.slack.messages),
            seen_twice=twice,
            replays_equal=sum(replay_place(store, f"s{number}", "prod").agrees for number in range(SUITES)),
        )
    finally:
        store.close()


def _seen(slack: FakeSlack) -> dict[str, bool]:
    """What messages are about, and whether they show that it is over."""
    return {mark: "RESOLVED" in message.header for message in slack.messages for mark in _marks(message.content)}


def _marks(content: Mapping[str, Any]) -> set[str]:
    """The incident or digest whose message this is: named in its last line."""
    return set(MARK.findall(json.dumps(content["blocks"][-3:])))


def _told(database: Path) -> tuple[set[str], dict[str, set[str]]]:
    """Incidents that opened and outlived their group wait, and the marks of the messages that may tell of each.

    Read without our own store.
    """
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        opened = {row[0] for row in db.execute("SELECT incident_id FROM alert_events WHERE state = 'open'")}
        opened -= {row[0] for row in db.execute(WITHDRAWN, [GROUP_WAIT_S])}
        in_outbox = {row[0] for row in db.execute("SELECT incident_id FROM outbox WHERE event = 'opened'")}
        joint = db.execute("SELECT incident_id, digest_id FROM receipts WHERE digest_id IS NOT NULL").fetchall()
    marks = {incident: {f"incident {incident}"} if incident in in_outbox else set() for incident in opened}
    for incident, digest_id in joint:
        marks[incident].add(digest_id)
    return opened, marks


def _logged(logs: list[Path]) -> set[str]:
    """Runs that any daemon said it had made; a line cut by the kill says nothing."""
    found = set()
    for log in logs:
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("event") == "run":
                found.add(entry["run_id"])
    return found


def _whole(store: Store, run_id: str) -> bool:
    record = store.run(run_id)
    return record is not None and len(record.probes) == PROBES and all(probe.samples for probe in record.probes)


def crash(kills: int, seed: int, folder: Path) -> Found:
    """The whole of it."""
    dice = random.Random(seed)
    with ExitStack() as stack, MoodySlack(seed) as slack:
        numbers = range(1 + max(ASKS))
        endpoints = [stack.enter_context(RunningEndpoint(seed=seed + n, latency_scale=0.05)) for n in numbers]
        crashing = Crashing(folder=folder, endpoints=endpoints, slack=slack, dice=dice)
        crashing.furnish()
        for number in range(kills):
            crashing.kill_one()
            if sys.stderr.isatty() or number % 20 == 19:
                print(f"{number + 1} of {kills} killed, {len(slack.messages)} messages", file=sys.stderr)
        crashing.settle()
        return audit(crashing, kills)


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the store and the logs, to look at afterwards")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
        print(crash(options.kills, options.seed, options.keep).line())
        return
    with tempfile.TemporaryDirectory() as name:
        print(crash(options.kills, options.seed, Path(name)).line())


if __name__ == "__main__":
    main()
