"""Where the JSON of an answer may stand, and the values found there. Feeds json_valid, json_schema, json_path, json_equal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from checks.check import failed, unmeasured
from checks.code_part import Placed
from checks.fences import lone_fence
from checks.finding import Outcome, Status
from checks.json_answer import NotJson, read_json
from checks.quote import quoted

MOST_VALUES = 100
"""JSON values among prose that are looked at."""
_BRACKET = re.compile(r"[{\[]")
_TOO_DEEP = re.compile(r"[^{\[]*+[{\[]")
_SKIPPED_LEVELS = 500
_LENIENT = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)
"""Finds where a value ends; numbers are not even read, so that it only fails at a known place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundJson:
    """One JSON value of an answer."""

    value: Any
    span: tuple[int, int] | None = None
    """Where it stands among prose; None where it is the whole answer."""


def judged_json(
    answer: str, placed: Placed, judge: Callable[[Any], Outcome], *, unique_keys: bool = False, every: bool = False
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
        text = fence.text if fence and fence.language in ("json", "") else answer
        try:
            return judge(read_json(text, unique_keys=unique_keys))
        except NotJson as error:
            return failed(str(error))
    found = list(islice(json_values(answer, unique_keys=unique_keys), MOST_VALUES + 1))
    if not found:
        return failed(f"expected a JSON object or list in the answer, got none in {quoted(answer)}")
    return _of_several(found, judge, every=every)


def json_values(answer: str, *, unique_keys: bool = False) -> Iterator[FoundJson]:
    """The JSON objects and lists among the prose of an answer, outermost only, in one pass over it."""
    at = 0
    while bracket := _BRACKET.search(answer, at):
        start = bracket.start()
        try:
            at = _LENIENT.raw_decode(answer, start)[1]
            yield FoundJson(value=read_json(answer[start:at], unique_keys=unique_keys), span=(start, at))
        except json.JSONDecodeError as error:
            at = max(error.pos, start + 1)  # what was read of a broken value is not read again
        except NotJson:
            continue
        except RecursionError:
            at = _past_brackets(answer, start)


def _of_several(found: list[FoundJson], judge: Callable[[Any], Outcome], *, every: bool) -> Outcome:
    deciding, first = Status.FAIL if every else Status.PASS, None
    for entry in found[:MOST_VALUES]:
        outcome = judge(entry.value)
        outcome = Outcome(status=outcome.status, reason=outcome.reason, span=entry.span)
        if outcome.status is deciding:
            return outcome
        first = first or outcome
    if len(found) > MOST_VALUES or first is None:
        return unmeasured(f"the first {MOST_VALUES} JSON values of the answer do not decide; the rest was not looked at")
    return first


def _past_brackets(answer: str, start: int) -> int:
    at = start
    for _ in range(_SKIPPED_LEVELS):
        following = _TOO_DEEP.match(answer, at)
        if following is None:
            return len(answer)
        at = following.end()
    return at
