"""Checks on what one answer took: times, speed, tokens, cost, attempts, headers, route."""

from __future__ import annotations

from typing import Any

import pytest

from checks.finding import Status
from probes.failure import Failure, FailureClass
from probes.route import Route
from probes.sample import Attempt, Timing, TokenUsage
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR, SKIPPED = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIPPED
BUSY = Failure(kind=FailureClass.OVERLOADED, message="busy")
SLOW = Failure(kind=FailureClass.TIMEOUT_TOTAL, message="slow")
HEADERS = {"content-type": "text/event-stream; charset=utf-8", "x-served-by": " eu-1 ", "x-empty": ""}


@pytest.mark.parametrize(
    ("argument", "gap_s", "status"),
    [("2s", 2.0, PASS), ({"max": "500ms"}, 0.6, FAIL), ("2s", None, SKIPPED)],
)
def test_longest_gap_is_held_to_its_limit(argument: object, gap_s: float | None, status: Status) -> None:
    assert outcome({"longest_gap": argument}, answered(timing=Timing(longest_gap_s=gap_s))).status is status


def test_longest_gap_says_how_long_the_silence_was() -> None:
    told = outcome({"longest_gap": "2s"}, answered(timing=Timing(longest_gap_s=3.5)))
    assert told.reason == "expected the next piece of the answer within 2s, got it after 3.5s"


@pytest.mark.parametrize(
    ("argument", "tokens", "timing", "status"),
    [
        (20, 41, Timing(first_token_s=1.0, total_s=3.0), PASS),
        ({"min": 20.5}, 41, Timing(first_token_s=1.0, total_s=3.0), FAIL),
        ({"max": 19}, 41, Timing(first_token_s=1.0, total_s=3.0), FAIL),
        ({"min": 10, "max": 30}, 60, Timing(total_s=3.0), PASS),
        (20, None, Timing(first_token_s=1.0, total_s=3.0), ERROR),
        (20, 41, Timing(), ERROR),
    ],
)
def test_speed_is_held_to_its_limits(argument: object, tokens: int | None, timing: Timing, status: Status) -> None:
    sample = answered(usage=TokenUsage(output_tokens=tokens), timing=timing)
    assert outcome({"tokens_per_second": argument}, sample).status is status


def test_speed_says_how_fast_it_was() -> None:
    sample = answered(usage=TokenUsage(output_tokens=10), timing=Timing(total_s=3.0))
    assert outcome({"tokens_per_second": 20}, sample).reason == "expected at least 20 tokens a second, got 3.333"
    assert outcome({"tokens_per_second": {"max": 2}}, sample).reason == "expected at most 2 tokens a second, got 3.333"


@pytest.mark.parametrize("kind", ["input", "output", "reasoning"])
def test_tokens_of_every_kind_are_held_to_the_same_limits(kind: str) -> None:
    check = f"{kind}_tokens"

    def told(argument: object, tokens: Any) -> tuple[Status, str]:
        found = outcome({check: argument}, answered(usage=TokenUsage(**{check: tokens})))
        return found.status, found.reason

    assert told(200, 200) == (PASS, "")
    assert told(200, 201) == (FAIL, f"expected at most 200 {kind} tokens, got 201")
    assert told({"min": 5, "max": 200}, 4) == (FAIL, f"expected at least 5 {kind} tokens, got 4")
    assert told({"min": 5}, 5) == (PASS, "")
    assert told(200, None) == (ERROR, f"the reply does not count its {kind} tokens")


def test_no_reasoning_at_all_can_be_asked_for() -> None:
    assert outcome({"reasoning_tokens": 0}, answered(usage=TokenUsage(reasoning_tokens=0))).status is PASS
    assert outcome({"reasoning_tokens": 0}, answered(usage=TokenUsage(reasoning_tokens=1))).status is FAIL


@pytest.mark.parametrize(
    ("argument", "cost_usd", "status"),
    [(0.002, 0.002, PASS), ({"max": 0.002}, 0.00201, FAIL), (0, 0.0, PASS), (1, 0.5, PASS), (0.002, None, ERROR)],
)
def test_cost_is_held_to_its_limit_and_an_error_where_unknown(
    argument: object, cost_usd: float | None, status: Status
) -> None:
    assert outcome({"cost": argument}, answered(cost_usd=cost_usd)).status is status


def test_cost_says_what_it_was_to_the_last_digit_that_matters() -> None:
    told = outcome({"cost": 0.002}, answered(cost_usd=0.00200001))
    assert told.reason == "expected a cost of at most $0.002, got $0.00200001"


@pytest.mark.parametrize("argument", [200, [206, 200], {"codes": [200]}])
def test_the_status_of_the_reply_is_one_of_those_named(argument: object) -> None:
    assert outcome({"status": argument}, answered(status=200)).status is PASS
    told = outcome({"status": argument}, answered(status=203))
    assert told.status is FAIL
    assert told.reason.endswith("got 203")


def test_a_reply_from_before_statuses_were_kept_cannot_be_judged_by_its_status() -> None:
    assert outcome({"status": 200}, answered()).status is Status.ERROR


