"""The Markdown summary is short, says the verdict, and brings nothing foreign to life."""

from __future__ import annotations

import re

from reports.formats import markdown
from tests.fakes.records import failing_run, healthy_run, hostile_run, unknown_run


def without_code(text: str) -> str:
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text)


def test_the_heading_is_the_verdict() -> None:
    assert markdown.render([failing_run()], exit_code=1).startswith("### ✘ FAILING: `support-bot` at `production`\n")


def test_outside_code_nothing_hostile_is_left_unescaped() -> None:
    rest = without_code(markdown.render([hostile_run()], exit_code=1))
    assert re.search(r"(?<!\\)<\w", rest) is None
    assert re.search(r"@\w", rest) is None
    assert re.search(r"(?<!\\)!?\[", rest) is None
    assert "https://" not in rest


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for block in re.findall(r"(?:^\|.*\n)+", markdown.render([failing_run(), hostile_run()], exit_code=1), re.M):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1, block


def test_a_healthy_run_needs_no_table() -> None:
    assert "| --- |" not in markdown.render([healthy_run()], exit_code=0)


def test_an_unknown_run_says_that_it_could_not_measure() -> None:
    told = markdown.render([unknown_run()], exit_code=3)
    assert "Could not measure: 3 of 3 samples failed (auth)." in told
    assert "Exit code 3." in told
