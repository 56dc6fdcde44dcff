"""Fenced code blocks of an answer (CommonMark 0.31.2, section 4.5), read in one pass. Feeds the checks of structure.

Wider than the standard in one thing: a fence may be indented by any width, as models do inside lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENS = re.compile(r"(?P<indent>[ \t]*+)(?P<fence>`{3,}+|~{3,}+)(?P<info>[^\n]*+)")
_ALIASES = {
    "bash": "shell",
    "htm": "html",
    "javascript": "js",
    "markdown": "md",
    "mssql": "sql",
    "mysql": "sql",
    "postgres": "sql",
    "postgresql": "sql",
    "py": "python",
    "py3": "python",
    "python3": "python",
    "sh": "shell",
    "sqlite": "sql",
    "tsql": "sql",
    "typescript": "ts",
    "yml": "yaml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One fenced block."""

    language: str
    """The first word after the fence, by its usual name (``python`` for ``py``); empty where there is none."""
    text: str
    """What stands in it, without the indentation of the fence."""
    span: tuple[int, int]
    """The block with its fences, as character offsets [start, end)."""
    starts: int | None
    """Offset of ``text`` in the answer; None where indentation was taken away, so that offsets do not carry over."""
    closed: bool
    """False where the answer ends inside the block."""


def language_name(word: str) -> str:
    """The usual name of a language: ``py``, ``Python3`` and ``python`` are one."""
    return _ALIASES.get(word.lower(), word.lower())


def fenced_blocks(answer: str) -> Iterator[Fence]:
    """All fenced blocks in order; an unclosed one reaches to the end of the answer."""
    at = 0
    while at < len(answer):
        opening = _OPENS.match(answer, at)
        if opening is None or (opening["fence"][0] == "`" and "`" in opening["info"]):
            at = _next_line(answer, at)
            continue
        block = _block(answer, opening)
        yield block
        at = _next_line(answer, block.span[1])


def lone_fence(answer: str) -> Fence | None:
    """The block of an answer that is one closed block and nothing else."""
    start = len(answer) - len(answer.lstrip())
    first = next(fenced_blocks(answer[start:]), None) if answer.startswith(("```", "~~~"), start) else None
    if first is None or not first.closed or answer[start + first.span[1] :].strip():
        return None
    span = (start + first.span[0], start + first.span[1])
    starts = None if first.starts is None else start + first.starts
    return Fence(language=first.language, text=first.text, span=span, starts=starts, closed=True)


def _block(answer: str, opening: re.Match[str]) -> Fence:
    begin = _next_line(answer, opening.end())
    content_end, end = _closing(answer, begin, opening["fence"])
    text, indent = answer[begin:content_end], opening["indent"]
    if indent:
        text = "\n".join(line.removeprefix(indent) for line in text.split("\n"))
    words = opening["info"].strip().strip("{}.").split()
    return Fence(
        language=language_name(words[0]) if words else "",
        text=text,
        span=(opening.start("fence"), len(answer) if end is None else end),
        starts=None if indent else begin,
        closed=end is not None,
    )


def _closing(answer: str, begin: int, fence: str) -> tuple[int, int | None]:
    """Where the content ends, and the offset behind the closing fence; None where there is none."""
    at = begin
    while at < len(answer):
        following = _next_line(answer, at)
        line = answer[at:following].strip()
        if len(line) >= len(fence) and line == fence[0] * len(line):
            return at, at + len(answer[at:following].rstrip())
        at = following
    return len(answer), None


def _next_line(answer: str, at: int) -> int:
    found = answer.find("\n", at)
    return len(answer) if found < 0 else found + 1
