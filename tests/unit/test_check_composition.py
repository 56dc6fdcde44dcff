"""Checks made of checks: what their parts make of the whole, and that nothing broken ever turns into a pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.check import CheckContext
from checks.composition import Said, share_decided
from checks.finding import Outcome, Status
from checks.rules import bind
from checks.run_checks import run_checks
from probes.route import Route
from tests.fakes.rules import bound, outcome, problem, spec
from tests.fakes.samples import answered

PASS, FAIL, ERROR, SKIPPED = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIPPED
PARTS: dict[Status, Any] = {
    PASS: {"contains": "Canberra"},
    FAIL: {"contains": "Sydney"},
    ERROR: "moderation",
    SKIPPED: {"similar": {"to": "baseline"}},
}
"""A check for each word, of an answer without verdicts of filters and before there is a baseline."""
ANSWER = answered("It is Canberra.")


def parts(words: str) -> list[Any]:
    return [PARTS[Status(word)] for word in words.split()]


def test_the_parts_of_these_tests_say_what_they_are_there_for() -> None:
    assert {status: outcome(entry, ANSWER).status for status, entry in PARTS.items()} == {s: s for s in Status}


@pytest.mark.parametrize(
    ("words", "all_of", "any_of"),
    [
        ("pass", PASS, PASS),
        ("fail", FAIL, FAIL),
        ("error", ERROR, ERROR),
        ("skipped", SKIPPED, SKIPPED),
        ("pass pass", PASS, PASS),
        ("pass fail", FAIL, PASS),
        ("pass error", ERROR, PASS),
        ("fail error", FAIL, ERROR),
        ("fail fail", FAIL, FAIL),
        ("pass skipped", PASS, PASS),
        ("fail skipped", FAIL, FAIL),
        ("error skipped", ERROR, ERROR),
        ("pass fail error skipped", FAIL, PASS),
    ],
)
def test_the_whole_is_decided_only_where_a_broken_part_makes_no_difference(
    words: str, all_of: Status, any_of: Status
) -> None:
    assert outcome({"all_of": parts(words)}, ANSWER).status is all_of
    assert outcome({"any_of": parts(words)}, ANSWER).status is any_of


@pytest.mark.parametrize(("part", "whole"), [(PASS, FAIL), (FAIL, PASS), (ERROR, ERROR), (SKIPPED, SKIPPED)])
def test_a_negation_turns_a_decision_round_and_nothing_else(part: Status, whole: Status) -> None:
    assert outcome({"not": PARTS[part]}, ANSWER).status is whole
    assert outcome({"not": {"not": PARTS[part]}}, ANSWER).status is part


@given(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=6))
def test_a_conjunction_is_the_negation_of_the_disjunction_of_negations(words: list[Status]) -> None:
    entries = [PARTS[word] for word in words]
    both = {"not": {"any_of": [{"not": entry} for entry in entries]}}
    assert outcome({"all_of": entries}, ANSWER).status is outcome(both, ANSWER).status


@pytest.mark.parametrize(
    ("weighed", "threshold", "status"),
    [
        ("pass*1 fail*1", "50%", PASS),
        ("pass*1 fail*1", "51%", FAIL),
        ("pass*3 fail*1", "75%", PASS),
        ("pass*1 fail*3", 0.25, PASS),
        ("pass*1 fail*3", 0.26, FAIL),
        ("pass*0.1 pass*0.2 fail*0.7", "30%", PASS),
        ("pass*1 error*1 fail*1", "60%", ERROR),
        ("pass*1 error*1 fail*1", "30%", PASS),
        ("pass*1 error*1 fail*1", "70%", FAIL),
        ("pass*1 skipped*9", "100%", PASS),
        ("fail*0 pass*1", "100%", PASS),
        ("error*0 pass*1", "100%", PASS),
        ("skipped*1 pass*0", "50%", SKIPPED),
        ("fail*0.0000000001 fail*0.0000000001", "50%", FAIL),
        ("fail*1 fail*1", "0.0000001%", FAIL),
        ("error*0.0000000001", "1%", ERROR),
    ],
)
def test_a_threshold_is_a_share_of_the_weights_that_could_be_looked_at(
    weighed: str, threshold: object, status: Status
) -> None:
    checks = []
    for part in weighed.split():
        word, _, weight = part.partition("*")
        entry = PARTS[Status(word)]
        checks.append({**(entry if isinstance(entry, dict) else {entry: None}), "weight": float(weight)})
    assert outcome({"all_of": {"checks": checks, "threshold": threshold}}, ANSWER).status is status


@given(
    st.lists(st.tuples(st.sampled_from(list(Status)), st.floats(0, 1_000_000)), min_size=1, max_size=6),
    st.floats(0, 1, exclude_min=True),
)
def test_more_passes_never_make_a_weighed_check_worse(words: list[tuple[Status, float]], least: float) -> None:
    def decided(entries: list[tuple[Status, float]]) -> Status:
        said = [Said(check="c", argument="", weight=w, outcome=Outcome(status=status)) for status, w in entries]
        return share_decided(said, least)

    rank = {FAIL: 0, ERROR: 1, PASS: 2}
    before, after = decided(words), decided([(PASS if s is FAIL else s, w) for s, w in words])
    if before is not SKIPPED:
        assert rank[after] >= rank[before]
    if before is PASS:
        assert any(status is PASS and weight for status, weight in words)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (
            {"all_of": [PARTS[PASS], PARTS[FAIL]]},
            "1 of 2 checks fail; contains: expected to contain 'Sydney', got 'It is Canberra.'",
        ),
        ({"all_of": [PARTS[FAIL]]}, "contains: expected to contain 'Sydney', got 'It is Canberra.'"),
        (
            {"any_of": [PARTS[FAIL], {"length": {"words": 1}}]},
            (
                "none of 2 checks passes; contains: expected to contain 'Sydney', got 'It is Canberra.'; "
                "length: expected at most 1 word, got 3: 'It is Canberra.'"
            ),
        ),
        (
            {"all_of": {"checks": [{**PARTS[PASS], "weight": 1}, {**PARTS[FAIL], "weight": 3}], "threshold": "75%"}},
            (
                "1 of 4 by weight pass, expected at least 75%; "
                "contains: expected to contain 'Sydney', got 'It is Canberra.'"
            ),
        ),
        (
            {"not": PARTS[PASS]},
            "expected to fail, and it passes: contains \"Canberra\"; got 'It is Canberra.'",
        ),
        ({"not": {"all_of": [PARTS[FAIL], "moderation"]}}, ""),
    ],
)
def test_the_reason_names_the_part_that_decided(entry: Any, reason: str) -> None:
    assert outcome(entry, ANSWER).reason == reason


def test_a_disjunction_names_the_first_three_reasons_and_counts_the_rest() -> None:
    told = outcome(
        {"any_of": [{"contains": name} for name in ("Perth", "Sydney", "Cairns", "Hobart", "Darwin")]}, ANSWER
    )
    assert told.reason.startswith("none of 5 checks passes; contains: expected to contain 'Perth'")
    assert told.reason.endswith("and 2 more")


def test_the_place_is_that_of_the_part_that_failed() -> None:
    todo = answered("Canberra. TODO: sources")
    assert outcome({"all_of": ["no_refusal", {"not_contains": "TODO"}]}, todo).span == (10, 14)
    assert outcome({"any_of": [{"contains": "Sydney"}, {"not_contains": "TODO"}]}, todo).span == (10, 14)


def test_a_part_sees_all_answers_of_the_run() -> None:
    alone = [answered("Canberra", 0), answered("Canberra", 1), answered("Sydney", 2)]
    (finding,) = run_checks([bound({"not": "self_consistency"})], "p", alone, CheckContext())
    (plain,) = run_checks([bound("self_consistency")], "p", alone, CheckContext())
    assert {entry.outcome.status for entry in finding.outcomes} == {PASS, FAIL}
    assert (finding.passed, plain.passed) == (1, 2)


def test_a_check_made_of_policies_alone_is_policy() -> None:
    stranger = answered("hi", route=Route(model="stranger"))
    either: dict[str, Any] = {"any_of": [{"route": {"model": "house-*"}}, {"route": {"model": "guest-*"}}]}
    for entry, policy in [
        (either, True),
        ({"not": either}, True),
        ({"all_of": [*either["any_of"], "no_refusal"]}, False),
        ({"any_of": ["refusal"]}, False),
    ]:
        (finding,) = run_checks([bound(entry)], "p", [stranger], CheckContext())
        assert finding.policy is policy


def test_checks_are_nested_at_most_five_deep() -> None:
    entry: Any = "no_refusal"
    for _ in range(5):
        entry = {"not": entry}
    assert outcome(entry, ANSWER).status is FAIL
    assert problem({"not": entry}).message == "not: checks are nested at most 5 deep"


def test_every_mistake_within_is_told_at_its_place() -> None:
    _, problems = bind([spec({"all_of": {"checks": ["no_refusals", {"any_of": [{"length": {"wrds": 3}}]}]}})])
    assert [(told.path, told.message) for told in problems] == [
        (("all_of", "checks", 0), "there is no check 'no_refusals'"),
        (("all_of", "checks", 1, "any_of", 0, "length", "wrds"), "length: there is no option 'wrds'"),
    ]
