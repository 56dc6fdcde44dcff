"""JavaScript's regular expressions in Python's dialect. Feeds the assertions ``regex`` and ``starts-with``.

Source: ECMAScript 2024, section 22.2, without flags, against the documentation of Python's ``re``.
"""

from __future__ import annotations

import re

from runner.importers.promptfoo.trouble import CannotCarry

_PIECE = re.compile(r"\\u\{?[0-9A-Fa-f]+\}?|\\k<\w+>|\\[pP]\{[^}]*\}|\\.|\[\^?\]?|\]|\(\?<(?![=!])|\$|.", re.S)
_LITERAL_ESCAPES = frozenset("/-:;,<>=!@#%&'\"`~_ ")


def python_pattern(pattern: str) -> str:
    """The same pattern for Python.

    ``$`` is only the very end there (``\\Z``), groups are named otherwise; ``\\d``, ``\\w``, ``\\b`` know ASCII only.

    Raises:
        CannotCarry: Python knows nothing like it.
    """
    pieces: list[str] = []
    inside = False
    for match in _PIECE.finditer(pattern):
        piece = match[0]
        if piece.startswith(("\\p{", "\\P{")):
            raise CannotCarry(f"Python's patterns know nothing like {piece}")
        if piece.startswith("[") and not inside:
            pieces.append("[" if piece == "[" else _class_opening(piece))
            inside = piece not in ("[]", "[^]")
            continue
        if piece == "]":
            inside = False
        pieces.append(_in_class(piece) if inside else _translated(piece))
    text = "".join(pieces)
    return f"(?a){text}" if re.search(r"\\[dwbDWB]", text) and "\\s" not in text.lower() else text


def _class_opening(piece: str) -> str:
    # JavaScript's [] matches nothing and [^] anything; in Python a bracket right behind the opening is a character
    return {"[]": "(?!)", "[^]": r"[\s\S]", "[^": "[^"}[piece]


def _in_class(piece: str) -> str:
    if piece.startswith("["):
        return piece.replace("[", r"\[")
    return _translated(piece) if piece.startswith("\\") else piece


def _translated(piece: str) -> str:
    if piece == "$":
        return r"\Z"
    if piece == "(?<":
        return "(?P<"
    if piece.startswith("\\k<"):
        return f"(?P={piece[3:-1]})"
    if piece.startswith("\\u{"):
        return re.escape(chr(int(piece[3:-1], 16)))
    if len(piece) == 2 and piece[0] == "\\" and piece[1] in _LITERAL_ESCAPES:
        return re.escape(piece[1])
    return piece
