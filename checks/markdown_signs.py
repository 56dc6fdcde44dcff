"""What makes a text Markdown, and where it shows. Feeds the ``format`` check."""

from __future__ import annotations

import re
from dataclasses import dataclass

BULLET = re.compile(r"[ \t]*+[-*+•][ \t]+\S")
"""A line that is an item of a bullet list."""
NUMBERED = re.compile(r"[ \t]*+\d{1,9}[.)][ \t]+\S")
"""A line that is an item of a numbered list."""
FENCE = re.compile(r"[ \t]*+(?:```|~~~)")

# every pattern stops at the next character of its own kind, so that no text is read twice
_SIGNS: dict[str, re.Pattern[str]] = {
    "a code fence": re.compile(rf"^{FENCE.pattern}", re.MULTILINE),
    "a heading": re.compile(r"^ {0,3}#{1,6}[ \t]++\S", re.MULTILINE),
    "a bullet": re.compile(rf"^{BULLET.pattern}", re.MULTILINE),
    "a numbered item": re.compile(rf"^{NUMBERED.pattern}", re.MULTILINE),
    "a block quote": re.compile(r"^ {0,3}>[ \t]", re.MULTILINE),
    "a table": re.compile(r"^[ \t]*+\|?[ \t]*+:?-{3,}+:?[ \t]*+\|", re.MULTILINE),
    "bold text": re.compile(r"(?<!\*)\*\*[^\s*][^*\n]*+\*\*"),
    "italic text": re.compile(r"(?<![\w*])\*[^\s*][^*\n]*+(?<!\s)\*(?![\w*])|(?<!\w)_[^\s_][^_\n]*+(?<!\s)_(?!\w)"),
    "inline code": re.compile(r"`[^`\n]++`"),
    "a link": re.compile(r"\[[^\[\]\n]++\]\([^()\s]++\)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One piece of Markdown."""

    words: str
    span: tuple[int, int]
    """Where it stands, as character offsets [start, end)."""


def first_sign(text: str) -> Sign | None:
    """The piece of Markdown that stands first; None where the text is plain."""
    found = ((words, pattern.search(text)) for words, pattern in _SIGNS.items())
    signs = [Sign(words=words, span=match.span()) for words, match in found if match is not None]
    return min(signs, key=lambda sign: sign.span, default=None)
