"""The only place that builds concrete objects: store, transport, notifiers, engine, from settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from probes.access import Accesses
from probes.clock import Clock, SystemClock
from probes.errors import UsageError
from probes.oauth import Tokens
from probes.transport import Transport
from reports.notice import Notifier
from reports.summary import RunRecord
from runner.engine import Engine
from runner.holding import Limits
from runner.logs import log_quietly
from runner.outbox import OutboxWorker
from runner.settings import LoadedSettings, Settings, store_url
from runner.store import open_store
from runner.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Everything one process of Holdfast works with."""

    settings: Settings
    store: Store
    transport: Transport
    engine: Engine
    outbox: OutboxWorker
    clock: Clock
    limits: Limits
    accesses: Accesses


def store_of(option: str | None, loaded: LoadedSettings, *, new: bool = True) -> Store:
    """The store of this installation. A relative path in the settings starts at the settings file.

    ``new`` false: a command that only reads does not leave an empty store behind where the address was mistyped.

    Raises:
        UsageError: the address is of no store, or there is none and ``new`` is false.
        StoreError: it cannot be opened.
    """
    url = option or _anchored(store_url(None, loaded), loaded)
    if not new and "://" not in (path := url.removeprefix("sqlite:///")) and not Path(path).exists():
        raise UsageError(f"there is no store {path}: nothing is stored there yet")
    return open_store(url)


def _anchored(url: str, loaded: LoadedSettings) -> str:
    if loaded.settings.store is None or loaded.from_environment:
        return url
    path = url.removeprefix("sqlite:///")
    if "://" in path or Path(path).is_absolute() or path == ":memory:":
        return url
    return str(loaded.folder / path)


@asynccontextmanager
async def installation(
    loaded: LoadedSettings,
    *,
    store_option: str | None = None,
    clock: Clock | None = None,
    report_link: Callable[[RunRecord], str] = lambda _record: "",
    notifiers: Mapping[str, Notifier] | None = None,
) -> AsyncIterator[Installation]:
    """Open everything, and close it in the right order."""
    if not structlog.is_configured():
        log_quietly()
    clock = clock or SystemClock()
    store = store_of(store_option, loaded)
    limits = Limits(store, clock, loaded.settings.spend)
    try:
        async with Transport(clock=clock) as transport:
            accesses = Tokens(transport=transport, clock=clock)
            yield Installation(
                settings=loaded.settings,
                store=store,
                transport=transport,
                engine=Engine(
                    store=store,
                    transport=transport,
                    clock=clock,
                    false_alarms_per_year=loaded.settings.false_alarms_per_year,
                    limits=limits,
                    report_link=report_link,
                    accesses=accesses,
                ),
                outbox=OutboxWorker(
                    store=store,
                    notifiers=loaded.notifiers if notifiers is None else notifiers,
                    clock=clock,
                ),
                clock=clock,
                limits=limits,
                accesses=accesses,
            )
    finally:
        store.close()
