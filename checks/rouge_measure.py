"""ROUGE: how much of the words of two texts they have in common. Feeds the ``rouge`` check.

Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), sections 2 and 3; F-measure with beta 1.
Nothing is stemmed, and no stop word is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import LCSseq

from checks.ngrams import Runs, runs_of, words_of

RougeVariant = Literal["rouge_1", "rouge_2", "rouge_l"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RougeText:
    """A text with its words, and with the runs of them that a variant counts; read once and compared often."""

    text: str
    words: tuple[str, ...]
    runs: Runs

    @classmethod
    def of(cls, text: str, variant: RougeVariant) -> RougeText:
        """The text, ready for one variant."""
        words = tuple(words_of(text))
        return cls(text=text, words=words, runs=runs_of(words, 2 if variant == "rouge_2" else 1))


def rouge(said: RougeText, wanted: RougeText, variant: RougeVariant) -> float:
    """F-measure, 0 to 1: harmonic mean of the shares of the answer and of the expected text that they have in common.

    ``rouge_1`` and ``rouge_2`` share single words and pairs of them, each as often as both texts hold it; ``rouge_l``
    the longest sequence of words that both hold in this order. Both texts were made ready for the variant.
    """
    if said.words == wanted.words:
        return 1.0
    if variant == "rouge_l":
        common = LCSseq.similarity(said.words, wanted.words)
    else:
        common = sum(min(count, wanted.runs[run]) for run, count in said.runs.items())
    whole = said.runs.total() + wanted.runs.total()
    return 2 * common / whole if whole else 0.0
