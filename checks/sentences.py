"""How many sentences, words and lines a text has, by rules and not by a model. Feeds ``length`` and ``format``.

A sentence ends at a mark of its end before white space, at an empty line, and where a list item or heading begins. It
does not end at a dot before a small letter, after a common abbreviation, a single letter, or the number of a list item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENDING = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_`]*+(?=\s|\Z)"  # the latter half: quotes and brackets that close with it
    r"|[。！？]++[”’」』）]*+"
    r"|\n(?=[ \t]*+(?:\r?\n|[-*+•][ \t]|\d{1,3}[.)][ \t]|\#))"
)
_TITLE = re.compile(r"(?:dr|prof|mrs?|ms|mme|sra|hr|fr|st|vs|e\.g|i\.e|cf|ca|bzw|z\.b|d\.h|u\.a|vgl)", re.IGNORECASE)
"""What a name or any other word follows."""
_COUNTER = re.compile(r"(?:no|nr|núm|pp?|pág|fig|art|sec|vol|chap|str|approx)", re.IGNORECASE)
"""What a number follows; before anything else, "no." is the end of a sentence."""
_LAST_WORD_CHARS = 12
_WITH_MARKS = "\"'“‘«(["


def sentence_count(text: str) -> int:
    """Sentences that hold at least one letter or digit; a rest without a mark at its end counts as one."""
    return sum(1 for _ in sentence_spans(text))


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence stands, as offsets [start, end)."""
    start = 0
    for ending in _ENDING.finditer(text):
        if not _ends(text, start, ending):
            continue
        yield from _worded(text, start, ending.end())
        start = ending.end()
    yield from _worded(text, start, len(text))


def word_count(text: str) -> int:
    """Pieces between white space that hold a letter or digit."""
    return sum(1 for piece in text.split() if piece.isalnum() or any(map(str.isalnum, piece)))


def line_count(text: str) -> int:
    """Lines with something on them."""
    return sum(1 for line in text.splitlines() if line.strip())


def _worded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if any(map(str.isalnum, piece)):
        blank = len(piece) - len(piece.lstrip())
        yield start + blank, start + len(piece.rstrip())


def _ends(text: str, start: int, ending: re.Match[str]) -> bool:
    """True where a mark ends the sentence that begins at ``start``."""
    if ending[0][0] != ".":
        return True
    following = text[ending.end() : ending.end() + 2].strip()
    if not following:  # the end, or a line or paragraph that ends here
        return True
    before = text[max(start, ending.start() - _LAST_WORD_CHARS) : ending.start()]
    return not (following[0].islower() or _abbreviates(before, following[0]))


def _abbreviates(before: str, following: str) -> bool:
    words = before.split()
    last = words[-1].lstrip(_WITH_MARKS) if words and not before[-1].isspace() else ""
    if last.isdecimal() and len(words) == 1:  # "1. Open the box"
        return True
    if len(last) == 1 and last.isalpha():  # "J. Smith", "z. B. Strom"
        return last != "I"
    return bool(_TITLE.fullmatch(last) or (following.isdecimal() and _COUNTER.fullmatch(last)))
