"""The table of metrics in the docs is that of the code: every metric with its labels, and none else."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reports.metrics.series import MOST_PLACES, MOST_VALUES
from reports.metrics.table import TABLE, Family

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"


def row(family: Family) -> str:
    """One line of the table."""
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.name}` | {family.kind} | {labels} | {family.help} |\n"


def table() -> str:
    """The whole table, as the page should have it."""
    parts = []
    for heading, families in TABLE.items():
        rows = "".join(row(family) for family in families)
        parts.append(f"\n## {heading}\n\n| name | kind | labels | what |\n|---|---|---|---|\n{rows}")
    return "".join(parts) + "\n"


def test_the_table_of_metrics_in_the_docs_is_that_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    told, end, after = rest.partition(END)
    assert begin and end
    if os.environ.get("HOLDFAST_UPDATE_GOLDEN"):
        PAGE.write_text(before + begin + table() + end + after, encoding="utf-8")
        return
    assert told == table(), "run this test with HOLDFAST_UPDATE_GOLDEN=1 and read the difference"


def test_every_metric_that_a_page_names_exists() -> None:
    root = PAGE.parents[1]
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    named = {(page.name, name) for page in pages for name in re.findall(r"\bholdfast_[a-z_]+", page.read_text("utf-8"))}
    known = {family.name for families in TABLE.values() for family in families}
    assert named
    assert {(page, name) for page, name in named if name not in known} == set()


def test_the_limits_in_the_docs_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"{MOST_PLACES:,} suites at endpoints" in page
    assert f"at most {MOST_VALUES}\nvalues" in page
