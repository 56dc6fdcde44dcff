"""contains, not_contains, equals, regex and similar: what they accept, what they refuse, what they say."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.check import CheckContext
from checks.finding import Status
from checks.pattern import EXAMINED_CHARS, compile_pattern
from checks.similarity import best_match, similarity
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL = Status.PASS, Status.FAIL


@pytest.mark.parametrize(
    ("entry", "answer", "status"),
    [
        ({"contains": "30 days"}, "You have 30 days.", PASS),
        ({"contains": "30 days"}, "You have 14 days.", FAIL),
        ({"contains": "30 days"}, "You have 30\u00a0days.", FAIL),
        ({"contains": ["30", "days"]}, "30 days", PASS),
        ({"contains": ["30", "weeks"]}, "30 days", FAIL),
        ({"contains": {"any": ["30", "weeks"]}}, "30 days", PASS),
        ({"contains": {"any": ["31", "weeks"]}}, "30 days", FAIL),
        ({"contains": {"all": "30", "any": ["day", "week"]}}, "30 days", PASS),
        ({"contains": {"all": "31", "any": ["day", "week"]}}, "30 days", FAIL),
        ({"contains": "DAYS"}, "30 days", FAIL),
        ({"contains": {"all": ["DAYS"], "ignore_case": True}}, "30 days", PASS),
        ({"contains": {"all": ["a.c"], "ignore_case": True}}, "ABC", FAIL),
        ({"contains": "x"}, None, FAIL),
        ({"not_contains": "error"}, "fine", PASS),
        ({"not_contains": "error"}, "an error", FAIL),
        ({"not_contains": ["bad", "error"]}, "an error", FAIL),
        ({"not_contains": {"any": ["bad", "error"]}}, "bad", FAIL),
        ({"not_contains": {"all": ["bad", "error"]}}, "bad", FAIL),
        ({"not_contains": {"all": "ERROR", "ignore_case": True}}, "an error", FAIL),
        ({"equals": "147"}, " 147\n", PASS),
        ({"equals": "147"}, "147 euros", FAIL),
        ({"equals": "Yes"}, "yes", FAIL),
        ({"equals": {"to": "Straße", "ignore_case": True}}, "STRASSE", PASS),
        ({"equals": {"to": {"a": [1, 2.50]}, "by": "json"}}, '{"a": [1.0, 2.5]}', PASS),
        ({"equals": {"to": '{"a": true}', "by": "json"}}, '{"a": 1}', FAIL),
        ({"equals": {"to": [1, 2], "by": "json"}}, "[2, 1]", FAIL),
        ({"equals": {"to": 5, "by": "json"}}, "five", FAIL),
        ({"regex": r"\b\d+ days\b"}, "in 30 days.", PASS),
        ({"regex": r"^days"}, "30\ndays", FAIL),
        ({"regex": {"pattern": r"^days", "multiline": True}}, "30\ndays", PASS),
        ({"regex": {"pattern": "DAYS", "ignore_case": True}}, "30 days", PASS),
    ],
)
def test_a_text_check_decides(entry: object, answer: str | None, status: Status) -> None:
    told = outcome(entry, answered(answer))
    assert told.status is status
    assert bool(told.reason) is (status is FAIL)


@pytest.mark.parametrize(
    ("entry", "answer", "reason"),
    [
        ({"contains": "30 days"}, "We accept returns.", "expected to contain '30 days', got 'We accept returns.'"),
        ({"contains": "30 days"}, "", "expected to contain '30 days', got ''"),
        ({"contains": ["a", "b", "c", "d", "e"]}, "x", "expected to contain 'a', 'b', 'c' and 2 more, got 'x'"),
        ({"contains": {"any": ["a", "b"]}}, "x", "expected to contain any of 'a', 'b', got 'x'"),
        ({"not_contains": "bad"}, "so bad!", "expected not to contain 'bad', got 'so bad!'"),
        ({"equals": "1"}, "a\x1b[31m\u202eb\ud800", r"expected '1', got 'a\x1b[31m\u202eb\ud800'"),
        ({"regex": "a+"}, "x\ny", r"expected a match of 'a+', got 'x\ny'"),
    ],
)
def test_a_reason_quotes_what_was_expected_and_what_came(entry: object, answer: str, reason: str) -> None:
    assert outcome(entry, answered(answer)).reason == reason


def test_a_reason_shortens_a_long_answer() -> None:
    reason = outcome({"contains": "30 days"}, answered("x" * 100_000)).reason
    assert len(reason) < 200
    assert reason.endswith("…'")


def test_spans_point_at_the_hit() -> None:
    text = "Straße: an ERROR"
    told = outcome({"not_contains": {"all": "error", "ignore_case": True}}, answered(text))
    assert told.span is not None
    assert text[slice(*told.span)] == "ERROR"
    assert outcome({"regex": r"\d+"}, answered("in 30 days")).span == (3, 5)


@given(st.text(min_size=1, max_size=20), st.text(max_size=50), st.text(max_size=50))
def test_contains_finds_what_is_there_and_not_contains_is_its_opposite(text: str, before: str, after: str) -> None:
    answer = answered(before + text + after)
    assert outcome({"contains": text}, answer).status is PASS
    assert outcome({"not_contains": text}, answer).status is FAIL
    other = answered(before)
    assert (outcome({"contains": text}, other).status is PASS) is (
        outcome({"not_contains": text}, other).status is FAIL
    )


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a*)*", r"(\w+\s?)*!", r"(\s*\w+)*$", "((a+)|b)+c", r"(?:[^\"]+|\\.)*x"]
)
def test_a_pattern_that_repeats_a_repetition_is_refused(pattern: str) -> None:
    told = problem({"regex": pattern})
    assert "repeats something that already repeats" in told.message
    assert told.path == ("regex",)


@pytest.mark.parametrize(
    "pattern", [r"(\d+,)*\d+", r"(\w+\s+)*end", r"(?>a+)+$", r"(a|b)+c", r"(ab?)+", r"a{2,5}b*", "(a++)+b"]
)
def test_a_harmless_repetition_is_accepted(pattern: str) -> None:
    assert compile_pattern(pattern).compiled.pattern == pattern


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2,1}", "(?P<a>x)(?P<a>y)", "[[a]"])
def test_a_pattern_that_does_not_compile_is_refused(pattern: str) -> None:
    assert "is not a regular expression" in problem({"regex": pattern}).message


@pytest.mark.parametrize(
    ("pattern", "degree"),
    [
        ("refund", 1),
        (r"\b\d{1,3} days\b", 1),
        (r"\d+\s*days", 2),
        (r"\d+ (days|weeks) or [a-z]+", 2),
        (r"^\d{4}-\d\d-\d\d$", 1),
        (r"\A.*a.*", 2),
        ("(?m)^.*a", 2),
        ("a.*b.*c", 3),
        ("(a.*|b)(c.*|d)", 3),
        (r"[^,]+,[^,]+,[^,]+", 4),
        (".*a.*b.*c", 4),
        ("a(?>.*)b(?>.*)c", 1),
        ("a.*+b.*+c", 1),
        ("(?i)a.{0,999}b.{0,999}c", 3),
        ("(?=.*a)b.*", 3),
        (r"Step \d+:.*Step \d+:.*Step \d+:", 6),
    ],
)
def test_the_dearer_a_pattern_the_less_of_an_answer_it_sees(pattern: str, degree: int) -> None:
    assert compile_pattern(pattern).chars == EXAMINED_CHARS[degree]


@pytest.mark.parametrize("pattern", ["a.*b.*c.*d.*e.*f.*g", r"\w+\w+\w+\w+\w+\w+x"])
def test_a_pattern_that_takes_hours_is_refused(pattern: str) -> None:
    assert "too many repetitions" in problem({"regex": pattern}).message


def test_only_the_beginning_of_a_very_long_answer_is_searched() -> None:
    most = EXAMINED_CHARS[1]
    assert compile_pattern("b").find("a" * most + "b") is None
    assert compile_pattern("a$").find("a" * most + "b") is None
    assert compile_pattern("a$").find("a" * most) == (most - 1, most)
    assert "first 20000 characters" in outcome({"regex": "b"}, answered("a" * 30_000)).reason


def test_similarity_ignores_case_and_white_space_and_lies_between_0_and_1() -> None:
    assert similarity("You  have 30\ndays", "you have 30 days") == 1.0
    assert similarity("", "") == 1.0
    assert similarity("abc", "xyz") == 0.0
    assert 0.8 < similarity("You have 30 days.", "You have 14 days.") < 0.95


def test_token_set_forgives_order_and_extra_words_but_not_missing_ones() -> None:
    expected = "refund within 30 days of purchase"
    assert similarity("of purchase days 30 within refund", expected, "token_set") == 1.0
    assert similarity(f"Well, as you asked: {expected}, that is all", expected, "token_set") > 0.8
    assert similarity("refund", expected, "token_set") < 0.5
    assert similarity("", expected, "token_set") == 0.0


def test_partial_finds_the_text_inside_a_longer_answer_but_no_fragment_of_it() -> None:
    expected = "within 30 days"
    assert similarity(f"You can return it {expected} of delivery.", expected, "partial") == 1.0
    assert similarity("3", expected, "partial") < 0.3
    assert similarity("", expected, "partial") == 0.0


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["ratio", "token_set", "partial"]))
def test_every_measure_is_a_share_and_1_for_the_same_text(left: str, right: str, by: str) -> None:
    assert 0.0 <= similarity(left, right, by) <= 1.0  # type: ignore[arg-type]
    assert similarity(left, left, by) == 1.0  # type: ignore[arg-type]


def test_similar_counts_the_best_of_several_texts() -> None:
    assert best_match("b c", ["x", "b c", "b d"]) == (1.0, "b c")
    assert outcome({"similar": ["no way", "You have 30 days."]}, answered("You have 30 days")).status is PASS


def test_similar_says_how_alike_and_to_what() -> None:
    told = outcome({"similar": {"to": "You have 30 days.", "at_least": "95%"}}, answered("You have 14 days."))
    assert told.status is FAIL
    assert told.reason == "similarity 0.88, expected at least 0.95 to 'You have 30 days.', got 'You have 14 days.'"


def test_similar_to_the_baseline_is_skipped_while_there_is_none() -> None:
    entry = {"similar": {"to": "baseline", "at_least": 0.9}}
    told = outcome(entry, answered("30 days"))
    assert (told.status, told.reason) == (Status.SKIPPED, "there is no baseline answer to compare with yet")
    known = CheckContext(baseline_answers=("14 days", "30 days", "30 days"))
    assert outcome(entry, answered("30 days"), known).status is PASS
    assert outcome(entry, answered("something else"), known).status is FAIL


def test_long_texts_are_compared_in_bounded_time() -> None:
    began = time.perf_counter()
    outcome({"similar": {"to": "ab c" * 500, "by": "partial"}}, answered("abc d" * 200_000))
    outcome({"similar": "ab c" * 100_000}, answered("abc d" * 200_000))
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("check", ["contains", "starts_with", "ends_with", "blocklist", "not_contains", "injection"])
@pytest.mark.parametrize(
    ("wanted", "answer"),
    [("straße", "STRASSE"), ("STRASSE", "straße"), ("ΟΔΟΣ", "οδος"), ("ﬁne", "FINE"), ("istanbul", "İSTANBUL")],
)
def test_ignored_case_is_unicode_case_folding(check: str, wanted: str, answer: str) -> None:
    mapping = {"any": wanted, "ignore_case": True}
    told = outcome({check: wanted if check in ("blocklist", "injection") else mapping}, answered(answer))
    assert told.status is (Status.PASS if check in ("contains", "starts_with", "ends_with") else Status.FAIL)


def test_a_place_found_by_case_folding_is_given_in_the_answer_itself() -> None:
    answer = "ßß, die Große STRAßE ﬁn"
    for check in ({"not_contains": {"any": "strasse", "ignore_case": True}}, {"blocklist": "strasse"}):
        told = outcome(check, answered(answer))
        assert told.span is not None and answer[slice(*told.span)] == "STRAßE"
    assert (
        outcome({"occurs": {"text": "SS", "max": 2, "ignore_case": True}}, answered("Maß, Fuss")).status is Status.PASS
    )
    assert outcome({"contains": {"any": "s", "ignore_case": True}}, answered("ß")).status is Status.FAIL


@pytest.mark.parametrize("check", ["contains", "starts_with", "ends_with", "equals"])
def test_where_only_the_unicode_form_differs_the_reason_says_so(check: str) -> None:
    told = outcome({check: "caf\u00e9"}, answered("cafe\u0301"))
    assert told.status is Status.FAIL
    assert told.reason.endswith(" (the same letters in another Unicode form)")
    assert "Unicode" not in outcome({check: "caf\u00e9"}, answered("cafe")).reason
