"""The store: whether it opens, can be written, has room, and who holds it. Feeds ``examination``."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from probes.errors import StoreError, UsageError
from runner.doctor.diagnosis import Diagnosis, State
from runner.settings.settings import LoadedSettings
from runner.settings.store_place import store_file
from runner.store.store_file import is_empty
from runner.store.store_lock import SUFFIX
from runner.wiring import store_of

LEAST_FREE_BYTES = 200 * 1024 * 1024
"""Below this a busy installation fills the disk within days."""

_RIGHTS = "check owner, rights and mount of the file and its folder"
_NO_STORE = "name another file as the store, or move this one away or restore a backup (docs/store.md)"


def store(option: str | None, loaded: LoadedSettings) -> Iterator[Diagnosis]:
    """Everything about the store. One that is not there yet is not made: its folder is looked at instead."""
    path = store_file(option, loaded)
    if path is None:
        yield _no_file(option, loaded)
        return
    yield _looked_at(path, option, loaded)
    yield from room(path)
    yield from _held(path)


def _no_file(option: str | None, loaded: LoadedSettings) -> Diagnosis:
    try:
        store_of(option, loaded).close()
    except UsageError as error:
        return _wrong("store", str(error), "write sqlite:///PATH or a plain path")
    return Diagnosis(area="store", subject=":memory:", state=State.NOTE, told="is forgotten at every end")


def _looked_at(path: Path, option: str | None, loaded: LoadedSettings) -> Diagnosis:
    if is_empty(path):
        told = "is an empty file: nothing was ever stored in it, or all of it is gone"
        return _wrong(str(path), told, "restore a backup; where there never was anything, the first run begins in it")
    return _opened(path, option, loaded) if path.exists() else _to_be_made(path)


def _opened(path: Path, option: str | None, loaded: LoadedSettings) -> Diagnosis:
    try:
        with closing(store_of(option, loaded)) as opened:
            opened.prove_writable()
    except (StoreError, UsageError) as error:
        foreign = "not a SQLite database" in str(error)
        return _wrong(str(path), str(error), _NO_STORE if foreign else _RIGHTS)
    megabytes = path.stat().st_size / 1e6
    return Diagnosis(
        area="store", subject=str(path), state=State.FINE, told=f"opens and can be written ({megabytes:.1f} MB)"
    )


def _to_be_made(path: Path) -> Diagnosis:
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if os.access(above, os.W_OK | os.X_OK):
        told = "is not there yet; the first run makes it"
        return Diagnosis(area="store", subject=str(path), state=State.NOTE, told=told)
    return _wrong(str(path), f"is not there, and {above} cannot be written", "give the user of holdfast that folder")


def room(path: Path, *, least_bytes: int = LEAST_FREE_BYTES) -> Iterator[Diagnosis]:
    """How much is free on the disk of a file, or of where it will be."""
    above = next(folder for folder in path.absolute().parents if folder.exists())
    try:
        free = shutil.disk_usage(above).free
    except OSError as error:
        told = f"free space cannot be told: {error.strerror}"
        yield Diagnosis(area="store", subject=str(above), state=State.UNKNOWN, told=told, advice="look with df")
        return
    told = f"{free / 1e9:.1f} GB free on its disk"
    if free < least_bytes:
        yield _wrong(str(above), told, "make room, or shorten privacy.retain; a full disk means runs that are lost")
    else:
        yield Diagnosis(area="store", subject=str(above), state=State.FINE, told=told)


def _held(path: Path) -> Iterator[Diagnosis]:
    """Who serves the store: a daemon holds a lock beside it as long as it lives."""
    resolved = path.resolve()
    lock = resolved.with_name(resolved.name + SUFFIX)
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield Diagnosis(area="store", subject=str(path), state=State.NOTE, told="no daemon has served it")
        return
    except OSError as error:
        told, advice = f"its lock {lock} cannot be read: {error.strerror}", "run the doctor as the user of the daemon"
        yield Diagnosis(area="store", subject=str(path), state=State.UNKNOWN, told=told, advice=advice)
        return
    try:
        # shared and for an instant: it asks whether a daemon holds it
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        told, state = "no daemon runs with it now", State.NOTE
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).strip().decode("ascii", "replace")
        told, state = f"a daemon runs with it (pid {pid})", State.FINE
    finally:
        os.close(descriptor)
    yield Diagnosis(area="store", subject=str(path), state=state, told=told)


def _wrong(subject: str, told: str, advice: str) -> Diagnosis:
    return Diagnosis(area="store", subject=subject, state=State.WRONG, told=told, advice=advice)
