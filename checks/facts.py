"""What an answer states that can be looked up word for word: numbers, dates, quotations, names. Feeds ``grounded``.

Whether it is meant right nobody can tell this way; that it stands in no source can be told, and cheaply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from checks.dates import MONTHS, Day, dates_in
from checks.figures import figures_in, readings
from checks.folding import worded
from checks.kinds import FactKind
from checks.spelled_numbers import spelled_in

_MARKERS = re.compile(r"(?m:^[ \t>]{0,10}\d{1,3}[.)][ \t])|\[\d{1,3}\]")
"""Numbers of list items and of footnotes: they state nothing."""
_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»\n]{3,400}+)[\"”“»]")
_ROW = re.compile(r" (?=\d)")
"""Between two numbers, not before a factor or a percent sign."""
_GAP = re.compile(r"\s*(?:\[?(?:…|\.\.\.)\]?)\s*")
_CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪİĶŁĽŃŅŇŐŒŘŚŞŠŤŪŮŰŹŻŽΑ-ΩА-ЯЁ"
_NAME = re.compile(rf"[{_CAPITAL}](?<![\w'’/@.-].)[\w'’-]*+(?:[ ][{_CAPITAL}][\w'’-]*+)*")
_OPENS_SENTENCE = re.compile(r"(?:^|[.!?:…\n\"“„«»(\[*_#>|-])[ \t]*\Z")
_DAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
_NO_NAMES = frozenset(
    {"i", "i'm", "i'll", "i've", "i'd", "eur", "usd", "gbp", "chf", "pdf", "faq", "url", "api", "id", "ok", "tv", "ai"}
    | {"am", "pm", "utc", *(f"{day}day" for day in _DAYS)}
)
"""Capital words that name nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that can be looked up."""

    kind: FactKind
    text: str
    span: tuple[int, int]
    days: frozenset[Day] = frozenset()
    """For a date: the days it may mean."""


class Sources:
    """Texts that facts are looked up in, read once."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        whole = "\n".join(texts)
        self._words = worded(whole)
        self._word_set = frozenset(self._words.split())
        self._values = {
            value for written, _ in figures_in(whole) for piece in _pieces(written) for value in readings(piece)
        }
        self._values.update(spelled_in(self._words.split()))
        self._days = {day for date in dates_in(whole) for day in date.readings}
        self._yearless = {(month, day) for _, month, day in self._days}

    def hold(self, fact: Fact) -> bool:
        """True where the fact stands in one of the texts, in whatever spelling."""
        if fact.kind == "numbers":
            return self._holds_number(fact.text)
        if fact.kind == "dates":
            return any(map(self._holds_day, fact.days))
        if fact.kind == "quotes":
            return all(worded(part) in self._words for part in _GAP.split(fact.text))
        return all(self._holds_word(word) for word in worded(fact.text).split())

    def _holds_number(self, written: str) -> bool:
        if not self._values.isdisjoint(readings(written)):
            return True
        parts = _ROW.split(written)
        return len(parts) > 1 and all(not self._values.isdisjoint(readings(part)) for part in parts)

    def _holds_day(self, wanted: Day) -> bool:
        year, month, day = wanted
        if wanted in self._days:
            return True
        if year is None:
            return (month, day) in self._yearless
        if day is None:
            return any(known[:2] == (year, month) for known in self._days)
        return (None, month, day) in self._days and str(year) in self._values

    def _holds_word(self, word: str) -> bool:
        return word in self._word_set or f"{word}s" in self._word_set or word.removesuffix("s") in self._word_set


@lru_cache(maxsize=8)
def sources_of(texts: tuple[str, ...]) -> Sources:
    """The sources of these texts, kept a while: the samples of a probe mostly get the same documents."""
    return Sources(texts)


def facts_in(text: str, kinds: tuple[FactKind, ...]) -> Iterator[Fact]:
    """Every fact of these kinds; a date's numbers belong to the date."""
    dates = [
        Fact(kind="dates", text=text[slice(*date.span)], span=date.span, days=date.readings) for date in dates_in(text)
    ]
    if "dates" in kinds:
        yield from dates
    if "numbers" in kinds:
        yield from _numbers(text, [date.span for date in dates] if "dates" in kinds else [])
    if "quotes" in kinds:
        yield from _quotes(text)
    if "names" in kinds:
        yield from _names(text)


def _pieces(written: str) -> tuple[str, ...]:
    """In a source "30 100" may be one number or two."""
    parts = _ROW.split(written)
    return (written, *parts) if len(parts) > 1 else (written,)


def _numbers(text: str, dates: list[tuple[int, int]]) -> Iterator[Fact]:
    pieces, start = [], 0
    for begin, end in sorted(dates):
        if begin >= start:
            pieces += [text[start:begin], "\n" * (end - begin)]
            start = end
    rest = "".join((*pieces, text[start:]))
    for written, span in figures_in(_MARKERS.sub(lambda match: "\n" * len(match[0]), rest)):
        yield Fact(kind="numbers", text=written, span=span)


def _quotes(text: str) -> Iterator[Fact]:
    for match in _QUOTE.finditer(text):
        if len(worded(match[1]).split()) > 1:
            yield Fact(kind="quotes", text=match[1], span=match.span())


def _names(text: str) -> Iterator[Fact]:
    for match in _NAME.finditer(text):
        start, end = match.span()
        if _OPENS_SENTENCE.search(text, max(0, start - 4), start):
            # the first word of a sentence is a capital for no other reason
            start += len(match[0].split(" ", 1)[0]) + 1
        name = text[start:end].removesuffix("'s").removesuffix("’s")
        if name and not all(word in _NO_NAMES or word in MONTHS for word in name.replace("’", "'").lower().split()):
            yield Fact(kind="names", text=name, span=(start, start + len(name)))
