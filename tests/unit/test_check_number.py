"""number: what counts as a number in prose, which one is meant, and what is said when it is another."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Status
from checks.numbers_in_text import DIGITS, numbers_in
from checks.rules.number import EXAMINED_CHARS
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR = Status.PASS, Status.FAIL, Status.ERROR
SUM = "7 items at 19 euros plus 14 shipping is 147 euros."


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (SUM, "7 19 14 147"),
        ("1,240.50 and 1.240,50 € and 1'240.50 CHF", "1240.50 1240.50 1240.50"),
        ("1\u202f240.5 kg, 12 345 parts", "1240.5 12 345"),
        ("1.240 or 1,240 or 1240,50", "1.240 1240 1240.50"),
        ("EUR147, $5, -$5.20, $-5, −3, +2", "147 5 -5.20 -5 -3 2"),
        ("GPT4, H2O, v1.5 and gpt-4o", "4"),
        ("1.2.3 and 10.0.0.1 but 1,2,3", "1 2 3"),
        ("on 2026-07-01 at 12:30", "2026 7 1 12 30"),
        ("5-7, 5%-7%, item-5, (−5)", "5 7 5 7 5 -5"),
        ("1e6, 1.5E-3, 5kg, 3rd, .5", "1000000 0.0015 5 3 0.5"),
        ("**147**, _148_, `149`.", "147 148 149"),
        ("٣٠ days", "30"),
        ("1_000, 1_000,500 and item_5, 6", "6"),
        ("10², 1,240², 10⁻³, 4½ but 7 m²", "7"),
        ("12,34,567 and 1,00,000.5 but 1,2,3", "1234567 100000.5 1 2 3"),
        ("5–7, 5%–7%, –3, (–4), $–5, – 6", "5 7 5 7 -3 -4 5 6"),
        ("none, seven", ""),
        ("9" * (DIGITS + 1), ""),
    ],
)
def test_numbers_are_read_with_a_decimal_point(text: str, numbers: str) -> None:
    assert [number.value for number in numbers_in(text)] == [Decimal(each) for each in numbers.split()]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.240 und 1,240 und 0,5", "1240 1.240 0.5"),
        ("1 240,50 € und 12 345 678", "1240.50 12345678"),
        ("1,240.50 und 1240.50 und 1.5", "1240.50 1240.50 1.5"),
        ("2024 147 und 1,2,3", "2024 147 1 2 3"),
        ("1.2.3", ""),
    ],
)
def test_numbers_are_read_with_a_decimal_comma(text: str, numbers: str) -> None:
    assert [number.value for number in numbers_in(text, ",")] == [Decimal(each) for each in numbers.split()]


@given(st.decimals(-(10**12), 10**12, allow_nan=False, places=2))
def test_a_number_is_found_however_it_is_written(value: Decimal) -> None:
    for written in (f"{value}", f"{value:,}"):
        (found,) = numbers_in(f"It is {written} euros.")
        assert (found.value, found.span) == (value, (6, 6 + len(written)))
    swapped = f"{value:,}".translate(str.maketrans(",.", ".,"))
    assert [found.value for found in numbers_in(f"Es sind {swapped} Euro.", ",")] == [value]


@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (147, SUM, PASS),
        (146, SUM, FAIL),
        ({"equals": 7, "which": "first"}, SUM, PASS),
        ({"equals": 147, "which": "first"}, SUM, FAIL),
        ({"equals": 19, "which": "any"}, SUM, PASS),
        ({"equals": 20, "which": "any"}, SUM, FAIL),
        ({"equals": 147, "which": "only"}, SUM, FAIL),
        ({"equals": 147, "which": "only"}, "147 euros", PASS),
        (147, "no idea", FAIL),
        (147, None, FAIL),
        (0.1, "0.10", PASS),
        (0.1, "0.1000000000000000055511151231257827", FAIL),
        ({"equals": 100, "tolerance": 1}, "101", PASS),
        ({"equals": 100, "tolerance": 1}, "101.01", FAIL),
        ({"equals": -200, "tolerance": "1%"}, "-198", PASS),
        ({"equals": -200, "tolerance": "1%"}, "-197.9", FAIL),
        ({"min": 0, "max": 100}, "100", PASS),
        ({"min": 0, "max": 100}, "100.5", FAIL),
        ({"min": 0}, "-1", FAIL),
        ({"equals": 1240.5, "decimal": ","}, "1 240,50", PASS),
        ({"min": 5}, "1e300", PASS),
    ],
)
def test_the_number_meant_decides(argument: object, answer: str | None, status: Status) -> None:
    told = outcome({"number": argument}, answered(answer))
    assert told.status is status, told.reason
    assert bool(told.reason) is (status is FAIL)


@pytest.mark.parametrize(
    ("argument", "answer", "reason"),
    [
        (146, "7 is 147.", "expected the last number to be 146, got '147' in '7 is 147.'"),
        (
            {"equals": 5, "tolerance": "10%", "which": "first"},
            "7",
            "expected the first number to be 5 ± 10%, got '7' in '7'",
        ),
        ({"min": 1, "max": 2}, "x", "expected a number at least 1 and at most 2, found none in 'x'"),
        ({"equals": 5, "which": "any"}, "7 8", "expected a number 5, found '7', '8'"),
        (
            {"equals": 5, "which": "only"},
            "1 2 3 4 5 6",
            "expected one number 5, found '1', '2', '3', '4', '5' and 1 more",
        ),
    ],
)
def test_the_reason_says_which_number_came(argument: object, answer: str, reason: str) -> None:
    assert outcome({"number": argument}, answered(answer)).reason == reason


def test_the_place_of_the_number_is_recorded_on_pass_and_fail() -> None:
    assert outcome({"number": 147}, answered(SUM)).span == (40, 43)
    assert outcome({"number": 1}, answered(SUM)).span == (40, 43)
    assert outcome({"number": {"equals": 7, "which": "only"}}, answered(SUM)).span == (11, 13)


def test_a_very_long_answer_is_judged_only_where_it_was_searched() -> None:
    long = "word " * EXAMINED_CHARS
    assert outcome({"number": 147}, answered(f"{long} 147")).status is PASS
    assert outcome({"number": 147}, answered(f"147 {long}")).status is ERROR
    assert outcome({"number": {"equals": 147, "which": "first"}}, answered(f"147 {long}")).status is PASS
    assert outcome({"number": {"equals": 147, "which": "only"}}, answered(f"147 {long}")).status is ERROR
    assert outcome({"number": {"equals": 147, "which": "any"}}, answered(f"1 {long} 147")).status is ERROR


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"which": "last"}, "nothing is asked of the number"),
        ({"equals": 1, "min": 0}, "equals: needs no min: or max:"),
        ({"min": 1, "tolerance": 1}, "tolerance: goes with equals: only"),
        ({"min": 2, "max": 1}, "no number is at least 2 and at most 1"),
        ({"equals": 1, "tolerance": "some"}, "'some' is not a tolerance; write it like 0.5 or 1%"),
        ({"equals": 1, "tolerance": -1}, "-1 is not a tolerance"),
        ({"equals": 1, "decimal": ";"}, "should be '.' or ','"),
    ],
)
def test_a_mistake_in_a_number_is_told(argument: object, message: str) -> None:
    assert message in problem({"number": argument}).message


@pytest.mark.parametrize(
    "unit", ["1", "1,", "1.", "1 000", "-", "1e", "1'", "EUR", "1.1,", "1_", "1²", "1,²", "11,", "–", "-$"]
)
def test_hostile_digits_take_no_time(unit: str) -> None:
    began = time.perf_counter()
    assert sum(1 for _ in numbers_in(unit * (400_000 // len(unit)), ",")) >= 0
    assert time.perf_counter() - began < 5
