"""Whether and when a failed request is sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.failure import RETRYABLE, Failure, FailureClass
from probes.retry import Decision, decide
from probes.waits import asked_wait_s, reset_wait_s, wait_in_words, wait_of_duration

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def decision(
    kind: FailureClass = FailureClass.SERVER,
    *,
    attempt: int = 1,
    budget_s: float = 120.0,
    jitter: float = 0.0,
    **headers: str,
) -> Decision:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    failure = Failure(kind=kind, message="no")
    return decide(failure, headers=named, now=NOW, attempt=attempt, budget_s=budget_s, jitter=jitter)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Fri, 99 Nov 2026 12:00:30 GMT"}, None),
        ({}, None),
    ],
)
def test_the_wish_of_the_endpoint_is_read_from_its_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait_s(headers, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_the_reader(value: str) -> None:
    seconds = asked_wait_s({"retry-after": value}, NOW)
    assert seconds is None or seconds >= 0


def test_back_off_doubles_from_half_a_second_to_eight() -> None:
    assert [decision(attempt=number).wait_s for number in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]


def test_jitter_takes_up_to_a_quarter_off() -> None:
    assert decision(jitter=1.0).wait_s == pytest.approx(0.375)


def test_a_wish_is_granted_and_kept_with_the_failure() -> None:
    made = decision(retry_after="7")
    assert (made.wait_s, made.failure.retry_after_s) == (7.0, 7.0)


def test_a_wish_of_more_than_a_minute_or_than_the_budget_is_not_waited_for() -> None:
    for made in (decision(retry_after="61", budget_s=300), decision(retry_after="20", budget_s=10)):
        assert made.wait_s is None
        assert "too long to wait for" in made.failure.message


def test_a_back_off_beyond_the_budget_is_not_waited_for() -> None:
    assert decision(attempt=4, budget_s=3.9).wait_s is None


def test_trouble_that_will_not_pass_is_not_retried() -> None:
    assert decision(FailureClass.AUTH).wait_s is None


def test_the_endpoint_may_forbid_a_retry_but_never_demand_one() -> None:
    assert decision(FailureClass.SERVER, x_should_retry="false").wait_s is None
    assert decision(FailureClass.SERVER, x_should_retry=" FALSE ", retry_after="1").wait_s is None
    for kind in set(FailureClass) - RETRYABLE:
        assert decision(kind, x_should_retry="true", retry_after="1").wait_s is None, kind


def test_headers_win_over_the_body_and_the_body_over_resets() -> None:
    limited = Failure(kind=FailureClass.RATE_LIMIT_SHORT, message="no", retry_after_s=20.0)
    resets = {"x-ratelimit-reset-requests": "5s"}

    def wait_s(failure: Failure, **headers: str) -> float | None:
        named = {**resets, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return decide(failure, headers=named, now=NOW, attempt=1, budget_s=120.0, jitter=0.0).wait_s

    assert wait_s(limited, retry_after_ms="3000", retry_after="4") == 3.0
    assert wait_s(limited, retry_after="4") == 4.0
    assert wait_s(limited) == 20.0
    assert wait_s(replace(limited, retry_after_s=None)) == 5.0
    assert wait_s(replace(limited, retry_after_s=None, kind=FailureClass.SERVER)) == 0.5


def test_a_reset_far_away_forbids_nothing_and_is_no_wish() -> None:
    made = decision(FailureClass.RATE_LIMIT_SHORT, x_ratelimit_reset_tokens="6m0s")
    assert (made.wait_s, made.failure.retry_after_s) == (0.5, None)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "12ms"}, 0.012),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "1h2m"}, 3720.0),
        ({"x-ratelimit-reset-requests": "10"}, 10.0),
        ({"x-ratelimit-reset-requests": "0"}, None),
        ({"x-ratelimit-reset-requests": "-1"}, None),
        ({"x-ratelimit-reset-requests": "1741305600000"}, None),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-20T12:00:08Z"}, 8.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-20T11:00:00Z"}, None),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-20T12:00:08"}, None),
        ({"llm_provider-x-ratelimit-reset-tokens": "2s"}, 2.0),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "3s",
                "x-ratelimit-remaining-tokens": "900",
                "x-ratelimit-reset-tokens": "40s",
            },
            3.0,
        ),
        ({"x-ratelimit-remaining-tokens": "900", "x-ratelimit-reset-tokens": "40s"}, None),
        ({"x-ratelimit-reset-requests": "3s", "x-ratelimit-reset-tokens": "7.66s"}, 7.66),
        ({"x-ratelimit-reset-requests": "soon"}, None),
    ],
)
def test_the_reset_of_a_limit_that_is_used_up_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert reset_wait_s(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("46s", 46.0),
        ("1.5s", 1.5),
        ("6m0s", 360.0),
        ("1h2m", 3720.0),
        ("250us", 0.00025),
        ("20", None),
        ("s", None),
        ("1s later", None),
        ("-1s", None),
        ("", None),
        ("999999999h", None),
    ],
)
def test_a_duration_is_read_or_it_is_none(text: str, seconds: float | None) -> None:
    assert wait_of_duration(text) == seconds


@given(st.text(alphabet="0123456789.hmsuµn-+TZ: ", max_size=80) | st.text(max_size=60))
def test_no_value_breaks_a_reader_of_waits(value: str) -> None:
    names = ("retry-after", "retry-after-ms", "x-ratelimit-reset-tokens", "anthropic-ratelimit-requests-reset")
    headers = dict.fromkeys(names, value)
    found = (
        asked_wait_s(headers, NOW),
        reset_wait_s(headers, NOW),
        wait_of_duration(value),
        wait_in_words(f"try again in {value}"),
    )
    assert all(seconds is None or 0 <= seconds < float("inf") for seconds in found)
