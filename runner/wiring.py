"""The only place that builds concrete objects: store, transport, notifiers, engine, from settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from probes.access import Accesses
from probes.clock import Clock, SystemClock
from probes.errors import UsageError
from probes.oauth import Tokens
from probes.transport import Transport
from reports.notice import Notifier
from reports.summary import RunRecord
from runner.alerting.letterhead import Letterhead
from runner.asking.connectivity import OwnNetwork
from runner.delivery.outbox import OutboxWorker
from runner.engine import Engine
from runner.keeping.privacy import Pens
from runner.limits.holding import Limits
from runner.logs import log_quietly
from runner.reach import reach_of
from runner.settings.settings import LoadedSettings, Settings
from runner.settings.store_place import store_address
from runner.store import open_store
from runner.store.base import Store
from runner.store.store_file import is_empty


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
    guard: OwnNetwork | None = None
    """Knows whether our own network is lost; None: every failure is the endpoint's."""
    pens: Pens | None = None
    """How texts may be kept; None: as they came."""
    letterhead: Letterhead = field(default_factory=Letterhead)
    """What every notice carries."""

    @property
    def report_link(self) -> Callable[[RunRecord], str]:
        """Where the evidence page of a run is; empty where there is none."""
        return self.letterhead.report_link


def store_of(option: str | None, loaded: LoadedSettings, *, new: bool = True) -> Store:
    """The store of this installation. A relative path in the settings starts at the settings file.

    ``new`` false: a command that only reads does not leave an empty store behind where the address was mistyped.

    Raises:
        UsageError: the address is of no store, or there is none, or an empty file, and ``new`` is false.
        StoreError: it cannot be opened.
    """
    url = store_address(option, loaded)
    path = Path(url.removeprefix("sqlite:///"))
    if not new and "://" not in url.removeprefix("sqlite:///"):
        _refuse_without_content(path)
    emptied = is_empty(path)
    store = open_store(url)
    if emptied:
        _warn_of_beginning_anew(path)
    return store


def _refuse_without_content(path: Path) -> None:
    if not path.exists():
        raise UsageError(f"there is no store {path}: nothing is stored there yet")
    if is_empty(path):
        raise UsageError(f"there is no store in {path}, an empty file: {_EMPTIED}")


_EMPTIED = "nothing was ever stored in it, or all of it is gone; if it held something, restore a backup"


def _warn_of_beginning_anew(path: Path) -> None:
    """A store that was emptied must not pass for a new one: its history, baselines and open incidents are gone."""
    if not structlog.is_configured():
        log_quietly()
    note = f"it was an empty file, so there is no history, no baseline and no open incident: {_EMPTIED}"
    structlog.get_logger("holdfast.store").warning("store_began_anew", store=str(path), note=note)


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
    pens = Pens(store, loaded.settings.privacy)
    budget = loaded.settings.false_alarms_per_year
    letterhead = Letterhead(report_link=report_link, reach=reach_of(store_option, loaded), false_alarms_per_year=budget)
    guard = OwnNetwork(clock=clock, targets=loaded.settings.connectivity)
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
                    false_alarms_per_year=budget,
                    limits=limits,
                    letterhead=letterhead,
                    accesses=accesses,
                    windows=loaded.settings.maintenance,
                    guard=guard,
                    pens=pens,
                ),
                outbox=OutboxWorker(
                    store=store,
                    notifiers=loaded.notifiers if notifiers is None else notifiers,
                    clock=clock,
                    paces=loaded.paces,
                    reach=letterhead.reach,
                ),
                clock=clock,
                limits=limits,
                accesses=accesses,
                guard=guard,
                pens=pens,
                letterhead=letterhead,
            )
    finally:
        store.close()
