"""The terminal text: verdict first, plain without colour, nothing from an endpoint interpreted."""

from __future__ import annotations

import re

from reports.formats import text
from tests.fakes.records import a_run, failing_run, healthy_run, hostile_run, unknown_run


def test_the_first_line_is_the_verdict_and_the_second_is_why() -> None:
    lines = text.render([failing_run()], exit_code=1).splitlines()
    assert lines[0] == "✘ FAILING  support-bot at production"
    assert lines[1].strip().startswith("2 contracts broken; 1 policy broken")


def test_plain_text_holds_no_control_sequence() -> None:
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text.render([hostile_run()], exit_code=1)) is None


def test_colour_adds_only_colour() -> None:
    coloured = text.render([failing_run(), hostile_run()], exit_code=1, colour=True)
    plain = text.render([failing_run(), hostile_run()], exit_code=1)
    bare = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n"))
    assert coloured != plain
    assert bare == plain


def test_rich_markup_in_an_answer_is_not_interpreted() -> None:
    told = text.render([a_run(note="[bold red]not ours[/bold red] :smile:")], exit_code=0)
    assert "[bold red]not ours[/bold red] :smile:" in " ".join(told.split())


def test_lines_keep_to_the_width_except_commands_to_copy() -> None:
    for width in (60, 100, 140):
        long = [li for li in text.render([failing_run()], exit_code=1, width=width).splitlines() if len(li) > width]
        assert all(line.strip().startswith("holdfast ") for line in long), width


def test_quiet_streams_are_counted_and_not_listed() -> None:
    told = text.render([healthy_run()], exit_code=0)
    assert "7 streams quiet, 1 collecting (12 of 20 runs)" in told
    assert "refusals" not in told


def test_failures_are_told_by_class_with_a_sentence() -> None:
    told = text.render([unknown_run()], exit_code=3)
    assert re.search(
        r"3\s+auth\s+The endpoint did not accept the API key: check the variable it\s+invalid api key", told
    )


def test_no_run_is_said() -> None:
    assert text.render([], exit_code=0) == "No run took place.\n"


def test_of_several_rounds_only_the_last_is_told_whole() -> None:
    rounds = [a_run(run_id=f"run-{number}") for number in range(5)]
    told = text.render(rounds, exit_code=0)
    assert [line.count("run run-") for line in told.splitlines()[:4]] == [1, 1, 1, 1]
    assert told.count("Exit code") == 1
    assert "run run-4" in told
