"""What the daemon does over and over beside its runs, kept going whatever happens, and what is wrong right now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import structlog

from probes.clock import Clock
from probes.duration import format_duration
from probes.errors import HoldfastError

log = structlog.get_logger("holdfast.daemon")

AGAIN_S = 30.0
"""A chore that failed rests no longer than this: what it told keeps ``/healthz`` red until it succeeds."""
HANGS_S = 300.0
"""A chore that takes longer waits for something that may never come: a file system that is gone does not say so."""


@dataclass(slots=True)
class Troubles:
    """What is wrong now, by source. Only a source's own success takes its trouble back."""

    _now: dict[str, str] = field(default_factory=dict)

    def tell(self, source: str, words: str) -> bool:
        """Keep what is wrong with a source; empty words mean that it is well. True where that is news."""
        before = self._now.get(source, "")
        if words:
            self._now[source] = words
        else:
            self._now.pop(source, None)
        return words != before

    def of(self, source: str) -> str:
        """What is wrong with one source; empty while it is well."""
        return self._now.get(source, "")

    def sources(self) -> tuple[str, ...]:
        """The sources with something wrong."""
        return tuple(self._now)

    def lines(self) -> tuple[str, ...]:
        """One line a source."""
        return tuple(f"{source}: {words}" for source, words in sorted(self._now.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """One thing done again and again."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[None]]
    patient: bool = False
    """True where it may take as long as it takes."""


def in_words(error: Exception) -> str:
    """What may be told of an error: ours in its own words, of a bug only the type, for its text may quote anything."""
    return str(error) if isinstance(error, HoldfastError) else f"a bug in holdfast ({type(error).__name__})"


async def keep_doing(chore: Chore, clock: Clock, troubles: Troubles, ending: asyncio.Event) -> None:
    """Do a chore until ``ending`` is set; what is under way then is finished. Trouble is told once, while it lasts."""
    while not ending.is_set():
        rest_s = chore.every_s
        try:
            async with _watched(chore, troubles):
                await chore.work()
        except Exception as error:  # bulkhead: no chore may end before the daemon does
            rest_s = min(rest_s, AGAIN_S)
            if troubles.tell(chore.name, in_words(error)):
                bug = not isinstance(error, HoldfastError)
                log.error("chore_failed", chore=chore.name, error=in_words(error), exc_info=bug)
        else:
            troubles.tell(chore.name, "")
        await pause(clock.sleep(rest_s), ending)


@asynccontextmanager
async def _watched(chore: Chore, troubles: Troubles) -> AsyncIterator[None]:
    """Tell it while a chore hangs; that is over once it ends, in whatever way."""
    watch = None if chore.patient else asyncio.create_task(_tell_hanging(chore, troubles))
    try:
        yield
    finally:
        if watch is not None:
            watch.cancel()
            troubles.tell(_hanging(chore), "")


async def _tell_hanging(chore: Chore, troubles: Troubles) -> None:
    """By the loop's own time: it is about this process, whatever the clock of the records says."""
    for times in count(1):
        await asyncio.sleep(HANGS_S)
        since = format_duration(times * HANGS_S)
        if troubles.tell(_hanging(chore), f"under way for {since}, and not done") and times == 1:
            log.error("chore_hangs", chore=chore.name, since=since)


def _hanging(chore: Chore) -> str:
    return f"{chore.name}, hanging"


async def patiently(tasks: set[asyncio.Task[None]], timeout_s: float, hurry: asyncio.Event) -> None:
    """Wait for tasks to end: not longer than ``timeout_s``, and no longer once ``hurry`` is set; then cancel them."""
    if tasks:
        await pause(asyncio.wait(tasks, timeout=timeout_s), hurry)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def pause(what: Awaitable[object], unless: asyncio.Event) -> None:
    """Wait for something, and no longer once an event is set; what is not done then is cancelled."""
    waiting = {asyncio.ensure_future(what), asyncio.ensure_future(unless.wait())}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
