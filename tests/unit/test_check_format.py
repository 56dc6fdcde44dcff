"""format: which answers have a shape, and what is said of the first piece that does not fit."""

from __future__ import annotations

import time

import pytest

from checks.finding import Status
from checks.markdown_signs import first_sign
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL = Status.PASS, Status.FAIL


@pytest.mark.parametrize(
    ("shape", "answer", "status"),
    [
        ("one_sentence", "You have 30 days, e.g. until May.", PASS),
        ("one_sentence", "You have 30 days. Keep the receipt.", FAIL),
        ("one_sentence", "...", FAIL),
        ("one_line", "\nOne line. Two sentences.\n", PASS),
        ("one_line", "One\nTwo", FAIL),
        ("bullet_list", "- one\n\n* two\n  and more\n• three", PASS),
        ("bullet_list", "Here you are:\n- one", FAIL),
        ("bullet_list", "- one\nThat is all.", FAIL),
        ("bullet_list", "1. one\n2. two", FAIL),
        ("bullet_list", "-one", FAIL),
        ("numbered_list", "1. one\n   more\n2) two", PASS),
        ("numbered_list", "- one", FAIL),
        ("markdown", "# Title", PASS),
        ("markdown", "This is **bold**.", PASS),
        ("markdown", "Plain text.", FAIL),
        ("plain", "Plain text: 2*3*4, snake_case_name, a < b, #1, 5 * 3.", PASS),
        ("plain", "See [here](https://example.com).", FAIL),
        ("plain", "Use `pip`.", FAIL),
        ("plain", "This is *important*.", FAIL),
        ("plain", "This is _important_.", FAIL),
        ("plain", "1. one", FAIL),
        ("plain", "a | b\n--- | ---\n1 | 2", FAIL),
        ("plain", "> quoted", FAIL),
        ("no_preamble", '{"a": 1} That is all.', PASS),
        ("no_preamble", " ```python\nx = 1\n```", PASS),
        ("no_preamble", "<svg></svg>", PASS),
        ("no_preamble", 'Here is the JSON: {"a": 1}', FAIL),
        ("no_preamble", '[Note] {"a": 1}', FAIL),
        ("no_preamble", '{"a": 1', FAIL),
        ("json_only", ' {"a": 1}\n', PASS),
        ("json_only", '```json\n{"a": 1}\n```', FAIL),
        (["one_line", "plain"], "Plain.", PASS),
        (["one_line", "plain"], "**Bold.**", FAIL),
        ("plain", "", FAIL),
        ("one_line", None, FAIL),
    ],
)
def test_a_shape_is_there_or_not(shape: object, answer: str | None, status: Status) -> None:
    told = outcome({"format": shape}, answered(answer))
    assert told.status is status, told.reason
    assert bool(told.reason) is (status is FAIL)


@pytest.mark.parametrize(
    ("shape", "answer", "piece", "reason"),
    [
        ("one_sentence", "One. Two. Three.", "Two.", "expected one sentence, but another follows: 'Two.'"),
        ("one_line", "One\n\nTwo\n", "Two", "expected one line, but another follows: 'Two'"),
        ("bullet_list", "- one\nand", "and", "expected a bullet list and nothing else, got 'and'"),
        ("plain", "a **b** c", "**b**", "expected plain text without Markdown, got bold text: '**b** c'"),
        (
            "no_preamble",
            'Sure!\n{"a": 1}',
            "Sure!",
            "expected to begin with JSON, a tag or a code fence, got 'Sure!'",
        ),
    ],
)
def test_the_first_piece_that_does_not_fit_is_shown(shape: str, answer: str, piece: str, reason: str) -> None:
    told = outcome({"format": shape}, answered(answer))
    assert told.span is not None
    assert answer[slice(*told.span)] == piece
    assert told.reason == reason


def test_the_sign_of_markdown_that_stands_first_is_told() -> None:
    sign = first_sign("a `b` and **c**\n# d")
    assert sign is not None
    assert (sign.words, sign.span) == ("inline code", (2, 5))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("haiku", "should be 'one_sentence'"),
        ([], "must not be empty"),
        (["plain", "bullet_list"], "no answer is both plain and bullet_list"),
    ],
)
def test_an_impossible_shape_is_refused(shape: object, message: str) -> None:
    assert message in problem({"format": shape}).message


@pytest.mark.parametrize("unit", ["**a", "_a ", "`a\n", "[a](b", "| ---", "\n- a", "``` ", "a. ", ".'"])
def test_hostile_markdown_takes_no_time(unit: str) -> None:
    answer = answered(unit * (500_000 // len(unit)))
    began = time.perf_counter()
    for shape in ("plain", "one_sentence", "bullet_list", "no_preamble"):
        assert outcome({"format": shape}, answer).status in (PASS, FAIL)
    assert time.perf_counter() - began < 5
