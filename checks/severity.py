"""How bad a content filter finds something, on one scale whoever says it. Feeds ``moderation``.

Azure says safe, low, medium, high, or detected; Gemini NEGLIGIBLE to HIGH; Anthropic that a category was refused
(docs/wire-formats.md). That a filter acted stands behind the word.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_ACTED = (", filtered", " (blocked)")


class Level(IntEnum):
    """How bad, from nothing at all to the worst."""

    SAFE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3


_WORDS = {
    "safe": Level.SAFE,
    "negligible": Level.SAFE,
    "not detected": Level.SAFE,
    "not filtered": Level.SAFE,
    "low": Level.LOW,
    "medium": Level.MEDIUM,
    "high": Level.HIGH,
    "detected": Level.HIGH,
    "filtered": Level.HIGH,
    "refusal": Level.HIGH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What one filter says of prompt or answer."""

    side: str
    """``prompt`` or ``answer``."""
    category: str
    word: str
    """The endpoint's own word."""
    level: Level | None
    """None where the word is not known: then nobody can tell how bad it is."""
    acted: bool
    """True where the filter took or held something back."""


def rating(place: str, word: str) -> Rating | None:
    """One entry of a sample's filters; None where it speaks of something else than prompt or answer."""
    side, _, category = place.partition(".")
    if side not in ("prompt", "answer"):
        return None
    plain = next((word.removesuffix(mark) for mark in _ACTED if word.endswith(mark)), word)
    if category == "block":  # why a prompt was not answered at all, in words of the endpoint's own
        return Rating(side=side, category=category, word=word, level=Level.HIGH, acted=True)
    return Rating(side=side, category=category, word=word, level=_WORDS.get(plain.strip().lower()), acted=plain != word)
