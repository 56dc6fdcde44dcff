"""Readers of XML, HTML, SQL, Python, fences and JSON against random texts: no crash, one word for one text, in time."""

from __future__ import annotations

import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Status
from tests.fakes.rules import NOTHING_ELSE, bound, outcome
from tests.fakes.samples import answered

ENTRIES: tuple[Any, ...] = (
    "json_valid",
    {"json_valid": {"anywhere": True}},
    {"json_schema": {"schema": {"type": "object"}, "fences": "allow"}},
    {"json_path": {"path": "$..a", "anywhere": True}},
    {"json_equal": {"value": {"a": [1, 2]}, "order": "ignore", "anywhere": True}},
    {"xml": {"required": ["a/b"], "fences": "allow"}},
    {"xml": {"anywhere": True}},
    {"html": ["p"]},
    {"html": {"anywhere": True}},
    {"sql": {"tables": ["a"], "columns": ["b"], "fences": "allow"}},
    {"sql": {"dialect": "mysql", "anywhere": True}},
    "python_syntax",
    {"code_fence": {"language": "sql", "parses": True}},
    {"code_fence": {"language": "xml", "parses": True}},
)
PIECES = (
    *"<>/&;!?-=\"'`~{}[](),:.*# \n\t\x00\ud800é",
    *("<a>", "</a>", "<p>", "</p>", "<li>", "<br/>", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE a [", "<?xml "),
    *("SELECT ", "FROM a ", "WITH x AS (", "DELETE ", "WHERE ", "JOIN ", "UNION ", "CASE ", "b", "1", "1e9", "NULL "),
    *("```json\n", "```\n", "~~~sql\n", '{"a":', "[1,", "def f(", "lambda: ", "if x:\n", "&amp;", "<svg>", "<script>"),
)
SHORT, TIMES_LONGER = 100_000, 4
MOST_TIMES_DEARER = 10
"""A reader that looks at every character once takes 4 times as long for 4 times the text, one that looks at every pair
16 times. In between lies what caches and other work on the machine do to a measurement."""
UNNOTICED_S = 0.1
"""Of the longer text. What takes less is not judged: a 50th of it is the clock's own noise."""


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_no_mixture_of_pieces_breaks_a_reader_or_gets_two_words(entry: Any, answer: str) -> None:
    rule, sample = bound(entry).rule, answered(answer)
    told = rule.examine(sample, NOTHING_ELSE)
    assert told == rule.examine(sample, NOTHING_ELSE)
    assert bool(told.reason) is (told.status is not Status.PASS)
    assert told.span is None or 0 <= told.span[0] <= told.span[1] <= len(answer)


@given(st.lists(st.sampled_from([piece for piece in PIECES if piece != "\ud800"]), max_size=12).map("".join))
def test_what_passes_as_xml_is_xml_to_another_reader(answer: str) -> None:
    if outcome("xml", answered(answer)).status is Status.PASS:
        assert ET.fromstring(answer.strip()).tag


ELEMENTS = st.recursive(
    st.sampled_from(["x", "a &lt; b", "", "<br>", "<img src='x>y'>"]),
    lambda inner: st.tuples(st.sampled_from(["p", "div", "b", "my-tag", "table"]), st.lists(inner, max_size=3)).map(
        lambda part: f"<{part[0]}>{''.join(part[1])}</{part[0]}>"
    ),
    max_leaves=8,
)


@given(ELEMENTS)
def test_elements_closed_in_order_are_html_and_without_their_last_end_tag_are_not(inner: str) -> None:
    assert outcome("html", answered(f"<div>{inner}</div>")).status is Status.PASS
    assert outcome("html", answered(f"<div>{inner}")).status is Status.FAIL


@pytest.mark.parametrize(
    ("sql", "dialect", "status"),
    [
        ("select", "any", Status.FAIL),
        ("Select", "mysql", Status.FAIL),
        ("SELECT", "postgres", Status.PASS),
        ("SELECT * FROM (SELECT) x", "any", Status.FAIL),
        ("UPDATE a SET b", "any", Status.FAIL),
        ("UPDATE a SET b = 1", "any", Status.PASS),
        ("UPDATE a SET (b, c) = (1, 2)", "postgres", Status.PASS),
        ("SELECT EXISTS (SELECT 1)", "any", Status.PASS),
        ("FROM a", "duckdb", Status.PASS),
    ],
)
def test_half_a_statement_is_no_sql(sql: str, dialect: str, status: Status) -> None:
    assert outcome({"sql": dialect}, answered(sql)).status is status


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
@pytest.mark.parametrize(
    "piece", ["<p>x</p>", "<a ", "[{", '{"a": 1} ', "```\n", "SELECT a FROM b; ", "(", "&lt;", "x=1\n"]
)
def test_the_time_to_read_grows_with_the_text_and_not_with_its_square(entry: Any, piece: str) -> None:
    rule = bound(entry).rule

    def seconds(characters: int) -> float:
        """Of the processor, so that waiting for it does not count."""
        sample = answered(piece * (characters // len(piece)))
        began = time.process_time()
        rule.examine(sample, NOTHING_ELSE)
        return time.process_time() - began

    def dearer() -> bool:
        took = seconds(SHORT * TIMES_LONGER)
        return took > UNNOTICED_S and took > MOST_TIMES_DEARER * seconds(SHORT)

    assert not all(dearer() for _ in range(3))
