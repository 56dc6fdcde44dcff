"""Checks on the reply around the text: finish, first_token, total_time, output_tokens, route."""

from __future__ import annotations

import pytest

from checks.finding import Status
from probes.route import Route
from probes.sample import Finish, Timing, TokenUsage
from tests.fakes.rules import bound, outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR, SKIPPED = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIPPED


@pytest.mark.parametrize(
    ("argument", "finish", "status"),
    [
        ("stop", Finish.STOP, PASS),
        (["stop"], Finish.LENGTH, FAIL),
        (["stop", "tool_calls"], Finish.TOOL_CALLS, PASS),
        (["stop"], Finish.UNKNOWN, FAIL),
        (["stop"], None, ERROR),
    ],
)
def test_finish_takes_only_the_listed_reasons(argument: object, finish: Finish | None, status: Status) -> None:
    raw = finish.value if finish else None
    assert outcome({"finish": argument}, answered(finish=finish, finish_raw=raw)).status is status


def test_a_reply_that_gives_no_reason_is_an_error_and_not_a_fail() -> None:
    silent = answered(finish=Finish.UNKNOWN, finish_raw=None)
    assert outcome({"finish": "stop"}, silent).status is Status.ERROR
    assert outcome({"finish": ["stop", "unknown"]}, silent).status is Status.PASS


def test_finish_shows_the_reason_as_it_came() -> None:
    told = outcome({"finish": ["stop", "length"]}, answered(finish=Finish.UNKNOWN, finish_raw="gave\x07up"))
    assert told.reason == r"expected to finish with stop or length, got unknown ('gave\x07up')"


@pytest.mark.parametrize("argument", ["2s", 2, {"max": "2000ms"}])
def test_first_token_is_held_to_its_limit(argument: object) -> None:
    assert outcome({"first_token": argument}, answered(timing=Timing(first_token_s=2.0))).status is PASS
    told = outcome({"first_token": argument}, answered(timing=Timing(first_token_s=2.0004)))
    assert told.status is FAIL
    assert told.reason == "expected the first token within 2s, got it after 2.0004s"


def test_first_token_is_skipped_where_nothing_was_streamed() -> None:
    told = outcome({"first_token": "2s"}, answered(timing=Timing(total_s=9.0)))
    assert told.status is SKIPPED
    assert "not streamed" in told.reason


def test_total_time_is_held_to_its_limit_and_an_error_where_unknown() -> None:
    assert outcome({"total_time": "2s"}, answered(timing=Timing(total_s=1.9))).status is PASS
    assert outcome({"total_time": "2s"}, answered(timing=Timing(total_s=2.1))).status is FAIL
    assert outcome({"total_time": "2s"}, answered()).status is ERROR


@pytest.mark.parametrize(
    ("argument", "tokens", "status"),
    [
        (200, 200, PASS),
        ({"max": 200}, 201, FAIL),
        ({"min": 5}, 5, PASS),
        ({"min": 5}, 4, FAIL),
        ({"min": 5, "max": 9}, 7, PASS),
        ({"max": 200}, None, ERROR),
    ],
)
def test_output_tokens_are_held_to_their_limits(argument: object, tokens: int | None, status: Status) -> None:
    assert outcome({"output_tokens": argument}, answered(usage=TokenUsage(output_tokens=tokens))).status is status


ROUTE = Route(model="support-bot-2026-01", provider="azure", region="eu-west", cache="miss", fallbacks=0)


@pytest.mark.parametrize(
    ("argument", "route", "status"),
    [
        ("support-bot-*", ROUTE, PASS),
        ("support-bot", ROUTE, FAIL),
        (["other", "support-bot-????-??"], ROUTE, PASS),
        ("Support-Bot-*", ROUTE, FAIL),
        ({"model": "support-bot-*", "provider": ["openai", "azure"], "region": "eu-*"}, ROUTE, PASS),
        ({"region": "us-*"}, ROUTE, FAIL),
        ({"model": "support-bot-*", "cache": "miss", "max_fallbacks": 0}, ROUTE, PASS),
        ({"cache": "hit"}, ROUTE, FAIL),
        ({"max_fallbacks": 1}, Route(fallbacks=2), FAIL),
        ("support-bot-*", Route(), ERROR),
        ({"model": "*", "tier": "default"}, ROUTE, ERROR),
        ({"model": "other", "tier": "default"}, ROUTE, FAIL),
        ({"model": "support-bot-*", "cache": "miss"}, Route(model="support-bot-1"), PASS),
        ({"cache": "miss"}, Route(model="support-bot-1"), SKIPPED),
        ({"max_fallbacks": 0}, Route(cache="miss"), SKIPPED),
        ({"cache": "miss", "max_fallbacks": 0}, Route(cache="miss"), PASS),
    ],
)
def test_route_is_kept_broken_or_beyond_measure(argument: object, route: Route, status: Status) -> None:
    assert outcome({"route": argument}, answered(route=route)).status is status


@pytest.mark.parametrize(
    ("argument", "route", "reason"),
    [
        ("support-*", Route(model="gpt\n"), r"expected model 'support-*', got 'gpt'"),
        ("support-*", Route(), "the reply does not say which model answered"),
        ({"model": "a", "region": "b"}, Route(), "the reply does not say which model and region answered"),
        ({"cache": "miss"}, Route(cache="hit"), "expected a cache miss, got 'hit'"),
        ({"max_fallbacks": 0}, Route(fallbacks=2), "expected at most 0 fallbacks, got 2"),
    ],
)
def test_route_says_what_is_wrong_with_it(argument: object, route: Route, reason: str) -> None:
    assert outcome({"route": argument}, answered(route=route)).reason == reason


def test_route_is_the_only_policy() -> None:
    assert bound({"route": "*"}).rule.policy
    assert not bound({"finish": "stop"}).rule.policy


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"finish": "stopp"}, "should be 'stop', 'length'"),
        ({"finish": []}, "must not be empty"),
        ({"first_token": "2 parsecs"}, "'2 parsecs' is not a duration"),
        ({"first_token": 0}, "greater than 0"),
        ({"first_token": True}, "is not a duration"),
        ({"output_tokens": {}}, "no limit given"),
        ({"output_tokens": {"min": 9, "max": 5}}, "at least 9 and at most 5"),
        ({"output_tokens": "200"}, "should be a valid integer"),
        ({"output_tokens": True}, "should be a valid integer"),
        ({"route": {}}, "nothing is asked of the route"),
        ({"route": {"cache": "mis"}}, "should be 'hit' or 'miss'"),
    ],
)
def test_an_argument_that_asks_for_the_impossible_is_refused(entry: object, message: str) -> None:
    assert message in problem(entry).message
