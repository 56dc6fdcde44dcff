"""Keeps in the store what a run under way has used so far, so that a process killed outright has not spent it unseen.

Feeds ``engine`` and ``canary``. In real time, whatever the clock: what it guards against happens in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from probes.errors import StoreError
from runner.limits.holding import RunLimits
from runner.store.base import Store

log = structlog.get_logger("holdfast.engine")

EVERY_S = 5.0
"""Seconds of spending that ``kill -9`` may lose, and what is in flight then."""


@asynccontextmanager
async def keeping_books(store: Store, held: Sequence[RunLimits], every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Save what these limits have counted every few seconds while the block runs. ``held`` may grow meanwhile."""
    over = asyncio.Event()
    saving = asyncio.create_task(_save(store, held, over, every_s))
    try:
        yield
    finally:
        # the last word is the caller's: nothing older may be written after it
        over.set()
        await saving


async def _save(store: Store, held: Sequence[RunLimits], over: asyncio.Event, every_s: float) -> None:
    told: tuple[object, ...] = ()
    while not await _is_over(over, every_s):
        spent = tuple(row for limits in held for row in limits.account.rows())
        if spent == told:
            continue
        try:
            await asyncio.to_thread(store.save_spending, spent)
            told = spent
        except StoreError as error:
            log.warning("spending_not_stored", error=str(error))


async def _is_over(over: asyncio.Event, every_s: float) -> bool:
    try:
        await asyncio.wait_for(over.wait(), every_s)
    except TimeoutError:
        return False
    return True
