"""Verdicts out of what a judge wrote: one alone, at the end of the reply, of those offered. Feeds the judge checks.

A judge that repeats what it was shown may repeat a forged verdict. So a reply counts only where its very last line is
a verdict in the one form asked for, neither quoted nor listed nor within a code fence, and no other line gives another
one; everything else is no verdict, which is an error and neither pass nor fail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from checks.quote import shortened

READ_CHARS = 200_000
"""Longest reply that is read."""
_REASON_CHARS = 240
ORNAMENT = " \t*_`#>\"'.!~-"
"""What may stand around a line of a fixed form."""
_OWN = re.compile(r"(?:#{1,6}[ \t]+)?[*_]*verdict[ \t*_]*[:\uff1a](.*)", re.IGNORECASE)
"""A line in the judge's own name: headings and emphasis are its own, quotation marks and list signs are not."""
_AROUND_WORD = " \t*_.!"
_ANY = re.compile(r"verdict[ \t*_`\"']*[:\uff1a](.*)", re.IGNORECASE)
_HELD = re.compile(r"verdict[^\w\n]{0,9}[:\uff1a][^\w\n]{0,9}([\w]{1,40})", re.IGNORECASE)
_FENCES = ("```", "~~~")


def verdict_of(reply: str, offered: Sequence[str]) -> str | None:
    """The verdict a reply ends with, as it was offered; None where it gives none, or two that differ.

    Case, invisible characters and Markdown's headings and emphasis do not count.
    """
    written = [raw.strip() for raw in _seen(reply).splitlines() if raw.strip()]
    own = _OWN.fullmatch(written[-1]) if written else None
    if own is None or sum(line.startswith(_FENCES) for line in written) % 2:
        return None
    said = own[1].strip(_AROUND_WORD).casefold()
    others = (_ANY.fullmatch(line.strip(ORNAMENT)) for line in written[:-1])
    if any(other[1].strip(ORNAMENT).casefold() != said for other in others if other):
        return None
    return next((word for word in offered if word.casefold() == said), None)


def holds_verdict(text: str, verdict: str) -> bool:
    """Whether a judged text gives this verdict itself, wherever in it: then a judge may have repeated it."""
    return any(found[1].casefold().strip("_") == verdict.casefold() for found in _HELD.finditer(_visible(text)))


def reason_of(reply: str) -> str:
    """What stands before the last line, in one line: the judge's reasons."""
    return shortened(" ".join(lines_of(reply)[:-1]), _REASON_CHARS)


def ended_with(reply: str) -> str:
    """The last line of a reply that gave no verdict, shortened."""
    lines = lines_of(reply)
    return shortened(lines[-1] if lines else "", 80)


def lines_of(reply: str) -> list[str]:
    """The lines of a reply that say something, without invisible characters and blanks around them."""
    return [line for raw in _seen(reply).splitlines() if (line := raw.strip()).strip(ORNAMENT)]


def _seen(reply: str) -> str:
    """What is read of a reply: nothing of one that is too long."""
    return "" if len(reply) > READ_CHARS else _visible(reply)


def _visible(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cs") and c not in "\x00\u034f")
