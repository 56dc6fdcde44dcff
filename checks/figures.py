"""Numbers of a text as the values they may stand for, whatever their separators. Feeds ``facts``.

Unlike ``numbers_in_text``, which settles for one value, this keeps every reading: 1.240 may be 1240 or 1.24, and
whether a number stands in a source must not hang on a country. Factors and percent belong to a number: 5 is neither
5 million nor 5%. Signs, units and currencies do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DIGITS = 40
"""Longest number that is read, in characters; what is longer counts as no number."""
_FIGURE = re.compile(
    r"[.\d](?<![\w.,].)(?:(?<=\d)|\d)\d*+(?:[.,'’\u00a0\u202f\u2009]\d++|[ ]\d{3}(?!\w))*+"
    r"(?: ?(?i:thousand|million|billion|trillion|k|bn|mn)\b|[MB]\b)?(?: ?(?:%|(?i:percent|per cent|pct)\b))?"
)
_SPLIT = re.compile(
    r"([\d.,'’\u00a0\u202f\u2009 ]*\d) ?(thousand|million|billion|trillion|k|bn|mn|m|b)?"
    r"( ?(?:%|percent|per cent|pct))?",
    re.IGNORECASE,
)
_ZEROS = {"thousand": 3, "k": 3, "million": 6, "mn": 6, "m": 6, "billion": 9, "bn": 9, "b": 9, "trillion": 12}
_GROUPS = "'’\u00a0\u202f\u2009 "
_READINGS = {
    ".": re.compile(rf"(?:\d{{1,3}}(?:[,{_GROUPS}]\d{{3}})+|\d+)?(?:\.\d+)?"),
    ",": re.compile(rf"(?:\d{{1,3}}(?:[.{_GROUPS}]\d{{3}})+|\d+)?(?:,\d+)?"),
}
_MARKS = {".": str.maketrans("", "", _GROUPS + ","), ",": str.maketrans("", "", _GROUPS + ".")}


def figures_in(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Every number as it is written, and where, as offsets [start, end)."""
    for match in _FIGURE.finditer(text):
        if match.end() - match.start() <= DIGITS:
            yield match[0], match.span()


def readings(written: str) -> set[str]:
    """The values a written number may stand for, each in one plain spelling (``1240.5``, of a share ``5%``)."""
    match = _SPLIT.fullmatch(written)
    digits, factor, share = match.groups() if match else (written, None, None)
    values = _values(digits)
    if factor:
        values = {_moved(value, _ZEROS[factor.lower()]) for value in values}
    return {f"{value}%" for value in values} if share else values


def _values(digits: str) -> set[str]:
    if digits.isdecimal():
        return {digits.lstrip("0") or "0"}
    # what no reading takes, like 1.2.3, stands for itself
    return {_plain(digits, mark) for mark, reading in _READINGS.items() if reading.fullmatch(digits)} or {digits}


def _plain(digits: str, mark: str) -> str:
    """With this decimal mark, in one spelling."""
    whole, _, part = digits.translate(_MARKS[mark]).partition(mark)
    rest = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")


def _moved(value: str, zeros: int) -> str:
    whole, _, part = value.partition(".")
    kept, rest = part[:zeros].ljust(zeros, "0"), part[zeros:]
    return ((whole + kept).lstrip("0") or "0") + (f".{rest}" if rest else "")
