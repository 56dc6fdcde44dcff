"""Durations: what people write, what it means in seconds, and how it is shown again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes.duration import UNITS_S, Duration, PositiveDuration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("300ms", 0.3),
        ("30s", 30.0),
        ("15m", 900.0),
        ("1h30m", 5400.0),
        (" 1h 30 m ", 5400.0),
        ("1.5h", 5400.0),
        ("2d", 172_800.0),
        ("1w", 604_800.0),
        (45, 45.0),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_in_seconds(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "wrong",
    ["", "  ", "60", "s", "5 parsecs", "5m5m", "1s2m", "-5s", "1e3s", "2M", "１s", True, None, [], float("nan")],
)
def test_what_is_no_duration_is_refused_with_an_example(wrong: object) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it like 500ms"):
        parse_duration(wrong)


@pytest.mark.parametrize(
    "long", ["99999999999999999999s", "99999999999999999d", "1000000001y", "9" * 400 + "y", 1e300, 10**400, math.inf]
)
def test_what_is_only_too_long_is_told_so_with_the_longest_there_is(long: object) -> None:
    with pytest.raises(ValueError, match="is too long; no duration is longer than 1000000000y"):
        parse_duration(long)
    assert parse_duration("1000000000y") == 1e9 * UNITS_S["y"]


def test_a_very_long_text_is_shortened_in_the_refusal() -> None:
    with pytest.raises(ValueError) as refusal:
        parse_duration("9" * 10_000)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0ms"),
        (0.25, "250ms"),
        (0.9996, "1s"),
        (2.5, "2.5s"),
        (59.96, "1m"),
        (61, "1m 1s"),
        (119.7, "2m"),
        (3599.6, "1h"),
        (5400, "1h 30m"),
        (86_399, "1d"),
        (90_061, "1d 1h"),
        (-5, "-5s"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert format_duration(seconds) == shown


@given(
    st.integers(0, 999) | st.integers(1, 59).map(lambda n: n * 1000) | st.integers(1, 10**7).map(lambda n: n * 60_000)
)
def test_what_is_shown_reads_back_to_within_the_smallest_unit_shown(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    smallest = format_duration(seconds).split()[-1].lstrip("0123456789.")
    assert abs(parse_duration(format_duration(seconds)) - seconds) <= UNITS_S[smallest] * (25 if smallest == "h" else 1)


@given(st.floats(0, 1e8, allow_nan=False))
def test_showing_a_shown_duration_again_changes_nothing(seconds: float) -> None:
    shown = format_duration(seconds)
    assert format_duration(parse_duration(shown)) == shown


@given(st.text(max_size=30))
def test_any_text_is_either_a_duration_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    assert 0 <= seconds < 1e30


def test_a_positive_duration_refuses_nothing_at_all_and_a_plain_one_takes_it() -> None:
    assert TypeAdapter(Duration).validate_python("0s") == 0
    with pytest.raises(ValidationError):
        TypeAdapter(PositiveDuration).validate_python("0s")
