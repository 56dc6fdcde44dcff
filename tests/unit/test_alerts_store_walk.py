"""A random walk that means harm, over a real SQLite file: runs, looks, restarts, silences that end, people who take
incidents, edited rules, suites that are removed and come back, clocks that jump. What nobody may hear is listened for
after every step, and in the end everybody knows how it stands.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random

import pytest

from probes.suite import Owner
from reports.alerts.silences import Silence
from reports.notice import AlertEvent
from runner.alerting.incidents import Wanted, incidents
from runner.alerting.silencing import Act, acknowledge
from runner.daemon.removing import close
from tests.fakes.alert_clock import Here
from tests.fakes.clock import FakeClock
from tests.fakes.hearing import Hearing, known_by

REMIND_MAX = 2
SUITES = ("bot", "gateway")


@dataclass(slots=True)
class Walk:
    """One walk, and what the notifiers have heard in it."""

    here: Here
    random: Random
    hearing: Hearing = field(default_factory=lambda: Hearing(remind_max=REMIND_MAX))
    numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        for name in SUITES:
            self.edit(name)

    # ---------------------------------------------------------------------------------------- what is done
    def edit(self, name: str) -> None:
        """Other rules; the bot waits for the gateway or does not."""
        pick, rules = self.random.choice, []
        for notifier, other in (("chat", "pager"), ("pager", "mail")):
            words = f"notify: {notifier}, after: {pick(['1', '2 of 3', '10m'])}, resolve_after: {pick([1, 2])}"
            words += pick(["", f", remind_every: 20m, remind_max: {REMIND_MAX}"])
            words += pick(["", f", escalate: {{after: 10m, notify: {other}}}"])
            words += pick(["", ", flap: {transitions: 3, in: 1h}"])
            rules.append("{" + words + "}")
        kept = pick([rules, rules, rules[:1], rules[1:]])
        needs = "depends_on: gateway\n" if name == "bot" and self.random.random() < 0.5 else ""
        self.here.add(f"{needs}alerts: [{', '.join(kept)}]\n", name)

    def step(self) -> None:
        """One thing that happens."""
        random, here = self.random, self.here
        name = random.choice(SUITES)
        what = random.choice(["run"] * 8 + ["look"] * 6 + ["restart", "silence", "take", "edit", "remove", "jump"])
        if what == "run" and name in here.suites:
            here.run(good=random.choice([False, False, True, None]), name=name)
            here.clock.advance(random.choice([0.0, 300.0, 900.0]))
        elif what == "look":
            self.look(random.choice([0.0, 2.0, 11.0, 70.0]))
        elif what == "restart":
            here.restart()
        elif what == "silence":
            self.silence(name)
        elif what == "take":
            self.take()
        elif what == "edit":
            self.edit(name)
        elif what == "remove" and name in here.suites:
            self.remove(name)
        elif what == "jump":
            self.jump(random.choice([-3600.0, 3600.0, -3 * 86400.0]))

    def look(self, minutes: float) -> None:
        self.here.clock.advance(minutes * 60)
        asyncio.run(self.here.alerts.look())

    def jump(self, seconds: float) -> None:
        """Another clock, like after a step of it and a restart."""
        self.here.clock = FakeClock(self.here.clock.now() + timedelta(seconds=seconds))
        self.here.restart()

    def silence(self, name: str) -> None:
        now = self.here.clock.now()
        self.here.store.save_silence(
            Silence(
                silence_id=f"s{next(self.numbers)}",
                target=name,
                reason="deploy",
                author="ana",
                created_at=now,
                expires_at=now + timedelta(minutes=self.random.choice([5, 60])),
                until_resolved=self.random.random() < 0.5,
            )
        )

    def take(self) -> None:
        act = Act(author="ana", reason="on it", at=self.here.clock.now())
        for state in self.here.store.open_alerts()[:1]:
            acknowledge(self.here.store, state.incident_id, act)

    def remove(self, name: str) -> None:
        del self.here.suites[name]
        place = (name, "production")
        close(self.here.store, place, self.here.clock.now(), owner=Owner(), report_link=lambda _record: "")

    # ---------------------------------------------------------------------------------------- what is heard
    def listen(self) -> None:
        """What was told since the last time."""
        for notifier, notice in self.here.notices():
            self.hearing.hear(notifier, notice.key, notice.incident_id, notice.event, notice.severity)
            assert notice.opened_at <= notice.at
            assert notice.event is AlertEvent.RESOLVED or notice.facts


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_to_the_daemon_everybody_knows_how_it_stands_in_the_end(tmp_path: Path, seed: int) -> None:
    walk = Walk(Here(tmp_path), Random(seed))
    for _ in range(40):
        walk.step()
        walk.listen()
        assert walk.hearing.going == known_by(walk.here.store.open_alerts())
    walk.here.clock.advance(5 * 86400.0)
    for name in SUITES:
        walk.edit(name)
        for _ in range(3):
            walk.here.run(good=True, name=name)
    walk.look(90.0)
    walk.listen()
    assert walk.hearing.going == set() == known_by(walk.here.store.open_alerts())
    now = walk.here.clock.now()
    listed = incidents(walk.here.store, Wanted(past_since=now - timedelta(days=30)), now)
    assert {one.incident_id for one in listed} >= {incident for *_, incident in walk.hearing.over}
    assert {one.state for one in listed} <= {"resolved"}
