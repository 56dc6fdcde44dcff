"""Dates of a text in the usual spellings, each as the days it may mean. Feeds ``facts``.

``2026-07-01``, ``01.07.2026``, ``7/1/2026`` (read both ways), ``1 July 2026``, ``July 1st``, ``1. Juli``, ``juillet
2026``. Month names in English, German, French and Spanish. Years have four digits, from 1000 to 2999.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Day = tuple[int | None, int, int | None]
"""Year, month and day; None for what is not said."""

_MONTHS = (
    ("january", "jan", "januar", "jänner", "janvier", "enero", "ene"),
    ("february", "feb", "februar", "février", "fevrier", "febrero"),
    ("march", "mar", "märz", "maerz", "mrz", "mars", "marzo"),
    ("april", "apr", "avril", "avr", "abril", "abr"),
    ("may", "mai", "mayo"),
    ("june", "jun", "juni", "juin", "junio"),
    ("july", "jul", "juli", "juillet", "juil", "julio"),
    ("august", "aug", "août", "aout", "agosto", "ago"),
    ("september", "sep", "sept", "septembre", "septiembre"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "dezember", "dez", "décembre", "decembre", "diciembre", "dic"),
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
"""Names of months in small letters, by their number."""
_ALSO_WORDS = frozenset({"may", "mar", "mars", "mai", "ago", "march"})
"""Months that are something else in small letters."""
_YEAR = r"[12]\d{3}"
_INITIALS = "".join(sorted({letter for name in MONTHS for letter in (name[0], name[0].upper())}))
# each pattern begins with a set of characters and looks back afterwards: so re leaps to the next place by itself
_NUMERIC = re.compile(r"\d(?<![\w.,/-].)\d{0,3}+[-/.]\d{1,2}+[-/.]\d{1,4}(?!\d|[-/.,]\d)")
_YEAR_FIRST = re.compile(rf"({_YEAR})([-/.])(\d{{1,2}})\2(\d{{1,2}})")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2({_YEAR})")
_DAY_FIRST = re.compile(
    r"\d(?<![\w.,].)\d?+(?:st|nd|rd|th|er|\.)?[ \u00a0](?:of |de )?([^\W\d_]{3,10}+)\.?"
    rf"(?:,? (?:de |del )?({_YEAR})(?!\w))?"
)
_MONTH_FIRST = re.compile(
    rf"[{_INITIALS}](?<!\w.)[^\W\d_]{{2,9}}+\.?(?: de)? (?:({_YEAR})(?![\w%]|[.,]\d)"
    rf"|(\d{{1,2}})(?:st|nd|rd|th)?(?![\w%:]|[.,/]\d)(?:,? ({_YEAR})(?!\w))?)"
)
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """One date of a text."""

    readings: frozenset[Day]
    span: tuple[int, int]


def dates_in(text: str) -> Iterator[Date]:
    """Every date, spelling by spelling; what no calendar holds is none."""
    for match in _NUMERIC.finditer(text):
        yield from _read(match, _numeric(match))
    taken: set[int] = set()
    for match in _DAY_FIRST.finditer(text):
        for date in _read(match, _day_first(match)):
            taken.add(match.start(1))
            yield date
    for match in _MONTH_FIRST.finditer(text):
        if match.start() not in taken:
            yield from _read(match, _month_first(match))


def _read(match: re.Match[str], days: Iterator[Day]) -> Iterator[Date]:
    if readings := frozenset(day for day in days if _exists(day)):
        yield Date(readings=readings, span=match.span())


def _numeric(match: re.Match[str]) -> Iterator[Day]:
    if parts := _YEAR_FIRST.fullmatch(match[0]):
        yield int(parts[1]), int(parts[3]), int(parts[4])
    elif parts := _YEAR_LAST.fullmatch(match[0]):
        yield int(parts[4]), int(parts[3]), int(parts[1])
        yield int(parts[4]), int(parts[1]), int(parts[3])


def _day_first(match: re.Match[str]) -> Iterator[Day]:
    if month := _month(match[1]):
        digits = match[0][:2]
        yield int(match[2]) if match[2] else None, month, int(digits if digits.isdecimal() else digits[0])


def _month_first(match: re.Match[str]) -> Iterator[Day]:
    name = _LETTERS.match(match[0])
    if name and (month := _month(name[0])):
        year = match[1] or match[3]
        yield int(year) if year else None, month, int(match[2]) if match[2] else None


def _month(name: str) -> int | None:
    return None if name in _ALSO_WORDS else MONTHS.get(name.lower())


def _exists(day: Day) -> bool:
    longest = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= day[1] <= 12 and (day[2] is None or 1 <= day[2] <= longest[day[1] - 1])
