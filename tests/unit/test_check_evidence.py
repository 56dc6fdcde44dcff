"""Checks on what an answer leans on: retrieved, citations, grounded, and the parts they are made of."""

from __future__ import annotations

import pytest

from checks.dates import dates_in
from checks.figures import figures_in, readings
from checks.finding import Status
from checks.ranking import ndcg_at, precision_at, recall_at, reciprocal_rank
from probes.sample import Document
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR, SKIPPED = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIPPED


def found(*names: str) -> tuple[Document, ...]:
    return tuple(Document(id=name) for name in names)


def read(*texts: str | None) -> tuple[Document, ...]:
    return tuple(Document(id=f"doc-{number}", text=text) for number, text in enumerate(texts, 1))


# ------------------------------------------------------------------------------------------------ retrieved
@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("returns", PASS),
        (["returns", "shipping"], PASS),
        ("memo", FAIL),
        ({"include": "shipping", "k": 2}, FAIL),
        ({"include": "shipping", "k": 3}, PASS),
        ({"exclude": "memo"}, PASS),
        ({"exclude": "shipping"}, FAIL),
        ({"exclude": "shipping", "k": 2}, PASS),
        ({"empty": False}, PASS),
        ({"empty": True}, FAIL),
        ({"relevant": ["returns", "memo"], "recall": 0.5}, PASS),
        ({"relevant": ["returns", "memo"], "recall": "51%"}, FAIL),
        ({"relevant": "returns", "precision": "33%"}, PASS),
        ({"relevant": "returns", "precision": 0.2, "k": 5}, PASS),
        ({"relevant": "returns", "precision": 0.21, "k": 5}, FAIL),
        ({"relevant": ["warranty"], "mrr": 0.5}, PASS),
        ({"relevant": ["shipping"], "mrr": 0.5}, FAIL),
        ({"relevant": {"returns": 3, "warranty": 2, "shipping": 1}, "ndcg": 1.0}, PASS),
        ({"relevant": {"returns": 1, "warranty": 2, "shipping": 3}, "ndcg": 0.9}, FAIL),
    ],
)
def test_retrieved_asks_for_documents_and_their_ranks(argument: object, status: Status) -> None:
    # two passages of one document count once
    sample = answered(documents=found("returns", "returns", "warranty", "shipping"))
    assert outcome({"retrieved": argument}, sample).status is status


def test_retrieved_says_what_was_asked_and_what_came() -> None:
    told = outcome({"retrieved": {"include": "memo", "k": 2}}, answered(documents=found("a", "b", "memo")))
    assert told.reason == "expected 'memo' among the first 2, got 'a', 'b'"
    told = outcome({"retrieved": {"relevant": ["memo", "a"], "recall": 0.9}}, answered(documents=found("a", "b")))
    assert told.reason == "expected a recall of at least 0.9, got 0.5 from 'a', 'b'"


def test_an_endpoint_that_tells_no_documents_is_an_error_and_one_that_found_none_a_fail() -> None:
    for argument in ("a", {"empty": False}, {"empty": True}, {"exclude": "a"}):
        assert outcome({"retrieved": argument}, answered()).status is ERROR
    for argument, status in (("a", FAIL), ({"empty": False}, FAIL), ({"empty": True}, PASS), ({"exclude": "a"}, PASS)):
        assert outcome({"retrieved": argument}, answered(documents=())).status is status
    both = {"empty": False, "exclude": "a"}
    assert outcome({"retrieved": both}, answered(documents=())).status is FAIL


