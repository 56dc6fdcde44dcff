"""ROUGE: how much of the words of two texts they have in common. Feeds the ``rouge`` check.

Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), sections 2 and 3; F-measure with beta 1.
Nothing is stemmed, and no stop word is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rapidfuzz.distance import LCSseq

from checks.ngrams import runs_of, words_of

RougeVariant = Literal["rouge_1", "rouge_2", "rouge_l"]


def rouge(answer: str, expected: str, variant: RougeVariant = "rouge_1") -> float:
    """F-measure, 0 to 1: harmonic mean of the shares of the answer and of the expected text that they have in common.

    ``rouge_1`` and ``rouge_2`` share single words and pairs of them, each as often as both texts hold it; ``rouge_l``
    the longest sequence of words that both hold in this order.
    """
    said, wanted = words_of(answer), words_of(expected)
    if said == wanted:
        return 1.0
    if variant == "rouge_l":
        return _harmonic(LCSseq.similarity(said, wanted), len(said), len(wanted))
    return _shared_runs(said, wanted, 1 if variant == "rouge_1" else 2)


def _shared_runs(said: Sequence[str], wanted: Sequence[str], length: int) -> float:
    left, right = runs_of(said, length), runs_of(wanted, length)
    return _harmonic((left & right).total(), left.total(), right.total())


def _harmonic(common: int, said: int, wanted: int) -> float:
    return 2 * common / (said + wanted) if said + wanted else 0.0
