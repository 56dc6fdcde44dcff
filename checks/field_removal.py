"""Where the values of JSON fields stand in a text, by name or path, however the JSON is wrapped. Feeds ``removal``.

A text may hold JSON among words, cut off in the middle, escaped within another JSON text, or in single quotes as error
messages print it: names are looked for everywhere, paths only in a text that is JSON as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from checks.json_spans import span_at

_MOST_PLACES = 10_000
_SCALAR = re.compile(r"[^\s,}\]]*")
_CLOSING = {"{": "}", "[": "]"}


def spans_of_fields(text: str, fields: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Every value of these fields, as offsets [start, end)."""
    for wanted in fields:
        if "." in wanted:
            yield from _at_path(text, tuple(wanted.removeprefix("$.").split(".")))
        else:
            yield from _named(text, wanted)


def _named(text: str, name: str) -> Iterator[tuple[int, int]]:
    if name not in text:
        return
    begins, at = re.compile(rf"""(?<!\\)(\\*+)(["']){re.escape(name)}\1\2\s*+:\s*+"""), 0
    # on from the end of each value: one that holds others of its name goes as a whole, and the text is walked once
    while (match := begins.search(text, at)) is not None:
        at = max(_value_end(text, match.end(), match[1]), match.end())
        if at > match.end():
            yield match.end(), at


def _value_end(text: str, at: int, escape: str) -> int:
    """Where the value at this offset ends; at the end of the text where it was cut off there."""
    quotes = (f'{escape}"', f"{escape}'")
    for quote in quotes:
        if text.startswith(quote, at):
            return _string_end(text, at + len(quote), quote)
    if text[at : at + 1] in _CLOSING:
        return _nested_end(text, at, quotes)
    scalar = _SCALAR.match(text, at)
    return at if scalar is None else scalar.end()


def _string_end(text: str, at: int, quote: str) -> int:
    """Past the quote that closes a string begun before ``at``: one with just as many backslashes before it."""
    while (found := text.find(quote, at)) >= 0:
        before = len(text[at:found]) - len(text[at:found].rstrip("\\"))
        if before % 2 == 0:
            return found + len(quote)
        at = found + len(quote)
    return len(text)


def _nested_end(text: str, at: int, quotes: tuple[str, str]) -> int:
    depth = 0
    while at < len(text):
        quote = next((each for each in quotes if text.startswith(each, at)), None)
        if quote is not None:
            at = _string_end(text, at + len(quote), quote)
            continue
        depth += (text[at] in "{[") - (text[at] in "}]")
        at += 1
        if depth == 0:
            return at
    return len(text)


def _at_path(text: str, path: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    begin, end = text.find("{"), text.rfind("}") + 1
    body = text[begin:end] if 0 <= begin < end else ""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        # not JSON as a whole: the last name of the path must do, which takes out rather too much
        yield from _named(text, path[-1])
        return
    for steps in _steps(value, path, ()):
        if (span := span_at(body, steps)) is not None:
            yield begin + span[0], begin + span[1]


def _steps(value: object, path: tuple[str, ...], so_far: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Keys and indices of every place that a path means; lists on the way are entered."""
    if not path:
        yield so_far
    elif isinstance(value, dict) and path[0] in value:
        yield from _steps(value[path[0]], path[1:], (*so_far, path[0]))
    elif isinstance(value, list):
        for index, entry in enumerate(value[:_MOST_PLACES]):
            yield from _steps(entry, path, (*so_far, index))
