"""Scripts of several turns and loops of scripted tools, at a real loopback server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from checks.check import CheckContext
from checks.finding import Finding, Status
from checks.rules import bind_suite
from checks.run_checks import run_checks
from probes.failure import FailureClass
from probes.fire import request_hash
from probes.sample import Finish, Sample
from probes.suite import Endpoint, Probe, Suite
from probes.turns import view_of
from tests.fakes.chat import USAGE, chat_body, chat_stream
from tests.fakes.http_server import FakeServer, stream, whole
from tests.fakes.scripts import played

ORDER_TOOL = {
    "name": "get_order",
    "description": "Looks an order up.",
    "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
    "results": [{"when": {"order_id": "4471"}, "result": {"status": "shipped"}}, {"result": "no such order"}],
}


def play(probe: Mapping[str, Any], *replies: Sequence[Any], **fields: Any) -> tuple[Sample, FakeServer, Suite]:
    return asyncio.run(played(probe, *replies, **fields))


def calls(*arguments: str, name: str = "get_order") -> dict[str, Any]:
    """A reply that calls the tool once for each text of arguments."""
    made = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": text}}
        for number, text in enumerate(arguments)
    ]
    return chat_body(None, "tool_calls", tool_calls=made)


def findings(suite: Suite, sample: Sample) -> tuple[Finding, ...]:
    bound, problems = bind_suite(suite)
    assert not problems
    return run_checks(bound["p"], "p", [sample], CheckContext())


TWO_TURNS = {
    "messages": [{"role": "system", "content": "Be brief."}],
    "turns": [
        {"prompt": "I bought a keyboard.", "checks": [{"contains": "order number"}]},
        {"prompt": "4471", "checks": [{"contains": "30 days"}]},
    ],
    "checks": [{"not_contains": "sorry"}],
}


def test_each_turn_is_asked_with_everything_said_before_it() -> None:
    sample, server, _ = play(TWO_TURNS, whole(chat_body("Your order number?")), whole(chat_body("Within 30 days.")))
    first, second = (request.json["messages"] for request in server.requests)
    assert [message["role"] for message in first] == ["system", "user"]
    assert second == [
        *first,
        {"role": "assistant", "content": "Your order number?"},
        {"role": "user", "content": "4471"},
    ]
    assert (sample.answer, sample.failure, len(sample.steps)) == ("Within 30 days.", None, 2)
    assert [step.answer for step in sample.steps] == ["Your order number?", "Within 30 days."]


def test_a_script_counts_the_tokens_and_the_time_of_all_its_turns() -> None:
    sample, _, _ = play(TWO_TURNS, whole(chat_body("One")), whole(chat_body("Two")))
    assert sample.usage.input_tokens == 2 * USAGE["prompt_tokens"]
    assert sample.usage.output_tokens == 2 * USAGE["completion_tokens"]
    totals = [step.timing.total_s for step in sample.steps]
    assert sample.timing.total_s == pytest.approx(sum(total for total in totals if total is not None))
    assert sample.route.attempts == 1
    assert [attempt.number for attempt in sample.attempts] == [1, 2]


def test_checks_of_a_turn_look_at_that_turn_and_those_of_the_probe_at_the_last_answer() -> None:
    sample, _, suite = play(TWO_TURNS, whole(chat_body("sorry, which order number?")), whole(chat_body("Two weeks.")))
    found = {(finding.check, finding.turn): finding for finding in findings(suite, sample)}
    assert found["not_contains", None].status is Status.PASS
    assert found["contains", 1].status is Status.PASS
    assert found["contains", 2].status is Status.FAIL
    assert found["contains", 2].label == "turn 2: contains"


def test_a_failure_in_a_later_turn_fails_the_sample_and_names_the_turn() -> None:
    trouble = whole({"error": {"message": "boom"}}, status=500)
    sample, server, suite = play(TWO_TURNS, whole(chat_body("Your order number?")), trouble)
    assert sample.failure is not None
    assert sample.failure.kind is FailureClass.SERVER
    assert sample.failure.message.startswith("in turn 2: boom")
    assert (sample.answer, len(sample.steps), len(server.requests)) == (None, 1, 2)
    by_turn = {finding.turn: finding.status for finding in findings(suite, sample)}
    assert by_turn == {None: Status.SKIPPED, 1: Status.PASS, 2: Status.SKIPPED}


def test_a_retried_turn_counts_as_a_second_attempt_of_the_sample() -> None:
    busy = whole({"error": {"message": "later"}}, status=503, headers={"retry-after-ms": "1"})
    sample, server, _ = play(TWO_TURNS, whole(chat_body("One")), busy, whole(chat_body("Two")), retries=1)
    assert (sample.failure, sample.answer, len(server.requests)) == (None, "Two", 3)
    assert sample.route.attempts == 2
    assert [attempt.failure is None for attempt in sample.attempts] == [True, False, True]


def test_a_call_of_a_scripted_tool_gets_its_result_and_the_answer_is_what_follows() -> None:
    probe = {"prompt": "Where is 4471?", "tools": [ORDER_TOOL]}
    sample, server, _ = play(probe, whole(calls('{"order_id": "4471"}')), whole(chat_body("It has shipped.")))
    declared = server.requests[0].json["tools"]
    assert declared[0]["function"]["name"] == "get_order"
    assert "results" not in json.dumps(declared)
    assert server.requests[1].json["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_0",
                    "type": "function",
                    "function": {"name": "get_order", "arguments": '{"order_id": "4471"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": '{"status": "shipped"}'},
    ]
    assert (sample.answer, sample.finish) == ("It has shipped.", Finish.STOP)
    assert [call.name for call in sample.tool_calls] == ["get_order"]


def test_the_first_result_whose_arguments_fit_is_given_and_broken_arguments_fit_only_the_unconditional_one() -> None:
    probe = {"prompt": "Where?", "tools": [ORDER_TOOL]}
    _, server, _ = play(probe, whole(calls('{"order_id": "9"}', "{broken")), whole(chat_body("Nowhere.")))
    results = [message["content"] for message in server.requests[1].json["messages"] if message["role"] == "tool"]
    assert results == ["no such order", "no such order"]


@pytest.mark.parametrize(
    ("tools", "called"),
    [
        ([{**ORDER_TOOL, "results": []}], "get_order"),
        ([ORDER_TOOL], "drop_tables"),
        ([{**ORDER_TOOL, "results": [{"when": {"order_id": "1"}, "result": "x"}]}], "get_order"),
    ],
)
def test_a_call_without_a_scripted_result_ends_the_question_as_a_tool_call(tools: Any, called: str) -> None:
    probe = {"prompt": "Where?", "tools": tools, "checks": [{"finish": ["stop"]}]}
    sample, server, suite = play(probe, whole(calls('{"order_id": "4471"}', name=called)))
    assert (len(server.requests), sample.finish, sample.failure) == (1, Finish.TOOL_CALLS, None)
    assert [call.name for call in sample.tool_calls] == [called]
    assert findings(suite, sample)[0].status is Status.FAIL


def test_rounds_of_tool_calls_end_at_their_cap() -> None:
    probe = {"prompt": "Where?", "tools": [ORDER_TOOL], "tool_rounds": 2}
    sample, server, _ = play(probe, whole(calls('{"order_id": "4471"}')))
    assert (len(server.requests), sample.finish) == (3, Finish.TOOL_CALLS)
    assert len(sample.tool_calls) == 3


def test_a_script_that_ends_in_an_unanswered_call_fails_the_checks_of_the_turns_it_did_not_reach() -> None:
    sample, server, suite = play({**TWO_TURNS, "tools": [ORDER_TOOL]}, whole(calls("{}", name="other")))
    assert (len(server.requests), sample.failure) == (1, None)
    assert view_of(sample, 1) is None
    late = [finding for finding in findings(suite, sample) if finding.turn == 2]
    assert [finding.status for finding in late] == [Status.FAIL]
    assert "did not get to this turn" in late[0].reason


def test_the_first_token_of_a_tool_loop_is_what_somebody_waiting_for_the_answer_waited() -> None:
    probe = {"prompt": "Where?", "tools": [ORDER_TOOL]}
    sample, _, _ = play(probe, whole(calls("{}")), stream(chat_stream("Shipped")), stream=True)
    round_one, last = (step.timing for step in sample.steps)
    assert round_one.total_s is not None
    assert last.first_token_s is not None
    assert sample.timing.first_token_s == pytest.approx(round_one.total_s + last.first_token_s)


def test_a_call_nobody_answered_is_a_tool_call_whatever_word_the_server_ended_with() -> None:
    body = calls("{}")
    body["choices"][0]["finish_reason"] = "stop"
    probe = {"prompt": "Where?", "tools": [ORDER_TOOL], "tool_rounds": 1, "checks": [{"finish": ["stop"]}]}
    sample, _, suite = play(probe, whole(body))
    assert sample.finish is Finish.TOOL_CALLS
    assert findings(suite, sample)[0].status is Status.FAIL


def test_a_stranger_who_answered_an_earlier_turn_breaks_the_route_policy_and_shows_in_the_route() -> None:
    probe = {**TWO_TURNS, "checks": [{"route": {"model": "m-*"}}]}
    replies = (whole({**chat_body("Your order number?"), "model": "other"}), whole(chat_body("30 days", model="m-1")))
    sample, _, suite = play(probe, *replies)
    assert sample.route_key == "other / fp_1 / default + m-1 / fp_1 / default"
    (policy,) = (finding for finding in findings(suite, sample) if finding.check == "route")
    assert policy.status is Status.FAIL
    assert "other" in policy.reason


def test_a_cache_that_answered_an_earlier_turn_marks_the_sample() -> None:
    hit = whole(chat_body("Your order number?"), headers={"x-litellm-cache-key": "k", "x-litellm-model-id": "d"})
    miss = whole(chat_body("30 days"), headers={"x-litellm-model-id": "d"})
    sample, _, _ = play(TWO_TURNS, hit, miss)
    assert [step.route.cache for step in sample.steps] == ["hit", None]
    assert sample.route.cache == "hit"


def test_a_filter_that_spoke_of_an_earlier_turn_is_heard() -> None:
    flagged = chat_body("Your order number?")
    flagged["choices"][0]["content_filter_results"] = {"violence": {"filtered": False, "severity": "high"}}
    clean = chat_body("30 days")
    clean["choices"][0]["content_filter_results"] = {"violence": {"filtered": False, "severity": "safe"}}
    sample, _, suite = play({**TWO_TURNS, "checks": [{"moderation": "low"}]}, whole(flagged), whole(clean))
    (moderation,) = (finding for finding in findings(suite, sample) if finding.check == "moderation")
    assert moderation.status is Status.FAIL


def test_a_script_that_failed_halfway_keeps_what_its_answered_turns_used() -> None:
    sample, _, _ = play(TWO_TURNS, whole(chat_body("Your order number?")), whole({"error": {"message": "no"}}, 400))
    assert sample.failure is not None
    assert sample.usage.output_tokens == USAGE["completion_tokens"]


def test_a_result_for_certain_arguments_asks_for_each_of_them_and_true_is_not_one() -> None:
    tool = {
        **ORDER_TOOL,
        "results": [{"when": {"order_id": None}, "result": "null"}, {"when": {"n": 1}, "result": "1"}],
    }
    for arguments, result in (("{}", None), ('{"order_id": null}', "null"), ('{"n": true}', None), ('{"n": 1.0}', "1")):
        probe = {"prompt": "Where?", "tools": [tool]}
        _, server, _ = play(probe, whole(calls(arguments)), whole(chat_body("Shipped.")))
        told = [m["content"] for m in server.requests[-1].json["messages"] if m["role"] == "tool"]
        assert told == ([result] if result else [])


def test_editing_a_later_turn_or_a_scripted_result_starts_a_new_history_and_a_cap_on_nothing_does_not() -> None:
    endpoint = Endpoint.model_validate({"base_url": "https://gateway.example.com/v1", "model": "m"})

    def hashed(**fields: Any) -> str:
        return request_hash(endpoint, Probe.model_validate({"id": "p", **fields}))

    turns = [{"prompt": "One"}, {"prompt": "Two"}]
    plain, script, tooled = hashed(prompt="One"), hashed(turns=turns), hashed(prompt="One", tools=[ORDER_TOOL])
    assert len({plain, script, tooled}) == 3
    assert script != hashed(turns=[{"prompt": "One"}, {"prompt": "Three"}])
    assert tooled != hashed(prompt="One", tools=[{**ORDER_TOOL, "results": [{"result": "lost"}]}])
    assert plain == hashed(prompt="One", tool_rounds=9) == hashed(turns=[{"prompt": "One"}])


def test_a_usage_that_one_turn_does_not_tell_is_not_told_of_the_whole() -> None:
    silent = chat_body("Two")
    del silent["usage"]
    sample, _, _ = play(TWO_TURNS, whole(chat_body("One")), whole(silent))
    assert (sample.usage.input_tokens, sample.usage.output_tokens) == (None, None)
