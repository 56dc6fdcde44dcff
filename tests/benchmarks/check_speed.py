"""Checks per second of one core, on answers of a usual size. Run with ``make bench``; feeds the figures of the docs.

Four checks that a note promises a speed of, and the five slowest of the table with their first example. Each is
timed over the same varied answers, half of which fail; the best of three rounds counts, as other work on the machine
can only make it slower.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from checks.check import CheckContext
from checks.finding import Status
from checks.rules import CHECKS, bind
from probes.sample import Document, Finish, Sample, TokenUsage
from probes.suite import CheckSpec

PROMISED_PER_S = 1000
"""Least checks a second of each of the four."""
SLOWEST_SHOWN = 5
_ROUNDS = 3
_ANSWERS = 200
_SENTENCES = (
    "You can return the keyboard within 30 days of delivery.",
    "Please keep the receipt, order 4471, and pack it in the original box.",
    "The refund of 1240.50 EUR reaches you by 1 July 2026.",
    "Our team in Lisbon answers on weekdays between 9 and 17.",
    "A label is printed from the account page of the shop.",
)
_INVOICE = {
    "type": "object",
    "required": ["total", "due_date", "lines"],
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "due_date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "lines": {"type": "array", "items": {"type": "object", "required": ["name", "price"]}},
    },
}


def text(number: int, chars: int) -> str:
    """A varied answer of about so many characters; every second one lacks its first sentence."""
    parts = [_SENTENCES[(number * 3 + at) % 5].replace("4471", str(4471 + at)) for at in range(chars // 55 + 1)]
    return ("" if number % 2 else "Within 30 days. ") + " ".join(parts)[:chars]


def invoice(number: int) -> str:
    """JSON of about 400 characters; every second one breaks the schema."""
    lines = [{"name": f"keyboard {at}", "price": 19.5 + at} for at in range(8)]
    due = "2026-07-01" if number % 2 else "July"
    return json.dumps({"total": 1240.5 + number, "due_date": due, "lines": lines})


def samples(answer: Callable[[int], str]) -> list[Sample]:
    """Answered samples, with sources that hold all the sentences and order numbers."""
    orders = "Within 30 days. Orders: " + ", ".join(str(4471 + at) for at in range(50))
    sources = tuple(Document(id=f"doc-{at}", text=words) for at, words in enumerate((*_SENTENCES, orders)))
    made = Sample(
        sample_id="s",
        run_id="r",
        suite="bench",
        endpoint="production",
        probe="p",
        index=0,
        request_hash="h",
        trace_id="0" * 32,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        usage=TokenUsage(input_tokens=48, output_tokens=60),
        finish=Finish.STOP,
        documents=sources,
    )
    return [replace(made, sample_id=str(n), index=n, answer=answer(n)) for n in range(_ANSWERS)]


def per_second(entry: Any, asked: Sequence[Sample]) -> tuple[float, int]:
    """Checks a second of one core, and how many of the samples passed."""
    (check,), problems = bind([CheckSpec.model_validate(entry)])
    if problems:
        raise ValueError(problems)
    context = CheckContext(baseline_answers=tuple(text(n, 300) for n in range(20)), siblings=tuple(asked[:5]))
    best, passed = float("inf"), 0
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        told = [check.rule.examine(sample, context).status for sample in asked]
        best, passed = min(best, time.perf_counter() - began), told.count(Status.PASS)
    return len(asked) / best, passed


def promised() -> dict[str, tuple[Any, Callable[[int], str]]]:
    """The four checks of the note, each with its answers."""
    goldens = [text(n, 300) for n in range(0, 40, 2)]
    return {
        "contains, 300 characters": ({"contains": "Within 30 days"}, lambda n: text(n, 300)),
        "json_schema, 400 characters": ({"json_schema": _INVOICE}, invoice),
        "similar to 20 goldens, 300 characters": (
            {"similar": {"to": goldens, "at_least": 0.97}},
            lambda n: text(n, 300),
        ),
        "grounded, 2 KB and 6 sources": ("grounded", lambda n: text(n, 2000) + (" Or 99 days." if n % 2 else "")),
    }


def others() -> dict[str, float]:
    """Checks a second of every other check with its first example, on 300 characters, the slowest first."""
    asked, speeds = samples(lambda n: text(n, 300)), {}
    for name, rule in CHECKS.items():
        example = rule.argument.json_schema()["examples"][0]
        _, problems = bind([CheckSpec.model_validate({name: example})])
        if not problems:  # local code is not called here, and what asks other endpoints is not measured by its text
            speeds[name] = per_second({name: example}, asked)[0]
    return dict(sorted(speeds.items(), key=lambda told: told[1]))


def main() -> int:
    """Print the table; 1 where one of the four is slower than promised."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    slow = False
    print(f"{'check':<42}{'per second':>12}{'passed':>14}")
    for name, (entry, answer) in promised().items():
        speed, passed = per_second(entry, samples(answer))
        slow = slow or speed < PROMISED_PER_S
        print(f"{name:<42}{speed:>12,.0f}{f'{passed} of {_ANSWERS}':>14}")
    print(f"\nthe {SLOWEST_SHOWN} slowest of the table, first example, 300 characters")
    for name, speed in list(others().items())[:SLOWEST_SHOWN]:
        print(f"{name:<42}{speed:>12,.0f}")
    return int(slow)


if __name__ == "__main__":
    raise SystemExit(main())
