"""The files ``holdfast init`` writes: a commented suite, settings and the editor's schema."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from checks.rules import CHECKS
from probes.errors import UsageError
from runner.files import write_text
from runner.schema.suite_schema import suite_schema

STARTER_SUITE = "suite.yaml"
STARTER_FILES = (STARTER_SUITE, "holdfast.yaml")
SCHEMA_FILE = "suite.schema.json"


def starter_text(name: str) -> str:
    """One of the starter files as text."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def write_starter(folder: Path, *, force: bool) -> list[Path]:
    """Write all starter files into a folder.

    Raises:
        UsageError: a file is already there and ``force`` is not given; nothing was written.
        HoldfastError: the folder cannot be written.
    """
    texts = {name: starter_text(name) for name in STARTER_FILES}
    texts[SCHEMA_FILE] = json.dumps(suite_schema(CHECKS), indent=2, ensure_ascii=False) + "\n"
    there = [folder / name for name in texts if (folder / name).exists()]
    if there and not force:
        raise UsageError(f"{there[0]} is already there; --force overwrites it")
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]
