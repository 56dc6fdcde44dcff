"""E-mail addresses, phone numbers, cards, accounts and their like in a text. Feeds ``no_pii``.

By shape, and by check digits where there are any; names and postal addresses have no shape and are not looked for.
Numbers that are called an order, an invoice or a version are left alone. Every pattern reads a text once or, bounded,
a few times: answers are hostile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from checks.check_digits import IBAN_LENGTHS, is_card, is_iban
from checks.kinds import PersonalKind

NAMES: dict[PersonalKind, str] = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "card": "a payment card number",
    "iban": "a bank account (IBAN)",
    "ssn": "a social security number",
    "ip": "an IP address",
}
"""What a reason calls each kind."""

_EMAIL = (
    r"(?<![\w.%+-])[\w.%+-]{1,64}+@(?=[^\W_])"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,5}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?![\w-])"
)
_PHONE_ABROAD = r"(?<![\w+])\+[1-9](?:[ .()/\u00a0-]{0,2}\d){7,14}(?!\d)"
_PHONE_AMERICAN = r"(?<![\w.+-])(?:1[-. ])?(?:\([2-9]\d{2}\)[ -]?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}(?![\w-]|\.\d)"
_PHONE_NAMED = (
    r"(?i:(?<!\w)(?:tel|telephone|phone|call|fax|mobile|cell|whatsapp|telefon|mobil|handy|anruf|téléphone|teléfono|móvil))(?!\w)"
    r"[^\d\n]{0,24}(?<![\d#])(?P<number>\(?\d(?:[ .()/-]{0,2}\d){6,14})(?!\d)"
)
_SEPARATORS = " .\u00a0\u2009\u202f\u2010\u2011\u2012\u2013-"
"""Between the groups of cards and accounts: blanks, those that do not break, dots, hyphens and dashes."""
_CARD = rf"(?<![\w.-])\d(?:[{_SEPARATORS}]?\d){{12,18}}(?![\w-]|\.\d)"
_IBAN = rf"(?<!\w)(?=[A-Za-z]{{2}}\d{{2}}[{_SEPARATORS}]?[A-Za-z0-9])"
_SSN = r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"
_IP = (
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w:]|\.\d)"
    r"|(?=[0-9a-fA-F]{0,4}:)[0-9a-fA-F:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:]))"
)
_NUMBERED = (
    r"(?:order|orders|invoice|ticket|case|reference|ref|tracking|parcel|serial|article|item|sku|isbn|part|batch|version|release|"
    r"build|firmware|section|bestellung|bestellnummer|rechnung|rechnungsnummer|auftrag|artikel|sendung|commande|facture|pedido|factura)"
)
_CALLED_OTHERWISE = (
    rf"(?i:(?<!\w){_NUMBERED}(?:[ -]?(?:number|numbers|no|nr|id|code|nummer))?"
    r"[\s.:#=(\"'*]{0,4}(?:is |was |v)?\Z|(?<!\w)v\Z|[#№]\s?\Z)"
)
_NEEDED: dict[PersonalKind, str] = {
    "email": "@",
    "phone": r"\d",
    "card": r"\d",
    "iban": r"\d",
    "ssn": r"\d",
    "ip": r"\d\.\d|[0-9a-fA-F:]:[0-9a-fA-F:]",
}
"""Without this there is none of the kind: most answers are done with after a glance."""
_BEFORE_CHARS = 40
_UNSEPARATED_DIGITS = 10
"""A row of digits after a plus sign that nothing separates is a phone number from this length on."""
_IBAN_WRITTEN = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """One piece found."""

    kind: PersonalKind
    text: str
    span: tuple[int, int]


def find_personal_data(text: str, kinds: tuple[PersonalKind, ...]) -> Iterator[PersonalData]:
    """Every piece of these kinds, kind by kind."""
    for kind in kinds:
        if not _compiled(_NEEDED[kind]).search(text):
            continue
        for start, end in _FINDERS[kind](text):
            yield PersonalData(kind=kind, text=text[start:end], span=(start, end))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for match in _compiled(_EMAIL).finditer(text):
        # git@host:path is how repositories are written
        if not (match[0].startswith("git@") and text[match.end() : match.end() + 1] in (":", "/")):
            yield match.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in _compiled(_PHONE_ABROAD).finditer(text):
        digits = match[0][1:]
        if not digits.isdecimal() or len(digits) >= _UNSEPARATED_DIGITS:
            yield match.span()
    for match in _compiled(_PHONE_AMERICAN).finditer(text):
        if not _called_otherwise(text, match.start()):
            yield match.span()
    for match in _compiled(_PHONE_NAMED).finditer(text):
        if not _called_otherwise(text, match.start("number")):
            yield match.span("number")


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _compiled(_CARD).finditer(text):
        groups = re.split(f"[{_SEPARATORS}]", match[0])
        grouped = len(groups) == 1 or all(2 <= len(group) <= 7 for group in groups)
        if grouped and is_card("".join(groups)) and not _called_otherwise(text, match.start()):
            yield match.span()


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _compiled(_IBAN).finditer(text):
        start = match.start()
        length = IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
        compact, end = _compact(text, start, length)
        if length and not text[end : end + 1].isalnum() and is_iban(compact.upper()) and _no_prose(compact):
            yield start, end


def _no_prose(compact: str) -> bool:
    """False for words in small letters that happen to have the right check digits."""
    return compact.isupper() or 2 * sum(map(str.isdecimal, compact)) >= len(compact)


def _compact(text: str, start: int, length: int) -> tuple[str, int]:
    """The next letters and digits without what separates them, and where they end."""
    taken: list[str] = []
    end = start
    for offset, character in enumerate(text[start : start + _IBAN_WRITTEN], start):
        if len(taken) == length:
            break
        if character.isascii() and character.isalnum():
            taken.append(character)
            end = offset + 1
        elif character not in _SEPARATORS:
            break
    return "".join(taken), end


def _social_security(text: str) -> Iterator[tuple[int, int]]:
    for match in _compiled(_SSN).finditer(text):
        if not _called_otherwise(text, match.start()):
            yield match.span()


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    for match in _compiled(_IP).finditer(text):
        if _is_public(match[0]) and not _called_otherwise(text, match.start()):
            yield match.span()


def _is_public(address: str) -> bool:
    """True for what may lead to somebody: not for addresses of a home network, of documentation, of this machine."""
    import ipaddress  # of this library, few suites need it

    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return False
    # of IPv6 only 2000::/3 is given out (RFC 4291), and a::b is more often code
    return read.is_global and (read.version == 4 or int(read) >> 125 == 1)


def _called_otherwise(text: str, start: int) -> bool:
    return _compiled(_CALLED_OTHERWISE).search(text[max(0, start - _BEFORE_CHARS) : start]) is not None


_FINDERS: dict[PersonalKind, Callable[[str], Iterator[tuple[int, int]]]] = {
    "email": _emails,
    "phone": _phones,
    "card": _cards,
    "iban": _ibans,
    "ssn": _social_security,
    "ip": _addresses,
}
