"""The contract of every report format, built in or of another package: complete, pure, and safe with hostile text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reports.formats import FORMATS, Format, formats
from reports.formats.html import render_report
from reports.summary import RunRecord
from reports.verdict_words import WITHHELD
from tests.fakes.records import NOW, a_report, failing_run, healthy_run, hostile_run, unknown_run

ALL = formats()
ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


@pytest.fixture(params=ALL)
def told(request: pytest.FixtureRequest) -> Format:
    return ALL[request.param]


def test_the_table_names_what_the_command_line_offers() -> None:
    assert list(FORMATS) == ["text", "json", "junit", "markdown"]


def test_hostile_text_is_neutralised(told: Format) -> None:
    output = told.render([hostile_run()], exit_code=1)
    assert ACTING.search(output) is None
    assert output.encode("utf-8").decode("utf-8") == output
    assert "script" in output


def test_every_run_is_told(told: Format) -> None:
    output = told.render([failing_run(), unknown_run(), healthy_run()], exit_code=1)
    words = [output.lower().count(health) for health in ("failing", "unknown", "healthy")]
    assert all(words)


def test_failure_classes_and_reasons_are_told(told: Format) -> None:
    output = " ".join(told.render([failing_run()], exit_code=1).split())
    assert "upstream connect error" in output
    assert "due_date" in output


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (replace(healthy_run(), maintenance="the cluster moves"), "maintenance window: the cluster moves"),
        (replace(unknown_run(), offline="nothing is reachable"), "own network was lost: nothing is reachable"),
    ],
    ids=["in a maintenance window", "without a network of our own"],
)
def test_why_a_run_counts_for_nothing_is_told(record: RunRecord, words: str, told: Format) -> None:
    output = told.render([record], exit_code=0)
    assert words.rpartition(": ")[2] in output
    if told not in (ALL["json"], ALL["junit"]):  # which have keys for it
        assert words in " ".join(output.split())


@pytest.mark.parametrize("name", ["maintenance", "offline"])
def test_a_page_says_why_its_run_counts_for_nothing(name: str) -> None:
    run = replace(healthy_run(), **{name: "the cluster moves"})  # type: ignore[arg-type]
    page = render_report(a_report(run), generated_at=NOW, version="0.1.0")
    assert f">{WITHHELD[name].capitalize()}: the cluster moves.<" in page


def test_the_same_runs_give_the_same_text(told: Format) -> None:
    records = [failing_run(), hostile_run()]
    assert told.render(records, exit_code=1) == told.render(records, exit_code=1)


def test_no_runs_are_no_error_and_output_ends_with_a_line_feed(told: Format) -> None:
    assert told.render([], exit_code=0).endswith("\n")
    assert told.render([healthy_run()], exit_code=0).endswith("\n")


def test_answers_are_not_printed(told: Format) -> None:
    """Answer texts may be private: summaries carry reasons, only the page shows answers."""
    output = told.render([healthy_run()], exit_code=0)
    assert "original box" not in output
