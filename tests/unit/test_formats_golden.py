"""Goldens: what people and machines read, compared to the letter.

To take a wanted change over, run ``HOLDFAST_UPDATE_GOLDEN=1 pytest tests/unit/test_formats_golden.py`` and read the
diff before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reports.formats import FORMATS
from reports.formats.html import render_report
from tests.fakes.records import NOW, a_report, failing_run, healthy_run, unknown_run

GOLDEN = Path(__file__).parents[1] / "golden"


def _told(name: str) -> Callable[[], str]:
    runs = [failing_run(), replace(unknown_run(), endpoint="canary"), replace(healthy_run(), endpoint="spare")]
    return lambda: FORMATS[name].render(runs, exit_code=1)


PIECES: dict[str, Callable[[], str]] = {
    "report.html": lambda: render_report(a_report(), generated_at=NOW, version="0.1.0"),
    "runs.json": _told("json"),
    "runs.txt": _told("text"),
    "junit.xml": _told("junit"),
    "summary.md": _told("markdown"),
}


@pytest.mark.parametrize("name", PIECES)
def test_the_output_is_the_golden_one(name: str) -> None:
    told, path = PIECES[name](), GOLDEN / name
    if os.environ.get("HOLDFAST_UPDATE_GOLDEN") == "1":
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")
