"""Places in answers: every report marks what a check speaks of, in the right text and without tearing it apart."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.finding import Finding, Outcome, SampleOutcome, Status
from checks.run_checks import run_checks
from probes.sample import Sample, Step
from reports.evidence import marks
from reports.formats import markdown, text
from reports.formats.html import render_report
from reports.summary import Report, RunRecord
from tests.fakes.records import HOSTILE, NOW, a_baseline, a_probe, a_report, a_run, a_sample
from tests.fakes.rules import NOTHING_ELSE, bound

FAMILY = "👩‍👩‍👧‍👦"


def finding(*spans: tuple[int, int] | None, turn: int | None = None, status: Status = Status.FAIL) -> Finding:
    """A check that failed the samples 0, 1, ... at these places."""
    return Finding(
        probe="refund-window",
        check="not_contains",
        argument='"TODO"',
        mode="contract",
        policy=False,
        status=status,
        passed=0,
        total=len(spans),
        reason="expected not to contain 'TODO'",
        outcomes=tuple(
            SampleOutcome(
                sample_id=f"run-0042-refund-window-{index}",
                outcome=Outcome(status=status, reason="expected not to contain 'TODO'", span=span),
            )
            for index, span in enumerate(spans)
        ),
        turn=turn,
    )


def run_of(sample: Sample, *findings: Finding) -> RunRecord:
    return a_run([a_probe(samples=[sample], findings=findings)])


def page_of(run: RunRecord, *, known: bool = False) -> str:
    baseline = a_baseline() if known else replace(a_baseline(), answers={})
    report: Report = a_report(run, baseline=baseline)
    return render_report(report, generated_at=NOW, version="0.1.0").split("</style>")[1]


def marked_in(page: str) -> list[str]:
    return re.findall(r"<mark>(.*?)</mark>", page.replace("<ins>", "").replace("</ins>", ""), re.S)


# ------------------------------------------------------------------------------------------------ the pure part
@pytest.mark.parametrize(
    ("answer", "span", "marked"),
    [
        ("plain text", (0, 5), "plain"),
        ("plain text", (3, 3), "i"),
        ("plain text", (10, 10), "t"),
        ("plain text", (-4, 99), "plain text"),
        ("plain text", (5, 2), "ain"),
        (f"a{FAMILY}b", (2, 3), FAMILY),
        ("cafe\u0301 au lait", (3, 4), "e\u0301"),
        ("cafe\u0301 au lait", (4, 5), "e\u0301"),
        ("thumbs 👍🏽 up", (7, 8), "👍🏽"),
        ("heart \u2764\ufe0f!", (7, 8), "\u2764\ufe0f"),
        ("a\ud800b", (1, 2), "\ud800"),
    ],
)
def test_a_mark_covers_whole_characters_as_people_see_them(answer: str, span: tuple[int, int], marked: str) -> None:
    start, end = marks.widened(answer, span)
    assert answer[start:end] == marked


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50)), max_size=5), st.data())
def test_the_pieces_of_a_text_are_the_text_and_what_is_marked_is_what_was_found(
    answer: str, spans: list[tuple[int, int]], data: st.DataObject
) -> None:
    sample = a_sample(answer=answer)
    apart = marks.spans_in([finding(span) for span in spans], sample)
    cut = data.draw(st.integers(0, len(answer)))
    pieces = [*marks.cut_at(answer[:cut], apart), *marks.cut_at(answer[cut:], apart, cut)]
    assert "".join(piece for piece, _ in pieces) == answer
    assert all(piece for piece, _ in pieces)
    assert sum(len(piece) for piece, marked in pieces if marked) == sum(end - start for start, end in apart)
    assert all(one[1] < other[0] for one, other in pairwise(apart))


@given(st.text(max_size=300), st.tuples(st.integers(-5, 310), st.integers(-5, 310)))
def test_an_excerpt_is_one_short_line_without_anything_that_acts(answer: str, span: tuple[int, int]) -> None:
    plain = marks.excerpt(answer, span).plain
    assert "\n" not in plain
    assert "\x1b" not in plain
    plain.encode("utf-8")
    assert len(plain) <= 8 * (2 * marks.AROUND_CHARS + marks.MARKED_CHARS) + 10


def test_an_excerpt_says_where_it_was_cut() -> None:
    answer = "word " * 30 + "TODO " + "more " * 30
    place = marks.excerpt(answer, (150, 154))
    assert (place.before[0], place.marked, place.after[-1]) == ("…", "TODO", "…")
    assert marks.excerpt("x" * 500, (0, 500)).marked == "x" * 40 + "…" + "x" * 40


# ------------------------------------------------------------------------------------------------ the reports
def test_the_page_marks_every_place_and_escapes_what_stands_there() -> None:
    sample = a_sample(answer="Fine. <b>TODO</b> & then \x1b[31m more TODO.")
    later = (sample.answer or "").rindex("TODO")
    page = page_of(run_of(sample, finding((6, 17)), finding((later, later + 4)), finding((9, 13))))
    assert "<mark>&lt;b&gt;TODO&lt;/b&gt;</mark>" in page
    assert "<b>TODO" not in page
    assert "\x1b" not in page
    assert marked_in(page)[:1] == ["marked"]  # the legend says what a mark means
    assert marked_in(page)[1:3] == ["&lt;b&gt;TODO&lt;/b&gt;", "TODO"]


def test_the_page_marks_places_across_words_that_are_new() -> None:
    sample = a_sample(answer="You can return a keyboard within 99 days of delivery. TODO: check.")
    page = page_of(run_of(sample, finding((33, 40)), finding((54, 58))), known=True)
    assert "<mark><ins>99</ins></mark>" in page
    assert "<mark><ins>TODO</ins></mark>" in page
    assert "".join(filter("marked".__ne__, marked_in(page))).startswith("99 daysTODO")


@pytest.mark.parametrize(
    "answer", [f"well {FAMILY} TODO", "\ud800\udfff TODO \ud800", "cafe\u0301 TODO\u0301", HOSTILE]
)
def test_a_place_among_odd_characters_is_marked_where_it_is(answer: str) -> None:
    at = answer.find("TODO")
    span = (at, at + 4) if at >= 0 else (0, 8)
    run = run_of(a_sample(answer=answer), finding(span))
    page = page_of(run)
    page.encode("utf-8")
    assert "<script>" not in page
    assert ("TODO" if at >= 0 else "&lt;script&gt;")[:8] in marked_in(page)[1]
    shown = text.render([run], exit_code=1, width=200)
    assert "\x1b" not in shown
    assert "»" in shown


def test_a_place_of_a_turn_is_marked_in_the_text_of_that_turn() -> None:
    first, second = a_sample(answer="TODO in the first"), a_sample(answer="the second is fine")
    sample = replace(
        second,
        steps=tuple(
            Step(turn=turn, answer=said.answer, timing=said.timing, usage=said.usage, route=said.route)
            for turn, said in enumerate((first, second))
        ),
    )
    run = run_of(sample, finding((0, 4), turn=1))
    assert marks.spans_in(run.probes[0].findings, sample) == ()
    assert "<mark>TODO</mark> in the first" in page_of(run)
    assert "»TODO« in the first" in text.render([run], exit_code=1, width=200)
    assert marks.spans_in([finding((0, 3), turn=2)], sample) == ((0, 3),)


def test_text_and_markdown_show_the_place_between_guillemets() -> None:
    run = run_of(a_sample(answer="First `TODO` | second"), finding((7, 11)))
    shown = text.render([run], exit_code=1, width=200)
    assert "First `»TODO«` | second" in shown
    assert "\x1b[4m»TODO«" in text.render([run], exit_code=1, width=200, colour=True)
    assert "at ``First `»TODO«` \\| second``" in markdown.render([run], exit_code=1)


@pytest.mark.parametrize(
    ("sample", "found"),
    [
        (a_sample(answer="TODO"), finding(None)),
        (a_sample(answer=None), finding((0, 4))),
        (a_sample(answer="TODO"), finding((0, 4), status=Status.PASS)),
        (a_sample(answer="TODO"), finding((0, 4), turn=3)),
    ],
)
def test_nothing_is_marked_where_nothing_failed_or_no_text_is_there(sample: Sample, found: Finding) -> None:
    run = run_of(sample, found)
    assert "<mark>" not in page_of(run)
    assert "»" not in text.render([run], exit_code=1, width=200)


def test_a_check_of_the_first_answer_that_failed_is_the_one_shown() -> None:
    samples = [a_sample(index=0, answer="fine"), a_sample(index=1, answer="a TODO"), a_sample(index=2, answer="TODO")]
    (found,) = run_checks([bound({"not_contains": "TODO"})], "refund-window", samples, NOTHING_ELSE)
    place = marks.excerpt_of(found, samples)
    assert place is not None
    assert place.plain == "a »TODO«"


@pytest.mark.parametrize("entry", ["no_pii", {"all_of": ["no_refusal", "no_pii"]}, {"not": {"not": {"no_pii": {}}}}])
def test_what_a_check_keeps_to_itself_is_in_no_excerpt(entry: object) -> None:
    sample = a_sample(answer="Write to mira@example.com today.")
    run = run_of(sample, *run_checks([bound(entry)], "refund-window", [sample], NOTHING_ELSE))
    assert run.probes[0].findings[0].status is Status.FAIL
    for shown in (text.render([run], exit_code=1, width=200), markdown.render([run], exit_code=1)):
        assert "»" not in shown
    assert "<mark>mira@example.com</mark> today" in page_of(run) or "not" in str(entry)
