"""Texts of others as data within a judge's prompt: marked off so that nothing in them reads as an instruction.

The mark is a hash of the texts themselves: whoever wrote one of them cannot have written its hash into it, and the
same texts give the same request again. Feeds the judge checks.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping

QUOTED_CHARS_MOST = 100_000
"""Most characters of all texts in one question. What is longer is not asked: a judge that saw a part would be asked
for a verdict on the whole."""
MARK_DIGITS = 12
_KEPT = frozenset("\n\t\u200c\u200d")
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what acts instead of being read: controls, bidi marks, half characters."""


def marked_off(parts: Mapping[str, str]) -> str:
    """The texts by their names, each between a line that begins it and one that ends it."""
    mark = _mark(parts)
    return "\n\n".join(
        f"<<<BEGIN {name} {mark}>>>\n{harmless(text)}\n<<<END {name} {mark}>>>" for name, text in parts.items()
    )


def too_long(parts: Mapping[str, str]) -> str:
    """What is too long to be shown to a judge, in one line; empty where all of it fits."""
    chars = sum(map(len, parts.values()))
    if chars <= QUOTED_CHARS_MOST:
        return ""
    told = ", ".join(f"{name} {len(text):,}" for name, text in parts.items())
    return f"not asked: a judge is shown at most {QUOTED_CHARS_MOST:,} characters, here are {chars:,} ({told})"


def harmless(text: str) -> str:
    """The text with controls, bidi marks and half characters written out (``\\x00``, ``\\u202e``)."""
    if text.isascii() and text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c in _KEPT or unicodedata.category(c) not in _ACTING else repr(c)[1:-1] for c in lines)


def _mark(parts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(list(parts.items())).encode()).hexdigest()[:MARK_DIGITS]
