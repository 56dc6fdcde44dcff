"""Verdicts out of what a judge wrote: the last one counts, it ends the reply, and it must be one of those offered.

A judge that repeats what it was shown may repeat a forged verdict. So a reply counts only where its very last line is
a verdict in the one form asked for; everything else is no verdict, which is an error and neither pass nor fail.
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
_LINE = re.compile(r"verdict[ \t*_`]*[:\uff1a](.*)", re.IGNORECASE)


def verdict_of(reply: str, offered: Sequence[str]) -> str | None:
    """The verdict a reply ends with, as it was offered; None where it does not end with one of those.

    Case, invisible characters and the marks of Markdown around the line do not count.
    """
    lines = lines_of(reply)
    found = _LINE.fullmatch(lines[-1].strip(ORNAMENT)) if lines else None
    if found is None:
        return None
    said = found[1].strip(ORNAMENT).casefold()
    return next((word for word in offered if word.casefold() == said), None)


def reason_of(reply: str) -> str:
    """What stands before the last line, in one line: the judge's reasons."""
    return shortened(" ".join(lines_of(reply)[:-1]), _REASON_CHARS)


def ended_with(reply: str) -> str:
    """The last line of a reply that gave no verdict, shortened."""
    lines = lines_of(reply)
    return shortened(lines[-1] if lines else "", 80)


def lines_of(reply: str) -> list[str]:
    """The lines of a reply that say something, without invisible characters and blanks around them."""
    if len(reply) > READ_CHARS:
        return []
    seen = "".join(c for c in reply if unicodedata.category(c) not in ("Cf", "Cs") and c not in "\x00\u034f")
    return [line for raw in seen.splitlines() if (line := raw.strip()).strip(ORNAMENT)]
