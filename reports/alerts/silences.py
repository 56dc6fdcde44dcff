"""Silences and acknowledgements: what people said about incidents, and which incidents a silence is about. Pure.

Made by ``holdfast silence`` and ``holdfast alerts ack``; kept by the store; feeds the alert state machine (through
``silenced``), lists, messages and pages. Reasons and authors are texts of people: every channel escapes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from reports.escaping import one_line

PARTS = 3
"""Of a key: suite, endpoint, kind."""
_REASON_CHARS = 200
_SILENCED = "silenced by "


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nobody is told of incidents that match, until it ends."""

    silence_id: str
    target: str
    """``suite``, ``suite/endpoint`` or ``suite/endpoint/kind``; each part may be a glob (``*``, ``?``, ``[a-c]``)."""
    reason: str
    author: str
    created_at: datetime
    expires_at: datetime
    until_resolved: bool = False
    """True where it also ends as soon as none of its incidents is open any more."""
    incident_id: str = ""
    """The one incident it was made for; empty where it is for whatever matches."""
    ended_at: datetime | None = None
    """When it ended before it expired; None where it did not."""
    ended_note: str = ""
    """Why it ended then: who ended it, or which incident was resolved."""

    def stands(self, now: datetime) -> bool:
        """True while it is in force."""
        return self.ended_at is None and now < self.expires_at

    def about(self, key: str) -> bool:
        """True for an incident of this key (``suite/endpoint/kind``)."""
        return matches(self.target, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody looks after an incident: it is neither escalated nor repeated, and still told when it is over."""

    incident_id: str
    key: str
    """``suite/endpoint/kind``."""
    author: str
    reason: str
    at: datetime


def matches(target: str, key: str) -> bool:
    """True where the parts of a target fit those of a key, from the left; parts left out fit everything."""
    wanted, parts = target.split("/", PARTS - 1), key.split("/", PARTS - 1)
    return len(wanted) <= len(parts) and all(
        part == want or fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=False)
    )


def silenced(silences: Sequence[Silence], now: datetime) -> Callable[[str, str, str], str]:
    """What the alert state machine asks: why an incident (key, kind, severity) is muted; empty where it is not.

    Of several silences the one that ends last is told: until then nothing is heard.
    """
    standing = sorted((one for one in silences if one.stands(now)), key=lambda one: one.expires_at, reverse=True)

    def reason(key: str, _kind: str, _severity: str) -> str:
        return next((silence_words(silence) for silence in standing if silence.about(key)), "")

    return reason


def recovered(silences: Iterable[Silence], resolved: Iterable[str], still_open: Iterable[str]) -> tuple[Silence, ...]:
    """Silences that end now, because what they were made for is over.

    Args:
        silences: Those in force.
        resolved: Keys of incidents that have just been resolved.
        still_open: Keys of all incidents that are open now, of every suite.
    """
    over, left = set(resolved), set(still_open)
    return tuple(
        silence
        for silence in silences
        if silence.until_resolved and any(map(silence.about, over)) and not any(map(silence.about, left))
    )


def is_of_silence(words: str) -> bool:
    """True for what ``silence_words`` says."""
    return words.startswith(_SILENCED)


def silence_words(silence: Silence) -> str:
    """``silenced by oncall until 2026-03-14 11:00Z: deploy``: names and reasons on one line each."""
    until = f"{silence.expires_at:%Y-%m-%d %H:%M}Z" + (" or until it is over" if silence.until_resolved else "")
    return f"{_SILENCED}{one_line(silence.author, 60)} until {until}: {one_line(silence.reason, _REASON_CHARS)}"


def acknowledged_words(ack: Acknowledgement) -> str:
    """``acknowledged by oncall 2026-03-14 09:20Z: on it``."""
    return f"acknowledged by {one_line(ack.author, 60)} {ack.at:%Y-%m-%d %H:%M}Z: {one_line(ack.reason, _REASON_CHARS)}"
