"""The few transforms of answers that checks can stand for. Feeds ``cases``; everything else is local code.

``output.trim()`` leaves white space out; ``JSON.parse(output).a.b`` looks at one place of a JSON answer.
"""

from __future__ import annotations

import re
from typing import Any

from runner.importers.promptfoo.asked import Entry
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

_TRIM = re.compile(r"\(?output\)?\.trim\(\);?")
_PLACE = re.compile(r"JSON\.parse\(output\)((?:\.[A-Za-z_]\w*|\[\d+\])+);?")
_UNTOUCHED = frozenset({"total_time", "cost", "finish", "tool_calls", "json_valid", "json_schema", "occurs"})
"""Checks that white space around the answer makes no difference to."""


def can_stand_for(transform: str) -> bool:
    """True for a transform that some checks can stand for."""
    return bool(_TRIM.fullmatch(transform.strip()) or _PLACE.fullmatch(transform.strip()))


def transformed(entry: Entry, transform: str | None) -> Entry:
    """The check that says of the answer what the entry says of the transformed answer.

    Raises:
        CannotCarry: there is none.
    """
    if transform is None:
        return entry
    text = transform.strip()
    ((name, argument),) = entry.items()
    if name in ("total_time", "cost", "finish"):
        return entry
    if name == "not":
        return {"not": transformed(argument if isinstance(argument, dict) else {argument: None}, transform)}
    if _TRIM.fullmatch(text):
        return _trimmed(name, argument)
    place = _PLACE.fullmatch(text)
    if place is None:
        raise CannotCarry(f"its answer is transformed first: {LOCAL_CODE}")
    return {"json_path": {"path": f"${place[1]}", **_at_place(name, argument)}}


def _trimmed(name: str, argument: Any) -> Entry:
    if name in _UNTOUCHED:
        return {name: argument}
    if isinstance(argument, dict) and "trim" in argument:
        return {name: {key: value for key, value in argument.items() if key != "trim"}}
    if name in ("contains", "not_contains") and all(text == text.strip() for text in _texts(argument)):
        return {name: argument}
    raise CannotCarry("its answer is trimmed first, which this check does not do")


def _texts(argument: Any) -> list[str]:
    values = argument.values() if isinstance(argument, dict) else [argument]
    return [text for value in values for text in (value if isinstance(value, list) else [value]) if text is not True]


def _at_place(name: str, argument: Any) -> dict[str, Any]:
    if name == "equals" and isinstance(argument, dict):
        return {"equals": argument["to"]}
    if name == "contains" and isinstance(argument, str):
        return {"matches": re.escape(argument)}
    if name == "regex" and isinstance(argument, str):
        return {"matches": argument}
    raise CannotCarry("its answer is a place of JSON, which this check cannot look at")
