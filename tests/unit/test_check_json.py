"""json_schema, json_path and the strict reading of JSON below them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Status
from checks.json_answer import MAX_DEPTH, NotJson, read_json, same_json
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

INVOICE = {"type": "object", "required": ["total", "due_date"], "properties": {"total": {"type": "number"}}}
GOOD = '{"total": 1240.50, "due_date": "2026-07-01", "items": [{"price": 3}, {"price": 4}]}'
PASS, FAIL = Status.PASS, Status.FAIL
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("```json\n{}\n```", "wrapped in a ``` fence"),
        ('Here you are: {"a": 1}', "text stands before the JSON"),
        ('{"a": 1} I hope it helps', "text follows the JSON, expected JSON and nothing else: 'I hope it helps'"),
        ("{} {}", "text follows the JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1,}', "not JSON"),
        ("hello", "not JSON"),
        ("NaN", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("1e999", "too large"),
        ("1" * 5000, "too large"),
        ("[" * 100_000, "nested deeper than 80 levels"),
        ("[" * 200 + "]" * 200, "nested deeper than 80 levels"),
        ("\ufeff{}", "text stands before the JSON"),
    ],
)
def test_what_is_not_json_alone_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotJson) as caught:
        read_json(text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nesting_is_read_up_to_the_limit() -> None:
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(NotJson):
        read_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


@given(json_values)
def test_every_json_value_is_read_back_and_equals_itself(value: Any) -> None:
    assert same_json(read_json(json.dumps(value)), value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_never_worse(text: str) -> None:
    try:
        value = read_json(text)
    except NotJson:
        value = None
    assert value is None or same_json(value, json.loads(text))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(1240.5, 1240.50, True), (1, 1.0, True), (1, True, False), (0, False, False), ("1", 1, False), (None, 0, False)],
)
def test_json_equality_knows_numbers_from_booleans_and_texts(left: Any, right: Any, same: bool) -> None:
    assert same_json(left, right) is same
    assert same_json([left], [right]) is same
    assert same_json({"a": left}, {"a": right}) is same


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (GOOD, PASS),
        ('{"total": 1}', FAIL),
        ('{"total": "1", "due_date": ""}', FAIL),
        (f"```json\n{GOOD}\n```", FAIL),
        (f"Sure! {GOOD}", FAIL),
        ("[]", FAIL),
        ("", FAIL),
    ],
)
def test_json_schema_takes_only_json_that_fits(answer: str, status: Status) -> None:
    assert outcome({"json_schema": INVOICE}, answered(answer)).status is status


def test_json_schema_says_where_it_does_not_fit() -> None:
    told = outcome({"json_schema": INVOICE}, answered('{"total": "1", "due_date": ""}'))
    assert told.reason == "the JSON does not fit the schema at $.total: '1' is not of type 'number'"


def test_json_schema_does_not_assert_formats() -> None:
    assert outcome({"json_schema": {"type": "string", "format": "date"}}, answered('"soon"')).status is PASS


def test_json_schema_follows_references_inside_the_schema() -> None:
    schema = {"$defs": {"money": {"type": "number"}}, "properties": {"total": {"$ref": "#/$defs/money"}}}
    assert outcome({"json_schema": schema}, answered('{"total": 1}')).status is PASS
    assert outcome({"json_schema": schema}, answered('{"total": "1"}')).status is FAIL


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "objekt"}, "not a JSON Schema at $.type"),
        ({"properties": {"a": {"minimum": "3"}}}, "not a JSON Schema at $.properties.a.minimum"),
        ({"$ref": "https://schemas.example.com/invoice.json"}, "leads out of this schema"),
        ({"items": {"$ref": "file:///etc/passwd"}}, "leads out of this schema"),
        ({"items": {"$dynamicRef": "https://schemas.example.com/x"}}, "leads out of this schema"),
        ({"$ref": "#/$defs/nowhere"}, "leads out of this schema"),
        ({"$ref": "#"}, "refers to itself without end"),
        ({"properties": {"a": {"pattern": "(a+)+$"}}}, "repeats something that already repeats"),
        ({"patternProperties": {"(a+)+$": {}}}, "repeats something that already repeats"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "read as draft 2020-12"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_when_the_suite_is_read(schema: dict[str, Any], message: str) -> None:
    told = problem({"json_schema": schema})
    assert message in told.message
    assert told.path == ("json_schema",)


def test_a_schema_may_name_the_draft_it_is_read_as_and_mention_refs_as_data() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "const": {"$ref": "https://example.com"}}
    assert outcome({"json_schema": schema}, answered('{"$ref": "https://example.com"}')).status is PASS


def test_a_text_too_long_for_a_pattern_fails_instead_of_hanging() -> None:
    told = outcome({"json_schema": {"pattern": "^(a|b)*c$"}}, answered('"' + "a" * 30_000 + '"'))
    assert told.status is FAIL
    assert "too long to be held against" in told.reason


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("[1, true, 0, false]", PASS),
        ("[1, 1.0]", FAIL),
        ('[{"a": 1, "b": 2}, {"b": 2, "a": 1}]', FAIL),
        ('["1", 1]', PASS),
    ],
)
def test_unique_items_compares_as_json_does(answer: str, status: Status) -> None:
    assert outcome({"json_schema": {"uniqueItems": True}}, answered(answer)).status is status


def test_unique_items_of_a_long_list_takes_no_time() -> None:
    began = time.perf_counter()
    answer = json.dumps([{"a": number} for number in range(20_000)])
    assert outcome({"json_schema": {"uniqueItems": True}}, answered(answer)).status is PASS
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("$.total", PASS),
        ("$.sum", FAIL),
        ({"path": "$.total", "equals": 1240.5}, PASS),
        ({"path": "$.total", "equals": "1240.5"}, FAIL),
        ({"path": "$.due_date", "matches": r"^\d{4}-\d\d-\d\d$"}, PASS),
        ({"path": "$.total", "matches": "1240"}, FAIL),
        ({"path": "$.total", "min": 1240, "max": 1241}, PASS),
        ({"path": "$.total", "max": 1240}, FAIL),
        ({"path": "$.due_date", "min": 1}, FAIL),
        ({"path": "$.items", "length": 2}, PASS),
        ({"path": "$.items", "length": 3}, FAIL),
        ({"path": "$.total", "length": 7}, FAIL),
        ({"path": "$.items[*].price", "min": 3}, PASS),
        ({"path": "$.items[*].price", "equals": 3}, FAIL),
        ({"path": "$.items[?@.price > 3].price", "equals": 4}, PASS),
        ({"path": "$.sum", "equals": 1}, FAIL),
        ({"path": "$.sum", "exists": False}, PASS),
        ({"path": "$.total", "exists": False}, FAIL),
        ({"path": "$.total", "exists": True}, PASS),
    ],
)
def test_json_path_holds_every_value_it_finds_to_every_condition(argument: object, status: Status) -> None:
    assert outcome({"json_path": argument}, answered(GOOD)).status is status


def test_json_path_can_ask_for_null() -> None:
    assert outcome({"json_path": {"path": "$.a", "equals": None}}, answered('{"a": null}')).status is PASS
    assert outcome({"json_path": {"path": "$.a", "equals": None}}, answered('{"a": 0}')).status is FAIL


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ({"path": "$.total", "equals": 5}, "expected $.total to be '5', got '1240.5'"),
        ({"path": "$.total", "max": 5}, "expected $.total to be a number of at most 5, got '1240.5'"),
        ({"path": "$.due_date", "exists": False}, "expected nothing at $.due_date, got '\"2026-07-01\"'"),
    ],
)
def test_json_path_says_what_it_found(argument: object, reason: str) -> None:
    assert outcome({"json_path": argument}, answered(GOOD)).reason == reason


@pytest.mark.parametrize("entry", [{"json_path": "$.a"}, {"json_path": {"path": "$.a", "exists": False}}])
def test_json_path_needs_json_even_to_find_nothing(entry: object) -> None:
    assert outcome(entry, answered("There is no a here.")).status is FAIL


@pytest.mark.parametrize("path", ["total", "$.", "$.a[", "$.a | $.b", "/a/b", "$.a.~", "#"])
def test_a_path_that_is_no_rfc_9535_path_is_refused(path: str) -> None:
    assert "is not a JSONPath" in problem({"json_path": path}).message


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"path": "$.a", "exists": False, "min": 1}, "nothing else can be asked"),
        ({"path": "$.a", "min": 2, "max": 1}, "at least 2 and at most 1"),
        ({"path": "$.a", "min": True}, "min: "),
        ({"path": "$.a", "matches": "("}, "is not a regular expression"),
        ({"equals": 1}, "the option path is missing"),
    ],
)
def test_conditions_that_cannot_hold_are_refused(argument: object, message: str) -> None:
    assert message in problem({"json_path": argument}).message


def test_a_deep_document_is_walked_by_a_descendant_path() -> None:
    assert outcome({"json_path": "$..*"}, answered("[" * 81 + "]" * 81)).status is FAIL
    assert outcome({"json_path": "$..*"}, answered("[" * 80 + "1" + "]" * 80)).status is PASS


@pytest.mark.parametrize(
    ("step", "value", "status"),
    [
        (0.01, "19.99", Status.PASS),
        (0.1, "0.3", Status.PASS),
        (0.01, "19.995", Status.FAIL),
        (0.01, "1e300", Status.PASS),
        (3, "9", Status.PASS),
        (3, "10", Status.FAIL),
        (0.5, "true", Status.PASS),
        (0.5, '"text"', Status.PASS),
    ],
)
def test_a_multiple_is_reckoned_in_decimals_as_it_is_written(step: float, value: str, status: Status) -> None:
    told = outcome({"json_schema": {"multipleOf": step}}, answered(value))
    assert told.status is status, told.reason
