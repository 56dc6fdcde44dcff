"""How many sentences, words and lines a text has, by rules and not by a model. Feeds ``length`` and ``format``.

A sentence ends at a mark of its end before white space, at an empty line, and where a list item or heading begins. It
does not end at a dot before a small letter, after a common abbreviation, or after a single letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENDING = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_`]*+(?=\s|\Z)"  # the latter half: quotes and brackets that close with it
    r"|[。！？]++[”’」』）]*+"
    r"|\n(?=[ \t]*+(?:\r?\n|[-*+•][ \t]|\d{1,3}[.)][ \t]|\#))"
)
_ABBREVIATED = frozenset(
    ["approx.", "art.", "bzw.", "ca.", "cf.", "chap.", "dr.", "e.g.", "etc.", "fig.", "fr.", "hr.", "i.e.", "inc.", "jr.", "ltd.", "m.", "mme.", "mr.", "mrs.", "ms.", "nr.", "p.", "pp.", "prof.", "s.", "sec.", "sr.", "sra.", "st.", "str.", "u.a.", "usw.", "vgl.", "vol.", "vs.", "z.b.", "d.h.", "no.", "núm.", "pág."]
)
_LAST_WORD_CHARS = 12
_WITH_MARKS = "\"'“‘«(["


def sentence_count(text: str) -> int:
    """Sentences that hold at least one letter or digit; a rest without a mark at its end counts as one."""
    return sum(1 for _ in sentence_spans(text))


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence stands, as offsets [start, end)."""
    start = 0
    for ending in _ENDING.finditer(text):
        if not _ends(text, ending):
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


def _ends(text: str, ending: re.Match[str]) -> bool:
    if ending[0][0] != ".":
        return True
    following = text[ending.end() : ending.end() + 2].strip()
    if not following:  # the end, or a line or paragraph that ends here
        return True
    before = text[max(0, ending.start() - _LAST_WORD_CHARS) : ending.start()]
    return not (following[0].islower() or _abbreviates(before))


def _abbreviates(before: str) -> bool:
    words = before.split()
    last = words[-1].lstrip(_WITH_MARKS) if words and not before[-1].isspace() else ""
    # "J. Smith", "z. B. Strom", "1. Open the box"
    return (len(last) == 1 and last.isalpha() and last != "I") or last.isdecimal() or f"{last}.".casefold() in _ABBREVIATED
