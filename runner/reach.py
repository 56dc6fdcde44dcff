"""What a printed command needs to find the store it speaks of: ``--store`` or ``--config``, nothing where neither is
needed. Feeds messages and the next steps of commands."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import urlsplit

from runner.settings.settings import DEFAULT_FILE, LoadedSettings, store_url

IN_MEMORY = ":memory:"


def reach_of(option: str | None, loaded: LoadedSettings) -> str:
    """Options with a space before them, quoted for a POSIX shell, paths absolute: they work from any folder.

    Args:
        option: What ``--store`` said.
        loaded: The settings in force.

    A database address with a password is never told: it stands in the reader's own settings or environment.
    """
    if option is not None or loaded.from_environment:
        url = store_url(option, loaded)
        return "" if url == IN_MEMORY or secret_in(url) else f" --store {shlex.quote(_absolute(url))}"
    if loaded.file is None or loaded.file.absolute() == Path(DEFAULT_FILE).absolute():
        return ""
    return f" --config {shlex.quote(str(loaded.file.absolute()))}"


def secret_in(url: str) -> bool:
    """True for the address of a database with a password in it."""
    return "://" in url and urlsplit(url).password is not None


def _absolute(url: str) -> str:
    path = url.removeprefix("sqlite:///")
    return url if "://" in path else str(Path(path).absolute())
