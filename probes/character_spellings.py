"""How one character may be spelled by servers, proxies and libraries, as a regular expression.

As it is, percent-encoded (also of itself), as an escape of JSON and programming languages (also within each other), as
a character reference of HTML (named, decimal, hexadecimal). Every alternative begins with a literal, which is what
lets ``re`` skip quickly over text that holds none of them, and no repetition is without bound. Feeds
``secret_patterns``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from html.entities import html5

DEEPEST = 64
"""Most backslashes before an escape: JSON within JSON doubles them each time."""
_QUOTED = frozenset("\"'/`$")
"""Written with a backslash before them here or there."""


@lru_cache(maxsize=4096)
def spelled(character: str, *, any_case: bool) -> str:
    """An expression for one character; in either case where ``any_case`` is true."""
    cases = {character}
    if any_case:
        cases |= {other for other in (character.lower(), character.upper()) if len(other) == 1}
    return f"(?:{'|'.join(way for case in sorted(cases) for way in _ways(case))})"


def backslashes(count: int) -> str:
    """An expression for a run of backslashes: every layer of JSON around it doubles the run."""
    encoded = "|".join((_percent("\\"), _reference("\\"), _escape("\\")))
    # as they are comes last: a bare backslash might be the beginning of one of the others
    return f"(?:(?:{encoded}){{{count}}}|\\\\{{{count},{DEEPEST * count}}})"


def _ways(character: str) -> list[str]:
    ways = [_percent(character), _reference(character), _escape(character)]
    if character in _QUOTED:
        ways.append(rf"\\{{1,{DEEPEST}}}{re.escape(character)}")
    if character == " ":
        ways.append(r"\+")
    # as it is comes last: a bare % or & might be the beginning of one of the others
    return [*ways, re.escape(character)]


def _percent(character: str) -> str:
    return "".join(f"%(?:25){{0,8}}{_digits(f'{byte:02X}')}" for byte in character.encode("utf-8", "replace"))


def _digits(hexadecimal: str) -> str:
    """Hexadecimal digits in either case, each of them perhaps percent-encoded in its turn."""
    return "".join(_digit(digit) for digit in hexadecimal)


def _digit(digit: str) -> str:
    cases = sorted({digit.lower(), digit.upper()})
    again = "|".join(f"{ord(case):02x}" for case in cases)
    return f"(?:{'|'.join(cases)}|%(?:25){{0,8}}(?i:{again}))"


def _reference(character: str) -> str:
    number = ord(character)
    ways = [f"#0{{0,8}}{number}", f"#[xX]0{{0,8}}(?i:{number:x})", *map(re.escape, _names()[character])]
    return f"&(?:amp;){{0,8}}(?:{'|'.join(ways)});?"


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    four = "".join(rf"\\{{1,{DEEPEST}}}u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4))
    other = [rf"\\{{1,{DEEPEST}}}u\{{0{{0,8}}(?i:{ord(character):x})\}}"]
    if ord(character) < 256:
        other.append(rf"\\{{1,{DEEPEST}}}x(?i:{ord(character):02x})")
    return "|".join([four, *other])


@lru_cache(maxsize=1)
def _names() -> defaultdict[str, list[str]]:
    """The names HTML has for a character, longest first."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, character in html5.items():
        if name.endswith(";"):
            names[character].append(name.removesuffix(";"))
    for found in names.values():
        found.sort(key=len, reverse=True)
    return names
