"""The log of a real daemon: JSON lines that tell their run and trace, text for people, and no secret in either."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import HOLDFAST, Workplace
from tests.acceptance.daemon_process import SUITE, eventually

OF_A_RUN = frozenset({"run", "sample", "sample_failed"})
KEY = "sk-planted-4711"


@pytest.fixture
def daemon_place(place: Workplace) -> Workplace:
    """A folder with two suites that ask the same questions."""
    suites = place.folder / "suites"
    suites.mkdir()
    for name in ("watched", "beside"):
        text = SUITE.partition("alerts:")[0].replace("suite: watched", f"suite: {name}")
        (suites / f"{name}.yaml").write_text(text, encoding="utf-8")
    return place


def log_of(place: Workplace, *options: str, until: str, times: int) -> str:
    """What a daemon logs until something stands there several times."""
    log = place.folder / "daemon.log"
    with log.open("w", encoding="utf-8") as sink:
        words = [str(HOLDFAST), "daemon", "suites", "--listen", "127.0.0.1:0", *options]
        process = subprocess.Popen(words, cwd=place.folder, env=place.full_environ(), stderr=sink)
        try:
            eventually(lambda: log.read_text(encoding="utf-8").count(until) >= times, f"{until} x{times}")
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(5)
    return log.read_text(encoding="utf-8")


def documented() -> set[str]:
    """The events of the docs."""
    page = (Path(__file__).parents[2] / "docs" / "logs.md").read_text(encoding="utf-8")
    return {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}


def test_every_line_about_a_run_tells_it_while_several_are_out_and_no_answer_or_key_is_in_the_log(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    text = log_of(daemon_place, "--log-level", "debug", until='"event": "run"', times=4)
    lines = [json.loads(line) for line in text.splitlines()]
    told = [line for line in lines if line["event"] in OF_A_RUN]
    suites: dict[str, set[str]] = {}
    for line in told:
        suites.setdefault(line["run_id"], set()).add(line["suite"])
    assert all(len(names) == 1 for names in suites.values())
    assert {name for names in suites.values() for name in names} == {"watched", "beside"}
    samples = [line for line in told if line["event"] != "run"]
    assert len({line["trace_id"] for line in samples}) == len(samples) > 0
    assert {line["event"] for line in lines} <= documented()
    assert KEY not in text and "Canberra" not in text and "Extract total" not in text


def test_the_text_for_people_holds_no_json_and_no_escape_where_it_goes_to_a_file(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    endpoint.set_scenario("outage")
    text = log_of(daemon_place, "--log-format", "text", "--log-level", "warning", until="sample_failed", times=2)
    assert "\x1b" not in text and KEY not in text
    lines = text.splitlines()
    assert all("[warning" in line or "[error" in line for line in lines)
    failed = next(line for line in lines if "sample_failed" in line)
    assert "trace_id=" in failed and "run_id=" in failed and "class=" in failed


@pytest.mark.parametrize("option", [("--log-format", "xml"), ("--log-level", "loud")])
def test_a_form_or_level_that_there_is_not_is_refused(daemon_place: Workplace, option: tuple[str, str]) -> None:
    done = daemon_place.run("daemon", "suites", *option)
    assert done.returncode == 2
    assert f"{option[0]} is " in done.stderr and repr(option[1]) in done.stderr