def test_documents_without_ids_cannot_be_looked_for() -> None:
    told = outcome({"retrieved": "a"}, answered(documents=found("a", "")))
    assert (told.status, told.reason) == (ERROR, "1 of 2 retrieved documents have no id")
    assert outcome({"retrieved": {"empty": False}}, answered(documents=found(""))).status is PASS


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"k": 3}, "nothing is asked"),
        ({"empty": True, "include": "a"}, "empty: true"),
        ({"recall": 0.5}, "needs relevant"),
        ({"relevant": "a"}, "relevant alone"),
        ({"relevant": {"a": 0}, "recall": 0.5}, "no document is relevant"),
        ({"relevant": {"a": -1}, "ndcg": 0.5}, "greater than or equal to 0"),
        ({"relevant": "a", "recall": 0}, "greater than 0"),
    ],
)
def test_retrieved_refuses_what_asks_nothing(argument: object, words: str) -> None:
    assert words in problem({"retrieved": argument}).message


def test_the_measures_of_rank_are_those_of_the_books() -> None:
    grades = {"a": 3.0, "b": 2.0, "c": 3.0, "e": 1.0, "f": 2.0, "g": 3.0, "h": 2.0, "d": 0.0}
    ranked = ["a", "b", "c", "d", "e", "f"]
    # the worked example: gains 3 2 3 0 1 2 give a DCG of 6.861, the best six 3 3 3 2 2 2 one of 8.740
    assert ndcg_at(ranked, grades, 6) == pytest.approx(6.861 / 8.740, abs=1e-4)
    assert recall_at(ranked, grades, 3) == pytest.approx(3 / 7)
    assert precision_at(ranked, grades, 4) == 0.75
    assert precision_at([], grades, None) == 0.0
    assert reciprocal_rank(["x", "d", "b"], grades, None) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "d", "b"], grades, 2) == 0.0


# ------------------------------------------------------------------------------------------------ citations
@pytest.mark.parametrize(
    ("argument", "answer", "cited", "status"),
    [
        (None, "", ("doc-1",), PASS),
        (None, "", ("doc-1", "doc-9"), FAIL),
        (None, "", (), FAIL),
        ({"min": 0}, "", (), PASS),
        ({"min": 2}, "", ("doc-1", "doc-1"), FAIL),
        (r"\[(doc-\d+)\]", "As in [doc-1] and [doc-2].", (), PASS),
        (r"\[(doc-\d+)\]", "As in [doc-1] and [doc-3].", (), FAIL),
        (r"doc-\d+", "As in doc-2.", (), PASS),
        ({"pattern": r"\[(\d+)\]", "by": "position"}, "Yes [1], no [2].", (), PASS),
        ({"pattern": r"\[(\d+)\]", "by": "position"}, "Yes [1], no [4].", (), FAIL),
        ({"pattern": r"\[(\d+)\]", "by": "position"}, "Yes [0].", (), FAIL),
        ({"urls": True}, "See https://Docs.example.com/returns/.", (), PASS),
        ({"urls": True}, "See (https://docs.example.com/returns#part).", (), PASS),
        ({"urls": True}, "See https://docs.example.com/other", (), FAIL),
        ({"urls": True, "among": "https://wiki.example.com/*"}, "https://wiki.example.com/A_(b)", (), PASS),
        ({"among": "handbook"}, "", ("handbook",), PASS),
    ],
)
def test_only_retrieved_sources_may_be_cited(
    argument: object, answer: str, cited: tuple[str, ...], status: Status
) -> None:
    sample = answered(answer, documents=found("doc-1", "doc-2", "https://docs.example.com/returns"), citations=cited)
    assert outcome({"citations": argument}, sample).status is status


def test_a_strange_citation_is_shown_with_its_place() -> None:
    told = outcome({"citations": r"\[(doc-\d+)\]"}, answered("As in [doc-9].", documents=found("doc-1")))
    assert told.reason == "expected only retrieved sources to be cited, got 'doc-9'; retrieved: 'doc-1'"
    assert told.span == (6, 13)


