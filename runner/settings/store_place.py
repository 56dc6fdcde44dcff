"""Where an installation's store is, as a path from the working folder; nothing is opened. Feeds ``wiring`` and
``runnable``, and whoever needs the file itself.
"""

from __future__ import annotations

from pathlib import Path

from runner.settings.settings import LoadedSettings, store_url

_SQLITE = "sqlite:///"


def store_file(option: str | None, loaded: LoadedSettings) -> Path | None:
    """The file of this installation's store; None where it is none."""
    path = store_address(option, loaded).removeprefix(_SQLITE)
    return None if "://" in path or path == ":memory:" else Path(path)


def store_address(option: str | None, loaded: LoadedSettings) -> str:
    """The address of this installation's store; a relative path in the settings starts at the settings file."""
    url = option or store_url(None, loaded)
    if option or loaded.settings.store is None or loaded.from_environment:
        return url
    path = url.removeprefix(_SQLITE)
    if "://" in path or Path(path).is_absolute() or path == ":memory:":
        return url
    return str(_direct(loaded.folder / path))


def _direct(path: Path) -> Path:
    """A way without ``..``: else whoever may not enter the settings' folder any more loses a store that lies outside.

    Links are followed, as they turn ``..`` elsewhere; the file's own name stays, as it may be a link that is turned.
    """
    return path.parent.resolve() / path.name if ".." in path.parts[:-1] else path
