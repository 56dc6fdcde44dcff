"""Where in the answer: a check that fails because of something in the text says which characters that are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Status
from checks.json_spans import span_at
from tests.fakes.rules import outcome
from tests.fakes.samples import answered

INVOICE = '{"total": 12, "lines": [{"price": 1}, {"price": "x"}], "note": "due {soon}"}'
FENCED = f"```json\n{INVOICE}\n```"


@pytest.mark.parametrize(
    ("entry", "answer", "marked"),
    [
        ({"not_contains": "TODO"}, "well, TODO later", "TODO"),
        ({"contains": {"none": ["14 days"]}}, "within 14 days", "14 days"),
        ({"occurs": {"text": "sorry", "max": 1}}, "sorry, so sorry", "sorry"),
        ({"starts_with": "Dear"}, "  Hey you", "Hey "),
        ({"ends_with": "Bye."}, "See you  ", "See you"),
        ({"number": 147}, "it is 148", "148"),
        ({"length": 5}, "  Hello world ", " world"),
        ({"format": "one_sentence"}, "One. Two.", "Two."),
        ("no_pii", "call +1 202 555 0143 now", "+1 202 555 0143"),
        ({"blocklist": ["acmecorp"]}, "by AcmeCorp itself", "AcmeCorp"),
        ("no_refusal", "I'm sorry, but I can't help with that.", "I'm sorry, but I can't help"),
        ("python_syntax", "x = (", "("),
        ("xml", "<a><b></a>", "a"),
        ({"code_fence": "json"}, "```json\n{}", "```json\n{}"),
        ("json_valid", '{"a": 1} and more', "and more"),
        ("json_valid", 'Here: {"a": 1}', "Here: "),
        ("json_valid", '{"a": 1,}', "}"),
        ({"json_valid": {"fences": "allow"}}, '```json\n{"a" 1}\n```', "1"),
        ({"json_schema": {"properties": {"total": {"type": "string"}}}}, INVOICE, "12"),
        ({"json_schema": {"schema": {"properties": {"total": {"minimum": 13}}}, "fences": "allow"}}, FENCED, "12"),
        ({"json_schema": {"schema": {"required": ["due"]}, "anywhere": True}}, f"So: {INVOICE}.", INVOICE),
        ({"json_path": {"path": "$.lines[*].price", "max": 3}}, INVOICE, '"x"'),
        ({"json_path": {"path": "$.note", "exists": False}}, INVOICE, '"due {soon}"'),
        ({"json_path": {"path": "$.total", "equals": 13, "anywhere": True}}, f"Text {INVOICE}", "12"),
        ({"json_equal": {"value": {"total": 12, "lines": [], "note": ""}}}, INVOICE, '[{"price": 1}, {"price": "x"}]'),
        ({"json_equal": {"value": [1, {"a b": 2}], "anywhere": True}}, 'So: [1, {"a b": 3}]', "3"),
        ({"json_equal": {"value": {"a": 1}}}, '{"a": 1, "extra": null}', "null"),
        ({"not": {"regex": "T.DO"}}, "a TODO", "TODO"),
        ({"all_of": [{"not_contains": "TODO"}]}, "a TODO", "TODO"),
    ],
)
def test_the_place_is_what_is_wrong(entry: Any, answer: str, marked: str) -> None:
    told = outcome(entry, answered(answer))
    assert told.status is Status.FAIL
    assert told.span is not None
    assert answer[told.span[0] : told.span[1]] == marked


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ({"contains": "30 days"}, "within a month"),
        ({"regex": "x"}, "abc"),
        ({"length": {"words": 1}}, "two words"),
        ({"length": {"characters": {"min": 9}}}, "short"),
        ("json_valid", ""),
        ({"json_path": "$.absent"}, INVOICE),
        ({"json_path": {"path": "$.lines[*]", "count": 3}}, INVOICE),
        ({"starts_with": "x"}, " "),
        ({"json_equal": {"value": {"a": 1, "b": 2}}}, '{"a": 1}'),
    ],
)
def test_what_is_missing_has_no_place(entry: Any, answer: str) -> None:
    told = outcome(entry, answered(answer))
    assert (told.status, told.span) == (Status.FAIL, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    entries = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(path, value), *(place for step, inner in entries for place in places(inner, (*path, step)))]


@given(JSON, st.sampled_from([None, 2]), st.booleans())
def test_every_value_of_every_document_is_found_where_it_stands(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = f" \n{json.dumps(value, indent=indent, ensure_ascii=ascii_only)}\t"
    for path, inner in places(value):
        span = span_at(text, path)
        assert span is not None
        assert json.loads(text[span[0] : span[1]]) == inner


@pytest.mark.parametrize("path", [("b",), (0,), ("a", 7), ("a", "x"), ("a", 0, "deep")])
def test_a_path_that_leads_nowhere_has_no_place(path: tuple[str | int, ...]) -> None:
    assert span_at('{"a": [1, 2]}', path) is None


def test_of_a_key_that_stands_twice_the_last_counts_as_in_reading() -> None:
    assert span_at('{"a": 1, "a": 22}', ("a",)) == (14, 16)


@given(st.text(max_size=30), st.lists(st.integers(0, 3) | st.text(max_size=2), max_size=3))
def test_no_text_breaks_the_search(text: str, path: list[str | int]) -> None:
    span = span_at(text, path)
    assert span is None or 0 <= span[0] < span[1] <= len(text)
