"""Whatever happens to a folder of suites: what runs is what the files say, each once, and the rest is left in peace."""

from __future__ import annotations

import asyncio
import random
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runner.cli.session import suite_files
from runner.daemon.daemon import Daemon
from runner.daemon.suite_watch import SuiteWatch
from runner.preparing.prepare import prepare
from runner.store import open_store
from tests.fakes.daemons import ToldEngine, a_daemon, a_suite
from tests.fakes.virtual_time import VirtualClock, living

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FILES, NAMES = ("a.yaml", "b.yaml", "c.yml", "d.yaml"), ("a", "b", "c", "d")
SETTLED_S = 20.0


@dataclass
class Folder:
    """A folder of suites, and what was written: by file the suite's name, a mark, and whether it can be used."""

    path: Path
    dice: random.Random
    held: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    marks: int = 0

    def write(self, file: str, name: str, *, usable: bool = True) -> None:
        self.marks += 1
        mark = f"mark-{self.marks}."
        made = a_suite(self.path, "made", "{every: 10m}", url=f"http://127.0.0.1:9/{mark}")
        text = made.read_text(encoding="utf-8").replace("suite: made", f"suite: {name}")
        made.unlink()
        (self.path / file).write_text(text if usable else text.replace("probes:", "prbes:"), encoding="utf-8")
        self.held[file] = (name, mark, usable)

    def change(self) -> None:
        """One thing by chance; one file at least stays."""
        file, other, act = self.dice.choice(FILES), self.dice.choice(FILES), self.dice.random()
        if act < 0.6:
            self.write(file, self.dice.choice(NAMES), usable=act < 0.45)
        elif file in self.held and act < 0.8 and len(self.held) > 1:
            (self.path / file).unlink()
            del self.held[file]
        elif file in self.held and other != file:
            (self.path / file).rename(self.path / other)
            self.held[other] = self.held.pop(file)

    def wrong(self, daemon: Daemon) -> list[str]:
        """What is not as the files say."""
        running = {prepared.suite.name: prepared.suite for prepared in daemon.suites}
        refused = daemon.reloading.roster.refused
        kept = {one.instead.suite.name for one in refused if one.instead}
        names = [name for name, _, usable in self.held.values() if usable]
        found = ["a name runs twice"] if len(running) != len(daemon.suites) else []
        for file, (name, mark, usable) in self.held.items():
            alone = usable and names.count(name) == 1 and name not in kept
            if alone and (name not in running or mark not in running[name].endpoints["production"].base_url):
                found.append(f"{file} does not run as it is")
            if (not usable) != (file in {one.path.name for one in refused}) and (alone or not usable):
                found.append(f"{file} is refused, or should be")
        found += [f"{name} runs without a file" for name in running.keys() - set(names) - kept]
        places = {(name, "production") for name in running}
        found += ["the schedule has others"] if daemon.rounds.beats.keys() != places else []
        return found + (["the store has others"] if daemon.here.store.scheduled() != places else [])


@pytest.mark.parametrize("seed", range(4))
def test_what_runs_is_what_the_files_say_and_what_did_not_change_keeps_its_due_time(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, clock = Folder(tmp_path, random.Random(seed)), VirtualClock(NOON)
    folder.write("a.yaml", "a")
    folder.write("b.yaml", "b")
    seen: list[str] = []

    async def scenario(daemon: Daemon) -> None:
        serving = asyncio.create_task(daemon.serve())
        await clock.sleep(SETTLED_S)
        for _ in range(15):
            before = {id(prepared): (prepared, due_at(daemon, prepared.suite.name)) for prepared in daemon.suites}
            for _ in range(folder.dice.choice((1, 1, 3))):
                folder.change()
            await clock.sleep(SETTLED_S)
            seen.extend(folder.wrong(daemon))
            known = [before[id(prepared)] for prepared in daemon.suites if id(prepared) in before]
            moved = [
                one.suite.name for one, due in known if due > clock.now() and due_at(daemon, one.suite.name) != due
            ]
            seen.extend(f"{name} was moved" for name in moved)
        daemon.stop()
        await serving

    with closing(open_store(":memory:")) as store, capture_logs():
        watch = SuiteWatch(
            find=lambda: suite_files([tmp_path]), preparing=lambda path: prepare(path, {}, frozenset()), clock=clock
        )
        living(clock, scenario(a_daemon(store, watch.begin(), ToldEngine(clock), watch=watch)), monkeypatch)
    assert seen == []


def due_at(daemon: Daemon, name: str) -> datetime:
    due = daemon.rounds.table.due_at((name, "production"))
    assert due is not None
    return due
