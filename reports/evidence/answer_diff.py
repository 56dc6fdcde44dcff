"""Two answers side by side, word by word: what went, what came. Feeds the HTML page, pages of the daemon and alerts.

Pure. Texts stay as they came (hostile): whoever shows them escapes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

COMPARED_CHARS = 1000
"""As far as the judge looks when it measures distance between answers."""
WORDS_MAX = 600
"""Words of each side that are shown; beyond, a page is no longer read but scrolled."""
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # written without spaces: each sign is a word
_WORD = re.compile(rf"(?:[{_CJK}]|[^\W{_CJK}]+|[^\w\s])\s*|\s+")
_ISLAND = 1
"""A single unchanged mark of punctuation between two changes is noise: it is drawn as changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of one answer: as in the other, or only here."""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDiff:
    """Two answers with their differences marked. ``before`` holds no added piece, ``after`` no removed one."""

    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    distance: float
    """0 for equal, 1 for nothing in common: 1 - rapidfuzz ``ratio`` / 100 of the first 1,000 characters."""
    cut: bool
    """True where a side was longer than is shown."""


def distance(one: str, other: str) -> float:
    """How far two answers lie apart, 0 to 1, as the judge measures it before normalising."""
    return 1 - fuzz.ratio(one[:COMPARED_CHARS], other[:COMPARED_CHARS]) / 100


def nearest(answer: str, baseline: Sequence[tuple[str, int]]) -> str | None:
    """The baseline answer most like this one, the more frequent at a tie; None where there is none.

    Args:
        answer: An answer of now.
        baseline: Distinct baseline answers with how often each came.
    """
    known = [entry for entry in baseline if entry[0]]
    if not known:
        return None
    return min(known, key=lambda entry: (distance(answer, entry[0]), -entry[1], entry[0]))[0]


def diff_answers(before: str, after: str) -> AnswerDiff:
    """Mark what differs, word by word (longest common subsequence of words; white space does not count)."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    cut = len(old) > WORDS_MAX or len(new) > WORDS_MAX
    old, new = old[:WORDS_MAX], new[:WORDS_MAX]
    blocks = list(_blocks([word.strip() for word in old], [word.strip() for word in new]))
    return AnswerDiff(
        before=_pieces(("same" if same else "removed", "".join(old[i:j])) for same, i, j, _, _ in blocks),
        after=_pieces(("same" if same else "added", "".join(new[k:m])) for same, _, _, k, m in blocks),
        distance=distance(before, after),
        cut=cut,
    )


Block = tuple[bool, int, int, int, int]
"""Equal or not, and the half-open ranges of words on both sides."""


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    for code in Indel.opcodes(old, new):
        same = code.tag == "equal"
        words = old[code.src_start : code.src_end]
        edge = code.src_start == 0 or code.dest_start == 0 or code.src_end == len(old) or code.dest_end == len(new)
        noise = len(words) <= _ISLAND and not edge and not any(word.isalnum() for word in words)
        yield same and not noise, code.src_start, code.src_end, code.dest_start, code.dest_end


def _pieces(parts: Iterator[tuple[Literal["same", "removed", "added"], str]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for kind, text in parts:
        if not text:
            continue
        if pieces and pieces[-1].kind == kind:
            text = pieces.pop().text + text
        pieces.append(Piece(kind=kind, text=text))
    return tuple(trimmed for piece in pieces for trimmed in _trimmed(piece))


def _trimmed(piece: Piece) -> Iterator[Piece]:
    """White space after a change belongs to neither side: a mark under it would only look ragged."""
    text = piece.text.rstrip()
    if piece.kind == "same" or not text or text == piece.text:
        yield piece
        return
    yield Piece(kind=piece.kind, text=text)
    yield Piece(kind="same", text=piece.text[len(text) :])
