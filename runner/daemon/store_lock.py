"""One daemon a store: a lock beside the store's file, which the operating system frees whatever ends its holder.

Feeds the daemon's command. The lock is ``flock`` on a file that is never deleted: deleting it would let a third
daemon lock a new file of the same name while the second still holds the old one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from probes.errors import UsageError

SUFFIX = ".daemon"
_LONGEST_PID = 20


@contextmanager
def only_daemon(store: Path | None) -> Iterator[None]:
    """Hold a store for one daemon while the block runs. ``store``: its file; None where it is none (in memory).

    Raises:
        UsageError: another daemon holds it, or it cannot be locked.
    """
    if store is None:
        yield
        return
    path = store.resolve()  # two names of one store are one store
    path = path.with_name(path.name + SUFFIX)
    descriptor = _opened(path)
    try:
        _lock(descriptor, path, store)
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"the store's lock {path} cannot be opened: {error.strerror or error}") from error


def _lock(descriptor: int, path: Path, store: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"another daemon {_holder(descriptor)} runs with the store {store}: stop it first, or give this one a "
            "store of its own (--store)"
        ) from None
    except OSError as error:
        raise UsageError(f"the store's lock {path} cannot be taken: {error.strerror or error}") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _holder(descriptor: int) -> str:
    written = os.pread(descriptor, _LONGEST_PID, 0).strip()
    return f"(pid {written.decode('ascii')})" if written.isdigit() else "(its pid is not known)"
