"""What a command may import before it knows what to do: people wait for it at every start."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "numpy",
    "sqlite3",
    "sqlite_utils",
    "httpx2",
    "apscheduler",
    "jinja2",
    "slack_sdk",
    "prometheus_client",
    "apprise",
}


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        ("import runner.cli.app", {*HEAVY, "pydantic", "asyncio", "rich.table", "ruamel.yaml"}),
        ("from runner.preparing.prepare import prepare", HEAVY - {"httpx2"}),
    ],
    ids=["a command line without a command", "a suite made ready"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(program: str, unwanted: set[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert unwanted & set(told.stdout.split()) == set()
