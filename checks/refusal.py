"""Whether an answer is a refusal, and where it says so. Feeds the ``no_refusal`` check and the ``refusals`` stream.

Layers, first hit wins (docs/wire-formats.md): what the protocol says itself, an empty answer, phrases the
suite adds, sentences that refuse, an apology with an inability. No model is asked, so the same answer always gets
the same word; the price is that only common wordings in four languages are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.refusal_phrases import APOLOGY, QUOTATION, STATED
from probes.sample import Finish, Sample

OPENING_CHARS = 600
"""Refusals are looked for in the opening of an answer: what comes later is a limit of a helpful answer."""
EXAMINED_CHARS = 20_000
"""Characters in which a suite's own phrases are looked for."""
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ´`＇", "'"))
_PARTS = re.compile(r"\s+|\S")
_UNEVEN = re.compile(r"\s\s|[^\S \n]")
_NOTHING = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*")


class RefusalKind(StrEnum):
    """By which layer an answer counts as a refusal."""

    STRUCTURED = "structured"
    """The reply has a refusal field, or ended for refusal."""
    FILTER = "filter"
    """A content filter ended the reply."""
    EMPTY = "empty"
    """No text and no tool call."""
    PHRASE = "phrase"
    """A phrase that the suite named."""
    STATED = "stated"
    """A sentence that refuses by itself."""
    APOLOGY = "apology"
    """An apology (or "as an AI") followed by an inability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal found."""

    kind: RefusalKind
    span: tuple[int, int] | None = None
    """Where in the answer, as character offsets [start, end); None where the protocol or silence says it."""


def is_refusal(sample: Sample) -> bool:
    """True where the sample has a reply and that reply is a refusal."""
    return sample.failure is None and find_refusal(sample) is not None


def find_refusal(sample: Sample, also: Sequence[str] = (), allow: Sequence[str] = ()) -> Refusal | None:
    """The first refusal of a sample without failure.

    Args:
        sample: A sample that has a reply.
        also: Phrases that count as refusal wherever the answer holds them as whole words, case ignored.
        allow: Phrases that are fine: a hit that touches one does not count. They do not excuse what the protocol
            itself calls a refusal, nor an empty answer.
    """
    if sample.refusal or sample.finish is Finish.REFUSAL:
        return Refusal(kind=RefusalKind.STRUCTURED)
    if sample.finish is Finish.CONTENT_FILTER:
        return Refusal(kind=RefusalKind.FILTER)
    answer = sample.answer or ""
    start = _first_character(answer)
    if start is None:
        retrieved = sample.answer is None and sample.documents is not None  # an endpoint that answers no questions
        return None if sample.tool_calls or retrieved else Refusal(kind=RefusalKind.EMPTY)
    return _worded_refusal(answer, start, also, allow)


def _first_character(answer: str) -> int | None:
    blank = _NOTHING.match(answer)
    start = blank.end() if blank else 0
    return start if start < len(answer) else None


def _worded_refusal(answer: str, start: int, also: Sequence[str], allow: Sequence[str]) -> Refusal | None:
    plain = answer[: max(EXAMINED_CHARS, start + OPENING_CHARS)].translate(_APOSTROPHES)
    allowed = tuple(_occurrences(allow, plain))
    for span in _occurrences(also, plain):
        if not _touches(span, allowed):
            return Refusal(kind=RefusalKind.PHRASE, span=span)
    opening = _Opening.of(answer, start)
    for kind, pattern in ((RefusalKind.STATED, STATED), (RefusalKind.APOLOGY, APOLOGY)):
        for match in pattern.finditer(opening.text):
            span = (opening.offsets[match.start("said")], opening.offsets[match.end("said")])
            if not _touches(span, allowed):
                return Refusal(kind=kind, span=span)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    """The first words of an answer: quotations blanked, white space collapsed, apostrophes made plain."""

    text: str
    offsets: tuple[int, ...]
    """For each character, and for the end, where in the answer it stands."""

    @classmethod
    def of(cls, answer: str, start: int) -> _Opening:
        raw = _own_words(answer[start : start + 4 * OPENING_CHARS]).translate(_APOSTROPHES)
        if _UNEVEN.search(raw) is None:  # most answers: a character each, which spares looking at every one
            text = raw[:OPENING_CHARS]
            return cls(text=text, offsets=tuple(range(start, start + len(text) + 1)))
        characters: list[str] = []
        offsets: list[int] = []
        end = start
        for part in _PARTS.finditer(raw):
            blank = part[0].isspace()
            characters.append(("\n" if "\n" in part[0] else " ") if blank else part[0])
            offsets.append(start + part.start())
            end = start + part.end()
            if len(characters) == OPENING_CHARS:
                break
        return cls(text="".join(characters), offsets=(*offsets, end))


def _occurrences(phrases: Sequence[str], plain: str) -> Iterable[tuple[int, int]]:
    for phrase in phrases:
        words = re.escape(phrase.translate(_APOSTROPHES))
        for match in re.finditer(rf"(?<!\w){words}(?!\w)", plain, re.IGNORECASE):
            yield match.span()


def _touches(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _own_words(text: str) -> str:
    """The text with quotations blanked out at the same length; untouched where it is nothing but a quotation."""
    blanked = QUOTATION.sub(lambda match: " " * len(match[0]), text)
    return blanked if any(character.isalnum() for character in blanked) else text
