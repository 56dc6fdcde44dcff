"""Private keys in a text: whole blocks from BEGIN to END, and what a cut left of one. Feeds ``secret_shapes``.

Armour as in RFC 7468 (PEM), RFC 4716 (SSH2) and RFC 9580 (OpenPGP), also where line ends are written as escapes, lines
are quoted or indented, or slashes are escaped as in JSON. Every pattern is possessive or bounded, and no scan goes past
the next mark: answers are hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

LONG_RUN = 16
"""Characters of base64 in a row that are no word; fewer count only where they end a line."""
_MARK = re.compile(r"-{4,5} ?(?P<which>BEGIN|END) (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_CHARACTER = r"(?:[A-Za-z0-9+/=]|\\{1,8}(?:/|u00[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2})"
_LONG = rf"{_CHARACTER}{{{LONG_RUN},}}+"
_SHORT = rf"{_CHARACTER}{{1,{LONG_RUN - 1}}}+(?=[ \t\"'`,;…]{{0,8}}+(?:\\{{1,8}}[nr]|[\r\n]|\Z))"
_HEADER = (
    r"(?:Proc-Type|DEK-Info|Key-Info|Content-Domain|Version|Comment|Hash|Charset|MessageID|Subject|x-[\w-]{1,30}): "
    r"(?:(?!\\{1,8}[nr]|----)[^\r\n]){0,200}+"
)
_BETWEEN = r"(?:\\{1,8}[nrt\"']|<br ?/?>|[\s>|#*\"'`,;+\\])*+"
_LINES = rf"(?:{_BETWEEN}(?:{_HEADER}|{_LONG}|{_SHORT}))*+"
_BODY = re.compile(_LINES)
_TAIL = re.compile(rf"{_LONG}{_LINES}{_BETWEEN}")


def private_keys(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The line by which each block is known, and its place: from BEGIN to END, or to where its base64 ends.

    Where a cut took the BEGIN, the base64 before the END belongs to it. Linear in the length of the text.
    """
    marks = list(_MARK.finditer(text))
    floor, begun = 0, None
    for mark, following in zip_longest(marks, marks[1:]):
        if mark["which"] == "BEGIN":
            begun = mark
            if following is not None and following["which"] == "END":
                continue
            stop = _after(text, mark.end(), len(text) if following is None else following.start())
            yield mark[0], (mark.start(), stop)
        else:
            start = begun.start() if begun is not None else _before(text, floor, mark.start())
            yield (begun or mark)[0], (start, mark.end())
        floor, begun = mark.end(), None


def _after(text: str, begin: int, end: int) -> int:
    """Where the lines of a block end that has no end."""
    lines = _BODY.match(text, begin, end)
    return begin if lines is None else lines.end()


def _before(text: str, begin: int, end: int) -> int:
    """Where the lines of a block begin that has no beginning."""
    return next((tail.start() for tail in _TAIL.finditer(text, begin, end) if tail.end() == end), end)


def key_lines(block: str) -> Iterator[str]:
    """The lines of one block that are no words, for what quotes some of them."""
    if _MARK.search(block[:100]) or _MARK.search(block[-100:]):
        yield from (line[0] for line in re.finditer(_LONG, block))
