"""Assertions in one line, and the columns of promptfoo's CSV tests. Feeds ``test_files``.

Source: promptfoo 0.121, src/csv.ts: ``type:value``, ``not-type(threshold):value``, no prefix means ``equals``.
"""

from __future__ import annotations

import re
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.asked import comma_separated
from runner.importers.promptfoo.assertions import ASSERTIONS
from runner.importers.promptfoo.judged_assertions import VERDICTS
from runner.importers.promptfoo.sources import CODE, FILE
from runner.importers.promptfoo.trouble import NO_SCORE

_TYPES = "|".join(re.escape(kind) for kind in sorted(ASSERTIONS, key=len, reverse=True))
_TYPED = re.compile(rf"(not-)?({_TYPES})(?:\((\d+(?:\.\d+)?)\))?(?::(.*))?", re.S)
_LISTS = frozenset({"contains-all", "contains-any", "icontains-all", "icontains-any"})
_WITH_THRESHOLD = frozenset(
    {"answer-relevance", "classifier", "context-faithfulness", "context-recall", "context-relevance", "cost",
     "latency", "levenshtein", "perplexity-score", "perplexity", "rouge-n", "similar", "starts-with"}
)  # fmt: skip
_UNMOVED = "starts-with"
"""Gets a threshold in promptfoo and never looks at it: one that nobody wrote is no loss."""
_UNREAD = "its threshold decides nothing: promptfoo reads none of {kind} in a cell"
_DEFAULT_THRESHOLD = 0.75
_CODE = {"javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python"}
_RUBRIC = ("grade:", "llm-rubric:")
_NUMBERED = re.compile(r"__config:__expected(\d*):threshold")


def assertion_of(text: str) -> dict[str, Any]:
    """``contains:30 days`` as an assertion.

    Raises:
        CannotCarry: its list is malformed.
    """
    for prefix, kind in _CODE.items():
        if text.startswith(prefix):
            return {"type": kind, "value": text.removeprefix(prefix).strip()}
    if text.startswith(FILE) and any(text.partition(":")[2].partition(":")[0].endswith(end) for end in CODE):
        return {"type": "python" if ".py" in text else "javascript", "value": text}
    if text.startswith(_RUBRIC):
        return {"type": "llm-rubric", "value": text.partition(":")[2]}
    match = _TYPED.fullmatch(text)
    if match is None:
        return {"type": "equals", "value": text}
    return _typed(match[1] or "", match[2], match[3], match[4])


def idle_threshold(text: str) -> str:
    """Why the threshold written in a cell decides nothing; empty where there is none, or it does decide."""
    match = _TYPED.fullmatch(text)
    if match is None or not match[3] or match[2] in _WITH_THRESHOLD:
        return ""
    return NO_SCORE if match[2] in VERDICTS else _UNREAD.format(kind=match[2])


def _typed(negation: str, kind: str, threshold: str | None, value: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"type": negation + kind}
    if value is not None:
        made["value"] = comma_separated(value) if kind in _LISTS else value.strip()
    if kind in _WITH_THRESHOLD and (threshold or kind != _UNMOVED):
        # promptfoo takes three quarters for every type here, edits and milliseconds included
        made["threshold"] = float(threshold) if threshold else _DEFAULT_THRESHOLD
    return made


def test_of(row: Located) -> Located:
    """One row of a CSV file as a test case.

    Raises:
        CannotCarry: an assertion's list is malformed.
    """
    test: dict[str, Any] = {"vars": {}, "assert": [], "options": {}, "metadata": {}}
    thresholds: dict[int, Located] = {}
    for name, cell in row.items():
        _cell(name, cell, test, thresholds)
    for index, threshold in thresholds.items():
        if not threshold.value.strip():
            threshold.taken()
        elif index < len(test["assert"]) and _number(threshold) is not None:
            test["assert"][index]["threshold"] = threshold.made(_number(threshold))
    made = {key: value for key, value in test.items() if value}
    made["assert"] = [row.made(assertion) for assertion in test["assert"]]
    return row.made(made)


def _cell(name: str, cell: Located, test: dict[str, Any], thresholds: dict[int, Located]) -> None:
    filled = cell.value.strip()
    if name.startswith("__expected"):
        if filled:
            if why := idle_threshold(filled):
                cell.lost(why)
            test["assert"].append({key: cell.made(value) for key, value in assertion_of(filled).items()})
        else:
            cell.taken()
    elif name in ("__prefix", "__suffix"):
        test["options"][name.removeprefix("__")] = cell
    elif name in ("__description", "__threshold", "__providerOutput", "__metric"):
        _column(name.removeprefix("__"), cell, test)
    elif name.startswith("__metadata:"):
        test["metadata"][name.removeprefix("__metadata:").removesuffix("[]")] = cell
    elif (numbered := _NUMBERED.fullmatch(name)) is not None:
        thresholds[max(int(numbered[1] or 1) - 1, 0)] = cell
    elif not name.startswith("__"):
        test["vars"][name] = cell


def _column(name: str, cell: Located, test: dict[str, Any]) -> None:
    if not cell.value.strip():
        cell.taken()
    elif name == "threshold":
        number = _number(cell)
        test[name] = cell if number is None else cell.made(number)
    else:
        test[name] = cell


def _number(cell: Located) -> float | None:
    try:
        return float(cell.value)
    except ValueError:
        return None
