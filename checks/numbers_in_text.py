"""The numbers of a prose text: where they stand and what they are worth. Feeds the ``number`` check.

Digits, thousands separators, decimals, signs and exponents are read; units and currencies beside them are ignored.
Number words ("seven"), factors ("1.2 million"), versions and addresses ("1.2.3") are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

DecimalMark = Literal[".", ","]
DIGITS = 300
"""Longest number that is read, in characters; what is longer counts as no number."""
_GROUPS = "'’\u00a0\u202f\u2009"
"""Thousands separators that mean nothing else: apostrophes and the blanks that do not break."""
_CURRENCIES = "|".join(rf"(?<=\b{code})" for code in ("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR"))
_START = rf"(?:(?<![^\W_])(?<![^\W_][._])|{_CURRENCIES})"
"""Not within a word (H2O, GPT-4o, v1.5, item_5), but directly after a currency code (EUR147)."""
_SIGN = r"(?:(?P<sign>(?<![)%€])[-−+]|(?<![^\s(\[])–)(?:[$€£¥]\s?)?)?"
"""Not in a range: 5%-7%. An en dash is a sign only where a token begins: it mostly stands between two numbers."""
_RAISED = "²³¹⁰⁴-⁹⁺⁻₀-₉¼-¾⅐-⅟"
_TOKEN = rf"{_START}[-−–+$€£¥]{{0,3}}+\d[\d.,{_GROUPS}]*+(?:_[^\W_]|[{_RAISED}])[\w.,]*+"
"""Digits glued to an underscore, an exponent or a fraction (1_000, 10², 4½): none of their parts is a number."""
_POWER = r"(?P<power>[eE][-+]?\d{1,3}(?![^\W_]))?"
_COMMON = rf"(?:[.,{_GROUPS}]\d++"
_WRITTEN: dict[str, re.Pattern[str]] = {
    # every repetition is possessive, so that no text is read twice
    ".": re.compile(rf"{_TOKEN}|{_START}{_SIGN}(?P<body>\d++{_COMMON})*+|\.\d++){_POWER}"),
    # where decimals have a comma, thousands may have a plain blank
    ",": re.compile(rf"{_TOKEN}|{_START}{_SIGN}(?P<body>\d++{_COMMON}|\ \d{{3}}(?!\d))*+|\.\d++){_POWER}"),
}
_READINGS = {
    ".": re.compile(rf"(?:\d{{1,3}}(?:[,{_GROUPS}]\d{{3}})+|\d+)?(?:\.\d+)?"),
    ",": re.compile(rf"(?:\d{{1,3}}(?:[. {_GROUPS}]\d{{3}})+|\d+)?(?:,\d+)?"),
}
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_PIECE = re.compile(r"[^, ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number of a text."""

    value: Decimal
    span: tuple[int, int]
    """Where it stands, as character offsets [start, end)."""


def numbers_in(text: str, mark: DecimalMark = ".", *, start: int = 0, end: int | None = None) -> Iterator[Number]:
    """The numbers between two offsets, the first one first.

    Args:
        text: Any text.
        mark: The decimal mark, for what could be read both ways (``1.240``). What can be read one way only is read
            that way: ``1.240,50`` and ``1,240.50`` are the same number.
        start: Where to begin.
        end: Where to stop; None at the end of the text.
    """
    for match in _WRITTEN[mark].finditer(text, start, len(text) if end is None else end):
        if match.end() - match.start() > DIGITS or match["body"] is None:
            continue
        value = _read(match, mark)
        if value is not None:
            yield Number(value=value, span=match.span())
        else:
            yield from _listed(match, mark)


def _read(match: re.Match[str], mark: DecimalMark) -> Decimal | None:
    other: DecimalMark = "," if mark == "." else "."
    for decimal in (mark, other):
        if _READINGS[decimal].fullmatch(match["body"]) or (decimal == "." and _INDIAN.fullmatch(match["body"])):
            sign = "-" if match["sign"] in ("-", "−", "–") else ""
            return Decimal(f"{sign}{_plain(match['body'], decimal)}{match['power'] or ''}")
    return None


def _plain(body: str, mark: str) -> str:
    return "".join(
        "." if character == mark else character for character in body if character.isdecimal() or character == mark
    )


def _listed(match: re.Match[str], mark: DecimalMark) -> Iterator[Number]:
    """Numbers in a row without a blank, ``1,2,3``; what is no number even then (``1.2.3``) is left out."""
    for piece in _PIECE.finditer(match.string, match.start("body"), match.end("body")):
        if _READINGS["."].fullmatch(piece[0]):
            yield Number(value=Decimal(_plain(piece[0], ".")), span=piece.span())