def test_citations_nobody_can_look_up_are_an_error() -> None:
    assert outcome({"citations": None}, answered(citations=("doc-1",))).status is ERROR
    assert outcome({"citations": {"among": "doc-1"}}, answered(citations=("doc-1",))).status is PASS
    positions = {"pattern": r"\[(\d)\]", "by": "position", "among": "a"}
    assert outcome({"citations": positions}, answered("[1]")).status is ERROR
    long = answered("[doc-1]" + " " * 30_000, documents=found("doc-1"))
    assert outcome({"citations": r"\[(doc-\d+)\]"}, long).status is ERROR


def test_citations_refuses_a_position_without_a_pattern_and_a_dangerous_pattern() -> None:
    assert "needs a pattern" in problem({"citations": {"by": "position"}}).message
    assert "repeats something" in problem({"citations": "(a+)+"}).message


# ------------------------------------------------------------------------------------------------ grounded
SOURCE = (
    "Keyboards go back within thirty days, at the latest by 2026-07-01. The fee is 1,240.50 EUR, "
    "for 1.2 million users. "
    "Ada Lovelace of the Berlin office wrote: keep the original box, please."
)


@pytest.mark.parametrize(
    "answer",
    [
        "You have 30 days.",
        "The fee is 1240.5 EUR.",
        "Die Gebühr beträgt 1.240,50 EUR.",
        "Les frais sont de 1 240,50 EUR.",
        "For 1,200,000 users, or 1.2 million.",
        "By 1 July 2026.",
        "By July 1st, 2026 at the latest.",
        "Bis zum 1. Juli 2026.",
        "Jusqu'au 1er juillet 2026.",
        "Hasta el 1 de julio de 2026.",
        "By 01/07/2026, so by July 1.",
        "In July 2026.",
        'It says "Keep the original box".',
        "Es heißt „keep … box, please“.",
        "1. Pack it.\n2. Send it within 30 days [7].",
    ],
)
def test_a_fact_of_the_source_is_found_in_whatever_spelling(answer: str) -> None:
    assert outcome({"grounded": None}, answered(answer, documents=read(SOURCE))).status is PASS
    assert outcome({"grounded": SOURCE}, answered(answer)).status is PASS


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("You have 45 days.", "45"),
        ("The fee is 12,405 EUR.", "12,405"),
        ("By 2 July 2026.", "2 July 2026"),
        ("By 1 July 2027.", "1 July 2027"),
        ('It says "keep the new box".', "keep the new box"),
        ("Version 1.2.3 of it.", "1.2.3"),
    ],
)
def test_a_fact_that_stands_nowhere_is_named_with_its_place(answer: str, missing: str) -> None:
    told = outcome({"grounded": None}, answered(answer, documents=read(SOURCE)))
    assert told.status is FAIL
    assert f"1 of 1 do not: '{missing}'" in told.reason
    assert told.span is not None
    assert missing in answer[slice(*told.span)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("Write to Ada Lovelace in Berlin.", PASS),
        ("Write to Lovelace's office.", PASS),
        ("Write to Grace in Berlin.", FAIL),
        ("Grace is away. The office is closed on Monday, I think.", SKIPPED),
        ("Our colleague Grace wrote it in July.", FAIL),
    ],
)
def test_names_are_words_with_a_capital_within_a_sentence(answer: str, status: Status) -> None:
    argument = {"kinds": "names"}
    assert outcome({"grounded": argument}, answered(answer, documents=read(SOURCE))).status is status


def test_grounded_takes_a_share_and_counts_what_is_said_twice_once() -> None:
    sample = answered("30 days, 30 days, 30 days and 45 EUR.", documents=read(SOURCE))
    assert outcome({"grounded": {"at_least": "50%"}}, sample).status is PASS
    told = outcome({"grounded": {"at_least": 0.51}}, sample)
    assert told.reason == (
        "expected at least 51% of the numbers, dates, quotes to stand in the sources, 1 of 2 do not: '45'"
    )


