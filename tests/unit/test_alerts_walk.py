"""A random walk that means harm, over several notifiers: runs, looks, mutes of single kinds, acknowledgements, rules
that come, go and change, clocks that jump. What nobody may see happen is looked for after every step.

Between any two steps only JSON survives, so that each step is also a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from probes.suite import AlertRule
from reports.alerts.machine import SEVERITIES, Transition
from reports.notice import AlertEvent
from tests.fakes.alerting import Machine, a_condition, a_rule
from tests.fakes.hearing import Hearing, known_by

KINDS = ("contract", "availability", "drift", "policy")
NOTIFIERS = ("chat", "pager", "mail")
REMIND_MAX = 2
PATIENT = (AlertEvent.REMINDER, AlertEvent.ESCALATED)
"""What an acknowledgement holds back."""
FACTS = (("a: broken",), ("a: broken", "b: broken"), ("c: broken",))
DAY = 24 * 60.0


@dataclass(slots=True)
class Walk:
    """One walk, and what the notifiers have heard in it."""

    seed: int
    machine: Machine = field(init=False)
    random: Random = field(init=False)
    muted: set[str] = field(default_factory=set)
    hearing: Hearing = field(default_factory=lambda: Hearing(remind_max=REMIND_MAX))
    heard: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.machine = Machine(self.rules(), muted=lambda _key, kind, _loud: "silenced" if kind in self.muted else "")

    # ---------------------------------------------------------------------------------------- what is done
    def rules(self) -> list[AlertRule]:
        """Some rules; a notifier may be in none."""
        some, pick = self.random.random, self.random.choice
        rules: list[AlertRule] = []
        for name in NOTIFIERS:
            rule: dict[str, object] = {"notify": name, "resolve_after": pick([1, 1, 2])}
            rule["after"] = pick(["1 of 1", "2 of 2", "2 of 3", "10m", "40m"])
            rule["on"] = pick([KINDS, KINDS, KINDS[:2]])
            if some() < 0.5:
                rule |= {"remind_every": pick(["10m", "40m"]), "remind_max": REMIND_MAX}
            if some() < 0.5:
                others = [other for other in NOTIFIERS if other != name]
                rule["escalate"] = {"after": pick(["10m", "40m"]), "notify": pick([others, others[:1]])}
            if some() < 0.4:
                rule["flap"] = {"transitions": pick([3, 4]), "in": pick(["30m", "2h"])}
            if some() < 0.8:
                rules.append(a_rule(**rule))
        return rules or [a_rule(notify="chat")]

    def step(self) -> None:
        """One thing that happens, and what may not come of it."""
        random, machine = self.random, self.machine
        what = random.choice(["run"] * 6 + ["look"] * 6 + ["mute", "unmute", "ack", "edit", "jump", "back"])
        if what == "run":
            self.run()
        elif what == "look":
            self.look(random.choice([0.0, 0.1, 4.0, 11.0, 45.0, 200.0]))
        elif what == "mute":
            self.muted.add(random.choice(KINDS))
        elif what == "unmute":
            self.muted.clear()
        elif what == "ack":
            machine.acknowledged |= {state.incident_id for state in machine.states if state.live}
        elif what == "edit":
            machine.rules = self.rules()
        else:
            machine.now += timedelta(minutes=random.choice([30.0, 3 * DAY]) * (1 if what == "jump" else -1))

    def run(self, *, well: bool = False) -> None:
        """A run; what nobody knows neither opens nor ends anything, and what is bad ends nothing."""
        before = self.machine.states
        verdicts = {kind: False if well else self.random.choice([True, True, False, None]) for kind in KINDS}
        if not well and self.random.random() < 0.2:
            del verdicts[self.random.choice(KINDS)]  # a run that says nothing of it, like an extra one of drift
        severities = {kind: self.random.choice(SEVERITIES) for kind in KINDS}
        self.machine.run(
            *(
                a_condition(kind, bad, severity=severities[kind], facts=self.random.choice(FACTS) if bad else ())
                for kind, bad in verdicts.items()
            )
        )
        ruled = {(name, kind) for rule in self.machine.rules for name in rule.notify for kind in rule.on}
        after = {(state.key, state.notifier): state for state in self.machine.states}
        for state in before:
            now = after[state.key, state.notifier]
            if (state.notifier, state.kind) not in ruled or state.kind not in verdicts:
                continue
            assert verdicts[state.kind] is not None or now.state == state.state
            assert not verdicts[state.kind] or state.state != "open" or now.state == "open"
        self.listen()

    def look(self, minutes: float = 0.0) -> None:
        """Two looks at the clock: one may free what another incident held. Then nothing is due that was not done,
        unless a person's word holds it, and a third look finds nothing new."""
        self.machine.look(minutes)
        self.listen()
        self.machine.look()
        self.listen()
        for state in self.machine.states:
            held = bool(state.muted) or state.incident_id in self.machine.acknowledged
            assert state.due_at is None or state.due_at > self.machine.now or held, state
        before = self.machine.states
        assert self.machine.look() == []
        assert self.machine.states == before

    # ---------------------------------------------------------------------------------------- what is heard
    def listen(self) -> None:
        """What was told since the last time, held against all that was told before."""
        for one in self.machine.told[self.heard :]:
            self._hear(one)
        self.heard = len(self.machine.told)

    def _hear(self, one: Transition) -> None:
        assert one.opened_at <= one.at
        assert one.event is AlertEvent.RESOLVED or one.kind not in self.muted, "told while muted"
        assert one.event not in PATIENT or one.incident_id not in self.machine.acknowledged
        self.hearing.hear(one.notifier, one.key, one.incident_id, one.event, one.severity)


@pytest.mark.parametrize("seed", range(24))
def test_on_no_way_is_anything_lost_told_twice_or_told_to_who_should_not_hear_it(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(60):
        walk.step()
    walk.muted.clear()
    walk.look()
    states = walk.machine.states
    assert walk.hearing.going == known_by(states)
    reached = {story[:2] for story in walk.hearing.going}
    assert all((state.notifier, state.key) in reached for state in states if state.live), "nobody was told"
    walk.run(well=True)
    walk.run(well=True)
    walk.look(180.0)
    assert walk.hearing.going == set() and not any(state.live for state in walk.machine.states)


def test_the_same_steps_tell_the_same() -> None:
    first, second = Walk(7), Walk(7)
    for walk in (first, second):
        for _ in range(200):
            walk.step()
    assert first.machine.told == second.machine.told != []
    assert first.machine.stored == second.machine.stored
