"""Numbers that states give their people, by shape and check characters. Feeds ``removal``.

Germany (Identifikationsnummer, ISO/IEC 7064 MOD 11,10), Spain (DNI and NIE, the letter is the number modulo 23),
France (NIR, 97 less the number modulo 97), Italy (codice fiscale, control letter of DM 23 December 1976), the United
Kingdom (National Insurance number, HMRC manual NIM39110: no check character, so its prefix and suffix rules).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

_SPANISH = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
"""What letters (and digits, as A to J) count at odd places of a codice fiscale."""


def find_national_ids(text: str) -> Iterator[tuple[int, int]]:
    """Every number of these kinds, as offsets [start, end)."""
    if not _compiled(r"\d\d").search(text):
        return
    for pattern, holds in _KINDS:
        for match in _compiled(pattern).finditer(text):
            if holds(re.sub(r"[ .-]", "", match[0]).upper()):
                yield match.span()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _german(number: str) -> bool:
    counts = sorted(number[:10].count(digit) for digit in set(number[:10]))
    if counts[-1] not in (2, 3) or len(counts) < 8:
        return False
    product = 10
    for digit in number[:10]:
        product = ((int(digit) + product - 1) % 10 + 1) * 2 % 11
    return (11 - product) % 10 == int(number[10])


def _spanish(number: str) -> bool:
    digits = str("XYZ".find(number[0])) + number[1:-1] if number[0] in "XYZ" else number[:-1]
    return _SPANISH[int(digits) % 23] == number[-1]


def _french(number: str) -> bool:
    digits = number[:13].replace("2A", "19").replace("2B", "18")
    return digits.isdecimal() and 97 - int(digits) % 97 == int(number[13:])


def _italian(code: str) -> bool:
    places = [int(letter) if letter.isdecimal() else ord(letter) - 65 for letter in code[:15]]
    total = sum(_ODD[value] if at % 2 == 0 else value for at, value in enumerate(places))
    return chr(65 + total % 26) == code[15]


def _british(_number: str) -> bool:
    return True  # all that is known of it is in its pattern


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    (r"(?<![\w.+-])[1-9]\d(?: ?\d{3}){3}(?![\w-]|\.\d)", _german),
    (r"(?<![\w-])(?:\d{8}|[XYZxyz]-?\d{7})-?[A-Za-z](?![\w-])", _spanish),
    (r"(?<![\w-])[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d(?![\w-])", _french),
    (r"(?<!\w)[A-Za-z]{6}\d\d[A-Za-z]\d\d[A-Za-z]\d{3}[A-Za-z](?!\w)", _italian),
    (
        r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)",
        _british,
    ),
)
