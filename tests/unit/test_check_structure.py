"""json_valid, json_equal, xml, html, sql, python, code_fence, and where in an answer they look."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.fences import fenced_blocks, lone_fence
from checks.finding import Status
from checks.matching import perfect_matching
from checks.sql_dialects import Dialect
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR = Status.PASS, Status.FAIL, Status.ERROR
INVOICE = {"type": "object", "required": ["total"]}


# ------------------------------------------------------------------------------------------------ fences
@pytest.mark.parametrize(
    ("answer", "blocks"),
    [
        ("```py\nx = 1\n```", [("python", "x = 1\n", True)]),
        ("~~~\na\n~~~\n````json\n```\n````", [("", "a\n", True), ("json", "```\n", True)]),
        ("- so:\n    ```SQL\n    select 1\n      from t\n    ```\n", [("sql", "select 1\n  from t\n", True)]),
        ("```python\nx = 1", [("python", "x = 1", False)]),
        ("```json {} ```", []),
        ("no ``` here", []),
        ("```\r\nx\r\n```\r\n", [("", "x\r\n", True)]),
        ("``` {.python .numbered}\nx\n```", [("python", "x\n", True)]),
        ("```", [("", "", False)]),
        ("```\n```", [("", "", True)]),
    ],
)
def test_fenced_blocks_are_found_as_markdown_writes_them(answer: str, blocks: list[tuple[str, str, bool]]) -> None:
    assert [(block.language, block.text, block.closed) for block in fenced_blocks(answer)] == blocks


@given(st.text(alphabet="`~ \npy", max_size=60))
def test_blocks_stand_in_order_within_the_answer(answer: str) -> None:
    end = 0
    for block in fenced_blocks(answer):
        assert end <= block.span[0] < block.span[1] <= len(answer)
        if block.starts is not None:
            assert answer[block.starts : block.starts + len(block.text)] == block.text
        end = block.span[1]


def test_a_lone_fence_has_nothing_around_it_but_blanks() -> None:
    found = lone_fence("\n ```json\n{}\n```\n ")
    assert found is not None
    assert (found.text, found.starts) == ("{}\n", 10)
    assert lone_fence("```json\n{}\n```\nDone.") is None
    assert lone_fence("Here:\n```json\n{}\n```") is None
    assert lone_fence("```json\n{}") is None


# ------------------------------------------------------------------------------------------------ json anywhere
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (None, '{"a": 1}', PASS),
        (None, "3", PASS),
        (None, "```json\n{}\n```", FAIL),
        (None, "Sure: {}", FAIL),
        (None, '{"a": 1, "a": 2}', PASS),
        ({"fences": "allow"}, "```json\n{}\n```", PASS),
        ({"fences": "allow"}, "```\n[1]\n```\n", PASS),
        ({"fences": "allow"}, "{}", PASS),
        ({"fences": "allow"}, "```python\n{}\n```", FAIL),
        ({"fences": "allow"}, "Sure:\n```json\n{}\n```", FAIL),
        ({"duplicate_keys": "forbid"}, '{"a": 1, "b": {"a": 2}}', PASS),
        ({"duplicate_keys": "forbid"}, '[{"a": 1, "a": 2}]', FAIL),
        ({"anywhere": True}, 'Sure: {"a": [1]}. Anything else?', PASS),
        ({"anywhere": True}, "See {this} and [that", FAIL),
        ({"anywhere": True}, "{broken: {}}", PASS),
        ({"anywhere": True}, "The answer is 3.", FAIL),
        ({"anywhere": True, "duplicate_keys": "forbid"}, 'So: {"a": 1, "a": 2}', FAIL),
    ],
)
def test_json_valid_takes_json_where_it_may_stand(argument: object, answer: str, status: Status) -> None:
    assert outcome({"json_valid": argument} if argument else "json_valid", answered(answer)).status is status


def test_json_valid_names_the_key_that_stands_twice() -> None:
    told = outcome({"json_valid": {"duplicate_keys": "forbid"}}, answered('{"a": 1, "a": 2}'))
    assert told.reason == "the answer is not JSON: the key 'a' stands twice in an object"


def test_a_value_among_prose_is_marked_and_the_best_one_counts() -> None:
    answer = 'As [1] says: {"total": 3}'
    told = outcome({"json_schema": {"schema": INVOICE, "anywhere": True}}, answered(answer))
    assert told.status is PASS
    assert told.span is not None
    assert answer[slice(*told.span)] == '{"total": 3}'
    assert outcome({"json_path": {"path": "$.total", "equals": 3, "anywhere": True}}, answered(answer)).status is PASS
    assert outcome({"json_equal": {"value": {"total": 3}, "anywhere": True}}, answered(answer)).status is PASS


def test_what_must_not_be_there_is_looked_for_in_every_value() -> None:
    entry = {"json_path": {"path": "$.error", "exists": False, "anywhere": True}}
    assert outcome(entry, answered('[1] {"error": 2}')).status is FAIL
    assert outcome(entry, answered('[1] {"total": 2}')).status is PASS
    assert outcome(entry, answered("no JSON at all")).status is FAIL


def test_more_values_than_are_looked_at_are_neither_a_pass_nor_a_fail() -> None:
    many = "[1] " * 150
    assert outcome({"json_schema": {"schema": INVOICE, "anywhere": True}}, answered(many)).status is ERROR
    absent = {"json_path": {"path": "$.error", "exists": False, "anywhere": True}}
    assert outcome(absent, answered(many)).status is ERROR
    assert outcome({"json_valid": {"anywhere": True}}, answered("{" * 5_000 + "{}")).status is ERROR


def test_json_schema_reads_its_short_form_and_its_options() -> None:
    fenced = answered('```json\n{"total": 1}\n```')
    assert outcome({"json_schema": INVOICE}, fenced).status is FAIL
    assert outcome({"json_schema": {"schema": INVOICE, "fences": "allow"}}, fenced).status is PASS
    assert "no option" in problem({"json_schema": {"schema": INVOICE, "fence": "allow"}}).message


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ({"path": "$.total", "equals": 100, "tolerance": 0.5}, PASS),
        ({"path": "$.total", "equals": 100, "tolerance": 0.3}, FAIL),
        ({"path": "$.total", "equals": 101, "tolerance": "1%"}, PASS),
        ({"path": "$.name", "equals": 100, "tolerance": "1%"}, FAIL),
        ({"path": "$.total", "above": 100.4}, FAIL),
        ({"path": "$.total", "above": 100, "below": 100.5}, PASS),
        ({"path": "$.items[*]", "count": 3}, PASS),
        ({"path": "$.items[*]", "count": {"max": 2}}, FAIL),
        ({"path": "$.nothing", "count": 0}, PASS),
        ({"path": "$.items[*]", "values": "any", "above": 2}, PASS),
        ({"path": "$.items[*]", "values": "any", "above": 3}, FAIL),
        ({"path": "$.name", "length": {"min": 3, "max": 4}}, PASS),
        ({"path": "$.name", "length": {"max": 3}}, FAIL),
    ],
)
def test_json_path_compares_and_counts(argument: object, status: Status) -> None:
    answer = '{"total": 100.4, "name": "100x", "items": [1, 2, 3]}'
    assert outcome({"json_path": argument}, answered(answer)).status is status


def test_a_json_text_is_not_read_as_a_document_of_its_own() -> None:
    assert outcome({"json_path": "$.a"}, answered(json.dumps('{"a": 1}'))).status is FAIL
    assert outcome({"json_path": {"path": "$", "matches": "a"}}, answered('"cab"')).status is PASS


# ------------------------------------------------------------------------------------------------ json_equal
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        ({"value": {"a": 1, "b": 2}}, '{"b": 2, "a": 1.0}', PASS),
        ({"value": [1, 2]}, "[2, 1]", FAIL),
        ({"value": [1, 2], "order": "ignore"}, "[2, 1]", PASS),
        ({"value": [1, 1, 2], "order": "ignore"}, "[2, 2, 1]", FAIL),
        ({"value": [[1, 2], [3]], "order": "ignore"}, "[[3], [2, 1]]", PASS),
        ({"value": [1.0, 1.5], "order": "ignore", "tolerance": 0.5}, "[2, 1.5]", PASS),
        ({"value": [1.0, 1.5], "order": "ignore", "tolerance": 0.5}, "[2, 2.5]", FAIL),
        ({"value": {"a": 100}, "tolerance": "1%"}, '{"a": 101}', PASS),
        ({"value": {"a": 100}, "tolerance": "1%"}, '{"a": 101.5}', FAIL),
        ({"value": {"a": True}, "tolerance": 5}, '{"a": 1}', FAIL),
        ({"value": {"a": None}}, "{}", FAIL),
        ({"value": {"id": 1, "a": 2}, "ignore": "$.id"}, '{"a": 2}', PASS),
        ({"value": {"a": 2}, "ignore": ["$..id"]}, '{"a": 2, "id": {"id": 3}}', PASS),
        ({"value": [1, 2, 3], "ignore": "$[1]"}, "[1, 9, 3]", PASS),
        ({"value": [1, 2, 3], "ignore": "$[1]"}, "[1, 3]", FAIL),
        ('{"a": [1]}', '{"a": [1]}', PASS),
        ([1, 2], "[1, 2]", PASS),
        ([1, 2], "one, two", FAIL),
        ({"value": 1, "fences": "allow"}, "```\n1\n```", PASS),
    ],
)
def test_json_equal_compares_place_by_place(argument: object, answer: str, status: Status) -> None:
    assert outcome({"json_equal": argument}, answered(answer)).status is status


@pytest.mark.parametrize(
    ("argument", "answer", "reason"),
    [
        (
            {"value": {"items": [{"price": 3}]}},
            '{"items": [{"price": 4}]}',
            "expected '3' at $.items[0].price, got '4'",
        ),
        ({"value": {"a": 3}, "tolerance": 0.5}, '{"a": 4}', "expected '3' within 0.5 at $.a, got '4'"),
        ({"value": {"a b": 3}}, "{}", "expected '3' at $['a b'], got nothing"),
        ({"value": {}}, '{"x": 1}', "expected nothing at $.x, got '1'"),
        ({"value": [1, 2]}, "[1]", "expected 2 entries at $, got 1: '[1]'"),
        ({"value": [1, 2], "order": "ignore"}, "[1, 3]", "expected an entry '2' at $, got '[1, 3]'"),
        ({"value": {"a": "{at}"}}, '{"a": "{came}"}', "expected '\"{at}\"' at $.a, got '\"{came}\"'"),
    ],
)
def test_json_equal_names_the_first_place_that_differs(argument: object, answer: str, reason: str) -> None:
    assert outcome({"json_equal": argument}, answered(answer)).reason == reason


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"value": 1, "ignore": "$"}, "ignoring $"),
        ({"value": 1, "ignore": "id"}, "is not a JSONPath"),
        ({"value": "yes"}, "is not JSON"),
        ({"value": list(range(201)), "order": "ignore"}, "at most 200 entries"),
        ({"value": [[1] * 150] * 10, "order": "ignore"}, "at most 1000 parts"),
        ({"value": 1, "tolerance": -1}, "tolerance"),
        ({"tolerance": 1}, "the option value is missing"),
    ],
)
def test_json_equal_refuses_what_it_cannot_compare(argument: object, message: str) -> None:
    assert message in problem({"json_equal": argument}).message


def test_lists_in_any_order_take_no_time_even_where_nearly_all_fits() -> None:
    wanted = [{"a": number / 100, "b": [number]} for number in range(200)]
    entry = {"json_equal": {"value": wanted, "order": "ignore", "tolerance": 50}}
    began = time.perf_counter()
    assert outcome(entry, answered(json.dumps(wanted[::-1]))).status is PASS
    other = [*wanted[:7], {"a": 0.07, "b": ["no"]}, *wanted[8:]]
    assert outcome(entry, answered(json.dumps(other[::-1]))).status is FAIL
    assert time.perf_counter() - began < 10


@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_a_matching_is_found_exactly_where_trying_every_order_finds_one(fits: list[list[bool]]) -> None:
    orders = itertools.permutations(range(len(fits)))
    exists = any(all(fits[row][column] for row, column in enumerate(order)) for order in orders)
    assert (perfect_matching(fits) is None) is exists


# ------------------------------------------------------------------------------------------------ xml
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (None, "<a><b/></a>", PASS),
        (None, '<?xml version="1.0"?>\n<a x="1">é</a>\n', PASS),
        (None, '<!DOCTYPE a SYSTEM "a.dtd"><a/>', PASS),
        (None, "<a><b></a></b>", FAIL),
        (None, "<a/><b/>", FAIL),
        (None, "Here: <a/>", FAIL),
        (None, "<a/> Done.", FAIL),
        (None, "<a>&unknown;</a>", FAIL),
        (None, "plain text", FAIL),
        (None, "", FAIL),
        (None, "<a>\ud800</a>", FAIL),
        (None, "<a>\x00</a>", FAIL),
        (None, '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>', FAIL),
        (None, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', FAIL),
        ("invoice/total", "<invoice><total>3</total></invoice>", PASS),
        ("invoice/total", "<invoice><x><total>3</total></x></invoice>", FAIL),
        ({"required": ["s:a/s:b"]}, '<s:a xmlns:s="urn:x"><s:b/></s:a>', PASS),
        ({"fences": "allow"}, "```xml\n<a/>\n```", PASS),
        ({"anywhere": True}, "I used <br> and made <a><b/></a> for you.", PASS),
        ({"anywhere": True}, "nothing < here > to <see", FAIL),
        ({"required": "answer/x", "anywhere": True}, "<think>hm</think> <answer><x/></answer>", PASS),
        ({"required": "answer/y", "anywhere": True}, "<think>hm</think> <answer><x/></answer>", FAIL),
        ({"anywhere": True}, "<b>" * 50, ERROR),
    ],
)
def test_xml_is_well_formed_and_holds_its_elements(argument: object, answer: str, status: Status) -> None:
    assert outcome({"xml": argument} if argument else "xml", answered(answer)).status is status


def test_xml_says_where_it_breaks() -> None:
    answer = "<a>ä</b>"
    told = outcome("xml", answered(answer))
    assert told.reason == "expected XML, got mismatched tag at 'b>'"
    assert told.span == (6, 7)
    assert "DOCTYPE" in outcome("xml", answered("<!DOCTYPE a [<!ENTITY b 'x'>]><a/>")).reason


# ------------------------------------------------------------------------------------------------ html
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (None, "<!doctype html>\n<html><head><title>a < b</title></head><body><p>x</body></html>", PASS),
        (None, "<ul><li>a<li>b</ul><br><p>c", PASS),
        (None, "<my-card a='>'>x</my-card>", PASS),
        (None, "<svg><path d=''/></svg>", PASS),
        (None, "<script>if (a < b) { '<div>' }</script>", PASS),
        (None, "<p>1 < 2</p>", PASS),
        (None, "plain text", FAIL),
        (None, "", FAIL),
        (None, "Here: <p>x</p>", FAIL),
        (None, "<p>x</p> Done.", FAIL),
        (None, "<b>x</b> and <i>y</i>", FAIL),
        (None, "<div><b>x</div></b>", FAIL),
        (None, "<div>cut off", FAIL),
        (None, "<div>x</div", FAIL),
        (None, "<div/>", FAIL),
        (None, "</div>", FAIL),
        (None, "<note><to>x</to></note>", FAIL),
        (None, "<script>never ends", FAIL),
        (None, "<!-- only a comment -->", FAIL),
        ("table", "<table><tr><td>x</table>", PASS),
        ("TH", "<table><tr><td>x</table>", FAIL),
        ({"fences": "allow"}, "```html\n<p>x</p>\n```", PASS),
        ({"anywhere": True}, "Use <b>bold</b> text.", PASS),
        ({"anywhere": True}, "if a <b and c> d <strong>x", PASS),
        ({"anywhere": True}, "Use <name> here, 1 < 2.", FAIL),
        ({"anywhere": True, "required": "a"}, "Use <b>bold</b> text.", FAIL),
    ],
)
def test_html_is_made_of_elements_closed_as_they_must_be(argument: object, answer: str, status: Status) -> None:
    assert outcome({"html": argument} if argument else "html", answered(answer)).status is status


def test_html_says_which_element_is_wrong() -> None:
    told = outcome("html", answered("<div><b>x</div></b>"))
    assert told.reason == "expected HTML, got </div> where <b> is open, at '</div></b>'"
    assert told.span == (9, 10)


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "<a x='", '<a "<a" ', "<title>", "<b>", "</a", "<script></"])
def test_a_megabyte_of_broken_tags_takes_one_pass(piece: str) -> None:
    answer = answered(piece * (1_000_000 // len(piece)))
    began = time.perf_counter()
    assert outcome("html", answer).status is FAIL
    assert outcome({"html": {"anywhere": True}}, answer).reason is not None
    assert time.perf_counter() - began < 10


# ------------------------------------------------------------------------------------------------ sql
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (None, "SELECT a FROM t WHERE b = 1;", PASS),
        (None, "select * form t", FAIL),
        (None, "Hello there", FAIL),
        (None, "yes", FAIL),
        (None, "-- nothing", FAIL),
        (None, "", FAIL),
        (None, "use the force", FAIL),
        ({"statements": "other"}, "use sales", PASS),
        ("mysql", "SELECT `a` FROM `t`", PASS),
        ("postgres", "SELECT `a` FROM `t`", FAIL),
        ("mysql", "CALL p()", ERROR),
        ("hive", "map ( ' attach into describe table all analyze or alter having engine ] #c ' recursive", ERROR),
        (None, "SELECT " + "(" * 5_000, ERROR),
        (None, "SELECT " + "a, " * 10_000 + "a", ERROR),
        ({"statements": "select"}, "SELECT 1; SELECT 2", PASS),
        ({"statements": "select"}, "SELECT 1; DROP TABLE t", FAIL),
        (
            {"dialect": "postgres", "statements": "select"},
            "WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x",
            FAIL,
        ),
        ({"statements": "select"}, "SELECT a INTO b FROM c", FAIL),
        ({"statements": "insert"}, "INSERT INTO t SELECT a FROM b", PASS),
        ({"tables": ["orders"]}, "SELECT a FROM Orders o JOIN orders p ON o.a = p.a", PASS),
        ({"tables": ["orders"]}, "SELECT a FROM orders WHERE b IN (SELECT c FROM secrets)", FAIL),
        ({"tables": ["orders"]}, "SELECT a FROM private.orders", FAIL),
        ({"tables": ["public.*"]}, "SELECT a FROM public.orders", PASS),
        ({"tables": ["orders"]}, "WITH o AS (SELECT a FROM orders) SELECT * FROM o", PASS),
        ({"tables": ["orders"]}, "WITH secrets AS (SELECT a FROM secrets) SELECT * FROM secrets", FAIL),
        ({"tables": ["orders"]}, "WITH RECURSIVE o AS (SELECT 1 UNION SELECT a FROM o) SELECT * FROM o", PASS),
        ({"dialect": "duckdb", "tables": ["orders"]}, "SELECT * FROM read_csv('/etc/passwd')", FAIL),
        ({"columns": ["id", "total"]}, "SELECT id, SUM(total) AS t FROM o GROUP BY id ORDER BY t", PASS),
        ({"columns": ["id"]}, "SELECT id, password FROM o", FAIL),
        ({"columns": ["id"]}, "SELECT password AS password FROM o", FAIL),
        ({"columns": ["id"]}, "SELECT * FROM o", FAIL),
        ({"columns": ["id", "*"]}, "SELECT * FROM o", PASS),
        ({"columns": ["id"]}, "SELECT COUNT(*) FROM o", PASS),
        ({"columns": ["id"]}, "SELECT n FROM (SELECT id AS n FROM o) x", PASS),
        ({"columns": ["id"]}, "INSERT INTO t (id, password) VALUES (1, 2)", FAIL),
        ({"fences": "allow"}, "```sql\nSELECT 1\n```", PASS),
        (None, "```sql\nSELECT 1\n```", FAIL),
        ({"anywhere": True}, "So:\n```\nx\n```\n```postgresql\nSELECT 1\n```\nDone.", PASS),
    ],
)
def test_sql_parses_and_touches_what_it_may(argument: object, answer: str, status: Status) -> None:
    assert outcome({"sql": argument} if argument else "sql", answered(answer)).status is status


def test_sql_says_what_it_may_not_touch_and_where_it_breaks() -> None:
    told = outcome({"sql": {"tables": "orders"}}, answered("SELECT a FROM secrets"))
    assert told.reason == "expected only the tables 'orders', got 'secrets' in 'SELECT a FROM secrets'"
    broken = outcome("sql", answered("SELECT a\nFROM t WHERE WHERE"))
    assert broken.reason == "expected SQL, got a mistake at line 2 column 14: 'FROM t WHERE WHERE'"
    assert broken.span == (22, 23)


def test_the_dialects_are_those_the_parser_knows() -> None:
    from sqlglot.dialects import Dialects

    assert {*Dialect.__args__} - {"any"} <= {dialect.value for dialect in Dialects}  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------------ python
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (None, "def f(x):\n    return x + 1\n", PASS),
        (None, "x = '\\d'", PASS),
        (None, "def f(:", FAIL),
        (None, "Sure, here you go", FAIL),
        (None, "", FAIL),
        (None, "# only a comment", FAIL),
        (None, "x = '\ud800'", FAIL),
        (None, "x = 1\x00", FAIL),
        (None, "-" * 50_000 + "1", ERROR),
        (None, "a" + ".b" * 40_000, ERROR),
        (None, "x = 1\n" * 20_000, ERROR),
        (None, "```python\nx = 1\n```", FAIL),
        ({"fences": "allow"}, "```python\nx = 1\n```", PASS),
        ({"anywhere": True}, "Sure:\n  ```py\n  if x:\n      y\n  ```\nDone.", PASS),
        ({"anywhere": True}, "Sure:\n```py\nx = = 1\n```\nDone.", FAIL),
    ],
)
def test_python_parses_and_is_never_run(argument: object, answer: str, status: Status) -> None:
    assert outcome({"python_syntax": argument} if argument else "python_syntax", answered(answer)).status is status


def test_python_says_in_which_line_it_breaks() -> None:
    answer = "Sure:\n```py\nx = 1\ny = = 2\n```"
    told = outcome({"python_syntax": {"anywhere": True}}, answered(answer))
    assert told.reason == "expected Python, got invalid syntax in line 2: 'y = = 2'"
    assert told.span is not None
    assert answer[told.span[0] :].startswith("= 2")


# ------------------------------------------------------------------------------------------------ code_fence
@pytest.mark.parametrize(
    ("argument", "answer", "status"),
    [
        (None, "So:\n```\nx\n```", PASS),
        (None, "So: x", FAIL),
        ("python", "```py\nx\n```", PASS),
        ("python", "```js\nx\n```", FAIL),
        ("Python3", "```python\nx\n```", PASS),
        ("python", "```py\nx = 1", FAIL),
        ({"count": 2}, "```\na\n```\n```\nb\n```", PASS),
        ({"count": 0}, "no code", PASS),
        ({"count": {"max": 1}}, "```\na\n```\n```\nb\n```", FAIL),
        ({"language": "json", "parses": True}, "```json\n{}\n```", PASS),
        ({"language": "json", "parses": True}, "```json\n{}\n```\n```json\n{a}\n```", FAIL),
        ({"language": "python", "parses": True}, "```py\nx = = 1\n```", FAIL),
        ({"language": "xml", "parses": True}, "```xml\n<a/>\n```", PASS),
        ({"language": "xml", "parses": True}, "```xml\n<a>\n```", FAIL),
        ({"language": "sql", "parses": True}, "```sql\nselect 1\n```", PASS),
        ({"language": "sql", "parses": True, "dialect": "postgres"}, "```sql\nselect `a`\n```", FAIL),
        ({"language": "json", "parses": True}, "```json\n{}\n```\n" * 101, ERROR),
    ],
)
def test_code_fence_counts_and_parses_blocks(argument: object, answer: str, status: Status) -> None:
    assert outcome({"code_fence": argument} if argument else "code_fence", answered(answer)).status is status


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"code_fence": {"language": "rust", "parses": True}}, "one of json, python, sql, xml"),
        ({"code_fence": {"parses": True}}, "needs a language"),
        ({"code_fence": {"language": "json", "dialect": "mysql"}}, "dialect goes with"),
        ({"code_fence": "two words"}, "not the name of a language"),
        ({"code_fence": {"count": {}}}, "no amount given"),
        ({"xml": "/invoice"}, "not a path of elements"),
        ({"html": "<p>"}, "not the name of an element"),
        ({"json_path": {"path": "$.a", "tolerance": 1}}, "tolerance goes with equals"),
        ({"json_path": {"path": "$.a", "above": 2, "below": 2}}, "no number is above 2"),
        ({"sql": {"statements": []}}, "must not be empty"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(entry: dict[str, Any], message: str) -> None:
    assert message in problem(entry).message
