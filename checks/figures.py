"""Numbers of a text as the values they may stand for, whatever their separators. Feeds ``facts``.

Unlike ``numbers_in_text``, which settles for one value, this keeps every reading: 1.240 may be 1240 or 1.24, and
whether a number stands in a source must not hang on a country. Signs, units and currencies do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DIGITS = 40
"""Longest number that is read, in characters; what is longer counts as no number."""
_FIGURE = re.compile(
    r"[.\d](?<![\w.,].)(?:(?<=\d)|\d)\d*+(?:[.,'’\u00a0\u202f\u2009]\d++|[ ]\d{3}(?!\w))*+"
    r"(?: ?(?:thousand|million|billion|trillion|k|bn|mn)\b)?"
)
_SPLIT = re.compile(r"^([\d.,'’\u00a0\u202f\u2009 ]*\d) ?([a-z]+)?$")
_ZEROS = {"thousand": 3, "k": 3, "million": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12}
_GROUPS = "'’\u00a0\u202f\u2009 "
_READINGS = {
    ".": re.compile(rf"(?:\d{{1,3}}(?:[,{_GROUPS}]\d{{3}})+|\d+)?(?:\.\d+)?"),
    ",": re.compile(rf"(?:\d{{1,3}}(?:[.{_GROUPS}]\d{{3}})+|\d+)?(?:,\d+)?"),
}
_MARKS = {".": str.maketrans("", "", _GROUPS + ","), ",": str.maketrans("", "", _GROUPS + ".")}
NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
} | {"fourteen": "14", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60"}
NUMBER_WORDS |= {"seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100"}
"""English words for whole numbers, to read the sources by: "thirty days" bears out "30 days"."""


def figures_in(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Every number as it is written, and where, as offsets [start, end)."""
    for match in _FIGURE.finditer(text):
        if match.end() - match.start() <= DIGITS:
            yield match[0], match.span()


def readings(written: str) -> set[str]:
    """The values a written number may stand for, each in one plain spelling (``1240.5``)."""
    match = _SPLIT.match(written)
    digits, factor = (match[1], match[2]) if match else (written, None)
    if digits.isdecimal() and not factor:
        return {digits.lstrip("0") or "0"}
    # what no reading takes, like 1.2.3, stands for itself
    plain = {_plain(digits, mark) for mark, reading in _READINGS.items() if reading.fullmatch(digits)} or {digits}
    return plain | {_moved(value, _ZEROS[factor]) for value in plain} if factor else plain


def _plain(digits: str, mark: str) -> str:
    """With this decimal mark, in one spelling."""
    whole, _, part = digits.translate(_MARKS[mark]).partition(mark)
    rest = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")


def _moved(value: str, zeros: int) -> str:
    whole, _, part = value.partition(".")
    kept, rest = part[:zeros].ljust(zeros, "0"), part[zeros:]
    return ((whole + kept).lstrip("0") or "0") + (f".{rest}" if rest else "")
