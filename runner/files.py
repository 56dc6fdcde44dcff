"""Files written whole or not at all, for reports and results."""

from __future__ import annotations

from pathlib import Path

from probes.errors import HoldfastError


def write_text(path: Path, text: str) -> None:
    """Write a file with its folders, through a temporary name, so that no half file is ever seen.

    Raises:
        HoldfastError: it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise HoldfastError(f"{path}: cannot be written: {error.strerror or error}") from error
