"""The time that one run may take, as one instant for everything it asks. Made by ``firing``; feeds ``asking`` and
``transport``.

When it comes, a request that is under way is a failed one, a question that waits for its turn is not asked, and a
repeat that waits is not made: then the failure before it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from probes.duration import format_duration
from probes.failure import Failure, FailureClass

Awaited = TypeVar("Awaited")
_RESOLUTION_S = 0.001
"""A timer of the loop may fire this much early: what it ended must find the time over."""


class TimeLimit:
    """The end of a run's asking, on the running loop's clock: real time whatever the clock of the records.

    Make it inside a running event loop, as the asking begins.

    Args:
        seconds: How long may be asked; None: as long as it takes.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds or 0.0
        self.at = None if seconds is None else asyncio.get_running_loop().time() + seconds
        """Seconds of the loop's clock; None: never."""
        self.cut = 0
        """Requests that were under way when it came."""
        self.reached = False
        """True once it ended anything."""

    def anew(self) -> TimeLimit:
        """The same instant for others, who count for themselves what it ends."""
        other = TimeLimit()
        other._seconds, other.at = self._seconds, self.at
        return other

    @property
    def over(self) -> bool:
        """True where nothing may be asked any more."""
        return self.at is not None and asyncio.get_running_loop().time() >= self.at - _RESOLUTION_S

    def __str__(self) -> str:
        """``the run's time limit of 20m``."""
        return f"the run's time limit of {format_duration(self._seconds)}"

    async def kept(self, waiting: Callable[[], Awaitable[Awaited]], late: Callable[[], Awaited]) -> Awaited:
        """What ``waiting`` comes to, or ``late`` where that would be after the limit; it is then cancelled."""
        if not self.over:
            try:
                async with asyncio.timeout_at(self.at) as deadline:
                    return await waiting()
            except TimeoutError:
                if not deadline.expired():
                    raise
        self.reached = True
        return late()

    def not_asked(self) -> Failure:
        """The failure of a question that was still waiting."""
        self.reached = True
        return Failure(kind=FailureClass.TIME_LIMIT, message=f"not asked: {self} was over")

    def cut_short(self, waited_s: float, missing: str = "no complete answer") -> Failure:
        """The failure of a request that had been under way for ``waited_s`` seconds, and brought ``missing``."""
        self.reached, self.cut = True, self.cut + 1
        message = f"{missing} within {format_duration(waited_s)}, then {self} was over"
        return Failure(kind=FailureClass.TIMEOUT_TOTAL, message=message)


UNLIMITED = TimeLimit()
"""As long as it takes."""
