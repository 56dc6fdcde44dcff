"""tool_calls: names, order, count, arguments by value and by schema."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Outcome, Status
from probes.sample import ToolCall
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, SKIPPED = Status.PASS, Status.FAIL, Status.SKIPPED
LOOK_UP = ("look_up_order", {"order": "4471"})
REFUND = ("refund", {"order": "4471", "amount": 12.5, "trace": {"id": "x", "at": 3}, "lines": [{"id": 1, "n": 2}]})


def told(argument: object, *calls: tuple[str, object]) -> Outcome:
    """What the check says of these calls; arguments that are no text are sent as JSON."""
    made = tuple(
        ToolCall(id=str(n), name=name, arguments=said if isinstance(said, str) else json.dumps(said))
        for n, (name, said) in enumerate(calls)
    )
    entry = "tool_calls" if argument is None else {"tool_calls": argument}
    return outcome(entry, answered("", tool_calls=made))


def named(*names: str) -> list[tuple[str, object]]:
    return [(name, {}) for name in names]


@pytest.mark.parametrize(
    ("argument", "called", "status"),
    [
        (None, ["a"], PASS),
        (None, [], FAIL),
        ("a", ["b", "a"], PASS),
        ("a", ["b"], FAIL),
        (["a", "a"], ["a"], FAIL),
        (["a", "a"], ["a", "b", "a"], PASS),
        ("look_up_*", ["look_up_order"], PASS),
        ("Look_up_*", ["look_up_order"], FAIL),
        ({"names": ["a", "b"]}, ["b", "c", "a"], PASS),
        ({"names": ["a", "b"], "order": "subset"}, ["a", "c", "b"], PASS),
        ({"names": ["a", "b"], "order": "subset"}, ["b", "a"], FAIL),
        ({"names": ["a", "a"], "order": "subset"}, ["a", "b"], FAIL),
        ({"names": ["a", "b"], "order": "exact"}, ["a", "b"], PASS),
        ({"names": ["a", "b"], "order": "exact"}, ["a", "c", "b"], FAIL),
        ({"names": ["a", "b"], "order": "exact"}, ["b", "a"], FAIL),
        ({"names": ["a", "b"], "f1": 1.0}, ["b", "a", "a"], PASS),
        ({"names": ["a", "b"], "f1": "80%"}, ["a", "b", "c"], PASS),
        ({"names": ["a", "b"], "f1": 0.81}, ["a", "b", "c"], FAIL),
        ({"names": ["a", "b"], "f1": 0.6}, ["a"], PASS),
        ({"names": ["a", "b"], "f1": 0.1}, ["c"], FAIL),
        ({"names": ["a", "b"], "f1": 0.1}, [], FAIL),
        ({"count": 0}, [], PASS),
        ({"count": 0}, ["a"], FAIL),
        ({"count": {"min": 1, "max": 2}}, ["a", "b"], PASS),
        ({"count": {"min": 1, "max": 2}}, ["a", "b", "c"], FAIL),
        ({"names": "a", "count": {"max": 1}}, ["a", "b", "b"], PASS),
        ({"names": "a", "count": 2}, ["a", "b"], FAIL),
        ({"only": ["a", "b_*"]}, ["a", "b_c"], PASS),
        ({"only": ["a"]}, [], PASS),
        ({"only": ["a"]}, ["a", "b"], FAIL),
        ({"forbidden": "delete_*"}, ["a"], PASS),
        ({"forbidden": "delete_*"}, ["a", "delete_all"], FAIL),
    ],
)
def test_names_order_and_count_are_held(argument: object, called: list[str], status: Status) -> None:
    assert told(argument, *named(*called)).status is status


@pytest.mark.parametrize(
    ("beside", "values", "status"),
    [
        ({}, {"order": "4471"}, PASS),
        ({}, {"order": 4471}, FAIL),
        ({}, {"amount": 12.50}, PASS),
        ({}, {"amount": True}, FAIL),
        ({}, {"currency": "EUR"}, FAIL),
        ({}, {"trace": {"id": "x"}}, PASS),
        ({}, {"trace": {"id": "y"}}, FAIL),
        ({}, {"lines": [{"id": 1}]}, PASS),
        ({}, {"lines": []}, FAIL),
        ({}, {"trace": "x"}, FAIL),
        ({}, {}, PASS),
        ({"exact": True}, {"order": "4471"}, FAIL),
        ({"exact": True}, REFUND[1], PASS),
        ({"exact": True}, {**REFUND[1], "trace": {"id": "x"}}, FAIL),
        ({"exact": True, "ignore": ["trace", "lines"]}, {"order": "4471", "amount": 12.5}, PASS),
        ({"exact": True, "ignore": "trace.*"}, {**REFUND[1], "trace": {}}, PASS),
        ({"exact": True, "ignore": "lines.*.id"}, {**REFUND[1], "lines": [{"id": 9, "n": 2}]}, PASS),
        ({"exact": True, "ignore": "lines.*.id"}, {**REFUND[1], "lines": [{"id": 9, "n": 3}]}, FAIL),
        ({"exact": True, "defaults": {"currency": "EUR"}}, {**REFUND[1], "currency": "EUR"}, PASS),
        ({"exact": True, "defaults": {"currency": "EUR"}}, REFUND[1], PASS),
        ({"exact": True, "defaults": {"currency": "EUR"}}, {**REFUND[1], "currency": "USD"}, FAIL),
        ({"defaults": {"currency": "EUR"}}, {"currency": "EUR"}, PASS),
        ({"defaults": {"order": "1"}}, {"order": "1"}, FAIL),
    ],
)
def test_arguments_are_held_by_value(beside: dict[str, Any], values: dict[str, Any], status: Status) -> None:
    assert told({"arguments": {"refund": values}, **beside}, LOOK_UP, REFUND).status is status


def test_some_call_must_have_the_arguments_and_each_of_a_list_needs_one() -> None:
    first, second = ("look_up", {"id": 1}), ("look_up", {"id": 2})
    assert told({"arguments": {"look_up": {"id": 2}}}, first, second).status is PASS
    assert told({"arguments": {"look_*": [{"id": 2}, {"id": 1}]}}, first, second).status is PASS
    assert told({"arguments": {"look_up": [{"id": 2}, {"id": 3}]}}, first, second).reason == (
        "expected a call of 'look_up' with '{\"id\": 3}', got '{\"id\": 1}' and 1 more"
    )
    assert told({"arguments": {"refund": {"id": 2}}}, first).reason.endswith("got no call of it")


def test_every_call_of_a_tool_must_fit_its_schema() -> None:
    schema = {"schemas": {"refund": {"type": "object", "properties": {"amount": {"type": "number", "maximum": 20}}}}}
    assert told(schema, REFUND).status is PASS
    assert told(schema, REFUND, ("refund", {"amount": 21})).reason == (
        "the arguments of 'refund': the JSON does not fit the schema at $.amount: 21 is greater than the maximum of 20"
    )
    assert told(schema, LOOK_UP).status is SKIPPED
    assert told({**schema, "count": 1}, LOOK_UP).status is PASS


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        ("", PASS, ""),
        ("  ", PASS, ""),
        ('{"a": 1', FAIL, "expected the arguments of 'f' to be JSON: they are not JSON (Expecting ',' delimiter"),
        ("[1]", FAIL, "expected the arguments of 'f' to be an object, got '[1]'"),
        ("[" * 100_000, FAIL, "nested deeper than 80 levels"),
        ('{"a": NaN}', FAIL, "NaN is no JSON number"),
    ],
)
def test_arguments_of_every_call_are_a_json_object(arguments: str, status: Status, reason: str) -> None:
    for argument in (None, "f", {"count": {"max": 9}}, {"forbidden": "g"}):
        said = told(argument, ("f", arguments))
        assert said.status is status
        assert reason in said.reason


@pytest.mark.parametrize(
    ("argument", "called", "reason"),
    [
        (None, [], "expected a tool call, got none"),
        ("a", [], "expected a call of 'a', got no tool call"),
        (["a", "a"], ["a"], "expected 2 calls of 'a', got 'a'"),
        ({"names": ["a", "b"], "order": "subset"}, ["b", "a"], "expected a call of 'b' after 'a', got 'b', 'a'"),
        ({"names": ["a"], "order": "exact"}, ["b"], "expected exactly the calls 'a' in this order, got 'b'"),
        ({"names": ["a"], "f1": 1.0}, ["a", "b"], "expected the tools 'a' with an F1 of at least 1.00, got 0.67"),
        ({"count": {"min": 2}}, ["a"], "expected at least 2 tool calls, got 1"),
        ({"names": "a", "count": {"max": 1}}, ["a", "a"], "expected at most 1 calls of 'a', got 2"),
        ({"only": "a"}, ["b\n"], r"expected calls of 'a' only, got 'b'"),
        ({"forbidden": ["a", "b"]}, ["b"], "expected no call of 'a', 'b', got 'b'"),
    ],
)
def test_a_reason_says_what_was_expected_and_what_was_called(argument: object, called: list[str], reason: str) -> None:
    assert reason in told(argument, *named(*called)).reason


def test_many_calls_and_long_arguments_take_no_time() -> None:
    flat = {f"{'k' * 20}{number}": [number, {"id": number}] for number in range(20_000)}
    deep: object = 1
    for _ in range(60):
        deep = {"k" * 10_000: deep, "l": deep if isinstance(deep, int) else 2}
    wide = {"k" * 500_000: {str(number): number for number in range(20_000)}}
    argument: dict[str, Any] = {"arguments": {"f": {"z": 1}}, "ignore": ["*a*b*c*", "*k*.x", "x.*"], "exact": True}
    for said in (flat, deep, wide):
        began = time.perf_counter()
        assert told(argument, ("f", said)).status is FAIL
        assert time.perf_counter() - began < 3
    began = time.perf_counter()
    many = named(*(f"tool_{number}" for number in range(20_000)))
    for argument in ({"names": ["*_1", "b"]}, {"names": ["a", "b"], "f1": 0.5}, {"names": ["*"] * 9, "order": "exact"}):
        assert told(argument, *many).status is FAIL
    assert time.perf_counter() - began < 3


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "\ud800", ""]), st.text(max_size=9) | st.just('{"a": 1}')), max_size=4
    ),
    st.sampled_from(
        [
            None,
            "a",
            {"names": ["a", "*"], "order": "subset"},
            {"arguments": {"a": {"a": 1}}, "exact": True},
            {"count": 2},
        ]
    ),
)
def test_any_calls_are_judged(calls: list[tuple[str, str]], argument: object) -> None:
    said = told(argument, *calls)
    assert said.status in (PASS, FAIL)
    assert bool(said.reason) is (said.status is FAIL)
    said.reason.encode()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"order": "exact"}, "order and f1 speak of names; give names:"),
        ({"f1": 0.5}, "order and f1 speak of names; give names:"),
        ({"names": "a", "order": "any", "f1": 0}, "greater than 0"),
        ({"names": "a", "order": "exact", "f1": 1.0}, "f1 compares sets of names"),
        ({"names": "a", "order": "in_order"}, "should be 'any', 'subset' or 'exact'"),
        ({"ignore": "a"}, "exact, ignore and defaults speak of arguments"),
        ({"names": "delete_all", "forbidden": "delete_*"}, "delete_all is both wanted and forbidden"),
        ({"names": ["a", "b"], "only": "a"}, "b is wanted, but not among those of only"),
        ({"count": {}}, "no count given"),
        ({"count": {"min": 2, "max": 1}}, "nothing is at least 2 and at most 1"),
        ({"count": {"exactly": 1, "max": 1}}, "exactly says it all"),
        ({"count": -1}, "greater than or equal to 0"),
        ({"count": True}, "should be a valid integer"),
        ({"arguments": {}}, "must not be empty"),
        ({"arguments": {"a": []}}, "must not be empty"),
        ({"arguments": {"a": 1}}, "should be a mapping of names to values"),
        ({"schemas": {"a": {"type": "objekt"}}}, "not a JSON Schema"),
        (147, "147 is not a text"),
    ],
)
def test_an_argument_that_asks_for_the_impossible_is_refused(argument: object, message: str) -> None:
    assert message in problem({"tool_calls": argument}).message
