"""What a check wants to ask another endpoint, and what came of it. Feeds the checks of meaning and those who ask.

A check only words its questions (``Inquiry``) and later reads the replies by their keys: asking is the runner's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

KEY_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One question to another endpoint. Two that are equal are one: it is asked once in a run."""

    purpose: str
    """What it is for, with the version of its words: ``rubric/1``. A changed prompt is a new version."""
    kind: Literal["verdict", "embedding"]
    text: str
    """The question, or the text to be turned into a vector."""
    system: str = ""
    """Instructions that stand before the question."""
    endpoint: str | None = None
    """Name of the endpoint; None for the suite's own of this kind."""
    offered: tuple[str, ...] = ()
    """The verdicts the reply may end with; empty where it has another form."""
    vote: int = 0
    """0-based number among those of the same question."""

    @property
    def key(self) -> str:
        """Hash of all of it: 32 hex digits, the same in every run."""
        parts = [self.purpose, self.kind, self.endpoint, self.system, self.text, list(self.offered), self.vote]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:KEY_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryReply:
    """What came of one inquiry. Without text and vector, ``why`` says why there is none."""

    text: str | None = None
    """What the judge said. Hostile: it may repeat what it was shown."""
    vector: tuple[float, ...] | None = None
    model: str = ""
    """The model that served it, as the reply says."""
    why: str = ""
    """Why there is no reply, in one line."""
    suspect: str = ""
    """Why its verdicts cannot be relied on now, though it answered: the calibration moved."""
    moved: str = ""
    """What changed about who serves it since the baseline; a note for people."""
