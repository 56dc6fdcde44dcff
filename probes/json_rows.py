"""Text of a JSON or JSON lines file to rows, each with its line. Feeds ``data_file``. RFC 8259; one object a row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn

from probes.rows import Refusing, Row, Table

_SPACE = re.compile(r"[ \t\r\n]*")


def json_rows(text: str, refusing: Refusing) -> Table:
    """The objects of one list; what is wrong goes to ``refusing``."""
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        refusing.at(_line(text, at), "the file is no list of objects", 'like [{"question": "..."}]')
        return Table(columns=())
    return _table(_entries(text, at + 1, refusing), refusing)


def json_line_rows(text: str, refusing: Refusing) -> Table:
    """One object a line, blank lines left out; what is wrong goes to ``refusing``."""
    return _table(_lines(text, refusing), refusing)


def json_mapping(text: str, refusing: Refusing) -> dict[str, Any] | None:
    """One object: a whole file of variables."""
    at = _after_space(text, 0)
    decoded = _decoded(text, at, refusing, 1)
    if decoded is None:
        return None
    value, end = decoded
    if (rest := _after_space(text, end)) < len(text):
        refusing.at(_line(text, rest), "something stands after the end of the JSON value", "a file holds one")
    elif not isinstance(value, dict):
        refusing.at(_line(text, at), "the file is no mapping", 'like {"shop": "ours"}')
    return value if isinstance(value, dict) and not refusing.faults else None


def _table(entries: Iterator[tuple[int, Any]], refusing: Refusing) -> Table:
    rows, columns = [], dict[str, None]()
    for line, value in entries:
        if not isinstance(value, dict):
            refusing.at(line, f"{json.dumps(value)[:60]} is no object", 'like {"question": "..."}')
            continue
        columns.update(dict.fromkeys(value))
        rows.append(Row(values=value, spot=refusing.spot(line)))
    return Table(columns=tuple(columns), rows=tuple(rows))


def _entries(text: str, at: int, refusing: Refusing) -> Iterator[tuple[int, Any]]:
    """The values of a list with their lines; stops at the first that cannot be read."""
    line, counted, at = text.count("\n", 0, at) + 1, at, _after_space(text, at)
    if text[at : at + 1] == "]":
        return _nothing_after(text, at + 1, refusing)
    while True:
        line, counted = line + text.count("\n", counted, at), at
        decoded = _decoded(text, at, refusing, 1)
        if decoded is None:
            return None
        yield line, decoded[0]
        at = _after_space(text, decoded[1])
        if text[at : at + 1] == "]":
            return _nothing_after(text, at + 1, refusing)
        if text[at : at + 1] != ",":
            refusing.at(_line(text, at), "the list is not closed, or a comma is missing", "[ {...}, {...} ]")
            return None
        at = _after_space(text, at + 1)


def _nothing_after(text: str, at: int, refusing: Refusing) -> None:
    if (rest := _after_space(text, at)) < len(text):
        refusing.at(_line(text, rest), "something stands after the end of the list", "a file holds one list")


def _lines(text: str, refusing: Refusing) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        decoded = _decoded(line, _after_space(line, 0), refusing, number)
        if decoded is None:
            continue
        if line[decoded[1] :].strip():
            refusing.at(number, "something stands after the object", "one object a line", decoded[1] + 1)
            continue
        yield number, decoded[0]


def _decoded(text: str, at: int, refusing: Refusing, line: int) -> tuple[Any, int] | None:
    """The value that begins at ``at`` and where it ends; None, and a fault, where there is none."""

    def refused(message: str, hint: str = "") -> None:
        refusing.at(line + text.count("\n", 0, at), message, hint)

    try:
        value, end = _DECODER.raw_decode(text, at)
        json.dumps(value, ensure_ascii=False).encode()
    except JSONDecodeError as trouble:
        refusing.at(line + trouble.lineno - 1, f"this is not JSON: {trouble.msg}", "", trouble.colno)
    except UnicodeEncodeError:
        refused("half a character (a lone surrogate) stands here", "remove the \\u escape")
    except RecursionError:
        refused("this is nested too deeply", "write it plainer")
    except ValueError as trouble:  # a key twice, NaN, a number of thousands of digits
        refused(str(trouble)[:200])
    else:
        return value, end
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError(f"the key {key!r} stands twice in one object")
        made[key] = value
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


_DECODER = JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
