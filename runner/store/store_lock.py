"""One daemon a store: a lock beside the store's file, which the operating system frees whatever ends its holder.

Feeds the daemon's command. The lock is ``flock`` on a file that is never deleted: deleting it would let a third
daemon lock a new file of the same name while the second still holds the old one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from time import sleep

from probes.errors import StoreError, UsageError
from runner.store.store_file import refusal

SUFFIX = ".daemon"
EVERY_S = 0.5
_LONGEST_PID = 20


class Held(UsageError):
    """Another daemon runs with the store."""


@contextmanager
def only_daemon(store: Path | None, *, wait_s: float = 0.0, pause: Callable[[float], None] = sleep) -> Iterator[None]:
    """Hold a store for one daemon while the block runs. ``store``: its file; None where it is none (in memory).

    ``wait_s``: seconds for which a daemon that holds it may still finish; it is asked for again every half second.

    Raises:
        UsageError: another daemon holds it.
        UnusableStore: there can be no file beside it, as in /proc.
        StoreError: it cannot be locked: the disk is full or read-only, say. Another try may succeed.
    """
    if store is None:
        yield
        return
    path = store.resolve()  # two names of one store are one store
    path = path.with_name(path.name + SUFFIX)
    descriptor = _opened(path)
    try:
        _lock_patiently(descriptor, path, store, wait_s, pause)
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise refusal(error, f"the store's lock {path} cannot be opened") from error


def _lock_patiently(descriptor: int, path: Path, store: Path, wait_s: float, pause: Callable[[float], None]) -> None:
    for _ in range(ceil(wait_s / EVERY_S)):
        try:
            _lock(descriptor, path, store)
        except Held:
            pause(EVERY_S)
        else:
            return
    _lock(descriptor, path, store)


def _lock(descriptor: int, path: Path, store: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Held(
            f"another daemon {_holder(descriptor)} runs with the store {store}: stop it first, or give this one a "
            "store of its own (--store)"
        ) from None
    except OSError as error:
        raise StoreError(f"the store's lock {path} cannot be taken: {error.strerror or error}") from error
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        raise StoreError(f"the store's lock {path} cannot be written: {error.strerror or error}") from error


def _holder(descriptor: int) -> str:
    written = os.pread(descriptor, _LONGEST_PID, 0).strip()
    return f"(pid {written.decode('ascii')})" if written.isdigit() else "(its pid is not known)"
