"""Rules and dashboard under ``deploy/``: Prometheus' own tools take them, and every metric they name exists."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reports.metrics.table import FAMILIES
from tests.acceptance.real import needs

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "holdfast-rules.yml"
RULES_TEST = DEPLOY / "prometheus" / "holdfast-rules.test.yml"
DASHBOARD = DEPLOY / "grafana" / "holdfast-dashboard.json"
TABLE = {family.name: family for family in FAMILIES}
FROM_THE_SCRAPE = {"job", "instance"}
FROM_THE_PROCESS = {
    f"process_{name}" for name in ("resident_memory_bytes", "cpu_seconds_total", "open_fds", "start_time_seconds")
}
GRAFANA = {"$__rate_interval": "5m", "$suite": ".*", "$endpoint": ".*"}
MOST_COLUMNS = 24


def yaml(path: Path) -> Any:
    """A parsed file."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    """All rules of the shipped file."""
    return [rule for group in yaml(RULES)["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The shipped dashboard."""
    parsed: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return parsed


def plain(expression: str) -> str:
    """An expression of the dashboard as Prometheus gets it."""
    for variable, value in GRAFANA.items():
        expression = expression.replace(variable, value)
    return expression


def queries() -> list[str]:
    """Every expression of the dashboard."""
    board = dashboard()
    told = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    notes = [entry["expr"] for entry in board["annotations"]["list"]]
    return [plain(expression) for expression in (*told, *notes)]


def choices() -> list[tuple[str, str]]:
    """Metric and label of every list that the reader of the dashboard chooses from."""
    told = [plain(variable.get("definition", "")) for variable in dashboard()["templating"]["list"]]
    return [(metric, label) for text in told for metric, label in re.findall(r"^label_values\((.+), (\w+)\)$", text)]


def series_in(text: str) -> list[str]:
    """What looks like a metric of ours, with the suffixes of histograms taken off."""
    names = re.findall(r"(?<![\w:])(?:holdfast|process)_[a-z0-9_]+", text)
    return [_family(name) for name in names]


def _family(name: str) -> str:
    bare = re.sub(r"_(bucket|count|sum)$", "", name)
    return bare if bare in TABLE and TABLE[bare].kind == "histogram" else name


def labels_in(text: str) -> list[tuple[str, str]]:
    """Each label that is asked of a metric of ours, with that metric."""
    found = re.findall(r"(?<![\w:])(holdfast_[a-z0-9_]+)\{([^}]*)\}", text)
    return [(_family(name), label) for name, inner in found for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inner)]


@pytest.mark.parametrize("path", [RULES, RULES_TEST, DASHBOARD], ids=lambda path: path.name)
def test_every_metric_and_label_that_is_asked_for_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace('\\"', '"')
    named = series_in(text)
    assert named
    assert set(named) - TABLE.keys() <= FROM_THE_PROCESS
    asked = [(name, label) for name, label in labels_in(text) if label not in FROM_THE_SCRAPE | {"le"}]
    assert asked
    assert [(name, label) for name, label in asked if label not in TABLE[name].labels] == []


def test_recorded_series_that_rules_use_are_recorded() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    used = {name for rule in rules() for name in re.findall(r"\b\w+:[\w:]+", rule["expr"])}
    assert used
    assert used <= recorded


def test_every_alert_says_what_is_so_and_what_it_means_and_is_a_page_or_a_ticket() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len(alerts) == 17
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "description"} <= alert["annotations"].keys()


def test_every_alert_is_shown_firing_and_not_firing_by_the_rules_own_tests() -> None:
    cases = [case for test in yaml(RULES_TEST)["tests"] for case in test.get("alert_rule_test", ())]
    firing = {case["alertname"] for case in cases if case["exp_alerts"]}
    alerts = {rule["alert"] for rule in rules() if "alert" in rule}
    assert firing == alerts
    silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert alerts == silent


@pytest.mark.real
def test_promtool_takes_the_rules_and_the_example_and_the_rules_pass_their_tests() -> None:
    promtool, folder = needs("HOLDFAST_PROMTOOL", "promtool"), DEPLOY / "prometheus"
    for words in (["check", "config", "prometheus.yml"], ["test", "rules", RULES_TEST.name]):
        done = subprocess.run([promtool, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "SUCCESS" in done.stdout


@pytest.mark.real
def test_promtool_parses_every_query_of_the_dashboard(tmp_path: Path) -> None:
    promtool = needs("HOLDFAST_PROMTOOL", "promtool")
    entries = [{"record": f"dashboard:query:{number}", "expr": query} for number, query in enumerate(queries())]
    file = tmp_path / "queries.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": entries}]}), encoding="utf-8")
    done = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(entries)} rules found" in done.stdout


# ------------------------------------------------------------------------------------------------ dashboard
def test_panels_have_ids_of_their_own_and_do_not_cover_one_another() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= MOST_COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells


def test_the_dashboard_asks_the_data_source_that_its_reader_chooses() -> None:
    board = dashboard()
    names = {variable["name"] for variable in board["templating"]["list"]}
    assert {"datasource", "suite", "endpoint"} == names
    shown = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert shown
    assert {panel["datasource"]["uid"] for panel in shown} == {"${datasource}"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(board)))
    assert used - {"__rate_interval", "__all"} <= names


def test_the_dashboard_shows_every_metric_but_those_of_the_build() -> None:
    shown = set(series_in(" ".join(queries())))
    left_out = {"holdfast_build_info", "holdfast_last_run_timestamp_seconds", "holdfast_last_run_duration_seconds"}
    left_out |= {"holdfast_spent_today_tokens", "holdfast_spend_cap_tokens", "holdfast_suite_loads_total"}
    left_out |= {"holdfast_heartbeat_interval_seconds", "holdfast_heartbeat_taken_timestamp_seconds"}  # for a rule
    left_out |= {"holdfast_schedule_gap_seconds"}  # for a rule
    assert TABLE.keys() - shown == left_out
