"""Words of a text that are almost a given word. Feeds ``blocklist``, where a suite asks for it.

Edits are those of optimal string alignment: one letter put in, left out, replaced, or two neighbours swapped.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

from checks.word_search import lowered

WORDS_COMPARED = 5_000
"""Different words of an answer that are compared with each listed word."""
LETTERS_PER_EDIT = 4
"""An edit is granted only to words this long for each: ``fuzzy: 1`` says nothing of words of three letters."""
_WORD = re.compile(r"\w+")


class Misspellings:
    """Words of which the near relations are looked for too."""

    def __init__(self, words: tuple[str, ...], edits: int) -> None:
        granted = ((word, min(edits, len(word) // LETTERS_PER_EDIT)) for word in words if _WORD.fullmatch(word))
        self._words = tuple((word, lowered(word), most) for word, most in granted if most)

    def find(self, text: str) -> tuple[str, tuple[int, int]] | None:
        """The first listed word that one of the text's words almost is, and where that stands."""
        said = _different_words(text)
        for word, small, most in self._words:
            for other, span in said.items():
                near = abs(len(other) - len(small)) <= most
                if near and OSA.distance(small, other, score_cutoff=most) <= most:
                    return word, span
        return None

    def all_compared(self, text: str) -> bool:
        """False where the text has more different words than are compared."""
        return not self._words or len(_different_words(text)) < WORDS_COMPARED


def _different_words(text: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for match in _WORD.finditer(lowered(text)):
        found.setdefault(match[0], match.span())
        if len(found) == WORDS_COMPARED:
            break
    return found
