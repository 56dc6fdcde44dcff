"""Housekeeping as a chore of the daemon: sums first, then what may go, with pauses for whoever saves a run."""

from __future__ import annotations

import asyncio

import structlog

from probes.clock import Clock
from runner.daemon.chores import Chore
from runner.keeping.housekeeping import Housekeeping
from runner.keeping.privacy_settings import Retention
from runner.store.base import Store

log = structlog.get_logger("holdfast.daemon")
_OVER = "over"

EVERY_S = 600.0
PAUSE_S = 0.02
"""Between two steps: several times as long as a step takes."""


def house_chore(store: Store, retain: Retention, clock: Clock) -> Chore:
    """One chore for everything that is summed up and forgotten."""
    house = Housekeeping(store=store, retain=retain)

    async def keep_house() -> None:
        house.done.clear()
        steps = house.steps(clock.now())
        while await asyncio.to_thread(next, steps, _OVER) is None:
            await clock.sleep(PAUSE_S)
        done = {what: number for what, number in house.done.items() if number}
        if done:
            log.info("house_kept", **done)

    return Chore(name="housekeeping", every_s=EVERY_S, work=keep_house, patient=True)
