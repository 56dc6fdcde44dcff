"""Check digits of payment cards and bank accounts, which order numbers do not have. Feeds ``personal_data``.

Cards: the Luhn formula, ISO/IEC 7812-1 annex B. IBAN: the remainder by 97 is 1, ISO 13616 after ISO/IEC 7064.
"""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 "
    "SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}
"""Letters and digits of an account number by its country, from the registry of ISO 13616."""


def is_card(digits: str) -> bool:
    """True for digits that begin and end like a payment card's."""
    return _network_takes(digits) and _luhn(digits)


def is_iban(compact: str) -> bool:
    """True for an account number without blanks whose length and check digits are right."""
    if len(compact) != IBAN_LENGTHS.get(compact[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def _network_takes(digits: str) -> bool:
    """The first digits and the length agree with one of the large networks; one repeated digit is nobody's card."""
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if len(set(digits)) == 1:
        return False
    if digits[0] == "4":
        return length in (13, 16, 19)
    if two in (34, 37):
        return length == 15
    if two in (30, 36, 38, 39):
        return length in (14, 16)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    return (two in (50, 56, 57, 58, 60, 62, 63, 64, 65, 67) or 3528 <= four <= 3589) and 16 <= length <= 19


def _luhn(digits: str) -> bool:
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0
