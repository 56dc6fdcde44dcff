"""Stores by address: the one function that turns ``--store`` or ``HOLDFAST_STORE`` into an open store."""

from __future__ import annotations

from probes.errors import UsageError
from runner.store.base import Store
from runner.store.sqlite import SqliteStore

_SQLITE = "sqlite:///"


def open_store(url: str) -> Store:
    """Open (and, where it is new, create) the store at this address.

    ``sqlite:///relative.db``, ``sqlite:////absolute.db``, a plain path, or ``:memory:`` for one that is forgotten.

    Raises:
        UsageError: the address is of no store this version knows.
        StoreError: the store cannot be opened.
    """
    return SqliteStore(store_path(url))


def store_path(url: str) -> str:
    """The file that the address of a store names, or ``:memory:``. Nothing is opened.

    Raises:
        UsageError: it is of no store this version knows, or names no file; of the address only its scheme is shown.
    """
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE)
    elif "://" in url:
        scheme = url.partition("://")[0]  # never the rest: it may hold a password
        raise UsageError(_refusal(scheme))
    else:
        path = url
    if not path:
        raise UsageError("the store's address names no file; write sqlite:///holdfast.db or a plain path")
    return path


def _refusal(scheme: str) -> str:
    if scheme in ("postgresql", "postgres"):
        return f"{scheme}:// stores come with a later version; use sqlite:///PATH until then"
    return f"{scheme}:// is no store; use sqlite:///PATH or a plain path"
