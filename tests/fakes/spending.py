"""Suites that cost money, and a day that can be turned by hand. Feeds tests of spending and of time limits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from probes.clock import SystemClock
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare, select

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


TOKENS = 19
"""What every answer of ``chat_body`` says it used: 12 in, 7 out."""


COST = 0.7
"""Dollars of an answer by ``PRICES``."""


PRICES = {"input": 0, "output": 100_000}


class Day(SystemClock):
    """Real time for timings, a date that is turned by hand."""

    def __init__(self) -> None:
        self.today = NOON

    def now(self) -> datetime:
        return self.today


def a_suite(folder: Path, url: str, *, name: str = "paid", probes: int = 8, **parts: Any) -> PreparedSuite:
    endpoint = {"base_url": url, "model": "m-1", "stream": False, "concurrency": 1, "prices": PRICES, "retries": 0}
    tree = {
        "version": 1,
        "suite": name,
        "endpoints": {"production": {**endpoint, **parts.pop("endpoint", {})}},
        "probes": [{"id": f"p{number}", "prompt": f"Question {number}?"} for number in range(probes)],
        **parts,
    }
    file = folder / f"{name}.yaml"
    with file.open("w", encoding="utf-8") as out:
        YAML().dump(tree, out)
    return prepare(file, {}, None)


def an_order(prepared: PreparedSuite, **fields: Any) -> RunOrder:
    return RunOrder(prepared=prepared, endpoint="production", probes=select(prepared.suite), **fields)
