"""Streams by label: only where a suite asks for them; counted in the budget, found, and told as one fact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from checks.drift.dimensions import PER_LABEL
from checks.drift.observation import RunObservation
from checks.drift.result import StreamKey, StreamResult, StreamState, label_scope
from checks.drift.score import streams_of
from checks.verdict import Health, run_health
from probes.suite import Suite
from reports.attribution.causes import causes
from reports.formats.html import render_report
from runner.preparing.orders import groups_of
from runner.preparing.prepare import prepare
from tests.fakes.records import NOW, a_probe, a_report, a_run, a_stream
from tests.unit.drift_world import PROBES, Weather, World, key

GROUPS = {"locale=de": ("greeting", "invoice"), "locale=en": ("refund", "summary")}
SUITE = """\
version: 1
suite: labelled
endpoints: {production: {base_url: "http://127.0.0.1:9", model: m}}
defaults: {labels: {tier: gold}}
probes:
  - {id: a, prompt: Who?, labels: {locale: de, intent: ask}}
  - {id: b, prompt: Who?, labels: {locale: en, intent: ask}}
  - {id: c, prompt: Who?, labels: {locale: en}}
  - {id: d, prompt: Who?}
drift: {by_label: [locale, tier, intent]}
"""


@dataclass(kw_only=True)
class Labelled(World):
    """A world whose suite wants streams by locale."""

    def observe(self, weather: Weather) -> RunObservation:
        return replace(super().observe(weather), groups=GROUPS)


def results_of(world: World, count: int, weather: Weather | None = None) -> Iterator[dict[StreamKey, StreamResult]]:
    return world.run(count, weather)


def suite_of(folder: Path) -> Suite:
    file = folder / "suite.yaml"
    file.write_text(SUITE, encoding="utf-8")
    return prepare(file, {}, None).suite


def test_only_labels_with_several_values_have_streams_of_their_own(tmp_path: Path) -> None:
    assert groups_of(suite_of(tmp_path)) == {"locale=de": ("a",), "locale=en": ("b", "c")}


def test_every_value_costs_seven_streams_of_the_budget() -> None:
    plain = streams_of(PROBES, streaming=True)
    labelled = streams_of(PROBES, streaming=True, groups=tuple(GROUPS))
    assert len(labelled) - len(plain) == 2 * len(PER_LABEL) == 14
    silent = streams_of(PROBES, streaming=False, groups=tuple(GROUPS))
    assert StreamKey(scope="locale=de", dimension="latency.first_token") not in silent


def test_a_suite_that_does_not_ask_has_no_such_streams() -> None:
    world = World(seed=4)
    assert not [stream for stream in world.settle(8) if stream.of_label]


def test_quiet_runs_leave_the_streams_of_labels_quiet_and_slow_ones_move_all() -> None:
    world = Labelled(seed=4, samples=4)
    quiet = world.settle(100)
    assert {quiet[key(name, "locale=de")].state for name in PER_LABEL} == {StreamState.QUIET}
    slow = world.settle(8, Weather(slower=1.6))
    assert slow[key("latency.total", "locale=de")].state is StreamState.ALARM
    assert slow[key("latency.total", "locale=en")].state is StreamState.ALARM


def test_what_happens_in_one_label_moves_its_stream_and_explains_the_pooled_one() -> None:
    world = Labelled(seed=6, samples=6)
    world.settle(60)
    broken = Weather(broken=("greeting", "invoice"))
    results = world.settle(5, broken)
    assert results[key("checks", "locale=de")].state is StreamState.ALARM
    assert results[key("checks", "locale=en")].state is StreamState.QUIET
    labels = {probe: scope.partition("=")[2] for scope, probes in GROUPS.items() for probe in probes}
    asked = [a_probe(probe, labels={"locale": labels[probe]}) for probe in PROBES]
    only = [result for result in results.values() if result.key.dimension == "checks"]
    assert [cause.name for cause in causes(a_run(asked, drift=only))] == ["checks of locale=de"]


def test_a_label_in_alarm_is_never_green() -> None:
    alarm = a_stream("checks", StreamState.ALARM, 100.0, scope="locale=de")
    assert run_health([Health.HEALTHY], [alarm]) is Health.FAILING
    warned = a_stream("checks", StreamState.WARN, 80.0, scope="locale=de")
    assert run_health([Health.HEALTHY], [warned]) is Health.DEGRADED


def test_the_page_lists_streams_of_labels_with_the_pooled_ones() -> None:
    run = a_run(drift=[a_stream("checks", scope="locale=de"), a_stream("checks", scope="greeting")])
    page = render_report(a_report(run), generated_at=NOW, version="0")
    assert "1 stream of single probes" in page
    assert "locale=de" in page.partition("1 stream of single probes")[0].rpartition("Whole suite")[2]


@pytest.mark.parametrize("value", ["de\nen", "x" * 500, "<script>", "\t"])
def test_a_scope_is_one_short_line_whatever_a_data_file_holds(value: str) -> None:
    scope = label_scope("locale", value)
    assert len(scope) <= 120
    assert scope == " ".join(scope.split())
    assert StreamKey(scope=scope, dimension="checks").of_label
