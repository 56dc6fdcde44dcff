"""Which stretches of an answer are somebody else's words: quotation marks, code, block quotes. Feeds ``injection``.

Every repetition is bounded or possessive, so that the longest hostile answer is read in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

QUOTED_CHARS = 300
"""Longest quotation in marks, in characters; what is longer counts as the answer's own words."""


@cache
def _quotation() -> re.Pattern[str]:
    marks = "|".join(
        f"{opening}[^{closing}{opening}\n]{{0,{QUOTED_CHARS}}}+{closing}"
        for opening, closing in (('"', '"'), ("“", "”"), ("„", "“”"), ("«", "»"), ("‹", "›"), ("「", "」"), ("`", "`"))
        if len(closing) == 1
    )
    german = rf"„[^“”„\n]{{0,{QUOTED_CHARS}}}+[“”]"
    return re.compile(rf"(?m:^[ ]{{0,3}}>[^\n]*+)|{german}|{marks}|(?<!\w)['‘][^'‘’\n]{{1,{QUOTED_CHARS}}}+['’](?!\w)")


def quotations(text: str) -> Iterator[tuple[int, int]]:
    """Where words are quoted, as offsets [start, end), in order; fenced code among them."""
    start = 0
    for fence in _fences(text):
        yield from (match.span() for match in _quotation().finditer(text, start, fence[0]))
        yield fence
        start = fence[1]
    yield from (match.span() for match in _quotation().finditer(text, start))


def _fences(text: str) -> Iterator[tuple[int, int]]:
    start = text.find("```")
    while start >= 0:
        close = text.find("```", start + 3)
        end = len(text) if close < 0 else close + 3
        yield start, end
        start = text.find("```", end)


def own_words_only(text: str) -> str:
    """The text with quotations blanked out at the same length; untouched where it is nothing but quotations."""
    pieces, start = [], 0
    for begin, end in quotations(text):
        pieces += [text[start:begin], " " * (end - begin)]
        start = end
    blanked = "".join((*pieces, text[start:]))
    return blanked if any(map(str.isalnum, blanked)) else text
