"""Hostile text fit for one line of a reason: short, quoted, with everything invisible written out. Feeds the rules.

This keeps a reason readable and encodable; escaping for a page, a terminal or a message stays with whoever shows it.
"""

from __future__ import annotations

import re

_JOINERS = "\u200c\u200d"  # scripts and emoji need them to look right
QUOTED_CHARS = 120
"""Longest quotation in a reason, in characters."""
REASON_CHARS = 500
"""Longest reason, in characters."""


FIRST_LETTERS = re.compile(r" beginning '[^']{0,40}?…'?")
"""What ``first_letters`` says, in a reason."""


def visible(text: str) -> str:
    """The text with controls, odd blanks, bidi marks and lone surrogates written out (``\\n``, ``\\u202e``)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else _escape(c) for c in text)


def _escape(character: str) -> str:
    return repr(character)[1:-1]


def shortened(text: str, limit: int = REASON_CHARS) -> str:
    """``visible`` in at most ``limit`` characters, an ellipsis where something was cut."""
    line = visible(text[: limit + 1])  # escapes only lengthen: what is cut here would be cut below
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(text: str, limit: int = QUOTED_CHARS) -> str:
    """The text between single quotes, shortened; an empty text as ``''``."""
    return f"'{shortened(text.strip() or text, limit)}'"


def first_letters(text: str, number: int) -> str:
    """How a text begins that is not to be shown: `` beginning 'ab…'``, which goes where not even that may be told."""
    return " beginning '" + shortened(text[:number].replace("'", "?")) + "…'"


def listed(texts: tuple[str, ...]) -> str:
    """Several texts quoted, for ``expected ...``: at most three of them, then how many more."""
    shown = ", ".join(quoted(text, 60) for text in texts[:3])
    return shown if len(texts) <= 3 else f"{shown} and {len(texts) - 3} more"
