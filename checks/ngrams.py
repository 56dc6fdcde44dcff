"""The words of a text and the runs they stand in (n-grams). Feeds ``rouge_measure`` and ``bleu_measure``.

Case does not count. Words are runs of letters and digits; each Chinese or Japanese character is a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from checks.similarity import COMPARED_CHARS

LONGEST_RUN = 4
"""Words in the longest run that BLEU and GLEU count."""
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_WORD_OR_MARK = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+|[^\w\s]|_")

Runs = Counter[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedText:
    """A text with its runs of one to four words, counted once and compared often."""

    text: str
    words: int
    """Words and punctuation marks."""
    runs: tuple[Runs, ...]
    """By length, the single words first."""


def words_of(text: str) -> list[str]:
    """The words of the first ``COMPARED_CHARS`` characters."""
    return _WORD.findall(text[:COMPARED_CHARS].casefold())


def words_and_marks_of(text: str) -> list[str]:
    """The words and punctuation marks of the first ``COMPARED_CHARS`` characters."""
    return _WORD_OR_MARK.findall(text[:COMPARED_CHARS].casefold())


def runs_of(words: Sequence[str], length: int) -> Runs:
    """How often each run of so many words occurs."""
    return Counter(zip(*(words[start:] for start in range(length)), strict=False))


def counted(text: str) -> CountedText:
    """The text with all its runs."""
    words = words_and_marks_of(text)
    runs = tuple(runs_of(words, length) for length in range(1, LONGEST_RUN + 1))
    return CountedText(text=text, words=len(words), runs=runs)
