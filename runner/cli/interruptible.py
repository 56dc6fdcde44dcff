"""Runs what asks endpoints so that Ctrl-C and SIGTERM end it in good order. Feeds ``run``, ``baseline``, ``canary``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from probes.errors import HoldfastError

Made = TypeVar("Made")
WORDS = "cancelled; what was spent is kept"


class Cancelled(HoldfastError):
    """Somebody asked the process to end. The exit code is that of a process ended by the signal: 128 and its number."""

    def __init__(self, by: signal.Signals) -> None:
        self.exit_code = 128 + by
        super().__init__(WORDS)


def run_interruptible(work: Coroutine[Any, Any, Made]) -> Made:
    """What the coroutine returns.

    The first SIGTERM or Ctrl-C cancels it and waits until it has put away what it used; a second one ends the process.

    Raises:
        Cancelled: one of them came.
    """
    told: list[signal.Signals] = []
    try:
        return asyncio.run(_cancelled_by_sigterm(work, told))
    except asyncio.CancelledError:
        if not told:
            raise
        raise Cancelled(told[0]) from None
    except KeyboardInterrupt:
        raise Cancelled(signal.SIGINT) from None


async def _cancelled_by_sigterm(work: Coroutine[Any, Any, Made], told: list[signal.Signals]) -> Made:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # this runs in one

    def cancel() -> None:
        told.append(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGTERM)
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, cancel)
    return await work
