"""The store as a file among files: made, empty, gone, out of reach. Feeds ``database``, and who opens one."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from probes.errors import StoreError, UnusableStore

GONE = "the store file was removed or replaced; restart what uses it"


def make_file(path: str) -> None:
    """Make the file ours alone before SQLite opens it; its log files inherit the mode. One that is there stays.

    Raises:
        UnusableStore: there can be no file at that path.
        StoreError: it may not be opened or made.
    """
    place = Path(path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise refusal(error, f"the store {path} cannot be opened") from error


def refusal(error: OSError, told: str) -> StoreError:
    """What the operating system says against a path, as the error that fits; ``told``: what could not be done."""
    return (UnusableStore if _for_ever(error) else StoreError)(f"{told}: {error.strerror or error}")


def _for_ever(error: OSError) -> bool:
    """True where no file can be there whatever rights and room come later: another path has to be named."""
    if isinstance(error, FileExistsError | FileNotFoundError):
        # folders were made before the file, so the place takes none, as in /proc; but a link may lead to a disk
        # that is mounted a moment later
        return not Path(error.filename or "").is_symlink()
    return isinstance(error, IsADirectoryError | NotADirectoryError)


def identity(path: str) -> tuple[int, int]:
    """Which file the path names now (device and number).

    Raises:
        StoreError: none, or one that cannot be looked at: these are told apart, as only the first is a loss.
    """
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(f"the store {path} cannot be used: {GONE}") from error
    except OSError as error:
        raise StoreError(f"the store {path} cannot be looked at: {error.strerror or error}") from error
    return found.st_dev, found.st_ino


def is_empty(path: Path) -> bool:
    """True for a file of 0 bytes: no store is, once it was opened, so it was emptied, or never was one."""
    found = _found(path)
    return found is not None and S_ISREG(found.st_mode) and found.st_size == 0


def no_place(path: Path) -> str:
    """Why there can be no store at a path, whoever asks; empty where there can. Nothing is written to find out."""
    above, folder = _folder_above(path)
    found = _found(path)
    if found is not None and S_ISDIR(found.st_mode):
        return f"{path} is a folder"
    if not S_ISDIR(folder.st_mode):
        return f"{above} is no folder"
    return f"{above} takes no files" if folder.st_dev in _of_the_kernel() else ""


def no_rights(path: Path) -> str:
    """Why this user cannot keep a store at a path that others may; empty where nothing speaks against it."""
    above, _ = _folder_above(path)
    if _found(path) is not None and not os.access(path, os.R_OK | os.W_OK):
        return f"this user may not read and write {path}"
    return "" if os.access(above, os.W_OK | os.X_OK) else f"this user may not write in {above}"


def _found(path: Path) -> os.stat_result | None:
    """What is at a path; None where nothing is, or nothing that this user may look at."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None  # whoever opens it says why it cannot be


def _folder_above(path: Path) -> tuple[Path, os.stat_result]:
    """The nearest thing above that is there; folders below it would be made."""
    return next((above, found) for above in path.absolute().parents if (found := _found(above)))


def _of_the_kernel() -> set[int]:
    """The devices of /proc and /sys, where the rights of folders promise what is never done."""
    return {found.st_dev for root in ("/proc", "/sys") if os.path.ismount(root) and (found := _found(Path(root)))}
