"""starts_with, ends_with, occurs, length, edit_distance and contains with none: what they decide and what they say."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Status
from checks.sentences import line_count, sentence_count, sentence_spans, word_count
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR = Status.PASS, Status.FAIL, Status.ERROR


@pytest.mark.parametrize(
    ("entry", "answer", "status"),
    [
        ({"contains": {"all": "30 days", "none": "14 days"}}, "30 days", PASS),
        ({"contains": {"all": "30 days", "none": ["x", "14 days"]}}, "30 days, not 14 days", FAIL),
        ({"contains": {"none": "ERROR", "ignore_case": True}}, "an error", FAIL),
        ({"contains": {"none": "error"}}, None, PASS),
        ({"starts_with": "Dear"}, "\n Dear customer", PASS),
        ({"starts_with": {"any": "Dear", "trim": False}}, " Dear customer", FAIL),
        ({"starts_with": "Dear"}, "dear customer", FAIL),
        ({"starts_with": {"any": ["Hi", "DEAR"], "ignore_case": True}}, "dear customer", PASS),
        ({"starts_with": {"any": "a.c", "ignore_case": True}}, "ABC", FAIL),
        ({"starts_with": "Dear customer"}, "Dear", FAIL),
        ({"starts_with": "x"}, None, FAIL),
        ({"ends_with": "team."}, "Your team.\n", PASS),
        ({"ends_with": {"any": "team.", "trim": False}}, "Your team.\n", FAIL),
        ({"ends_with": [".", "!"]}, "Yes!", PASS),
        ({"ends_with": [".", "!"]}, "Yes", FAIL),
        ({"ends_with": {"any": "YES", "ignore_case": True}}, "oh yes", PASS),
        ({"ends_with": "long text"}, "text", FAIL),
        ({"occurs": "30 days"}, "30 days", PASS),
        ({"occurs": "30 days"}, "14 days", FAIL),
        ({"occurs": {"text": "aa", "min": 2, "max": 2}}, "aaaa", PASS),
        ({"occurs": {"text": "a", "max": 0}}, "bbb", PASS),
        ({"occurs": {"text": "art", "max": 0, "whole_words": True}}, "a party", PASS),
        ({"occurs": {"text": "SORRY", "max": 1, "ignore_case": True}}, "sorry, so sorry", FAIL),
        ({"occurs": {"pattern": r"\[\d+\]", "min": 2}}, "this [1] and that [2]", PASS),
        ({"occurs": {"pattern": r"\[\d+\]", "min": 3}}, "this [1] and that [2]", FAIL),
        ({"length": 5}, " 12345 \n", PASS),
        ({"length": 5}, "123456", FAIL),
        ({"length": {"words": {"min": 2, "max": 3}}}, "one two - three", PASS),
        ({"length": {"words": {"min": 2}}}, "one", FAIL),
        ({"length": {"words": 3, "sentences": 1}}, "One. Two.", FAIL),
        ({"length": {"lines": {"min": 2, "max": 2}}}, "a\n\nb\n", PASS),
        ({"length": {"characters": {"min": 1}}}, " \n", FAIL),
        ({"edit_distance": "You have 30 days."}, "You have 14 days.", PASS),
        ({"edit_distance": {"to": "You have 30 days.", "max": 1}}, "You have 14 days.", FAIL),
        ({"edit_distance": {"to": ["Sydney", "Canberra"], "max": 0}}, " Canberra\n", PASS),
        ({"edit_distance": {"to": "canberra", "max": 0, "ignore_case": True}}, "CANBERRA", PASS),
        ({"edit_distance": "Canberra"}, None, FAIL),
    ],
)
def test_a_check_of_parts_decides(entry: object, answer: str | None, status: Status) -> None:
    told = outcome(entry, answered(answer))
    assert told.status is status, told.reason
    assert bool(told.reason) is (status is not PASS)


@pytest.mark.parametrize(
    ("entry", "answer", "reason"),
    [
        ({"contains": {"none": "bad"}}, "so bad!", "expected not to contain 'bad', got 'so bad!'"),
        ({"starts_with": "Dear"}, "Hello", "expected to start with 'Dear', got 'Hello'"),
        ({"starts_with": ["Dear", "Hi"]}, "Hello", "expected to start with one of 'Dear', 'Hi', got 'Hello'"),
        ({"ends_with": "."}, "Yes\n", "expected to end with '.', got 'Yes'"),
        ({"ends_with": "."}, "x" * 90, f"expected to end with '.', got …'{'x' * 80}'"),
        ({"occurs": {"text": "a", "max": 1}}, "a b a", "expected at most 1 of 'a', found 2 in 'a b a'"),
        ({"occurs": {"text": "a", "min": 2, "max": 2}}, "a", "expected exactly 2 of 'a', found 1 in 'a'"),
        ({"length": {"words": {"min": 2, "max": 3}}}, "one", "expected 2 to 3 words, got 1: 'one'"),
        ({"length": {"sentences": 1}}, "One. Two.", "expected at most 1 sentence, got 2: 'One. Two.'"),
        (
            {"edit_distance": {"to": ["abc", "xyz"], "max": 1}},
            "abcde",
            "expected at most 1 edit from 'abc', got 2: 'abcde'",
        ),
    ],
)
def test_a_reason_says_what_was_expected_and_what_came(entry: object, answer: str, reason: str) -> None:
    assert outcome(entry, answered(answer)).reason == reason


def test_spans_show_the_end_that_came_the_unwanted_text_and_the_first_one_too_many() -> None:
    assert outcome({"ends_with": "."}, answered("Yes \n")).span == (0, 3)
    assert outcome({"contains": {"none": "bad"}}, answered("so bad!")).span == (3, 6)
    assert outcome({"occurs": {"text": "a", "max": 1}}, answered("a b a a")).span == (4, 5)


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"occurs": {"pattern": r"a", "min": 1}}, PASS),
        ({"occurs": {"pattern": r"a", "max": 10}}, FAIL),
        ({"occurs": {"pattern": r"a", "max": 50_000}}, ERROR),
        ({"occurs": {"pattern": r"b", "min": 1}}, ERROR),
        ({"occurs": {"text": "b", "min": 1}}, PASS),
    ],
)
def test_a_pattern_that_did_not_see_the_whole_answer_decides_only_what_is_certain(
    entry: object, status: Status
) -> None:
    assert outcome(entry, answered("a" * 30_000 + "b")).status is status


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("Yes", 1),
        ("One. Two! Three?", 3),
        ("Wait... what? No.", 2),
        ("It costs 1.5 euros. Version 1.2.3 is out.", 2),
        ("The total is 147. Thanks.", 2),
        ("Dr. Smith met J. Jones, e.g. Friday.", 1),
        ("See No. 5. The answer is no. Then stop.", 3),
        ("So do I. Then we left.", 2),
        ("At 5 p.m. we left.", 1),
        ('He said "Stop." Then he left.', 2),
        ("**Bold.** Next.", 2),
        ("A line that\nwraps here.", 1),
        ("A paragraph\n\nand another", 2),
        ("Intro:\n- one\n- two\n3. three", 4),
        ("1. Open it. 2. Close it.", 2),
        ("首都是堪培拉。谢谢！", 2),
    ],
)
def test_sentences_are_told_by_rules(text: str, count: int) -> None:
    assert sentence_count(text) == count
    assert all(text[start:end].strip() == text[start:end] for start, end in sentence_spans(text))


def test_words_and_lines_need_something_on_them() -> None:
    assert word_count("- one, two — it's *three*\n") == 4
    assert line_count("a\r\n \nb\n") == 2
    assert (word_count(""), line_count("")) == (0, 0)


@given(st.text(max_size=200))
def test_sentences_never_overlap_and_each_holds_a_letter_or_digit(text: str) -> None:
    spans = list(sentence_spans(text))
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert all(any(map(str.isalnum, text[start:end])) for start, end in spans)


@given(st.text(min_size=1, max_size=20), st.text(max_size=50))
def test_what_stands_at_an_edge_is_found_there(text: str, rest: str) -> None:
    assert outcome({"starts_with": {"any": text, "trim": False}}, answered(text + rest)).status is PASS
    assert outcome({"ends_with": {"any": text, "trim": False}}, answered(rest + text)).status is PASS


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"contains": {"all": "30 days", "none": "days"}}, "'30 days' is wanted, but holds 'days'"),
        ({"contains": {"ignore_case": True}}, "give all: or any: or none:"),
        ({"not_contains": {"none": "x"}}, "there is no option 'none'"),
        ({"not_contains": {"ignore_case": True}}, "give all: or any:"),
        ({"length": {}}, "nothing to count; give one of characters, words, lines, sentences"),
        ({"length": {"words": {}}}, "no limit given for words"),
        ({"length": {"words": {"min": 3, "max": 2}}}, "nothing is at least 3 and at most 2"),
        ({"length": {"pages": 3}}, "there is no option 'pages'"),
        ({"length": -1}, "greater than or equal to 0"),
        ({"occurs": {"text": "a", "pattern": "b"}}, "give either text: or pattern:"),
        ({"occurs": {"pattern": "a", "whole_words": True}}, "whole_words goes with text: only"),
        ({"occurs": {"pattern": "("}}, "is not a regular expression"),
        ({"occurs": {"text": "a", "min": 2, "max": 1}}, "nothing is at least 2 and at most 1"),
        ({"edit_distance": {"to": "a", "max": 1001}}, "less than or equal to 1000"),
        ({"starts_with": 147}, "147 is not a text; put it in quotes"),
    ],
)
def test_a_mistake_is_told(entry: object, message: str) -> None:
    assert message in problem(entry).message


def test_very_long_texts_are_compared_in_bounded_time_and_the_reason_says_what_is_certain() -> None:
    began = time.perf_counter()
    told = outcome({"edit_distance": {"to": "ab " * 300_000, "max": 1000}}, answered("ba " * 300_000))
    assert "edits from" in told.reason
    assert "got at least 1001: " in told.reason
    assert outcome({"length": {"sentences": 1}}, answered("Dr. 1. That.' " * 70_000)).status is FAIL
    assert time.perf_counter() - began < 5
