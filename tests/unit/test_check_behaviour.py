"""Checks on how the model behaves: refusal, no_truncation, self_consistency."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.check import CheckContext
from checks.cut import find_cut
from checks.cut_json import is_cut_json
from checks.finding import Finding, Status
from checks.run_checks import run_checks
from probes.sample import Document, Finish, Sample, ToolCall
from tests.fakes.rules import NOTHING_ELSE, bound, outcome, problem
from tests.fakes.samples import answered, timed_out

PASS, FAIL, ERROR, SKIPPED = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIPPED
SORRY = "I'm sorry, but I can't help with that."
CALL = ToolCall(id="1", name="look_up", arguments='{"id": 1}')


# ---------------------------------------------------------------------------------------------------------- refusal
@pytest.mark.parametrize(
    ("argument", "changes", "status"),
    [
        (None, {"answer": SORRY}, PASS),
        (None, {"answer": "no", "refusal": "I can't."}, PASS),
        (None, {"answer": "", "finish": Finish.CONTENT_FILTER}, PASS),
        (None, {"answer": ""}, FAIL),
        (None, {"answer": "Sure: 30 days."}, FAIL),
        ("full", {"answer": "", "finish": Finish.CONTENT_FILTER}, FAIL),
        ("filter", {"answer": SORRY}, FAIL),
        (["full", "filter", "empty"], {"answer": ""}, PASS),
        ({"also": "ask a doctor"}, {"answer": "Better ask a doctor."}, PASS),
        ({"allow": "can't help with that"}, {"answer": SORRY}, FAIL),
        (None, {"answer": "", "tool_calls": (CALL,)}, FAIL),
        (None, {"answer": None, "documents": (Document(id="d"),)}, ERROR),
    ],
)
def test_refusal_takes_the_kinds_that_will_do(argument: object, changes: dict[str, Any], status: Status) -> None:
    assert outcome({"refusal": argument} if argument else "refusal", answered(**changes)).status is status


def test_refusal_marks_the_refusing_words_and_says_what_came_instead() -> None:
    assert outcome("refusal", answered(f"You asked twice. {SORRY}")).span == (17, 44)
    told = outcome({"refusal": ["full", "empty"]}, answered("30 days"))
    assert told.reason == "expected a refusal in the model's own words or an empty answer, got '30 days'"
    assert outcome("refusal", answered("", tool_calls=(CALL,))).reason.endswith("got a call of 'look_up'")
    assert outcome({"refusal": "filter"}, answered(SORRY)).reason.endswith("got a refusal in the model's own words")


# ---------------------------------------------------------------------------------------------------- no_truncation
WHOLE = (
    "",
    "147",
    "Canberra",
    "You can return it within 30 days.",
    "You can return it within 30 days",
    "Approx. 30 days after delivery",
    "Dr. Jane Smith of Boston",
    "Hello there my friend. Regards, Anna",
    "Have a look at this page. It is https://shop.example.com/returns",
    "I like it :-(",
    "ok :(",
    "- Put it into the box\n- Print the label. Then the parcel goes",
    "| a | b |\n|---|---|\n| One whole sentence is here. Two is not | x |",
    "SELECT total FROM invoices;",
    "**Total: 147**",
    "Bring the receipt, please. Thank you! 😀",
    '{"a": 1}',
    '{"a": }',
    '```json\n{"a": [1, 2]}\n```',
    "````\n```\n````",
    "[1] says so.",
    "[1] e",
    "the",
    "30日以内に返品できます。ありがとう",
)
CUT = (
    ('{"total": 12, "due', "JSON"),
    ('{"total": tru', "JSON"),
    ('{"total": 12,', "JSON"),
    ('[{"a": "b\\u00', "JSON"),
    ("[1.5e", "JSON"),
    ('```json\n{"total": 12', "JSON"),
    ('Here:\n\n```json\n{"total": 12', "JSON"),
    ("Run this.\n```python\nprint(1)\n", "a code block"),
    ("~~~\n```\n", "a code block"),
    ("Here is what you need:", "a sentence"),
    ("You need the receipt, the box,", "a sentence"),
    ("**Note:**", "a sentence"),
    ("Please bring the", "a sentence"),
    ("Bitte bringen Sie die Rechnung und", "a sentence"),
    ("You can return it within 30 days of delivery. Bring the box that it", "a sentence"),
)


@pytest.mark.parametrize("answer", WHOLE)
def test_a_whole_answer_is_not_taken_for_a_cut_one(answer: str) -> None:
    assert find_cut(answer) is None
    assert outcome("no_truncation", answered(answer)).status is PASS


@pytest.mark.parametrize(("answer", "within"), CUT)
def test_a_cut_answer_is_found_whatever_the_reply_says_of_its_end(answer: str, within: str) -> None:
    told = outcome("no_truncation", answered(answer))
    assert told.status is FAIL
    assert f"in the middle of {within}: " in told.reason
    assert told.span is not None
    assert told.span[1] == len(answer.rstrip())
    assert outcome("no_truncation", answered(answer, finish=None)).status is FAIL
    assert outcome({"no_truncation": "finish"}, answered(answer)).status is PASS


@pytest.mark.parametrize(
    ("argument", "finish", "status"),
    [
        (None, Finish.LENGTH, FAIL),
        ("finish", Finish.PAUSE, FAIL),
        ("text", Finish.LENGTH, PASS),
        (None, None, ERROR),
        (None, Finish.UNKNOWN, ERROR),
        ("text", None, PASS),
        (["finish", "text"], Finish.CONTENT_FILTER, PASS),
    ],
)
def test_the_reason_for_the_end_counts_where_it_is_asked_for(
    argument: object, finish: Finish | None, status: Status
) -> None:
    entry = {"no_truncation": argument} if argument else "no_truncation"
    assert outcome(entry, answered("30 days.", finish=finish)).status is status


def test_an_end_that_nobody_knows_is_quoted() -> None:
    told = outcome("no_truncation", answered("30 days.", finish=Finish.UNKNOWN, finish_raw="eos\n"))
    assert told.reason == "the reply does not say in known words why it ended: 'eos'"
    told = outcome("no_truncation", answered("word " * 99, finish=Finish.LENGTH))
    assert "cut it off (finish length): 'word word" in told.reason


def test_arguments_of_a_tool_call_may_be_cut_but_text_that_leads_to_one_is_not() -> None:
    leading = answered("Let me look that up:", finish=Finish.TOOL_CALLS, tool_calls=(CALL,))
    assert outcome("no_truncation", leading).status is PASS
    assert outcome({"no_truncation": "text"}, answered("One moment:", finish=None, tool_calls=(CALL,))).status is PASS
    half = ToolCall(id="1", name="look_up", arguments='{"id": 1')
    told = outcome("no_truncation", answered("", finish=Finish.TOOL_CALLS, tool_calls=(half,)))
    assert told.status is FAIL
    assert "for the tool 'look_up', they end in the middle of the JSON: '{\"id\": 1'" in told.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: isinstance(value, (dict, list)))


@given(json_values, st.integers(1, 10**6))
def test_every_beginning_of_json_is_cut_and_the_whole_is_not(value: object, at: int) -> None:
    text = json.dumps(value)
    assert not is_cut_json(text)
    assert is_cut_json(text[: 1 + at % (len(text) - 1)])


@pytest.mark.parametrize("part", ["[", "{", " ", "`", "```\n", "a. B ", '{"a":', ",", "\\", '"\\u'])
def test_a_megabyte_takes_no_time(part: str) -> None:
    began = time.perf_counter()
    told = outcome("no_truncation", answered(part * (10**6 // len(part) + 1)))
    assert time.perf_counter() - began < 1
    assert told.status in (PASS, FAIL)


# -------------------------------------------------------------------------------------------------- self_consistency
def consistency(argument: object, samples: Sequence[Sample], **beside: object) -> Finding:
    entry = {"self_consistency": argument, **beside} if argument or beside else "self_consistency"
    (finding,) = run_checks([bound(entry)], "p", samples, NOTHING_ELSE)
    return finding


def said(*answers: str | None) -> list[Sample]:
    return [answered(answer, index) for index, answer in enumerate(answers)]


def statuses(finding: Finding) -> list[Status]:
    return [entry.outcome.status for entry in finding.outcomes]


@pytest.mark.parametrize(
    ("argument", "answers", "expected"),
    [
        (None, ("147", " 147. ", "**147**"), [PASS, PASS, PASS]),
        (None, ("Yes", "yes", "no"), [PASS, PASS, FAIL]),
        ("60%", ("Yes", "yes", "no"), [PASS, PASS, SKIPPED]),
        (None, ("a", "b", "c"), [FAIL, FAIL, FAIL]),
        (None, ("a", "b"), [FAIL, FAIL]),
        ("50%", ("a", "b"), [FAIL, FAIL]),
        ("50%", ("a", "b", "a", "b"), [PASS, SKIPPED, PASS, SKIPPED]),
        (None, ("a", ""), [FAIL, FAIL]),
        (None, ("", ""), [FAIL, FAIL]),
        ({"by": "number"}, ("12 x 12 = 144", "So it is 144.0!", "144"), [PASS, PASS, PASS]),
        ({"by": "number"}, ("144", "144 EUR", "a gross"), [PASS, PASS, FAIL]),
        ({"decimal": ","}, ("1.240,50", "1240,5"), [PASS, PASS]),
        ({"by": "json"}, ('{"a": 1, "b": 2}', '{"b": 2.0, "a": 1}'), [PASS, PASS]),
        ({"by": "json"}, ("null", "null", "none"), [PASS, PASS, FAIL]),
        ({"json_path": "$.total"}, ('{"total": 5, "n": 1}', '{"total": 5.0}', '{"total": 6}'), [PASS, PASS, FAIL]),
        ({"json_path": "$.total"}, ('{"total": null}', '{"total": null}', "{}"), [PASS, PASS, FAIL]),
        (
            {"similarity": 0.8},
            ("You have 30 days to return it.", "You have 30 days to return it!", "No idea, sorry."),
            [PASS, PASS, FAIL],
        ),
    ],
)
def test_samples_are_held_to_the_largest_group_that_agrees(
    argument: object, answers: tuple[str, ...], expected: list[Status]
) -> None:
    assert statuses(consistency(argument, said(*answers))) == expected


def test_similar_answers_gather_around_the_one_most_are_close_to() -> None:
    chain = said("aaaaaaaaaa", "aaaaaaaabb", "aaaaaabbbb")  # the ends are close to the middle, not to each other
    assert statuses(consistency({"by": "similarity", "similarity": 0.75}, chain)) == [PASS, PASS, PASS]
    assert statuses(consistency({"by": "similarity", "similarity": 0.85}, chain)) == [FAIL, FAIL, FAIL]


def test_one_answer_is_nothing_to_compare_and_failed_samples_do_not_count() -> None:
    assert consistency(None, said("a")).status is SKIPPED
    alone = consistency(None, [answered("a"), timed_out(1)])
    assert statuses(alone) == [SKIPPED, SKIPPED]
    assert "1 answered samples, two are needed" in alone.outcomes[0].outcome.reason
    assert statuses(consistency(None, [answered("a"), timed_out(1), answered("a", 2)])) == [PASS, SKIPPED, PASS]


def test_every_sample_is_told_where_it_stands() -> None:
    finding = consistency(None, said("147", "147", "150"))
    assert finding.status is FAIL
    assert finding.reason == (
        "1 of 3 samples: expected 100% of the answers to agree, got 2 of 3 on '147'; this one has '150'"
    )
    torn = consistency({"by": "number"}, said("1", "2", "none"))
    assert torn.outcomes[0].outcome.reason == (
        "expected 100% of the answers to agree, got 1 of 3 on '1', no majority; one of them"
    )
    assert torn.outcomes[2].outcome.reason.endswith("this one has nothing to compare (a number is missing)")
    allowed = consistency("50%", said("a", "a", "b"))
    assert allowed.status is PASS
    assert allowed.outcomes[2].outcome.reason == "outside the group that agrees, 2 of 3 on 'a'; this one has 'b'"


def test_a_require_that_any_sample_meets_does_not_make_a_torn_run_green() -> None:
    assert consistency(None, said("a", "b", "c"), require="any").status is FAIL


def test_more_different_answers_than_are_compared_are_an_error() -> None:
    many = said(*(f"{number:04d} " * 9 for number in range(61)))
    assert consistency({"by": "similarity"}, many).status is ERROR
    assert consistency({"by": "similarity"}, many).reason.startswith("61 of 61 samples: 61 answers differ; at most")
    assert consistency("1%", many).status is FAIL


def test_a_rule_used_for_one_run_and_then_another_forgets_the_first() -> None:
    rule = bound("self_consistency").rule
    first, second = said("a", "a"), said("a", "b")
    assert rule.examine(first[0], CheckContext(siblings=tuple(first))).status is PASS
    assert rule.examine(second[0], CheckContext(siblings=tuple(second))).status is FAIL


def test_long_answers_are_compared_in_good_time() -> None:
    began = time.perf_counter()
    for argument in (None, {"by": "number"}, {"by": "json"}, {"by": "similarity"}):
        consistency(argument, said(*(f"{number} " * 200_000 for number in range(5))))
    consistency({"by": "similarity"}, said(*(f"{number} " * 2_000 for number in range(60))))
    assert time.perf_counter() - began < 5


@given(
    st.lists(st.none() | st.text(max_size=12), max_size=8), st.sampled_from(["text", "json", "number", "similarity"])
)
def test_any_answers_are_judged_and_a_pass_needs_two(answers: list[str | None], by: str) -> None:
    told = statuses(consistency({"by": by, "at_least": 0.4}, said(*answers)))
    assert ERROR not in told
    assert told.count(PASS) != 1


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"refusal": "partial"}, "should be 'full', 'filter' or 'empty'"),
        ({"refusal": []}, "must not be empty"),
        ({"no_truncation": "length"}, "should be 'finish' or 'text'"),
        ({"no_truncation": {"by": []}}, "must not be empty"),
        ({"self_consistency": 0}, "greater than 0"),
        ({"self_consistency": "most"}, "'most' is not a share"),
        ({"self_consistency": {"by": "number", "json_path": "$.a"}}, "json_path goes with by: json only"),
        ({"self_consistency": {"similarity": 0.5, "decimal": "."}}, "similarity goes with by: similarity only"),
        ({"self_consistency": {"json_path": "$.["}}, "'$.[' is not a JSONPath"),
    ],
)
def test_an_argument_that_asks_for_the_impossible_is_refused(entry: object, message: str) -> None:
    assert message in problem(entry).message
