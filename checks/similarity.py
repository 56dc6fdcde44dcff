"""How alike two texts are, from 0 to 1, by edit distance. Feeds the ``similar`` check.

The measures are rapidfuzz's, with one repair each where a very short answer would count as a perfect match of
anything that contains it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from rapidfuzz import fuzz

COMPARED_CHARS = 20_000
"""Characters of a text that are compared; edit distance costs the product of both lengths."""
PARTIAL_CHARS = 2_000
"""Longest text to look for by ``partial``, which costs far more (at 20,000 characters: minutes)."""

Measure = Literal["ratio", "token_set", "partial"]


def similarity(answer: str, expected: str, by: Measure = "ratio") -> float:
    """How alike an answer is to an expected text: 1 for the same, 0 for nothing in common.

    Case and runs of white space do not count. ``ratio``: 1 - insertions and deletions / length of both texts.
    ``token_set``: the same over sorted distinct words, where words beyond the expected ones are free. ``partial``:
    the best stretch of the answer as long as the expected text.
    """
    left, right = _plain(answer), _plain(expected)
    return 1.0 if left == right else _MEASURES[by](left, right) / 100


def best_match(answer: str, texts: Iterable[str], by: Measure = "ratio") -> tuple[float, str]:
    """The highest similarity to any of the texts, and that text. There must be at least one."""
    return max(((similarity(answer, text, by), text) for text in dict.fromkeys(texts)), key=lambda pair: pair[0])


def _plain(text: str) -> str:
    return " ".join(text[:COMPARED_CHARS].split()).casefold()


def _token_set(answer: str, expected: str) -> float:
    # rapidfuzz's token_set_ratio gives 100 when either set of words contains the other; here only extra words of the
    # answer are free, otherwise "the" would match every sentence with an article
    said, wanted = set(answer.split()), set(expected.split())
    shared, whole = " ".join(sorted(said & wanted)), " ".join(sorted(wanted))
    together = f"{shared} {' '.join(sorted(said - wanted))}".strip()
    asked = f"{shared} {' '.join(sorted(wanted - said))}".strip()
    return max(fuzz.ratio(shared, whole), fuzz.ratio(together, asked))


def _partial(answer: str, expected: str) -> float:
    # partial_ratio slides the shorter text along the longer one, whichever is the answer
    if len(answer) <= len(expected):
        return fuzz.ratio(answer, expected)
    return fuzz.partial_ratio(expected[:PARTIAL_CHARS], answer)


_MEASURES: dict[Measure, Callable[[str, str], float]] = {
    "ratio": fuzz.ratio,
    "token_set": _token_set,
    "partial": _partial,
}
