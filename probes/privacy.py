"""How much of prompts and answers may be kept: the four modes, and the mark of a text kept as its hash.

Feeds suites and settings, which name a mode, and whatever keeps, compares or shows texts.
"""

from __future__ import annotations

import re
from typing import Literal

from probes.forms import SuiteModel

TextMode = Literal["none", "hash", "redacted", "full"]
STRICTNESS: tuple[TextMode, ...] = ("full", "redacted", "hash", "none")
"""Loose first."""
_HASHED = re.compile(r"hash:[a-z2-7]{32}")


class StoredTexts(SuiteModel):
    """What is kept of this suite's prompts and answers."""

    text: TextMode = "full"
    """none, hash, redacted or full; the stricter of this and the settings counts. Default full."""


def stricter(one: TextMode, other: TextMode) -> TextMode:
    """The one of two modes that keeps less."""
    return max(one, other, key=STRICTNESS.index)


def is_hashed(text: str) -> bool:
    """True for a text that stands for another one: equal hashes mean equal texts, and nothing else can be told."""
    return _HASHED.fullmatch(text) is not None
