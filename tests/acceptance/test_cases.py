"""Cases from a file, end to end: asked, stored, cut by label, chosen by family, and told without the file."""

from __future__ import annotations

import re
from pathlib import Path

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

SUITE = """version: 1
suite: orders
endpoints:
  production: {{base_url: "{url}", model: m}}
probes:
  - id: orders
    prompt: "{{{{ question }}}}"
    cases: {{file: orders.csv, id: case, labels: [locale]}}
    checks:
      - contains: "{{{{ expected }}}}"
  - id: plain
    prompt: Hello?
"""


def rows(bad: str) -> str:
    """Ten questions a locale; what those of one locale expect never comes."""
    lines = [
        f"{locale}{number},Question {number} in {locale}?,{'never said' if locale == bad else ''},{locale}"
        for locale in ("de", "en", "fr")
        for number in range(10)
    ]
    header = "case,question,expected,locale"
    return "\n".join([header, *(line.replace(",,", ",e,") for line in lines)]) + "\n"


def test_cases_of_a_file_are_asked_cut_by_label_and_told_when_the_file_is_gone(
    tmp_path: Path, endpoint: RunningEndpoint
) -> None:
    (tmp_path / "orders.yaml").write_text(SUITE.format(url=endpoint.base_url), encoding="utf-8")
    (tmp_path / "orders.csv").write_text(rows(bad="de"), encoding="utf-8")
    place = Workplace(folder=tmp_path)
    whole = place.json("run", "orders.yaml")["runs"][0]
    assert [probe["probe"] for probe in whole["probes"]][:2] == ["orders/de0", "orders/de1"]
    worst = whole["cohorts"][0]
    assert (worst["label"], worst["value"], worst["worse"]) == ("locale", "de", True)
    assert worst["probes_passed"] == {"passed": 0, "total": 10}
    assert worst["others_passed"]["total"] == 20
    family = [cohort for cohort in whole["cohorts"] if cohort["label"] == "probe family"]
    assert [(cohort["value"], cohort["probes"]) for cohort in family] == [("orders", 30)]

    part = place.json("run", "orders.yaml", "--probe", "orders/en3")["runs"][0]
    assert [probe["probe"] for probe in part["probes"]] == ["orders/en3"]
    part = place.json("run", "orders.yaml", "--probe", "orders", "--label", "locale=fr")["runs"][0]
    assert len(part["probes"]) == 10

    (tmp_path / "orders.csv").unlink()
    shown = place.run("show", "orders.yaml", "--run", whole["run_id"])
    told = " ".join(shown.stdout.split())  # lines are folded where they happen to be full
    assert "locale=de: 0 of 10 probes passed, all others 20 of 20" in told, shown.stderr
    assert place.run("replay", "orders.yaml").returncode == 0
    assert place.run("report", "orders.yaml", "--run", whole["run_id"], "--output", "page.html").returncode == 0
    assert '<h2 id="cohorts">By label</h2>' in (tmp_path / "page.html").read_text(encoding="utf-8")
    refused = place.run("run", "orders.yaml")
    assert refused.returncode == 2
    assert "orders.yaml:8:19: 'orders.csv' cannot be read: there is no such file" in refused.stderr


def test_a_captured_baseline_knows_each_case_whatever_its_file_is_called(
    tmp_path: Path, endpoint: RunningEndpoint
) -> None:
    (tmp_path / "orders.yaml").write_text(SUITE.format(url=endpoint.base_url), encoding="utf-8")
    (tmp_path / "orders.csv").write_text(rows(bad=""), encoding="utf-8")
    place = Workplace(folder=tmp_path)
    captured = place.run("baseline", "capture", "orders.yaml", "--rounds", "5", "--reason", "first week")
    assert captured.returncode == 0, captured.stderr
    reordered = rows(bad="").splitlines(keepends=True)
    (tmp_path / "renamed.csv").write_text("".join([reordered[0], *reversed(reordered[1:])]), encoding="utf-8")
    text = (tmp_path / "orders.yaml").read_text(encoding="utf-8").replace("orders.csv", "renamed.csv")
    (tmp_path / "orders.yaml").write_text(text, encoding="utf-8")
    run = place.json("run", "orders.yaml", "--report", "pages")["runs"][0]
    sizes = {stream["scope"]: stream["baseline_size"] for stream in run["drift"] if stream["stream"] == "answers"}
    assert sizes["orders/de0"] >= 5  # a new history would begin with this run
    page = (tmp_path / "pages" / "orders-production.html").read_text(encoding="utf-8")
    assert re.search(r"before (\d+) of \1, 100%", page)
