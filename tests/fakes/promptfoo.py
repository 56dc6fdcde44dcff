"""Configurations of promptfoo, and what the importer makes of them. Feeds tests of the importer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from runner.importers import IMPORTERS, Imported

ASKED: dict[str, Any] = {"prompts": ["{{q}}"], "providers": ["openai:gpt-4o-mini"]}


def imported(folder: Path, config: dict[str, Any] | str, **files: str) -> Imported:
    """The import of a configuration with files beside it."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    path = folder / "promptfooconfig.yaml"
    path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
    return IMPORTERS["promptfoo"](path, folder)


def suite(result: Imported) -> dict[str, Any]:
    """The suite as plain values."""
    return dict(YAML(typ="safe").load(result.suite))


def asking(*tests: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A configuration with these tests."""
    return {**ASKED, "tests": list(tests), **more}


def asserting(*assertions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A configuration with one test."""
    return asking({"vars": {"q": "Hello?"}, "assert": list(assertions), **more})


def reasons(result: Imported) -> str:
    """The whole list."""
    return "\n".join(map(str, result.lost))


def written_to(folder: Path, result: Imported) -> Path:
    """The suite as a file."""
    path = folder / "suite.yaml"
    path.write_text(result.suite, encoding="utf-8")
    return path
