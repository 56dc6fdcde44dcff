"""What was retrieved is shown beside what is usual, and named in one line where it moved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.drift.result import StreamState
from probes.sample import Document
from reports.evidence.retrieval import Documents, compare, retrieval_note, retrieved, words_of
from reports.summary import Report
from tests.fakes.pages import Page, rendered
from tests.fakes.records import HOSTILE, a_baseline, a_probe, a_report, a_run, a_sample, a_stream


def documents(ids: str) -> Documents:
    return tuple(Document(id=name, text=f"about {name}") for name in ids.split())


def a_retrieval(now: str, before: str) -> Report:
    samples = [a_sample("orders", index, answer=None, documents=documents(now)) for index in range(2)]
    run = a_run([a_probe("orders", samples=samples, findings=[])])
    known = {"orders": (documents(before),)} if before else {}
    return a_report(run, baseline=replace(a_baseline(), documents=known))


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        ("a b c", "a b c", ""),
        ("x a b c", "a b c", "x anew"),
        ("a c", "a b c", "b no more"),
        ("b c a", "a b c", "a in another place"),
        ("x b d", "a b c d", "x anew, a, c no more"),
        ("", "a", "a no more"),
        ("a a", "a", "a anew"),
        ("1 2 3 4 5", "", "1, 2, 3 and 2 more anew"),
    ],
)
def test_documents_are_new_missing_or_moved_only_where_their_own_order_changed(
    now: str, before: str, words: str
) -> None:
    assert words_of(compare(documents(now), documents(before))) == words


def test_the_same_document_with_another_text_is_changed() -> None:
    (row,) = compare((Document(id="a", text="30 days"),), (Document(id="a", text="14 days"),))
    assert (row.mark, row.now, row.before) == ("changed", 1, 1)


@given(st.lists(st.sampled_from("abcdef"), max_size=9), st.lists(st.sampled_from("abcdef"), max_size=9))
def test_every_document_of_both_lists_is_in_exactly_one_row(now: list[str], before: list[str]) -> None:
    rows = compare(documents(" ".join(now)), documents(" ".join(before)))
    assert [row.document.id for row in rows if row.now is not None] == now
    assert sorted(row.before for row in rows if row.before is not None) == list(range(1, len(before) + 1))
    assert (words_of(rows) == "") == (now == before)


def test_the_page_shows_documents_in_order_with_what_changed() -> None:
    text = Page(rendered(a_retrieval("kb-9 kb-2 kb-1", "kb-1 kb-2 kb-3"))).text
    assert "kb-9 anew, kb-3 no more" in text
    assert "1 – new kb-9 about kb-9" in text
    assert "– 3 missing kb-3 about kb-3" in text


def test_without_a_baseline_documents_are_shown_and_nothing_is_called_new() -> None:
    report = a_retrieval("kb-1 kb-2", "")
    text = Page(rendered(report)).text
    assert "Nothing is known of before" in text and "kb-2 about kb-2" in text
    assert [entry.words for entry in retrieved(report)] == [""]


def test_a_list_that_the_baseline_knows_too_is_as_before() -> None:
    report = a_retrieval("b a", "a b")
    assert report.baseline is not None
    known = {"orders": (documents("a b"), documents("b a"))}
    (entry,) = retrieved(replace(report, baseline=replace(report.baseline, documents=known)))
    assert entry.words == "" and {row.mark for row in entry.rows} == {"same"}


def test_hostile_documents_act_nowhere_and_long_ones_are_cut() -> None:
    hostile = (Document(id=HOSTILE, text=HOSTILE + "x" * 1_000_000),)
    samples = [a_sample("orders", answer=None, documents=hostile)]
    page = rendered(a_report(a_run([a_probe("orders", samples=samples, findings=[])])))
    assert "<script" not in page and "\u202e" not in page and "\x1b" not in page
    assert len(page) < 100_000


def test_the_note_of_a_run_names_what_moved_where_retrieval_moved_and_nothing_elsewhere() -> None:
    run = a_retrieval("kb-9 kb-2", "kb-1 kb-2").run
    known = {"orders": (documents("kb-1 kb-2"),)}
    alarm = a_stream("retrieval", StreamState.ALARM, 100.0)
    assert retrieval_note(run, known) == ""
    assert retrieval_note(replace(run, drift=(alarm,)), known) == "orders retrieved kb-9 anew, kb-1 no more"
    elsewhere = a_stream("retrieval", StreamState.ALARM, 100.0, scope="greeting")
    assert retrieval_note(replace(run, drift=(elsewhere,)), known) == ""
