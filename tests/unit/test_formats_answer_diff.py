"""Differences between answers: complete, readable, and nearest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reports.evidence.answer_diff import WORDS_MAX, diff_answers, nearest
from tests.fakes.records import HOSTILE, NEW_ANSWER, OLD_ANSWER

WORDS = st.lists(st.sampled_from(["refund", "30", "14", "days", ".", ",", "漢字", "\n", " "]), max_size=30).map(
    " ".join
)


@given(WORDS, WORDS)
def test_both_sides_can_be_put_together_again(before: str, after: str) -> None:
    diff = diff_answers(before, after)
    assert "".join(piece.text for piece in diff.before) == before
    assert "".join(piece.text for piece in diff.after) == after


@given(WORDS | st.just(HOSTILE))
def test_equal_answers_show_no_difference(text: str) -> None:
    diff = diff_answers(text, text)
    assert diff.distance == 0
    assert {piece.kind for piece in (*diff.before, *diff.after)} <= {"same"}


def test_changed_words_are_marked_and_the_rest_is_not() -> None:
    diff = diff_answers(OLD_ANSWER, NEW_ANSWER)
    assert "30" in [piece.text for piece in diff.before if piece.kind == "removed"]
    assert "14" in [piece.text for piece in diff.after if piece.kind == "added"]
    assert any("pack it in the original box" in piece.text for piece in diff.after if piece.kind == "same")


def test_the_nearest_baseline_answer_is_quoted() -> None:
    known = [("Something else entirely.", 50), ("within 30 days", 3), ("within 31 days", 1)]
    assert nearest("within 32 days", known) == "within 30 days"
    assert nearest("anything", []) is None
    assert nearest("anything", [("", 4)]) is None


def test_a_very_long_answer_is_cut_and_says_so() -> None:
    diff = diff_answers("word " * (WORDS_MAX + 1), "other")
    assert diff.cut
    assert len("".join(piece.text for piece in diff.before).split()) == WORDS_MAX
