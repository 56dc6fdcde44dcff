"""Where the JSON of an answer may stand, and the values found there. Feeds the checks of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks.check import failed, unmeasured
from checks.code_part import Placed
from checks.fences import lone_fence
from checks.finding import Outcome, Status
from checks.json_answer import NotJson, read_json
from checks.json_spans import span_at
from checks.quote import quoted
from probes.fault import Fault

MOST_VALUES = 100
"""JSON values among prose that are looked at."""
ATTEMPTS = 1_000
"""Brackets at which such a value may begin."""
_BRACKET = re.compile(r"[{\[]")
_TOO_DEEP = re.compile(r"[^{\[]*+[{\[]")
_SKIPPED_LEVELS = 500
_LENIENT = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)
"""Finds where a value ends; numbers are not even read, so that it only fails at a known place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundJson:
    """One JSON value of an answer."""

    value: Any
    text: str
    """The text it was read from."""
    starts: int | None = 0
    """Offset of that text in the answer; None where offsets do not carry over."""
    span: tuple[int, int] | None = None
    """Where it stands among prose; None where it is the whole answer."""

    def span_of(self, path: Sequence[str | int]) -> tuple[int, int] | None:
        """Where in the answer the value at a path of keys and indices stands."""
        return _moved(span_at(self.text, path), self.starts)


Judge = Callable[[FoundJson], Outcome]
"""Passes or fails one value."""


def judged_json(
    answer: str, placed: Placed, judge: Judge, *, unique_keys: bool = False, every: bool = False
) -> Outcome:
    """The outcome of the JSON of an answer; among prose the best of its values counts, or with ``every`` the worst.

    Args:
        answer: The text of the answer.
        placed: Where the JSON may stand.
        judge: Passes or fails one value.
        unique_keys: True where an object that names a key twice is no JSON.
        every: True where all values must pass, as when something must not be there.
    """
    if not placed.anywhere:
        fence = lone_fence(answer) if placed.fences == "allow" else None
        inside = fence is not None and fence.language in ("json", "")
        text, starts = (fence.text, fence.starts) if fence and inside else (answer, 0)
        try:
            return judge(FoundJson(value=read_json(text, unique_keys=unique_keys), text=text, starts=starts))
        except NotJson as error:
            return failed(str(error), _moved(error.span, starts), fault=Fault.MALFORMED)
    found, searched = json_values(answer, unique_keys=unique_keys)
    if not found and searched:
        told = f"expected a JSON object or list in the answer, got none in {quoted(answer)}"
        return failed(told, fault=Fault.MALFORMED)
    return _of_several(found, judge, every=every, searched=searched)


def json_values(answer: str, *, unique_keys: bool = False) -> tuple[list[FoundJson], bool]:
    """The JSON objects and lists among the prose of an answer, outermost only, and whether all of it was searched."""
    found: list[FoundJson] = []
    at = 0
    # an attempt that fails costs the time to count the lines before it: many of them cost the square of the answer
    for _ in range(ATTEMPTS):
        bracket = _BRACKET.search(answer, at)
        if bracket is None:
            return found, True
        start = bracket.start()
        try:
            at = _LENIENT.raw_decode(answer, start)[1]
            value = read_json(answer[start:at], unique_keys=unique_keys)
            found.append(FoundJson(value=value, text=answer[start:at], starts=start, span=(start, at)))
        except json.JSONDecodeError as error:
            at = max(error.pos, start + 1)  # what was read of a broken value is not read again
        except NotJson:
            continue
        except RecursionError:
            at = _past_brackets(answer, start)
        if len(found) == MOST_VALUES:
            break
    return found, _BRACKET.search(answer, at) is None


def _of_several(found: list[FoundJson], judge: Judge, *, every: bool, searched: bool) -> Outcome:
    deciding, first = Status.FAIL if every else Status.PASS, None
    for entry in found:
        outcome = judge(entry)
        outcome = replace(outcome, span=outcome.span or entry.span)
        if outcome.status is deciding:
            return outcome
        first = first or outcome
    if first is None or not searched:
        return unmeasured("the JSON at the beginning of the answer does not decide, and the rest was not searched")
    return first


def _moved(span: tuple[int, int] | None, by: int | None) -> tuple[int, int] | None:
    return None if span is None or by is None else (span[0] + by, span[1] + by)


def _past_brackets(answer: str, start: int) -> int:
    at = start
    for _ in range(_SKIPPED_LEVELS):
        following = _TOO_DEEP.match(answer, at)
        if following is None:
            return len(answer)
        at = following.end()
    return at
