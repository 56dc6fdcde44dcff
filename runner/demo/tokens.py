"""A small deterministic tokenizer of our own, so that the fake endpoint's token counts follow its text.

Feeds usage figures, ``max_tokens`` and the stream's deltas. It imitates the habits of byte-pair encoders (a blank
belongs to the word after it, long words fall into pieces, digits into threes) and none in particular.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SPAN = re.compile(r" ?[^\W\d_]+| ?\d+| ?_| ?[^\w\s]|\s+")
_DIGITS = 3
_BLANKS = 4
MESSAGE_OVERHEAD = 4
"""Tokens that a chat template adds around each message."""


def tokenize(text: str, *, letters: int = 6) -> tuple[str, ...]:
    """The text in pieces that join to the text again; a word is cut after each ``letters`` letters."""
    return tuple(piece for span in _SPAN.findall(text) for piece in _cut(span, letters))


def _cut(span: str, letters: int) -> Iterator[str]:
    core = span.lstrip(" ") or span
    lead = span[: len(span) - len(core)]
    size = _BLANKS if core.isspace() else _DIGITS if core[0].isdigit() else letters
    yield lead + core[:size]
    for start in range(size, len(core), size):
        yield core[start : start + size]
