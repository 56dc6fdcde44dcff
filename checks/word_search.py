"""Whole words and phrases in a text, whatever the script. Feeds ``blocklist`` and ``injection``.

A word ends where no letter, digit or combining mark follows. Scripts written without blanks (Chinese, Japanese, Thai
and their like) have no such ends, so there a hit inside a longer row counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from checks.case_folding import case_folded, case_folding_of

_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Code points of Thai, Lao, Burmese, Khmer, the Japanese syllabaries and Chinese characters."""
_BLANKS = r"[\s\u200b]{1,9}"


def lowered(text: str) -> str:
    """The text in small letters, character for character, so that offsets stay."""
    return text.replace("İ", "i").lower()  # the one capital whose small form is longer


class Phrase:
    """One word or several, found as whole words; a blank in it stands for any short white space."""

    def __init__(self, text: str, *, ignore_case: bool = True, whole_words: bool = True) -> None:
        self.text = text
        self._ignore_case = ignore_case
        text = case_folded(text) if ignore_case else text
        words = text.split()
        # a pattern that begins with plain letters is found far faster than one that begins with a condition
        self._pattern = re.compile(_BLANKS.join(map(re.escape, words)) if words else re.escape(text))
        first, last = (words[0][0], words[-1][-1]) if words else ("", "")
        self._left, self._right = whole_words and _needs_end(first), whole_words and _needs_end(last)

    def find(self, text: str) -> tuple[int, int] | None:
        """Where it first occurs, as offsets [start, end)."""
        return next(self.occurrences(text), None)

    def occurrences(self, text: str) -> Iterator[tuple[int, int]]:
        """Everywhere it occurs."""
        if self._ignore_case:
            spans = case_folding_of(text).occurrences(self._pattern)
        else:
            spans = (match.span() for match in self._pattern.finditer(text))
        for start, end in spans:
            torn = (self._left and start and _continues(text[start - 1])) or (
                self._right and end < len(text) and _continues(text[end])
            )
            if not torn:
                yield start, end


def _needs_end(character: str) -> bool:
    return (
        bool(character)
        and _continues(character)
        and not any(first <= ord(character) <= last for first, last in _UNSPACED)
    )


def _continues(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.combining(character) > 0
