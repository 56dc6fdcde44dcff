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
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE)
    elif "://" in url:
        scheme = url.partition("://")[0]  # never the rest: it may hold a password
        raise UsageError(_refusal(scheme))
    else:
        path = url
    if not path:
        raise UsageError("the store's address names no file; write sqlite:///holdfast.db or a plain path")
    return SqliteStore(path)


def _refusal(scheme: str) -> str:
    if scheme in ("postgresql", "postgres"):
        return f"{scheme}:// stores come with a later version; use sqlite:///PATH until then"
    return f"{scheme}:// is no store; use sqlite:///PATH or a plain path"
