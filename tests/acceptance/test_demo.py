"""The demo a newcomer meets first: every scenario is found and named, and the report is where it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.demo import SCENARIOS
from tests.acceptance.conftest import Workplace

NAMED = {
    "model-swap": "route",
    "slower": "latency.total",
    "longer-answers": "tokens.output",
    "refusals": "refusals",
    "broken-json": "checks of invoice-json",
    "outage": "failures",
}
EXPLAINED = {
    "model-swap": "so: route moved, which explains answers",
    "longer-answers": "so: tokens.output moved, which explains answers",
    "refusals": "so: refusals moved, which explains answers",
    "broken-json": "so: answers of invoice-json moved, which explains checks of invoice-json",
}
"""What the other streams follow from. Of the rest, timing decides what alarms first."""


@pytest.mark.paced
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_demo_finds_and_names_the_change_and_writes_the_report(tmp_path: Path, scenario: str) -> None:
    done = Workplace(folder=tmp_path).run("demo", "--scenario", scenario)
    assert done.returncode == 0, done.stdout + done.stderr
    found = done.stdout.partition("4. Found, and named:")[2]
    assert f"   {NAMED[scenario]}: " in found
    assert EXPLAINED.get(scenario, "") in found
    page = Path(done.stdout.rpartition("The report: ")[2].strip())
    assert page.is_relative_to(tmp_path.resolve())
    assert "<html" in page.read_text(encoding="utf-8")


def test_an_unknown_scenario_is_refused(tmp_path: Path) -> None:
    done = Workplace(folder=tmp_path).run("demo", "--scenario", "earthquake")
    assert done.returncode == 2
    assert "earthquake" in done.stderr
