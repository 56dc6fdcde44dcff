"""The tags of a text, read in one pass however broken they are. Feeds ``html_structure``.

Not the standard library's parser: 100 kB of ``<a `` keep it busy for 107 seconds (measured with Python 3.11.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.code_part import Broken
from checks.quote import quoted

_RAW = frozenset(("script", "style", "textarea", "title"))
"""Elements in which nothing else is a tag."""
_NAME = re.compile(r"</?([A-Za-z][^\s/><]*+)")
_ATTRIBUTES = re.compile(r"(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One start or end tag."""

    name: str
    """In lower case."""
    starts: bool
    closed: bool
    """True where it ends itself, as in ``<br/>``."""
    span: tuple[int, int]


def tags(text: str, *, strict: bool) -> Iterator[Tag]:
    """The tags of a text in order; comments, declarations and what stands in scripts and styles left out.

    Raises:
        Broken: a tag, comment or script does not end. Not ``strict``: a broken tag is passed over, and what has no
            end is the last thing looked at.
    """
    at = text.find("<")
    while at >= 0:
        tag = _tag(text, at)
        if tag is not None:
            yield tag
        behind = _behind(text, at, tag)
        if behind is None and strict:
            raise Broken(f"expected HTML, got a tag that does not end: {quoted(text[at : at + 60])}", at)
        if behind is None and (tag or not _NAME.match(text, at)):
            return
        # what a broken tag holds is not read again, so that a megabyte of them takes one pass
        at = text.find("<", behind or _attributes_end(text, at))


def _tag(text: str, at: int) -> Tag | None:
    name = _NAME.match(text, at)
    end = _attributes_end(text, at)
    if name is None or text[end : end + 1] != ">":
        return None
    starts, closed = text[at + 1] != "/", text[end - 1] == "/"
    return Tag(name=name[1].lower(), starts=starts, closed=closed, span=(at, end + 1))


def _attributes_end(text: str, at: int) -> int:
    name = _NAME.match(text, at)
    rest = _ATTRIBUTES.match(text, name.end()) if name else None
    return rest.end() if rest else at


def _behind(text: str, at: int, tag: Tag | None) -> int | None:
    """The offset behind what begins here; None where it has no end."""
    if tag is not None:
        return _end_of_raw(text, tag) if tag.starts and tag.name in _RAW else tag.span[1]
    if _NAME.match(text, at):
        return None
    if text.startswith("<!--", at):
        end = text.find("-->", at + 4)
        return end + 3 if end >= 0 else None
    if text.startswith(("<!", "<?", "</"), at):
        return text.find(">", at) + 1 or None
    return at + 1  # a plain less-than sign


def _end_of_raw(text: str, tag: Tag) -> int | None:
    ending = re.compile(rf"</{tag.name}(?=[\s/>])", re.IGNORECASE).search(text, tag.span[1])
    return ending.start() if ending else None
