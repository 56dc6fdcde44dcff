"""Whether and when a failed request is sent again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.failure import Failure, FailureClass
from probes.retry import Decision, asked_wait_s, decide

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


def test_the_endpoint_may_overrule_the_class_both_ways() -> None:
    assert decision(FailureClass.SERVER, x_should_retry="false").wait_s is None
    assert decision(FailureClass.BAD_REQUEST, x_should_retry="true").wait_s == 0.5
