"""Runs of words that two texts share. Feeds ``no_leak``.

Word n-grams held in a set, the containment test of near-duplicate search (Broder, On the resemblance and containment
of documents, 1997): linear in both texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.folding import folded

_WORD = re.compile(r"[^\W_]+")


class SharedRun:
    """A text of which no ``length`` words in a row may come back; a shorter text counts as a whole."""

    def __init__(self, text: str, length: int) -> None:
        words = [folded(word) for word in _WORD.findall(text)]
        self.length = min(length, len(words))
        self._runs = {run for run, _ in _runs(words, self.length)}

    def find(self, answer: str) -> tuple[int, int] | None:
        """Where the first stretch of shared words stands, whole, as offsets [start, end)."""
        spans = [match.span() for match in _WORD.finditer(answer)]
        words = [folded(answer[start:end]) for start, end in spans]
        shared = [index for run, index in _runs(words, self.length) if run in self._runs]
        if not shared:
            return None
        last = shared[0]
        for index in shared[1:]:
            if index != last + 1:
                break
            last = index
        return spans[shared[0]][0], spans[last + self.length - 1][1]


def _runs(words: list[str], length: int) -> Iterator[tuple[str, int]]:
    """Every ``length`` words in a row as one text, with the number of the first."""
    for index in range(len(words) - length + 1 if length else 0):
        yield " ".join(words[index : index + length]), index
