"""Whether two texts differ only in how Unicode puts their letters together. Feeds the reasons of the text checks."""

from __future__ import annotations

import unicodedata

FORM_NOTE = " (the same letters in another Unicode form)"
"""What a reason ends with where only the form differs: é may be one character, or e and an accent."""
COMPOSED_CHARS = 10_000
"""Longest text that is composed: a long row of misordered accents costs the square of its length."""


def composed(text: str) -> str:
    """The text in form NFC (Unicode Standard Annex 15); a longer one as it is."""
    return unicodedata.normalize("NFC", text) if len(text) <= COMPOSED_CHARS else text