def test_attempts_are_counted_and_the_failures_before_are_named() -> None:
    assert outcome({"attempts": 1}, answered()).status is PASS
    tried = tuple(Attempt(number=n + 1, failure=f, total_s=1.0) for n, f in enumerate((BUSY, SLOW, BUSY, None)))
    repeated = answered(route=Route(attempts=4), attempts=tried)
    assert outcome({"attempts": {"max": 4}}, repeated).status is PASS
    assert outcome({"attempts": 2}, repeated).reason == (
        "expected an answer within 2 attempts, got it in attempt 4 after overloaded, timeout_total"
    )
    assert outcome({"attempts": 1}, answered(route=Route(attempts=2))).reason == (
        "expected an answer within 1 attempt, got it in attempt 2"
    )


@pytest.mark.parametrize(
    ("argument", "status", "reason"),
    [
        ("Content-Type", PASS, ""),
        ("x-empty", PASS, ""),
        ("x-request-id", FAIL, "expected the header x-request-id, the reply has none"),
        ({"name": "X-Served-By", "equals": "eu-1"}, PASS, ""),
        ({"name": "x-served-by", "equals": "eu"}, FAIL, "expected x-served-by to be 'eu', got 'eu-1'"),
        ({"name": "x-other", "equals": "eu"}, FAIL, "expected the header x-other, the reply has none"),
        ({"name": "content-type", "matches": "^text/"}, PASS, ""),
        (
            {"name": "content-type", "matches": "^application/"},
            FAIL,
            "match '^application/', got 'text/event",
        ),
        ({"name": "x-other", "exists": False}, PASS, ""),
        ({"name": "x-empty", "exists": False}, FAIL, "expected no header x-empty, got ''"),
        ({"name": "x-empty", "exists": True}, PASS, ""),
    ],
)
def test_a_header_is_there_and_says_what_it_should(argument: object, status: Status, reason: str) -> None:
    told = outcome({"header": argument}, answered(headers=HEADERS))
    assert told.status is status
    assert reason in told.reason


def test_a_sample_without_headers_shows_neither_that_one_is_there_nor_that_none_is() -> None:
    assert outcome({"header": "x-a"}, answered()).status is ERROR
    assert outcome({"header": {"name": "x-a", "exists": False}}, answered()).status is ERROR


@pytest.mark.parametrize(
    ("argument", "route", "status", "reason"),
    [
        ({"gateway": "lite*"}, Route(gateway="litellm"), PASS, ""),
        ({"gateway": ["portkey", "cloudflare"]}, Route(gateway="litellm"), FAIL, "expected gateway 'portkey'"),
        ({"gateway": "litellm"}, Route(), ERROR, "does not say which gateway"),
        ({"fallbacks": 0}, Route(fallbacks=0), PASS, ""),
        ({"fallbacks": {"max": 0}}, Route(fallbacks=1), FAIL, "expected at most 0 fallbacks, got 1"),
        ({"retries": 1}, Route(retries=2), FAIL, "expected at most 1 retries, got 2"),
        ({"retries": {"max": 2}}, Route(retries=2), PASS, ""),
        ({"retries": 0, "fallbacks": 0}, Route(fallbacks=0), PASS, ""),
        ({"retries": 0, "cache": "hit"}, Route(fallbacks=0), SKIPPED, "tells nothing of cache or retries"),
        ({"model": "a", "retries": 0}, Route(model="a"), PASS, ""),
    ],
)
def test_route_knows_gateways_fallbacks_and_retries(
    argument: dict[str, Any], route: Route, status: Status, reason: str
) -> None:
    told = outcome({"route": argument}, answered(route=route))
    assert told.status is status
    assert reason in told.reason


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"longest_gap": 0}, "greater than 0"),
        ({"tokens_per_second": {}}, "no limit given"),
        ({"tokens_per_second": {"min": 9, "max": 5}}, "at least 9 and at most 5"),
        ({"tokens_per_second": "fast"}, "should be a valid number"),
        ({"input_tokens": 0}, "greater than or equal to 1"),
        ({"reasoning_tokens": {"min": 0}}, "greater than or equal to 1"),
        ({"reasoning_tokens": {"min": 2, "max": 0}}, "at least 2 and at most 0"),
        ({"cost": -1}, "greater than or equal to 0"),
        ({"cost": "$1"}, "should be a valid number"),
        ({"cost": {}}, "the option max is missing"),
        ({"attempts": 0}, "greater than or equal to 1"),
        ({"header": "set-cookie"}, "the value of set-cookie may be a secret"),
        ({"header": "Authorization"}, "the value of Authorization may be a secret"),
        ({"header": "x y"}, "should match pattern"),
        ({"header": {"name": "x", "exists": False, "equals": "1"}}, "nothing else can be asked"),
        ({"header": {"name": "x", "equals": 1}}, "1 is not a text"),
        ({"header": {"name": "x", "matches": "(a+)+"}}, "repeats something that already repeats"),
        ({"route": {"fallbacks": 0, "max_fallbacks": 0}}, "are the same; drop one"),
        ({"route": {"retries": -1}}, "greater than or equal to 0"),
    ],
)
def test_an_argument_that_asks_for_the_impossible_is_refused(entry: object, message: str) -> None:
    assert message in problem(entry).message
