"""Signs in a text that its end is missing, and where. Feeds ``no_truncation``.

Only signs that whole answers hardly ever show; an answer cut exactly between two sentences looks whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from checks.cut_json import begins_as_json, is_cut_json, is_json
from checks.sentences import sentence_spans

ENDING_CHARS = 2_000
"""Characters at the end of an answer in which a sentence is looked for."""
SHOWN_CHARS = 40
"""Characters at the end of an answer that a span marks."""
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)", re.MULTILINE)
_MARKED = re.compile(r"\s*(?:[-*+•#>|]|\d{1,4}[.)]\s)")
"""Lists, headings, quotations and tables, whose lines need no full stop."""
_HANGING = re.compile(r"[\w\s)\"'][,:(\[{–—]$|\s-$")
_LINKING = re.compile(
    "the|an|and|or|but|because|your|which|whose|und|oder|aber|sowie|ein|eine|et|ou|mais|les|une|des|el|los|y|pero"
)
"""Words no sentence ends with, in English, German, French and Spanish; those that end one elsewhere are left out."""
_SENTENCE_WORDS = 4
"""Words that make a finished sentence: fewer before a full stop are a title or a greeting."""
_LEFT_WORDS = 3
"""Words after the last finished sentence that make an unfinished one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One sign that the end is missing."""

    words: str
    """In the middle of what it ends."""
    span: tuple[int, int]
    """Where in the text, as character offsets [start, end)."""


def find_cut(answer: str) -> Cut | None:
    """The first sign found: JSON without its end, a code fence never closed, a sentence without its end."""
    end = len(answer.rstrip())
    start = end - len(answer[:end].lstrip())
    if start == end:
        return None
    fence = _open_fence(answer[:end])
    body = _fenced(answer, fence, end) if fence is not None else answer[start:end]
    if begins_as_json(body) and is_cut_json(body):
        return Cut(words="JSON", span=_last(end))
    if fence is not None:
        return Cut(words="a code block", span=(fence, end))
    if begins_as_json(body) and is_json(body):
        return None
    return Cut(words="a sentence", span=_last(end)) if _unfinished(answer[:end]) else None


def _last(end: int) -> tuple[int, int]:
    return max(0, end - SHOWN_CHARS), end


def _open_fence(text: str) -> int | None:
    """Where the fence stands that opens a code block which nothing closes (CommonMark 0.31, 4.5)."""
    opened: tuple[int, str] | None = None
    for fence in _FENCE.finditer(text):
        marks, info = fence[1], fence[2]
        if opened is None:
            if marks[0] == "~" or "`" not in info:
                opened = fence.start(1), marks
        elif marks.startswith(opened[1]) and not info.strip():
            opened = None
    return opened[0] if opened else None


def _fenced(answer: str, fence: int, end: int) -> str:
    """What stands in the block after its opening line."""
    line_end = answer.find("\n", fence, end)
    return "" if line_end < 0 else answer[line_end:end].lstrip()


def _unfinished(text: str) -> bool:
    """True where the last line stops in the middle of a sentence."""
    line = text[-ENDING_CHARS:].rpartition("\n")[2].rstrip("*_` ")
    if _hangs(line):
        return True
    if _MARKED.match(line) or not line[-1:].isalnum() or "://" in line.rpartition(" ")[2]:
        return False
    return _left_over(line) >= _LEFT_WORDS


def _left_over(line: str) -> int:
    """Words after the last finished sentence of a line; 0 where it has none."""
    spans = list(sentence_spans(line))
    if len(spans) < 2:
        return 0
    finished, left = (line[start:end] for start, end in spans[-2:])
    begun = left.lstrip("\"'“‘(*_")[:1].isupper()
    return len(left.split()) if begun and len(finished.split()) >= _SENTENCE_WORDS else 0


def _hangs(line: str) -> bool:
    """True where it ends with a mark or a word after which something must come."""
    last = line.rpartition(" ")[2]
    smile = 2 <= len(last) <= 3 and last[0] in ":;="
    linking = _LINKING.fullmatch(last) is not None and line.count(" ") >= _LEFT_WORDS - 1
    return linking or (not smile and _HANGING.search(line[-2:]) is not None)
