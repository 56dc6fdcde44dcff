"""Typed looks into any JSON by JSONPath: texts, counts, amounts, lists. Feeds the readers of the ``http`` dialect.

A place that holds nothing, or null, is None. What has an odd type is read leniently where it is only a figure, and is
a ``MalformedReply`` where an answer would be guessed at.
"""

from __future__ import annotations

import json
import math
from typing import Any

from probes.hostile import whole_characters
from probes.json_fields import MalformedReply, get_count
from probes.json_paths import compile_path
from probes.protocols.asked import shallow

MOST_CHARACTERS = 8 * 1024 * 1024
"""Of one joined text: a path with ``..`` may find the same text many times over."""
MOST_LISTED = 1000
"""Documents, citations or tool calls of one reply."""


def text_of(value: Any, what: str) -> str:
    """A value as text; what is no text is written as JSON.

    Raises:
        MalformedReply: it is nested too deeply, or holds a number JSON cannot say; ``what`` names it.
    """
    if isinstance(value, str):
        return whole_characters(value)
    shallow(value, what)
    try:
        return whole_characters(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except ValueError as error:
        raise MalformedReply(f"{what} cannot be written as JSON") from error


def get_joined(path: str, tree: Any) -> str | None:
    """All that the path finds, as one text; None where it finds nothing but null.

    Raises:
        MalformedReply: a value in it cannot be a text, or it is far too long.
    """
    texts = [text_of(value, f"the value at {path}") for value in compile_path(path)(tree) if value is not None]
    if sum(map(len, texts)) > MOST_CHARACTERS:
        raise MalformedReply(f"what stands at {path} is longer than {MOST_CHARACTERS} characters")
    return "".join(texts) if texts else None


def get_name(path: str | None, tree: Any) -> str | None:
    """The first value as a short text: a name, an id, a reason; true, false and numbers as JSON writes them."""
    value = first_value(path, tree)
    if value is None or isinstance(value, (dict, list)) or value == "":
        return None
    return text_of(value, f"the value at {path}")


def get_tokens(path: str | None, tree: Any) -> int | None:
    """A count of tokens; None where nothing that can be one stands there."""
    return get_count({"value": first_value(path, tree)}, "value")


def get_amount(path: str | None, tree: Any) -> float | None:
    """A finite number; None where none stands there."""
    value = first_value(path, tree)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def get_listed(path: str, tree: Any) -> list[Any] | None:
    """The entries of a list, whether the path names the list or its entries; None where there is no list at all."""
    found = compile_path(path)(tree)
    if not path.endswith("[*]"):
        if len(found) == 1 and (found[0] is None or isinstance(found[0], list)):
            return found[0][:MOST_LISTED] if found[0] is not None else None
        return found[:MOST_LISTED] or None
    return found[:MOST_LISTED] if found or _empty_list(path.removesuffix("[*]"), tree) else None


def _empty_list(path: str, tree: Any) -> bool:
    """True where a list stands at the path, though nothing in it: that is told from no list by this alone."""
    try:
        finder = compile_path(path)
    except ValueError:  # $..[*] without its end is no path
        return False
    return any(isinstance(value, list) for value in finder(tree))


def first_value(path: str | None, tree: Any) -> Any:
    """The first value the path finds; None where there is none, or no path."""
    found = compile_path(path)(tree) if path is not None else []
    return found[0] if found else None


def same(value: Any, wanted: Any) -> bool:
    """Equality as JSON knows it: true is not 1, and 1 is 1.0."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)
