"""Whether a text is the beginning of JSON whose end is missing. Feeds ``checks.cut`` and so ``no_truncation``."""

from __future__ import annotations

import json
import re

_OPENS = re.compile(r'\{\s*["}]|\{\s*$|\[\s*(?:[\[{"\d-]|true|false|null|$)')
_HALF = re.compile(r"t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|[eE][+-]?|u[0-9a-fA-F]{0,4}")
"""What may be left where the parser gave up, if it gave up only because the text ends there."""
_HALF_CHARS = 5


def begins_as_json(text: str) -> bool:
    """True where the first characters (none of them blank) open an object or a list with something of JSON in it."""
    return _OPENS.match(text[:100]) is not None


def is_json(text: str) -> bool:
    """True where the text is one JSON value, whole."""
    return _stopped(text) is None


def is_cut_json(text: str) -> bool:
    """True where every character could be JSON's and only the end is missing.

    The parser stops at the first character that does not fit. If that is the end of the text, or a string never ends,
    or only half a word, number or escape is left, then something was cut off. JSON that is broken earlier is not cut.
    """
    text = text.rstrip()
    stopped = _stopped(text) if text else None
    if stopped is None:
        return False
    left = len(text) - stopped
    return left <= 0 or (left <= _HALF_CHARS and _HALF.fullmatch(text, stopped) is not None)


def _stopped(text: str) -> int | None:
    """Where the parser gave up; None where it read the whole."""
    try:
        json.loads(text, strict=False, parse_int=float)  # float: Python reads no whole numbers of many digits
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # a whole value and something else: nothing is missing
            return 0
        return len(text) if error.msg.startswith("Unterminated string") else error.pos
    except RecursionError:  # too deep to follow: judged by its last character
        return None if text.endswith(("]", "}")) else len(text)
    return None
