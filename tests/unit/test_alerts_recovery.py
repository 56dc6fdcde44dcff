"""After the end of an incident: the real judge's alarms outlive the break that raised them, and nobody is told of the
same break again. Only JSON survives between any two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from checks.drift.result import StreamResult, StreamState
from checks.finding import Status
from probes.failure import FailureClass
from probes.suite import AlertRule
from reports.alerts.covering import still_covered
from reports.alerts.ownership import conditions_told
from reports.notice import AlertEvent
from reports.summary import RunRecord
from tests.fakes import records
from tests.fakes.alerting import Machine, a_rule
from tests.unit.drift_world import PROBES, Weather, World

BROKEN = Weather(broken=PROBES)
DOWN = Weather(failing=1.0)
FINE = Weather()
TWO_OF_THREE = a_rule(after="2 of 3")


@dataclass(slots=True)
class Watched:
    """An endpoint that is judged and watched run after run."""

    rules: Sequence[AlertRule] = (TWO_OF_THREE,)
    world: World = field(default_factory=World)
    machine: Machine = field(init=False)
    newest: tuple[StreamResult, ...] = ()

    def __post_init__(self) -> None:
        self.machine = Machine(self.rules)

    def runs(self, count: int, weather: Weather, *, contract: bool | None = None) -> list[str]:
        """So many runs; what was told in them. ``contract``: whether it holds, where that is not as all checks do."""
        told: list[str] = []
        for _ in range(count):
            self.newest = self.world.fire(weather).results
            holds = not weather.broken if contract is None else contract
            conditions = conditions_told(
                _record(self.newest, down=bool(weather.failing), holds=holds),
                self.rules,
                {},
                states=self.machine.states,
            )
            told += self.machine.run(*conditions)
        return told

    def in_alarm(self, dimension: str) -> bool:
        """Whether the pooled stream's alarm stands."""
        (result,) = [result for result in self.newest if str(result.key) == dimension]
        return result.state is StreamState.ALARM and result.supported


def _record(drift: Sequence[StreamResult], *, down: bool, holds: bool) -> RunRecord:
    statuses = [Status.PASS if holds else Status.FAIL] * 3
    samples = [records.a_failed_sample(FailureClass.SERVER, "bad gateway", index=i, status=502) for i in range(3)]
    probe = records.a_probe(samples=samples, findings=[]) if down else None
    return records.a_run([probe or records.a_probe(findings=[records.a_finding(statuses=statuses)])], drift=drift)


@pytest.mark.parametrize(
    ("weather", "kind", "dimension"), [(BROKEN, "contract", "checks"), (DOWN, "availability", "failures")]
)
def test_what_an_incident_told_is_not_told_again_as_drift_when_it_is_over(
    weather: Weather, kind: str, dimension: str
) -> None:
    watched = Watched()
    assert watched.runs(40, FINE) == []
    assert watched.runs(12, weather)[0] == f"opened {kind}"
    before = len(watched.machine.told)
    assert watched.runs(2, FINE) == [f"resolved {kind}"]
    assert watched.in_alarm(dimension)
    assert watched.runs(30, FINE) == []
    assert not any("also moved" in fact for told in watched.machine.told[before:] for fact in told.facts)


@pytest.mark.parametrize("clean", [2, 14])
def test_a_stream_that_rises_anew_after_the_end_opens_drift(clean: int) -> None:
    watched = Watched()
    watched.runs(40, FINE)
    watched.runs(12, BROKEN)
    assert watched.runs(clean, FINE) == ["resolved contract"]
    assert watched.runs(10, BROKEN, contract=True)[0] == "opened drift"
    assert any(fact.startswith("checks") for fact in watched.machine.told[-1].facts)


def test_where_only_the_contract_is_mended_and_the_rest_stays_broken_drift_opens() -> None:
    watched = Watched()
    watched.runs(40, FINE)
    watched.runs(12, BROKEN)
    assert watched.runs(10, BROKEN, contract=True)[:2] == ["resolved contract", "opened drift"]


def test_a_contract_broken_again_after_its_end_is_one_new_contract_incident_and_no_drift() -> None:
    watched = Watched()
    watched.runs(40, FINE)
    watched.runs(12, BROKEN)
    watched.runs(5, FINE)
    assert watched.runs(8, BROKEN) == ["opened contract"]
    assert watched.runs(30, FINE) == ["resolved contract"]


def test_drift_that_told_of_the_stream_before_the_contract_broke_stays_open_with_it() -> None:
    watched = Watched()
    watched.runs(40, FINE)
    assert watched.runs(6, BROKEN, contract=True) == ["opened drift"]
    assert watched.runs(6, BROKEN) == ["opened contract"]
    assert watched.runs(2, FINE) == ["resolved contract"]
    assert {(s.kind, s.state) for s in watched.machine.states} >= {("drift", "open"), ("contract", "quiet")}


def test_each_notifier_is_spared_only_what_it_was_told_itself() -> None:
    slow = a_rule(notify="pager", after="9 of 9")
    watched = Watched(rules=(TWO_OF_THREE, slow))
    watched.runs(40, FINE)
    watched.runs(5, BROKEN)
    watched.runs(2, FINE)
    told = [(one.notifier, f"{one.event} {one.kind}") for one in watched.machine.told]
    assert ("pager", "opened drift") in told and ("slack", "opened drift") not in told


def test_a_drift_incident_about_something_else_ends_although_a_covered_alarm_still_stands() -> None:
    watched = Watched()
    watched.runs(40, FINE)
    watched.runs(6, replace(BROKEN, route="gw / fp_b"))
    told = watched.runs(30, FINE)
    resolved = [one.kind for one in watched.machine.told if one.event is AlertEvent.RESOLVED]
    assert told[0] == "resolved contract"
    assert not [state.key for state in watched.machine.states if state.live], resolved


# ------------------------------------------------------------------------------------------------ one run
def alarm(evidence: float, *, opened: bool = False) -> StreamResult:
    """``checks`` in alarm, with this evidence (ln) of a threshold of 15.5."""
    return replace(records.a_stream("checks", StreamState.ALARM, 100.0), ln_m=evidence, opened=opened)


@pytest.mark.parametrize(
    ("result", "left"),
    [
        (None, (("checks", 4.0),)),
        (alarm(3.0), (("checks", 3.0),)),
        (alarm(12.0), (("checks", 4.0),)),
        (alarm(15.5), ()),
        (alarm(3.0, opened=True), ()),
        (records.a_stream("checks"), ()),
    ],
    ids=["not looked at", "lower", "higher, not high enough", "as high as an alarm", "a new alarm", "over"],
)
def test_a_covered_stream_stays_so_until_its_alarm_is_over_or_it_rises_anew(
    result: StreamResult | None, left: tuple[tuple[str, float], ...]
) -> None:
    assert still_covered([result] if result else [], (("checks", 4.0),)) == left


def test_evidence_below_nothing_does_not_make_the_way_to_an_alarm_shorter() -> None:
    assert still_covered([alarm(15.0)], (("checks", -3.0),)) == (("checks", -3.0),)