def test_grounded_is_an_error_where_the_sources_are_not_told_and_skipped_without_facts() -> None:
    assert outcome({"grounded": None}, answered("30 days")).status is ERROR
    assert outcome({"grounded": None}, answered("30 days", documents=read(None))).status is ERROR
    assert outcome({"grounded": None}, answered("31 days", documents=read("30 days", None))).status is ERROR
    assert outcome({"grounded": None}, answered("30 days", documents=read("30 days", None))).status is PASS
    assert outcome({"grounded": None}, answered("30 days", documents=())).status is FAIL
    assert outcome({"grounded": None}, answered("Some days.", documents=read(SOURCE))).status is SKIPPED
    assert outcome({"grounded": "30 days"}, answered("30 days", documents=())).status is PASS


def test_what_was_not_examined_is_no_pass() -> None:
    long = answered("30 days " + "x" * 100_000, documents=read(SOURCE))
    assert outcome({"grounded": None}, long).status is ERROR
    many = answered(" ".join(f'"so {number} ab"' for number in range(501)), documents=read(SOURCE))
    assert outcome({"grounded": {"kinds": "quotes"}}, many).status is ERROR


def test_grounded_refuses_kinds_it_does_not_know() -> None:
    assert problem({"grounded": {"kinds": ["colours"]}}).message.startswith("grounded: ")


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("1,240.50", {"1240.5"}),
        ("1.240", {"1240", "1.24"}),
        ("1'240", {"1240"}),
        ("19.99", {"19.99"}),
        ("007", {"7"}),
        (".5", {"0.5"}),
        ("0.50", {"0.5"}),
        ("3k", {"3000"}),
        ("1.25 billion", {"1250000000"}),
        ("5 Million", {"5000000"}),
        ("5M", {"5000000"}),
        ("5%", {"5%"}),
        ("5.0 percent", {"5%"}),
        ("1.2.3", {"1.2.3"}),
    ],
)
def test_a_number_may_be_read_in_every_way_that_makes_sense(written: str, values: set[str]) -> None:
    assert [text for text, _ in figures_in(f"so {written}, yes")] == [written]
    assert readings(written) == values


@pytest.mark.parametrize(
    "text", ["2026-13-40", "30 days", "we may 3 times", "1.2.3", "12-3-45", "40 July", "5 days ago 3"]
)
def test_what_no_calendar_holds_is_no_date(text: str) -> None:
    assert list(dates_in(text)) == []


def test_a_date_whose_order_is_open_is_read_both_ways() -> None:
    (date,) = dates_in("due 7/1/2026.")
    assert date.readings == {(2026, 7, 1), (2026, 1, 7)}
    assert date.span == (4, 12)


@pytest.mark.parametrize("more", ["5 million", "5 Million", "5M", "5k", "5%", "5 %", "5 percent", "five percent"])
def test_a_bare_number_does_not_bear_out_a_multiple_or_a_share_and_they_not_it(more: str) -> None:
    bare = outcome(
        {"grounded": {"context": "There are 5 of them, and 3 million others.", "kinds": "numbers"}},
        answered(f"It is {more}."),
    )
    assert bare.status is (SKIPPED if more.startswith("five") else FAIL)
    assert outcome({"grounded": {"context": f"It is {more}.", "kinds": "numbers"}}, answered("It is 5.")).status is FAIL


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("within thirty-one days", "31 days"),
        ("Thirty one days", "31 days"),
        ("five percent", "5%"),
        ("twenty-five per cent", "25%"),
        ("two hundred", "200"),
        ("a hundred", "100"),
        ("five million", "5 million"),
        ("3 million", "3,000,000"),
        ("5M", "5 million"),
        ("rows 30 100", "30"),
    ],
)
def test_a_number_in_words_of_the_source_bears_out_its_digits(context: str, answer: str) -> None:
    assert outcome({"grounded": {"context": context, "kinds": "numbers"}}, answered(answer)).status is PASS
    assert outcome({"grounded": {"context": context, "kinds": "numbers"}}, answered("7,777")).status is FAIL
