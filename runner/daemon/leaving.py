"""The end of the daemon's process when threads do not end: a file system or a driver may keep one for ever.

Python waits for its threads before a process ends, and nothing can end a thread from outside. Everything that was
finished is stored by then; what a thread was in the middle of is given up as by a crash. Feeds ``holdfast daemon``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger("holdfast.daemon")

LEAVE_S, HURRY_S = 20.0, 5.0
"""How long threads may still take: after all else is done, and after a second signal."""
EXIT_CODE = 3


def leave_within(seconds: float, leave: Callable[[int], object] = os._exit) -> threading.Timer:
    """End the process in so many seconds unless it has ended, or the timer was cancelled, by then."""

    def go() -> None:
        threads = [thread.name for thread in threading.enumerate() if not thread.daemon]
        log.error("threads_left", seconds=seconds, threads=len(threads))
        leave(EXIT_CODE)

    timer = threading.Timer(seconds, go)
    timer.daemon = True
    timer.start()
    return timer
