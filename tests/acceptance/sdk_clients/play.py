"""Plays the cases of ``test_sdk_referees`` with an official SDK and prints what the SDK understood, as JSON.

Run by the interpreter that has the SDKs and nothing of this project; the scripts beside it say how each SDK asks.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question, as the test words it."""

    name: str
    prompt: str
    stream: bool = False
    limit: int = 400
    key: str
    model: str
    times: int = 1
    control: dict[str, Any] = field(default_factory=dict)
    tools: list[dict[str, Any]] = field(default_factory=list)
    """Name, description, parameters and result of each."""

    def result_of(self, name: str) -> str:
        """What the tool of this name says."""
        return next(str(tool["result"]) for tool in self.tools if tool["name"] == name)


def understood(
    *,
    answer: str,
    finish: str | None,
    usage: tuple[int | None, int | None],
    model: str | None,
    refusal: str | None = None,
    calls: list[list[Any]] | None = None,
) -> dict[str, Any]:
    """One reply, as the SDK presented it. ``calls`` are pairs of name and arguments."""
    return {
        "answer": answer,
        "refusal": refusal,
        "finish": finish,
        "usage": list(usage),
        "model": model,
        "calls": calls or [],
    }


Ask = Callable[[str, Case], list[dict[str, Any]]]
"""Root of the endpoint and case to what was understood of each reply, in turn."""


def play(dialects: Mapping[str, Ask], *, errors: type[Exception]) -> None:
    """Ask all cases of these dialects, one after the other; an SDK's error is what it understood."""
    told = {}
    for name, asked in json.load(sys.stdin).items():
        told[name] = {
            case["name"]: _played(dialects[name], asked["root"], Case(**case), errors) for case in asked["cases"]
        }
    json.dump(told, sys.stdout)


def _played(ask: Ask, root: str, case: Case, errors: type[Exception]) -> dict[str, Any]:
    _control(root, case.control)
    try:
        return {"replies": [reply for _ in range(case.times) for reply in ask(root, case)]}
    except errors as error:
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        return {"error": type(error).__name__, "status": status, "message": str(error)[:300]}


def _control(root: str, change: Mapping[str, Any]) -> None:
    """Put the endpoint into the case's condition; whatever the case does not name is back to normal."""
    body = json.dumps({"scenario": "normal", "trouble": None, **change}).encode()
    request = urllib.request.Request(f"{root}/_control", data=body, method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
        pass
