"""rouge and bleu: the scores of their papers, held against published implementations, and what they decide."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.bleu_measure import BLEUS, BleuVariant, bleu, gleu
from checks.check import CheckContext
from checks.finding import Status
from checks.goldens import COMPARED_TEXTS
from checks.ngrams import counted, words_of
from checks.rouge_measure import RougeText, RougeVariant, rouge
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL = Status.PASS, Status.FAIL
MAT = "the cat is on the mat ."
VARIANTS: tuple[RougeVariant, ...] = ("rouge_1", "rouge_2", "rouge_l")


def rouge_of(answer: str, expected: str, variant: RougeVariant) -> float:
    return rouge(RougeText.of(answer, variant), RougeText.of(expected, variant), variant)


@pytest.mark.parametrize(
    # computed with sacrebleu 2.6.0 (exp smoothing, effective order, no tokenizer) and NLTK 3.10.4
    ("answer", "texts", "bleu_score", "gleu_score"),
    [
        ("the cat sat on the mat .", [MAT], 0.488923, 0.590909),
        (
            "returns are free for 30 days",
            ["you can return it free for 30 days after delivery", "returns take 30 days"],
            0.537285,
            0.294118,
        ),
        ("30 days", ["you have 30 days ."], 0.223130, 0.214286),
        ("a dog ran", ["the cat sat"], 0.0, 0.0),
        ("the the the the the", ["the cat sat on the mat"], 0.104006, 0.111111),
    ],
)
def test_bleu_and_gleu_are_those_of_published_implementations(
    answer: str, texts: list[str], bleu_score: float, gleu_score: float
) -> None:
    wanted = [counted(text) for text in texts]
    assert bleu(counted(answer), wanted) == pytest.approx(bleu_score, abs=1e-6)
    assert gleu(counted(answer), wanted) == pytest.approx(gleu_score, abs=1e-6)


@pytest.mark.parametrize(
    # computed with rouge-score 0.1.2, without a stemmer
    ("answer", "expected", "one", "two", "longest"),
    [
        ("the cat sat on the mat .", MAT, 0.833333, 0.6, 0.833333),
        ("returns are free for 30 days", "you can return it free for 30 days after delivery", 0.5, 0.428571, 0.5),
        ("30 days", "you have 30 days", 0.666667, 0.5, 0.666667),
        ("a dog ran", "the cat sat", 0.0, 0.0, 0.0),
        ("the the the the the", "the cat sat on the mat", 0.363636, 0.0, 0.363636),
    ],
)
def test_rouge_is_that_of_a_published_implementation(
    answer: str, expected: str, one: float, two: float, longest: float
) -> None:
    scores = [rouge_of(answer, expected, variant) for variant in VARIANTS]
    assert scores == pytest.approx([one, two, longest], abs=1e-6)


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_score_is_a_share_and_1_for_the_same_words(left: str, right: str) -> None:
    for variant in VARIANTS:
        assert 0.0 <= rouge_of(left, right, variant) <= 1.0
        assert rouge_of(left, left, variant) == 1.0
    names: tuple[BleuVariant, ...] = ("bleu", "gleu")
    for name in names:
        assert 0.0 <= BLEUS[name](counted(left), [counted(right)]) <= 1.0 + 1e-9
        if counted(left).words:
            assert BLEUS[name](counted(left), [counted(left)]) == pytest.approx(1.0)


def test_words_are_letters_and_digits_and_each_character_of_chinese_and_japanese() -> None:
    assert words_of("Don't STOP, 30_days!") == ["don", "t", "stop", "30", "days"]
    assert words_of("返品は30日") == ["返", "品", "は", "30", "日"]


@pytest.mark.parametrize(
    ("entry", "answer", "status"),
    [
        ({"rouge": "You have 30 days."}, "you have 30 days", PASS),
        ({"rouge": "You have 30 days."}, "Contact an agent.", FAIL),
        (
            {"rouge": {"to": ["Nothing.", "You have 30 days."], "at_least": "100%", "by": "rouge_l"}},
            "You have 30 days!",
            PASS,
        ),
        ({"rouge": {"to": "30 days you have", "at_least": 0.9, "by": "rouge_2"}}, "You have 30 days", FAIL),
        ({"bleu": "The cat sat on the mat."}, "The cat sat on the mat!", PASS),
        ({"bleu": "The cat sat on the mat."}, "Dogs run in a park.", FAIL),
        ({"bleu": {"to": "The cat sat on the mat.", "at_least": 0.9, "by": "gleu"}}, "The cat sat on the mat.", PASS),
        ({"bleu": "The cat."}, None, FAIL),
        ({"rouge": "The cat."}, None, FAIL),
    ],
)
def test_a_score_decides(entry: object, answer: str | None, status: Status) -> None:
    told = outcome(entry, answered(answer))
    assert told.status is status, told.reason
    assert bool(told.reason) is (status is FAIL)


def test_the_reason_names_the_score_and_the_best_text() -> None:
    told = outcome({"rouge": ["You have a month.", "Nothing at all."]}, answered("You have 30 days."))
    assert told.reason == ("rouge_1 0.50, expected at least 0.75 against 'You have a month.', got 'You have 30 days.'")
    told = outcome({"bleu": ["Nothing at all.", "You have a month."]}, answered("You have 30 days."))
    assert told.reason == "bleu 0.24, expected at least 0.50 against 'You have a month.', got 'You have 30 days.'"


@pytest.mark.parametrize("name", ["rouge", "bleu"])
def test_the_baseline_is_compared_with_once_there_is_one(name: str) -> None:
    entry = {name: {"to": "baseline", "at_least": 0.9}}
    told = outcome(entry, answered("You have 30 days."))
    assert (told.status, told.reason) == (Status.SKIPPED, "there is no baseline answer to compare with yet")
    known = CheckContext(baseline_answers=("Ask an agent.", "You have 30 days."))
    assert outcome(entry, answered("You have 30 days."), known).status is PASS
    assert outcome(entry, answered("Who knows?"), known).status is FAIL


def test_only_so_many_different_answers_of_a_baseline_are_compared() -> None:
    answers = ("a b c d", "a b c d", *(f"other {number}" for number in range(COMPARED_TEXTS - 1)), "last one here")
    known = CheckContext(baseline_answers=answers)
    entry = {"rouge": {"to": "baseline", "at_least": 0.9}}
    assert outcome(entry, answered(f"other {COMPARED_TEXTS - 2}"), known).status is PASS
    assert outcome(entry, answered("last one here"), known).status is FAIL


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"rouge": {"to": "Canberra", "by": "rouge_2"}}, "'Canberra' holds fewer than 2 words"),
        ({"rouge": "!!!"}, "'!!!' holds fewer than 1 words"),
        ({"bleu": {"to": " ", "at_least": 0.2}}, "holds no word"),
        ({"bleu": {"to": "x", "by": "meteor"}}, "should be 'bleu' or 'gleu'"),
        ({"rouge": {"to": "x", "at_least": 0}}, "greater than 0"),
    ],
)
def test_a_mistake_in_a_score_is_told(entry: object, message: str) -> None:
    assert message in problem(entry).message


@pytest.mark.parametrize("entry", [{"rouge": {"to": "baseline", "by": "rouge_l"}}, {"bleu": {"to": "baseline"}}])
def test_long_answers_are_compared_in_bounded_time(entry: object) -> None:
    known = CheckContext(baseline_answers=tuple("ab c . " * 5_000 + str(number) for number in range(20)))
    began = time.perf_counter()
    assert outcome(entry, answered("c ab , d " * 100_000), known).status is FAIL
    assert time.perf_counter() - began < 5
