"""Where an exception of any kind is caught: only at the bulkheads that ARCHITECTURE.md names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BULKHEADS = {
    "checks/run_checks.py",
    "runner/asking/firing.py",
    "runner/cli/__init__.py",
    "runner/cli/rounds.py",
    "runner/daemon/chores.py",
    "runner/daemon/rounds.py",
    "runner/delivery/sending.py",
    "runner/engine.py",
}


def test_every_exception_is_caught_at_the_named_bulkheads_only_and_once_in_each() -> None:
    modules = [path for folder in ("probes", "checks", "reports", "runner") for path in (ROOT / folder).rglob("*.py")]
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in modules}
    caught = [name for name, text in texts.items() for _ in re.findall(r"^\s*except( Exception\b.*)?:", text, re.M)]
    assert sorted(caught) == sorted(BULKHEADS)


def test_the_architecture_names_every_bulkhead() -> None:
    told = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    unnamed = [name for name in BULKHEADS - {"runner/cli/__init__.py"} if name.rpartition("/")[2] not in told]
    assert unnamed == []
