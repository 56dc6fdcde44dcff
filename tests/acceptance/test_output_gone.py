"""Whole commands whose output has nowhere to go: a reader that left, and a disk that is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Workplace

SUITE = """
version: 1
suite: bot
endpoints:
  production: {protocol: openai-chat, base_url: "${HOLDFAST_BASE_URL}", model: m, api_key: "${HOLDFAST_API_KEY}"}
probes:
  - {id: p, prompt: Hello, checks: [{contains: what no answer says}]}
"""
FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="no device here takes nothing")


@pytest.fixture
def told(place: Workplace) -> Workplace:
    """A place where one run is stored whose verdict is 1."""
    (place.folder / "s.yaml").write_text(SUITE, encoding="utf-8")
    assert place.run("run", "s.yaml").returncode == 1
    return place


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("run s.yaml", 1),
        ("run --format json s.yaml", 1),
        ("show bot", 1),
        ("validate s.yaml", 0),
        ("store stats", 0),
        ("alerts", 0),
        ("--help", 0),
    ],
)
def test_a_reader_that_left_changes_no_exit_code_and_is_told_nothing(told: Workplace, command: str, code: int) -> None:
    done = told.bash(f'"$0" {command} > >(exec true); echo "code $?"')
    assert (done.stdout, done.stderr) == (f"code {code}\n", "")


def test_a_reader_of_both_outputs_that_left_changes_no_exit_code(told: Workplace) -> None:
    done = told.bash('f() { "$0" run s.yaml --report pages 2>&1; echo "code $?" >&3; }; f "$0" 3>&2 | true')
    assert done.stderr == "code 1\n"


@full_disk
@pytest.mark.parametrize("command", ["run s.yaml", "run --format json s.yaml", "alerts", "store stats", "schema"])
def test_a_disk_that_takes_no_output_is_said_and_is_no_bug(told: Workplace, command: str) -> None:
    done = told.bash(f'"$0" {command} > /dev/full')
    assert done.stderr == "holdfast: the output could not be written: No space left on device\n"
    assert done.returncode == 3


@full_disk
def test_a_verdict_stands_where_only_what_is_said_beside_it_cannot_be_written(told: Workplace) -> None:
    done = told.bash('"$0" run s.yaml --report pages 2> /dev/full')
    assert done.returncode == 1 and "FAILING" in done.stdout
