"""What is stored is read without what was needed to ask: attached files gone, the first run without a before."""

from __future__ import annotations

from pathlib import Path

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

SUITE = """version: 1
suite: receipts
endpoints:
  production: {{base_url: "{base_url}", model: support-bot}}
probes:
  - id: total
    prompt: {prompt}
    files: [receipt.txt]
    checks: [{{not_contains: never said}}]
"""


def suite_in(place: Workplace, endpoint: RunningEndpoint, prompt: str = "What is the total?") -> None:
    (place.folder / "suite.yaml").write_text(SUITE.format(base_url=endpoint.base_url, prompt=prompt), encoding="utf-8")
    (place.folder / "receipt.txt").write_text("Total: 147 euros", encoding="utf-8")


def page_of(place: Workplace) -> str:
    done = place.run("report", "suite.yaml", "--output", "page.html")
    assert done.returncode == 0, done.stderr
    return Path(place.folder / "page.html").read_text(encoding="utf-8")


def test_show_report_and_replay_need_no_attached_file_and_run_and_validate_do(
    place: Workplace, endpoint: RunningEndpoint
) -> None:
    suite_in(place, endpoint)
    assert place.run("run", "suite.yaml").returncode == 0
    (place.folder / "receipt.txt").unlink()
    asked = len(endpoint.requests)
    for command in ("show", "report", "replay"):
        done = place.run(command, "suite.yaml")
        assert done.returncode == 0, done.stderr
    for command in ("run", "validate"):
        done = place.run(command, "suite.yaml")
        assert done.returncode == 2
        assert "suite.yaml:8:13: 'receipt.txt' cannot be attached: there is no such file" in done.stderr
    assert len(endpoint.requests) == asked


def test_the_first_run_has_no_before_and_the_second_has_the_first(place: Workplace, endpoint: RunningEndpoint) -> None:
    suite_in(place, endpoint)
    assert place.run("run", "suite.yaml").returncode == 0
    assert "Before and now" not in page_of(place)
    assert place.run("run", "suite.yaml").returncode == 0
    second = page_of(place)
    assert "Before and now" in second and "<dd>1 run" in second


def test_a_run_says_once_that_a_question_changed(place: Workplace, endpoint: RunningEndpoint) -> None:
    suite_in(place, endpoint)
    assert place.run("run", "suite.yaml").returncode == 0
    suite_in(place, endpoint, prompt="What is the sum?")
    told = "the question of total changed: it is learned anew"
    done = place.run("run", "suite.yaml", "--format", "markdown")
    assert done.returncode == 0 and told in done.stdout
    assert place.json("show", "suite.yaml")["runs"][0]["note"] == told
    assert told in " ".join(place.run("show", "suite.yaml").stdout.split())
    assert told in page_of(place)
    assert told not in " ".join(place.run("run", "suite.yaml").stdout.split())
