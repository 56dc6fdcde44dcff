"""Text made comparable across spellings, and the way back to where it stood. Feeds ``no_leak`` and ``grounded``.

Compatibility forms (full-width, mathematical letters) and case are folded character by character: normalising a whole
text at once costs the square of its length for a long row of combining marks.
"""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """The text without differences of case and of compatibility forms; other lengths are possible (ß becomes ss)."""
    if text.isascii():
        return text.lower()
    small = text.lower()
    return small.translate({ord(character): _fold(character) for character in set(small) if not character.isascii()})


def squeezed(text: str) -> str:
    """Only the letters and digits, folded: what is left when blanks, marks and invisible characters do not count."""
    return _NOT_WORD.sub("", folded(text))


def worded(text: str) -> str:
    """The words, folded, each with one blank before and after it: `` thirty days ``."""
    return f" {' '.join(_NOT_WORD.sub(' ', folded(text)).split())} "


def span_of_squeezed(text: str, start: int, end: int) -> tuple[int, int]:
    """Where in the text the characters [start, end) of its squeezed form come from."""
    seen, first = 0, None
    for offset, character in enumerate(text):
        seen += len(squeezed(character))
        if first is None and seen > start:
            first = offset
        if seen >= end:
            return offset if first is None else first, offset + 1
    return len(text) if first is None else first, len(text)


def _fold(character: str) -> str:
    return unicodedata.normalize("NFKC", character).casefold()
