"""The table of importers: from another tool's file to a suite. One importer a folder; feeds ``holdfast import``.

An importer reads and converts, and sends nothing. Whatever it cannot carry is in the list it hands back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runner.importers.imported import Imported

__all__ = ["IMPORTERS", "Imported"]

Importer = Callable[[Path, Path], Imported]
"""From a file, and the folder below which files may be read, to what it became.

Raises:
    InputError: the file cannot be read.
"""


def _promptfoo(file: Path, root: Path) -> Imported:
    from runner.importers.promptfoo.conversion import import_promptfoo

    return import_promptfoo(file, root)


IMPORTERS: dict[str, Importer] = {
    "promptfoo": _promptfoo,
}
